"""Where the notebook is, and what its `kb.toml` says."""

from __future__ import annotations

import os
import shlex
import tomllib
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from kb.errors import ConfigError, NotebookError
from kb.models import AreaText, Frozen, OutsidePolicy, Precision, VerdictArea

CONFIG_NAME = "kb.toml"
INDEX_NAME = ".kb"
TEMPLATE = """\
# kb.toml: settings of this notebook. Every line is optional; these are the defaults.

# A sentence-transformers folder (relative to this file) or hub name.
# The default model, all-MiniLM-L6-v2, comes with kb and needs no download.
# model = "path/to/model"

# Embed in "int8" (the default, half the time) or in "fp32".
# precision = "int8"

# Put the best hits into order by a cross-encoder, which reads query and passage together: a
# sentence-transformers folder (relative to this file) or hub name. It needs PyTorch at each search.
# rerank = "path/to/cross-encoder"

# Look at all sources before each search.
# autosync = false

# What becomes of notes outside the areas: "hold" them back, take each as a "detour", or "refuse" (kb add fails).
# outside = "hold"

# Keep the index elsewhere, for instance outside a synchronised folder.
# index_dir = ".kb"

# What the areas mean. Phrases are compared by meaning; terms are words that settle it, hints are vaguer ones. They add
# to a built-in area (or to what lies outside); with a description you replace it by an area of your own.
# areas.llm.terms = ["our-own-model"]
# areas.outside.phrases = ["minutes of our housing association"]
# areas.gnn.description = "Cryptography: ciphers, signatures and proofs"
# areas.gnn.phrases = ["zero-knowledge proofs", "elliptic curves"]

# Keep the vectors on a Chroma server instead of in files, so that other machines can search them too. The notes' text
# goes there as well. A token is read from the environment variable KB_CHROMA_TOKEN only. Keep the tables last.
# [chroma]
# url = "http://127.0.0.1:8000"
# tenant = "default_tenant"
# database = "default_database"
# collection = "kb"
# timeout = 30

# A language model with the OpenAI interface, such as a local Ollama, may propose the title, the section names and
# order, and one-sentence summaries of outlines. The points of an outline are sent to this address, and nothing is
# sent anywhere without it. A key is read from the environment variable KB_LLM_KEY only.
# [outline]
# llm = "http://localhost:11434/v1"
# llm_model = "llama3.2"
"""
KEY_VARIABLE = "KB_LLM_KEY"
TOKEN_VARIABLE = "KB_CHROMA_TOKEN"  # noqa: S105  # the name of one
ADDRESS = r"^https?://[^\s/?#@]+(/[^\s?#]*)?$"  # without a name and password, which would be shown
NAME = r"^[a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9])?$"


class OutlineSettings(Frozen):
    """The table `[outline]`: the address of a language model, up to `/v1`, and the name of the model there."""

    llm: str | None = Field(default=None, pattern=ADDRESS)
    llm_model: str | None = Field(default=None, min_length=1)


class ChromaSettings(Frozen):
    """The table `[chroma]`: the address of a server, where in it the notebook lies (`collection` is what the names of
    its collections begin with), and how many seconds an answer may take.
    """

    url: str | None = Field(default=None, pattern=ADDRESS)
    tenant: str = Field(default="default_tenant", pattern=NAME)
    database: str = Field(default="default_database", pattern=NAME)
    collection: str = Field(default="kb", pattern=NAME, max_length=60)
    timeout: float = Field(default=30, gt=0, le=3600)


class Settings(Frozen):
    """What `kb.toml` says. Relative paths are relative to the notebook."""

    model: str | None = Field(default=None, min_length=1)
    precision: Precision = "int8"
    rerank: str | None = Field(default=None, min_length=1)
    autosync: bool = False
    outside: OutsidePolicy = "hold"
    areas: dict[VerdictArea, AreaText] = Field(default_factory=dict)
    index_dir: str = Field(default=INDEX_NAME, pattern=r"[^./]")
    chroma: ChromaSettings = ChromaSettings()
    outline: OutlineSettings = OutlineSettings()


@dataclass(frozen=True)
class Notebook:
    """A notebook: its root folder, without symbolic links, and its settings."""

    root: Path
    settings: Settings

    @property
    def index_folder(self) -> Path:
        """Where the index lies."""
        return self.root / Path(self.settings.index_dir).expanduser()


def open_notebook(root: Path) -> Notebook:
    """The notebook in a folder. Raises `ConfigError` where `kb.toml` does not say what it should."""
    resolved = root.resolve()
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
    """Whether a folder is a notebook already. Raises `NotebookError` where that cannot be seen."""
    try:
        return (root / CONFIG_NAME).is_file() or (root / INDEX_NAME).is_dir()
    except OSError as error:
        raise NotebookError(f"{root} cannot be looked at: {error.strerror}") from error


def load_settings(root: Path) -> Settings:
    """Read `kb.toml`; without one, the defaults. Raises `ConfigError` naming the line or key that is wrong."""
    path = root / CONFIG_NAME
    try:
        return parse_settings(path)
    except FileNotFoundError:
        return Settings()


def parse_settings(path: Path) -> Settings:
    """The settings in a file. Raises `FileNotFoundError`, and `ConfigError` naming the line or key that is wrong."""
    try:
        return Settings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, OSError) as error:
        raise ConfigError(f"{path} cannot be read: {error}; mend it, or delete it to use the defaults") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        tables: dict[str, type[Frozen]] = {"outline": OutlineSettings, "chroma": ChromaSettings}
        known = ", ".join(tables.get(key.split(".")[0], Settings).model_fields)
        raise ConfigError(f"{path}: {key}: {first['msg']}; known keys: {known}") from error


def write_template(root: Path) -> Path:
    """Write a commented `kb.toml` into a folder that has none; raises `NotebookError` where it cannot."""
    path = root / CONFIG_NAME
    try:
        root.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE)
    except FileExistsError as error:
        raise NotebookError(f"{path} exists already; edit it as it is") from error
    except OSError as error:
        raise NotebookError(f"{path} cannot be written: {error.strerror}") from error
    return path


def language_model_key() -> str | None:
    """The key for the language model: `KB_LLM_KEY`, if it is set. Raises `ConfigError` for one that is no key."""
    return _secret(KEY_VARIABLE)


def chroma_token() -> str | None:
    """The token for the Chroma server: `KB_CHROMA_TOKEN`, if it is set. Raises `ConfigError` for one that is none."""
    return _secret(TOKEN_VARIABLE)


def _secret(variable: str) -> str | None:
    value = os.environ.get(variable, "").strip()
    if not (value.isascii() and value.isprintable()):
        raise ConfigError(f"{variable} holds characters that no key has; set it again")
    return value or None


def editor_command(path: Path, line: int) -> list[str]:
    """The command that opens a file at a line: `VISUAL`, else `EDITOR`, else vi."""
    named = (os.environ.get(name, "").strip() for name in ("VISUAL", "EDITOR"))
    value = next((command for command in named if command), "vi")
    try:
        command = shlex.split(value)
    except ValueError as error:
        raise ConfigError(f"EDITOR or VISUAL is {value!r}, which is no command: {error}; set EDITOR") from error
    name = Path(command[0]).stem
    if name in ("code", "codium", "cursor"):
        return [*command, "--goto", f"{path}:{line}"]
    if name in ("subl", "zed", "hx"):
        return [*command, f"{path}:{line}"]
    return [*command, f"+{line}", str(path)]
