"""The state of a notebook, and its notes by month and area."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence

from kb.areas.texts import area_texts
from kb.index.reader import IndexReader
from kb.models import STORED_AREAS, AreaText, NoteRecord, StoredArea
from kb.notes.files import folder_bytes
from kb.reports import AreaCount, AreaList, DescribedArea, Status
from kb.sync.changes import pending_changes

MONTHS = 12
NANOSECONDS = 1_000_000_000


def status(reader: IndexReader) -> Status:
    """Counts, sources, and what changed since the last sync."""
    catalog = reader.catalog
    notes = catalog.notes()
    return Status(
        notebook=str(reader.root),
        sources=catalog.sources(),
        areas=tuple(AreaCount(area=area, notes=sum(note.area == area for note in notes)) for area in STORED_AREAS),
        months=by_month(notes),
        posts=sum(note.kind == "post" for note in notes),
        unsure=sum(note.unsure for note in notes),
        chunks=sum(catalog.chunk_counts().values()),
        changed_notes=pending_changes(reader),
        generation=catalog.generation(),
        encoder=catalog.fingerprint(),
        model=reader.settings.model,
        rerank=reader.settings.rerank,
        vectors=reader.store.place,
        index_bytes=folder_bytes(reader.folder),
    )


def list_areas(reader: IndexReader) -> AreaList:
    """The areas with the texts that define them and the number of their notes; then detours and what lies outside."""
    notes = reader.catalog.notes()
    texts: dict[StoredArea, AreaText] = dict(area_texts(reader).areas.items())
    return AreaList(
        areas=tuple(_described(area, texts.get(area, AreaText()), notes) for area in STORED_AREAS),
    )


def _described(area: StoredArea, text: AreaText, notes: Sequence[NoteRecord]) -> DescribedArea:
    filed = [note for note in notes if note.area == area]
    return DescribedArea(
        area=area,
        description=text.description,
        names=text.names,
        notes=len(filed),
        posts=sum(note.kind == "post" for note in filed),
        unsure=sum(note.unsure for note in filed),
        decided=sum(note.verdict.decided_by != "classifier" for note in filed),
    )


def by_month(notes: Sequence[NoteRecord]) -> dict[str, dict[StoredArea, int]]:
    """Counts by area in the twelve months up to the newest note; a note without a date counts when its file was
    written. Outlines do not count.
    """
    counts = Counter((_month(note), note.area) for note in notes if note.kind != "outline")
    last = max((month for month, _ in counts), default=-1)
    return {
        f"{month // 12}-{month % 12 + 1:02d}": {area: counts[month, area] for area in STORED_AREAS}
        for month in range(last - MONTHS + 1, last + 1)
        if counts
    }


def _month(note: NoteRecord) -> int:
    """Months since the year 0."""
    date = note.date or datetime.datetime.fromtimestamp(note.mtime_ns / NANOSECONDS, tz=datetime.UTC).date()
    return date.year * 12 + date.month - 1
