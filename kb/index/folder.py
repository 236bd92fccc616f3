"""The folder of an index: who may read it, and the small files beside the catalog."""

from __future__ import annotations

import json
import os
import shutil
import stat
import uuid
from collections.abc import Sequence
from pathlib import Path

from kb.errors import CatalogError, DamageError, NotebookError
from kb.index import PRIVATE_FILE, PRIVATE_FOLDER
from kb.index.catalog import CATALOG_NAME
from kb.index.lock import LOCK_NAME
from kb.notes.files import PARTIAL, replacing

SOURCES_NAME = "sources.json"
VECTORS_NAME = "vectors"
WRITER_NAME = "writer"


def make(folder: Path) -> None:
    """Make an index folder where there is none, open to its owner alone. Raises `NotebookError`."""
    try:
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        if stat.S_IMODE(folder.stat().st_mode) != PRIVATE_FOLDER and os.access(folder, os.W_OK):
            folder.chmod(PRIVATE_FOLDER)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise NotebookError(f"{folder} cannot be written: {error.strerror}; set index_dir in kb.toml") from error


def require_catalog(folder: Path) -> None:
    """Raise `DamageError` where the catalog is lost: SQLite would take a missing or empty file for a new one. A folder
    that was ever written has a lock file.
    """
    path = folder / CATALOG_NAME
    if (folder / LOCK_NAME).exists() and not (path.exists() and path.stat().st_size):
        raise DamageError(f"{path} is missing or empty; `kb rebuild` builds it from your notes")


def write_sources(folder: Path, sources: Sequence[str]) -> None:
    """Keep a copy of the sources beside the catalog, which may be lost. Raises `NotebookError`."""
    path = folder / SOURCES_NAME
    content = (json.dumps(sources, ensure_ascii=False, indent=1) + "\n").encode()
    try:
        if not path.exists() or path.read_bytes() != content:
            with replacing(path, PRIVATE_FILE) as file:
                file.write(content)
    except OSError as error:
        raise NotebookError(f"{path} cannot be written: {error.strerror}; `kb doctor` says more") from error


def read_sources(folder: Path) -> list[str]:
    """The sources as kept beside the catalog. Raises `CatalogError` where they are lost too."""
    path = folder / SOURCES_NAME
    try:
        return [str(source) for source in json.loads(path.read_bytes())]
    except (OSError, ValueError, TypeError) as error:
        raise CatalogError(f"{path} cannot be read; delete {folder} and add your sources again") from error


def writer_name(folder: Path) -> str:
    """The name by which a server knows who writes there, made when first needed. Raises `NotebookError`."""
    path = folder / WRITER_NAME
    try:
        if not path.exists():
            with replacing(path, PRIVATE_FILE) as file:
                file.write(uuid.uuid4().hex.encode())
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise NotebookError(f"{path} cannot be written: {error.strerror}; `kb doctor` says more") from error


def leftovers(folder: Path) -> list[Path]:
    """Files and folders that a run which did not end was still writing; to be asked while nobody writes."""
    return sorted(folder.glob(f"*{PARTIAL}"))


def delete(paths: Sequence[Path]) -> None:
    """Delete files and folders, as far as they can be."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def delete_contents(folder: Path) -> None:
    """Delete the catalog and all vectors, with the write lock held. Raises `NotebookError`."""
    try:
        for path in folder.glob(f"{CATALOG_NAME}*"):
            path.unlink()
        shutil.rmtree(folder / VECTORS_NAME, ignore_errors=True)
    except OSError as error:
        raise NotebookError(f"{error.filename} cannot be deleted: {error.strerror}") from error
