"""The versions of kb and of what it rests on, for a report of a problem."""

from __future__ import annotations

import importlib.util
import platform
import sqlite3
from importlib import metadata

from kb import __version__
from kb.index.catalog.schema import VERSION
from kb.index.encoder import DEFAULT_MODEL, DEFAULT_PACKAGE

MODEL_LIBRARY = "sentence-transformers"


def described() -> str:
    """The version of kb on a line of its own, and lines of details."""
    return (
        f"kb {__version__}\n"
        f"index format: {VERSION}\n"
        f"default model: {DEFAULT_MODEL}, {_default_model()}\n"
        f"other models: {_other_models()}\n"
        f"libraries: Python {platform.python_version()}, Chroma {_version('chromadb')}, "
        f"ONNX Runtime {_version('onnxruntime')}, SQLite {sqlite3.sqlite_version}\n"
    )


def _default_model() -> str:
    found = importlib.util.find_spec(DEFAULT_PACKAGE) is not None
    return "installed" if found else "not installed; `kb help start` says how"


def _other_models() -> str:
    version = _version(MODEL_LIBRARY)
    return f"{MODEL_LIBRARY} {version}" if version else f"{MODEL_LIBRARY} is not installed; `kb help models` says how"


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
