"""The folder of an index: its permissions, and the small files next to the catalog."""

from __future__ import annotations

import json
import os
import shutil
import stat
import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from kb.errors import CatalogError, DamageError, NotebookError, reason
from kb.index import PRIVATE_FILE, PRIVATE_FOLDER
from kb.index.catalog import CATALOG_NAME
from kb.index.catalog.connection import LOG_ENDINGS, write_back_log
from kb.index.lock import LOCK_NAME
from kb.notes.files import PARTIAL, below, replacing

IGNORE_NAME = ".gitignore"
SOURCES_NAME = "sources.json"
VECTORS_NAME = "vectors"
WRITER_NAME = "writer"


def make(folder: Path, root: Path | None = None) -> None:
    """Create the index folder if it does not exist, accessible to its owner alone. The notebook at `root` is not made
    again where it has just been moved away. Raises `NotebookError`.
    """
    try:
        inside = root is not None and folder.is_relative_to(root)
        for parent in reversed(folder.parents) if inside else ():
            if root in parent.parents:
                parent.mkdir(exist_ok=True)
        folder.mkdir(mode=PRIVATE_FOLDER, parents=not inside, exist_ok=True)
        if stat.S_IMODE(folder.stat().st_mode) != PRIVATE_FOLDER and os.access(folder, os.W_OK):
            _make_private(folder)
        if not (folder / IGNORE_NAME).exists():
            with replacing(folder / IGNORE_NAME, PRIVATE_FILE) as file:
                file.write(b"*\n")
    except OSError as error:
        raise NotebookError(f"{folder} cannot be written: {reason(error)}; set index_dir in kb.toml") from error


def _make_private(folder: Path) -> None:
    """Take away the permissions of others, of the folder first: then the rest is out of their reach already."""
    folder.chmod(PRIVATE_FOLDER)
    for path in below(folder):
        if not path.is_symlink():
            with suppress(FileNotFoundError):  # another process may delete it meanwhile
                path.chmod(PRIVATE_FOLDER if path.is_dir() else PRIVATE_FILE)


def require_catalog(folder: Path) -> None:
    """Raise `DamageError` where the catalog is lost: SQLite would take a missing or empty file for a new one. A folder
    that was ever written to has a lock file.
    """
    path = folder / CATALOG_NAME
    if (folder / LOCK_NAME).exists() and not (path.exists() and path.stat().st_size):
        raise DamageError(f"{path} is missing or empty; `kb rebuild` builds it from your notes")


def write_sources(folder: Path, sources: Sequence[str]) -> None:
    """Keep a copy of the sources next to the catalog, in case that is lost. Raises `NotebookError`."""
    path = folder / SOURCES_NAME
    content = (json.dumps(sources, ensure_ascii=False, indent=1) + "\n").encode()
    try:
        if not path.exists() or path.read_bytes() != content:
            with replacing(path, PRIVATE_FILE) as file:
                file.write(content)
    except OSError as error:
        raise NotebookError(f"{path} cannot be written: {reason(error)}; `kb doctor` says more") from error


def read_sources(folder: Path) -> list[str]:
    """The copy of the sources next to the catalog. Raises `CatalogError` if it is lost too."""
    path = folder / SOURCES_NAME
    try:
        return [str(source) for source in json.loads(path.read_bytes())]
    except (OSError, ValueError, TypeError) as error:
        raise CatalogError(f"{path} cannot be read; delete {folder} and add your sources again") from error


def writer_name(folder: Path) -> str:
    """The name by which a server knows this index as a writer, made on first use. Raises `NotebookError`."""
    path = folder / WRITER_NAME
    try:
        if not path.exists():
            with replacing(path, PRIVATE_FILE) as file:
                file.write(uuid.uuid4().hex.encode())
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise NotebookError(f"{path} cannot be written: {reason(error)}; `kb doctor` says more") from error


def orphans(folder: Path) -> list[Path]:
    """Files and folders that an interrupted run left unfinished. Call this only while no process writes."""
    return sorted(folder.glob(f"*{PARTIAL}"))


def delete(paths: Iterable[Path]) -> None:
    """Delete files and folders with all they hold; what is gone already is no error."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def replace_catalog(folder: Path, fresh: Path) -> None:
    """Put a closed catalog in place of the current one, with the write lock held. Raises `OSError`.

    The log of the old one goes first, written back into its file where that is sound: a crash leaves the old catalog or
    the new one, and never a catalog with the log of another.
    """
    current = folder / CATALOG_NAME
    write_back_log(current)
    for ending in LOG_ENDINGS:
        current.with_name(CATALOG_NAME + ending).unlink(missing_ok=True)
    with replacing(current, PRIVATE_FILE) as file, fresh.open("rb") as source:
        shutil.copyfileobj(source, file)
