"""Rebuilding an index: from its catalog where that is intact, else from the notes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from kb.care.facts import misread_notes
from kb.errors import DamageError, NewerError, one_line
from kb.ideas.map.kept import delete_map
from kb.index.catalog import Changes
from kb.index.opened import Index
from kb.index.writer import IndexWriter
from kb.reports import Rebuilt, SyncReport

Sync = Callable[[IndexWriter], SyncReport]


def rebuild(index: Index, sync: Sync) -> Rebuilt:
    """Rebuild the index, then bring it up to date with its sources. The next map is laid out from scratch."""
    started = time.monotonic()
    made_from: Literal["catalog", "notes"] = "catalog"
    delete_map(index.notebook.index_folder)
    try:
        with index.write() as writer:
            _rebuild_from_catalog(writer)
            return _report(writer, sync(writer), made_from, started)
    except (DamageError, NewerError) as error:
        index.notify(f"the catalog cannot be kept: {one_line(error)}")
        index.notify("rebuilding it from the notes")
    made_from = "notes"
    with index.emptied() as writer:
        return _report(writer, sync(writer), made_from, started)


def _rebuild_from_catalog(writer: IndexWriter) -> None:
    """Rebuild full text and vectors, and remove notes with wrong rows, which the sync will take in again."""
    catalog = writer.catalog
    examined = catalog.examine()
    if examined.file:
        raise DamageError(f"it is damaged: {examined.file}")
    catalog.drop_vectors(examined.vectors)
    unsound = set(examined.notes)
    if not unsound and catalog.fingerprint() == writer.encoder.fingerprint:
        unsound = {note.id for note in misread_notes(writer, catalog.notes(), full=True)}
    catalog.publish(Changes(removed=sorted(unsound)), catalog.generation(), catalog.fingerprint() or "")
    catalog.erase_removed()
    if catalog.generation():
        writer.rebuild_vectors()
    writer.sweep()


def _report(writer: IndexWriter, report: SyncReport, made_from: Literal["catalog", "notes"], started: float) -> Rebuilt:
    return Rebuilt(
        made_from=made_from,
        notes=len(writer.catalog.file_states()),
        chunks=writer.catalog.count_chunks(),
        embedded_chunks=report.embedded_chunks,
        skipped=report.skipped,
        seconds=round(time.monotonic() - started, 3),
    )
