"""An index made anew: from its catalog where that is whole, from the notes where it is not."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Literal

from kb.care.facts import misread_notes
from kb.errors import DamageError, NewerError, NotebookError, one_line
from kb.index.catalog import CATALOG_NAME, Changes
from kb.index.lock import write_lock
from kb.index.publishing import rebuild_vectors
from kb.index.workspace import VECTORS_NAME, Workspace
from kb.reports.cared import Rebuilt
from kb.sync.run import Intake


def rebuild(workspace: Workspace, intake: Intake) -> Rebuilt:
    """Make everything anew that can be, then take in what the sources say now."""
    started = time.monotonic()
    made_from: Literal["catalog", "notes"] = "catalog"
    try:
        _make_from_catalog(workspace)
    except (DamageError, NewerError) as error:
        workspace.notify(f"the catalog cannot be kept: {one_line(error)}")
        workspace.notify("making it anew from the notes")
        _start_over(workspace)
        made_from = "notes"
    report = intake.run(workspace.catalog.sources())
    return Rebuilt(
        made_from=made_from,
        notes=len(workspace.catalog.file_states()),
        chunks=workspace.catalog.count_chunks(),
        embedded_chunks=report.embedded_chunks,
        skipped=report.skipped,
        seconds=round(time.monotonic() - started, 3),
    )


def _make_from_catalog(workspace: Workspace) -> None:
    """Full text and vectors anew; notes whose rows are wrong leave, for the sync to take them in again."""
    catalog = workspace.catalog
    with write_lock(workspace.folder):
        examined = catalog.examine()
        if examined.file:
            raise DamageError(f"it is damaged: {examined.file}")
        catalog.drop_vectors(examined.vectors)
        unsound = set(examined.notes)
        if not unsound and catalog.fingerprint() == workspace.encoder.fingerprint:
            unsound = {note.id for note in misread_notes(workspace, catalog.notes(), full=True)}
        catalog.publish(Changes(removed=sorted(unsound)), catalog.generation(), catalog.fingerprint() or "")
        catalog.erase_removed()
    if catalog.generation():
        rebuild_vectors(workspace)
    with write_lock(workspace.folder):
        workspace.sweep_all()


def _start_over(workspace: Workspace) -> None:
    """An empty catalog with the sources that the lost one had."""
    sources = workspace.written_sources()
    workspace.close()
    with write_lock(workspace.folder):
        try:
            for path in Path(workspace.folder).glob(f"{CATALOG_NAME}*"):
                path.unlink()
            shutil.rmtree(workspace.folder / VECTORS_NAME, ignore_errors=True)
        except OSError as error:
            raise NotebookError(f"{error.filename} cannot be deleted: {error.strerror}") from error
        workspace.create_catalog()
    workspace.add_sources(sources)
