"""Finding the notebook, and reading its `kb.toml`."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from kb.concept import Concept, ConceptText
from kb.errors import ConfigError, NotebookError
from kb.models import AreaText, Frozen, OutsidePolicy, Precision, VerdictArea
from kb.notes.files import is_utf8, replacing

CONFIG_NAME = "kb.toml"
INDEX_NAME = ".kb"
TEMPLATE = """\
# kb.toml: settings of this notebook. Every line is optional; these are the defaults.

# A sentence-transformers folder (relative to this file) or hub name.
# The default model, all-MiniLM-L6-v2, comes with kb and needs no download. `kb model` lists others and changes this.
# model = "path/to/model"

# Embed in "int8" (the default, twice as fast) or in "fp32".
# precision = "int8"

# Rerank the best 50 notes with a cross-encoder, which reads query and passage together: a
# sentence-transformers folder (relative to this file) or hub name. Every search then needs PyTorch.
# rerank = "path/to/cross-encoder"

# Sync all sources before each search.
# autosync = false

# Keep a process running in the background, by which commands that only read are answered in a tenth of a second. It
# ends after 15 minutes without any.
# warm = false

# What to do with notes outside the areas: "hold" them back, add each as a "detour", or "refuse" (kb add fails).
# outside = "hold"

# Where to keep the index, for example outside a synchronised folder.
# index_dir = ".kb"

# What the areas mean. Phrases are compared by meaning; terms are decisive words, hints are weaker ones. They extend a
# built-in area (or what lies outside); a description replaces it with an area of your own.
# areas.llm.terms = ["our-own-model"]
# areas.outside.phrases = ["minutes of our housing association"]
# areas.gnn.description = "Cryptography: ciphers, signatures and proofs"
# areas.gnn.phrases = ["zero-knowledge proofs", "elliptic curves"]

# Concepts of your own, in addition to those that `kb concepts` lists: a search that names or describes one also finds
# the notes that use its other names. Every key is optional; a concept with the name of a built-in one replaces it.
# concepts."Request router".aliases = ["our gateway", "model router"]
# concepts."Request router".definition = "Sends each request to the cheapest model that can answer it."
# concepts."Request router".askings = ["which model gets the question"]
# concepts."Request router".area = "llm"
# concepts."Request router".part_of = ["LLM serving"]
# concepts."Request router".builds_on = ["Continuous batching"]
# concepts."Request router".alternative_to = ["Load balancing"]

# Keep the vectors on a Chroma server instead of in files, so that other machines can search them too. The text of the
# notes is stored there as well. A token is read only from the environment variable KB_CHROMA_TOKEN. Keep tables last.
# [chroma]
# url = "http://127.0.0.1:8000"
# tenant = "default_tenant"
# database = "default_database"
# collection = "kb"
# timeout = 30

# A language model with the OpenAI API, such as a local Ollama, may propose the title, the headings and order of the
# sections, and one-sentence summaries of an outline. The points of the outline are sent to this address; without it,
# nothing is sent anywhere. A key is read only from the environment variable KB_LLM_KEY.
# [outline]
# llm = "http://localhost:11434/v1"
# llm_model = "llama3.2"
"""
KEY_VARIABLE = "KB_LLM_KEY"
TOKEN_VARIABLE = "KB_CHROMA_TOKEN"  # noqa: S105  # the name of a variable
ADDRESS = r"^https?://[^\s/?#@]+(/[^\s?#]*)?$"  # without user name and password, which messages would show
NAME = r"^[a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9])?$"


class OutlineSettings(Frozen):
    """The table `[outline]`: the address of a language model, up to `/v1`, and the name of the model there."""

    llm: str | None = Field(default=None, pattern=ADDRESS)
    llm_model: str | None = Field(default=None, min_length=1)


class ChromaSettings(Frozen):
    """The table `[chroma]`: the address of a server, the place of the notebook there (`collection` is the prefix of its
    collections' names), and the timeout in seconds.
    """

    url: str | None = Field(default=None, pattern=ADDRESS)
    tenant: str = Field(default="default_tenant", pattern=NAME)
    database: str = Field(default="default_database", pattern=NAME)
    collection: str = Field(default="kb", pattern=NAME, max_length=60)
    timeout: float = Field(default=30, gt=0, le=3600)


class Settings(Frozen):
    """The settings in `kb.toml`. Relative paths are relative to the notebook."""

    model: str | None = Field(default=None, min_length=1)
    precision: Precision = "int8"
    rerank: str | None = Field(default=None, min_length=1)
    autosync: bool = False
    warm: bool = False
    outside: OutsidePolicy = "hold"
    areas: dict[VerdictArea, AreaText] = Field(default_factory=dict)
    concepts: dict[Annotated[str, Field(pattern=r"\w")], ConceptText] = Field(default_factory=dict)
    index_dir: str = Field(default=INDEX_NAME, pattern=r"[^./]")
    chroma: ChromaSettings = ChromaSettings()
    outline: OutlineSettings = OutlineSettings()

    @property
    def own_concepts(self) -> tuple[Concept, ...]:
        """The user's own concepts."""
        return tuple(Concept(name=name, **dict(text)) for name, text in self.concepts.items())


TABLES: dict[str, type[Frozen]] = {"concepts": ConceptText, "outline": OutlineSettings, "chroma": ChromaSettings}
PLAIN_FAULTS = {  # what pydantic says in the words of Python
    "tuple_type": 'should be a list such as ["one", "another"]',
    "dict_type": "should be a table",
    "model_type": "should be a table",
    "extra_forbidden": "is not a known key",
}


@dataclass(frozen=True)
class Notebook:
    """A notebook: its root folder, with symbolic links resolved, and its settings."""

    root: Path
    settings: Settings

    @property
    def index_folder(self) -> Path:
        """The folder of the index."""
        return self.root / Path(self.settings.index_dir).expanduser()


def open_notebook(root: Path) -> Notebook:
    """The notebook in a folder. Raises `ConfigError` for a bad `kb.toml`, `NotebookError` for a name not in UTF-8."""
    resolved = root.resolve()
    _require_utf8(resolved)
    return Notebook(resolved, load_settings(resolved))


def find_notebook(explicit: Path | None = None) -> Path | None:
    """The notebook: `explicit`, else `KB_NOTEBOOK`, else the nearest folder upwards with `kb.toml` or `.kb/`."""
    named = explicit or (Path(value) if (value := os.environ.get("KB_NOTEBOOK")) else None)
    if named is not None:
        return named.resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / CONFIG_NAME).is_file() or (folder / INDEX_NAME).is_dir():
            return folder
    return None


def is_notebook(root: Path) -> bool:
    """Whether a folder is a notebook. Raises `NotebookError` if it cannot be read."""
    try:
        return (root / CONFIG_NAME).is_file() or (root / INDEX_NAME).is_dir()
    except OSError as error:
        raise NotebookError(f"{root} cannot be read: {error.strerror}; check its permissions") from error


def load_settings(root: Path) -> Settings:
    """Read `kb.toml`, or return the defaults without one. Raises `ConfigError` naming the invalid line or key."""
    path = root / CONFIG_NAME
    try:
        return parse_settings(path)
    except FileNotFoundError:
        return Settings()


def parse_settings(path: Path) -> Settings:
    """The settings in a file. Raises `FileNotFoundError`, and `ConfigError` naming the invalid line or key."""
    try:
        return Settings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, OSError) as error:
        raise ConfigError(f"{path} cannot be read: {error}; correct it, or delete it to use the defaults") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        known = ", ".join(TABLES.get(key.split(".")[0], Settings).model_fields)
        fault = PLAIN_FAULTS.get(first["type"], first["msg"])
        raise ConfigError(f"{path}: {key}: {fault}; known keys: {known}") from error


def write_template(root: Path) -> Path:
    """Write a commented `kb.toml`, whole or not at all, into a folder that has none. Raises `NotebookError`."""
    path = root / CONFIG_NAME
    _require_utf8(root)
    if os.path.lexists(path):
        raise NotebookError(f"{path} exists already; edit it instead")
    try:
        root.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(TEMPLATE.encode())
    except OSError as error:
        raise NotebookError(f"{path} cannot be written: {error.strerror}") from error
    return path


def write_setting(root: Path, key: str, value: str | None) -> None:
    """Set a text in `kb.toml`, or remove it; all else in the file stays. Raises `ConfigError`."""
    path = root / CONFIG_NAME
    try:
        before = path.read_bytes().decode() if path.exists() else ""
        after = _with_setting(before, key, value)
        if after != before:
            with replacing(path) as file:
                file.write(after.encode())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be changed: {error}; set `{key}` there yourself") from error


def _with_setting(toml: str, key: str, value: str | None) -> str:
    """A file with a text set or removed. A new one follows the comment that explains it, or comes first: after a table,
    it would belong to that.
    """
    import tomlkit

    document = tomlkit.parse(toml)
    if key not in document and value is not None:
        explained = re.search(rf"^# {key} = .*\n", toml, re.MULTILINE)
        place = explained.end() if explained else 0
        return f"{toml[:place]}{key} = {tomlkit.string(value).as_string()}\n{toml[place:]}"
    if value is not None:
        document[key] = value
    elif key in document:
        del document[key]
    return tomlkit.dumps(document)


def _require_utf8(root: Path) -> None:
    if not is_utf8(str(root)):
        shown = os.fsencode(root).decode(errors="replace")
        raise NotebookError(f"the folder {shown!r} has a name that is not UTF-8; rename it")


def language_model_key() -> str | None:
    """The key for the language model: `KB_LLM_KEY`, if set. Raises `ConfigError` for one that cannot be sent."""
    return _secret(KEY_VARIABLE)


def chroma_token() -> str | None:
    """The token for the Chroma server: `KB_CHROMA_TOKEN`, if set. Raises `ConfigError` for one that cannot be sent."""
    return _secret(TOKEN_VARIABLE)


def _secret(variable: str) -> str | None:
    value = os.environ.get(variable, "").strip()
    if not (value.isascii() and value.isprintable()):
        raise ConfigError(f"{variable} has characters that are not printable ASCII; set it again")
    return value or None
