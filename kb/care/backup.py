"""A backup of an index, and an index from a backup. The notes are no part of either."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from kb.care.archive import pack, unpacked
from kb.decisions import DECISIONS_NAME
from kb.errors import BackupError, CatalogError
from kb.index import PRIVATE_FILE, folder
from kb.index.catalog import CATALOG_NAME, Catalog
from kb.index.lock import write_lock
from kb.index.opened import Index
from kb.notebook import CONFIG_NAME, Notebook, parse_settings
from kb.notes.files import PARTIAL, replacing
from kb.reports.cared import BackedUp, Restored

SETTINGS = (CONFIG_NAME, DECISIONS_NAME)


def back_up(index: Index, target: Path, overwrite: bool) -> BackedUp:
    """Write the catalog as it is at this moment, the settings and the decisions into one file."""
    notebook = index.notebook
    beside = {name: notebook.root / name for name in SETTINGS}
    beside[folder.WRITER_NAME] = notebook.index_folder / folder.WRITER_NAME
    there = {name: path for name, path in beside.items() if path.exists()}
    try:
        with tempfile.TemporaryDirectory(suffix=PARTIAL, dir=target.absolute().parent) as place:
            copy = Path(place) / CATALOG_NAME
            notes = _copy_catalog(index, copy)
            pack(target, {CATALOG_NAME: copy, **there}, overwrite)
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {error.strerror or error}; nothing is left of it") from error
    return BackedUp(path=str(target), notes=notes, bytes=target.stat().st_size)


def _copy_catalog(index: Index, copy: Path) -> int:
    """Copy the catalog, and return how many notes it holds. While it is being rebuilt there may be none: then wait."""
    try:
        with index.reader() as reader:
            reader.catalog.copy(copy)
            return len(reader.catalog.file_states())
    except CatalogError:
        copy.unlink(missing_ok=True)
        with index.write() as writer:
            writer.catalog.copy(copy)
            return len(writer.catalog.file_states())


def restore(notebook: Notebook, source: Path, overwrite: bool, reopened: Callable[[], Index]) -> Restored:
    """Put the catalog of a backup in place of the current one, and build its vectors; nothing is embedded.

    Everything is checked before anything changes. Settings and decisions are taken where there are none, or with
    `overwrite`; the index goes where the settings say that then hold. `reopened` opens the notebook with them.
    """
    notebook.root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(suffix=PARTIAL, dir=notebook.root) as place:
        files = unpacked(source, Path(place))
        if CATALOG_NAME not in files:
            raise BackupError(f"{source} is no backup of kb: it has no catalog; nothing was changed")
        taken = [name for name in SETTINGS if name in files and (overwrite or not (notebook.root / name).exists())]
        target = _target(notebook, files, taken)
        if (target / CATALOG_NAME).exists() and not overwrite:
            raise BackupError(f"{target} holds an index; --force to replace it by that of {source}")
        _require_sound(files[CATALOG_NAME], source)
        folder.make(target)
        with write_lock(target):
            _put_in_place(files, target)
            for name in taken:
                with replacing(notebook.root / name) as file:
                    file.write(files[name].read_bytes())
    index = reopened()
    with index.write() as writer:
        writer.add_sources(())
        if writer.generation:
            writer.rebuild_vectors()
        return Restored(path=str(source), notes=len(writer.catalog.file_states()), bytes=source.stat().st_size)


def _target(notebook: Notebook, files: Mapping[str, Path], taken: list[str]) -> Path:
    """The index folder by the settings that will hold."""
    if CONFIG_NAME not in taken:
        return notebook.index_folder
    return Notebook(notebook.root, parse_settings(files[CONFIG_NAME])).index_folder


def _put_in_place(files: Mapping[str, Path], target: Path) -> None:
    """In this order, a crash leaves the old catalog or the new one, and never vectors or a log of the other."""
    catalog = target / CATALOG_NAME
    shutil.rmtree(target / folder.VECTORS_NAME, ignore_errors=True)
    for log in ("-wal", "-shm"):
        catalog.with_name(CATALOG_NAME + log).unlink(missing_ok=True)
    for name in (CATALOG_NAME, folder.WRITER_NAME):
        if name in files:
            with replacing(target / name, PRIVATE_FILE) as file, files[name].open("rb") as unpacked_file:
                shutil.copyfileobj(unpacked_file, file)
            os.chmod(target / name, PRIVATE_FILE)


def _require_sound(path: Path, source: Path) -> None:
    """Raise `BackupError` where a catalog cannot be used by this kb."""
    catalog = Catalog(path.parent)  # raises NewerError
    try:
        if catalog.examine():
            raise BackupError(f"{source} holds a damaged catalog; nothing was changed")
    finally:
        catalog.close()
