"""A backup of an index, and an index from a backup. The notes are no part of either."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from kb.care.archive import pack, unpacked
from kb.config import CONFIG_NAME, load_settings
from kb.decisions import DECISIONS_NAME
from kb.errors import BackupError
from kb.index.catalog import CATALOG_NAME, Catalog
from kb.index.lock import write_lock
from kb.index.publishing import rebuild_vectors
from kb.index.workspace import COPIED, VECTORS_NAME, WRITER_NAME, Workspace
from kb.reports.cared import BackedUp, Restored

SETTINGS = (CONFIG_NAME, DECISIONS_NAME)


def back_up(workspace: Workspace, target: Path, overwrite: bool) -> BackedUp:
    """Write the catalog as it is at this moment, the settings and the decisions into one file."""
    with tempfile.TemporaryDirectory(dir=workspace.folder, prefix=COPIED) as folder:
        copy = Path(folder) / CATALOG_NAME
        workspace.catalog.copy(copy)
        beside = {name: workspace.root / name for name in SETTINGS} | {WRITER_NAME: workspace.folder / WRITER_NAME}
        there = {name: path for name, path in beside.items() if path.exists()}
        pack(target, {CATALOG_NAME: copy, **there}, overwrite)
    return BackedUp(path=str(target), notes=len(workspace.catalog.file_states()), bytes=target.stat().st_size)


def restore(workspace: Workspace, source: Path, overwrite: bool) -> Restored:
    """Put the catalog of a backup in place of the current one, and build its vectors; nothing is embedded.

    Everything is checked before anything changes. Settings and decisions are taken where there are none, or with
    `overwrite`.
    """
    workspace.make_folder()
    catalog = workspace.folder / CATALOG_NAME
    if catalog.exists() and not overwrite:
        raise BackupError(f"{workspace.folder} holds an index; --force to replace it by that of {source}")
    with unpacked(source, workspace.folder, COPIED) as files:
        if CATALOG_NAME not in files:
            raise BackupError(f"{source} is no backup of kb: it has no catalog; nothing was changed")
        _require_sound(files[CATALOG_NAME], source)
        workspace.close()
        with write_lock(workspace.folder):
            # In this order, a crash leaves the old catalog or the new one, and never vectors or a log of the other.
            shutil.rmtree(workspace.folder / VECTORS_NAME, ignore_errors=True)
            for log in ("-wal", "-shm"):
                catalog.with_name(CATALOG_NAME + log).unlink(missing_ok=True)
            os.replace(files[CATALOG_NAME], catalog)
            if WRITER_NAME in files:
                os.replace(files[WRITER_NAME], workspace.folder / WRITER_NAME)
        for name in SETTINGS:
            if name in files and (overwrite or not (workspace.root / name).exists()):
                _move(files[name], workspace.root / name)
    workspace.settings = load_settings(workspace.root)
    workspace.add_sources(())
    if workspace.catalog.generation():
        rebuild_vectors(workspace)
    return Restored(path=str(source), notes=len(workspace.catalog.file_states()), bytes=source.stat().st_size)


def _require_sound(path: Path, source: Path) -> None:
    """Raise `BackupError` where a catalog cannot be used by this kb."""
    catalog = Catalog(path.parent)  # raises NewerError
    try:
        if catalog.examine():
            raise BackupError(f"{source} holds a damaged catalog; nothing was changed")
    finally:
        catalog.close()


def _move(file: Path, target: Path) -> None:
    """Put a file in place of another in one step, also where that lies on another disk."""
    temporary = target.with_name(f".{target.name}.part")
    shutil.copyfile(file, temporary)
    os.replace(temporary, target)
