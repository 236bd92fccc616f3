"""Finding the notebook, and reading its `kb.toml`."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from kb.concept import Concept, ConceptText
from kb.errors import ConfigError, NotebookError, reason
from kb.faults import ADDRESS, FOLDER, NAME, WORDED, fault_of
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

# Concepts of your own, in addition to those that kb knows: a search that names or describes one also finds
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


class OutlineSettings(Frozen):
    """The table `[outline]`."""

    llm: str | None = Field(
        default=None,
        pattern=ADDRESS,
        description="the address of a language model with an OpenAI-compatible API, up to `/v1`; `kb help outline`",
    )
    llm_model: str | None = Field(default=None, min_length=1, description="the name of the model there")


class ChromaSettings(Frozen):
    """The table `[chroma]`."""

    url: str | None = Field(
        default=None, pattern=ADDRESS, description="a Chroma server for the vectors; `kb help machines`"
    )
    tenant: str = Field(default="default_tenant", pattern=NAME, description="the tenant on that server")
    database: str = Field(default="default_database", pattern=NAME, description="the database there")
    collection: str = Field(
        default="kb",
        pattern=NAME,
        max_length=60,
        description="the beginning of the names of the collections, one for each notebook on the server",
    )
    timeout: float = Field(default=30, gt=0, le=3600, description="seconds to wait for an answer")


class Settings(Frozen):
    """The settings in `kb.toml`, with what each means. Relative paths are relative to the notebook."""

    model: str | None = Field(
        default=None,
        min_length=1,
        description="the embedding model: a sentence-transformers folder, relative to the file, or a name on the "
        "Hugging Face Hub; `kb help models`",
    )
    precision: Precision = Field(
        default="int8", description='`"fp32"` embeds at half the speed, with the model as it was trained'
    )
    rerank: str | None = Field(
        default=None, min_length=1, description="a cross-encoder that reorders the best 50 notes of a search"
    )
    autosync: bool = Field(default=False, description="sync before each search")
    warm: bool = Field(
        default=False, description="keep a process running that answers commands which only read; `kb help serve`"
    )
    outside: OutsidePolicy = Field(
        default="hold",
        description='what to do with notes outside the areas: hold them back, take each in as a `"detour"`, or '
        '`"refuse"`, so that `kb add` fails',
    )
    areas: dict[VerdictArea, AreaText] = Field(
        default_factory=dict, description="phrases, terms and descriptions of the areas; `kb help areas`"
    )
    concepts: dict[Annotated[str, Field(pattern=WORDED)], ConceptText] = Field(
        default_factory=dict, description="concepts of your own"
    )
    index_dir: str = Field(
        default=INDEX_NAME,
        pattern=FOLDER,
        description="where the index lies, for instance outside a synchronised folder",
    )
    chroma: ChromaSettings = ChromaSettings()
    outline: OutlineSettings = OutlineSettings()

    @property
    def own_concepts(self) -> tuple[Concept, ...]:
        """The user's own concepts."""
        return tuple(Concept(name=name, **dict(text)) for name, text in self.concepts.items())


TABLES: dict[str, type[Frozen]] = {
    "areas": AreaText,
    "concepts": ConceptText,
    "outline": OutlineSettings,
    "chroma": ChromaSettings,
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
        raise NotebookError(f"{root} cannot be read: {reason(error)}; check its permissions") from error


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
        return settings_in(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, OSError) as error:
        raise ConfigError(f"{path} cannot be read: {error}; correct it, or delete it to use the defaults") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def settings_in(toml: str) -> Settings:
    """The settings in a text. Raises `TOMLDecodeError`, and `ConfigError` naming the line and the key."""
    try:
        return Settings.model_validate(tomllib.loads(toml))
    except ValidationError as error:
        raise ConfigError(fault_of(error, toml, known_keys)) from error


def known_keys(table: Sequence[str]) -> tuple[str, ...]:
    """The keys of the settings, or of a table in them."""
    model = TABLES.get(table[0], Settings) if table else Settings
    return tuple(model.model_fields)


def write_template(root: Path) -> Path:
    """Write a commented `kb.toml`, whole or not at all, into a folder that has none. Raises `NotebookError`."""
    path = root / CONFIG_NAME
    _require_utf8(root)
    if os.path.lexists(path):
        raise NotebookError(
            f"{path} exists; change a setting with `kb config set`, or edit the file with `kb config edit`"
        )
    try:
        root.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(TEMPLATE.encode())
    except OSError as error:
        raise NotebookError(f"{path} cannot be written: {reason(error)}") from error
    return path


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
