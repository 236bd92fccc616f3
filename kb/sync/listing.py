"""Lists of notes, and the details of one."""

from __future__ import annotations

from collections.abc import Sequence

from kb.decisions import is_under_any
from kb.errors import InputError, NoteError
from kb.index.freshness import state_of, text_of
from kb.index.reader import IndexReader
from kb.models import Kind, NoteRecord, StoredArea
from kb.notes.links import link_targets, targets_of
from kb.reports import ListedNote, NoteDetail, NoteList


def list_notes(
    reader: IndexReader, areas: Sequence[StoredArea], kinds: Sequence[Kind] = (), unsure: bool = False
) -> NoteList:
    """The notes of some areas and, if any are given, of some kinds; with `unsure` only the unsure ones."""
    notes = reader.catalog.notes()
    linked = _linked(link_targets(notes))
    return NoteList(
        notes=tuple(
            ListedNote.model_validate(_listed(note, len(linked[index])))
            for index, note in enumerate(notes)
            if note.area in areas and (not kinds or note.kind in kinds) and (note.unsure or not unsure)
        )
    )


def show(reader: IndexReader, note: NoteRecord, lines: tuple[int, int] | None = None) -> NoteDetail:
    """A note with the current text of its file, and the first and last line that are asked for, if not all are. Raises
    `NoteError` where the file is gone, and `InputError` where the first line is beyond its end.
    """
    state = state_of(reader, note)
    if state is None:
        raise NoteError(f"{note.path} is gone; run `kb sync`")
    text = text_of(reader, note)
    length = len(text.rstrip("\n").split("\n"))
    if lines and lines[0] > length:
        raise InputError(f"{note.path} has no line {lines[0]}; it has {length}")
    start, end = (lines[0], min(lines[1], length)) if lines else (None, None)
    notes = reader.catalog.notes()
    position = [other.id for other in notes].index(note.id)
    targets = link_targets(notes)
    chunks = reader.catalog.chunks_of([note.id]).get(note.id, [])
    return NoteDetail.model_validate(
        _listed(note, len(_linked(targets)[position]))
        | {
            "state": state,
            "authors": note.authors,
            "sources": note.sources,
            "links": note.links,
            "targets": targets_of(notes, note),
            "linked_from": tuple(other.path for other, found in zip(notes, targets, strict=True) if position in found),
            "verdict": note.verdict,
            "chunks": len(chunks),
            "passages": tuple(sorted({chunk.start_line for chunk in chunks})),
            "text": text,
            "start_line": start,
            "end_line": end,
        }
    )


def outside_without_a_word(reader: IndexReader, sources: Sequence[str]) -> list[NoteRecord]:
    """The notes of some sources that the classifier, not the user, placed outside the areas."""
    return [
        note
        for note in reader.catalog.notes()
        if note.area == "outside" and note.verdict.decided_by == "classifier" and is_under_any(note.path, sources)
    ]


def _linked(targets: Sequence[set[int]]) -> list[set[int]]:
    """For each note the positions of those that it links to or that link to it."""
    linked = [set(found) for found in targets]
    for index, found in enumerate(targets):
        for target in found:
            linked[target].add(index)
    return linked


def _listed(note: NoteRecord, linked: int) -> dict[str, object]:
    return {
        "id": note.id,
        "path": note.path,
        "title": note.title,
        "area": note.area,
        "kind": note.kind,
        "date": note.date,
        "tags": note.tags,
        "unsure": note.unsure,
        "confidence": note.verdict.confidence,
        "nearest_area": note.verdict.nearest_area,
        "linked": linked,
        "remote": note.remote,
    }
