"""Backups of an index, and restoring one. Neither contains the notes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from kb.care.archive import pack, unpacked
from kb.decisions import DECISIONS_NAME, load_decisions
from kb.errors import BackupError, CatalogError, reason
from kb.index import PRIVATE_FILE, folder
from kb.index.catalog import CATALOG_NAME, Catalog
from kb.index.lock import write_lock
from kb.index.opened import Index
from kb.notebook import CONFIG_NAME, Notebook, parse_settings
from kb.notes.files import PARTIAL, replacing
from kb.reports import BackedUp, Restored

SETTINGS = (CONFIG_NAME, DECISIONS_NAME)


def back_up(index: Index, target: Path, overwrite: bool) -> BackedUp:
    """Write a snapshot of the catalog, the settings and the decisions into one file. Raises `BackupError`."""
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
        raise BackupError(f"{target} cannot be written: {reason(error)}; nothing is left of it") from error
    return BackedUp(path=str(target), notes=notes, bytes=target.stat().st_size)


def _copy_catalog(index: Index, copy: Path) -> int:
    """Copy the catalog, and return how many notes the copy holds. Where the catalog cannot be read, another process may
    be rebuilding it: then wait until it is done.
    """
    try:
        with index.reader() as reader:
            reader.catalog.copy(copy)
    except CatalogError:
        copy.unlink(missing_ok=True)
        with index.write() as writer:
            writer.catalog.copy(copy)
    with closing(Catalog(copy.parent)) as copied:
        return len(copied.paths())


def restore(notebook: Notebook, source: Path, overwrite: bool, reopened: Callable[[], Index]) -> Restored:
    """Replace the catalog by that of a backup, and rebuild its vectors; nothing is embedded. Raises `BackupError`.

    Everything is checked before anything changes. Settings and decisions are restored where there are none, or with
    `overwrite`; the index goes where the settings then say. `reopened` opens the notebook with those settings.
    """
    notebook.root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(suffix=PARTIAL, dir=notebook.root) as place:
        files = unpacked(source, Path(place))
        if CATALOG_NAME not in files:
            raise BackupError(f"{source} is not a backup made by kb: it has no catalog; nothing was changed")
        taken = [name for name in SETTINGS if name in files and (overwrite or not (notebook.root / name).exists())]
        load_decisions(Path(place))
        target = _target(notebook, files, taken)
        if (target / CATALOG_NAME).exists() and not overwrite:
            raise BackupError(f"{target} holds an index; use --force to replace it by that of {source}")
        _require_sound(files[CATALOG_NAME], source)
        folder.make(target)
        with write_lock(target):
            _put_in_place(notebook, files, taken, target)
    index = reopened()
    with index.write() as writer:
        writer.add_sources(())
        if writer.generation:
            writer.rebuild_vectors()
        return Restored(path=str(source), notes=len(writer.catalog.paths()), bytes=source.stat().st_size)


def _target(notebook: Notebook, files: Mapping[str, Path], taken: Sequence[str]) -> Path:
    """The index folder according to the settings that will be in place."""
    if CONFIG_NAME not in taken:
        return notebook.index_folder
    return Notebook(notebook.root, parse_settings(files[CONFIG_NAME])).index_folder


def _put_in_place(notebook: Notebook, files: Mapping[str, Path], taken: Sequence[str], target: Path) -> None:
    """Replace what a backup holds. The vectors go first: a crash never leaves those of another catalog. Raises
    `BackupError`.
    """
    try:
        folder.delete([target / folder.VECTORS_NAME])
        folder.replace_catalog(target, files[CATALOG_NAME])
        if folder.WRITER_NAME in files:
            _replace(target / folder.WRITER_NAME, files[folder.WRITER_NAME], PRIVATE_FILE)
        for name in taken:
            _replace(notebook.root / name, files[name])
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {reason(error)}; restore the backup again") from error


def _replace(path: Path, source: Path, mode: int | None = None) -> None:
    with replacing(path, mode) as file:
        file.write(source.read_bytes())


def _require_sound(path: Path, source: Path) -> None:
    """Raise `BackupError` where a catalog is damaged, and `NewerError` where this kb cannot read it."""
    with closing(Catalog(path.parent)) as catalog:
        if catalog.examine():
            raise BackupError(f"{source} holds a damaged catalog; nothing was changed")
