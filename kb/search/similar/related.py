"""The notes related to one, by the vectors that the index holds and by links; nothing is embedded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kb.errors import InputError
from kb.index.freshness import state_of
from kb.index.reader import IndexReader, Passages
from kb.models import ChunkRecord, NoteRecord
from kb.notes.links import link_targets
from kb.reports import Address, ComparedNote, Related, RelatedNotes
from kb.search.similar.likeness import Likeness, likeness, most_related
from kb.sync.changes import recent_changes

Link = Literal["to", "from", "both"]
_LINKS: dict[tuple[bool, bool], Link] = {(True, False): "to", (False, True): "from", (True, True): "both"}


@dataclass(frozen=True)
class _Candidate:
    """Another note, and the rows of the passages in which the two notes are nearest."""

    note: NoteRecord
    link: Link | None
    likeness: Likeness
    ours: int
    theirs: int


def related(reader: IndexReader, note: NoteRecord, limit: int) -> RelatedNotes:
    """The notes related to one, by meaning and by links. Raises `InputError` for a note that is held back."""
    passages = reader.passages()
    if note.id not in passages.rows:
        raise InputError(f"{note.path} is held back, so nothing is compared with it; `kb file` it under an area first")
    candidates = _candidates(reader, passages, note)
    relatedness = [reader.encoder.scale.relatedness(candidate.likeness.score) for candidate in candidates]
    chosen = most_related(relatedness, [candidate.link is not None for candidate in candidates], limit)
    states = {index: state_of(reader, candidates[index].note) for index in chosen}
    existing = [(candidates[index], state) for index, state in states.items() if state]
    rows = [row for candidate, _ in existing for row in (candidate.ours, candidate.theirs)]
    chunks = reader.catalog.chunks(passages.ids[row] for row in rows)
    return RelatedNotes(
        path=note.path,
        title=note.title,
        notes=tuple(
            Related(
                **dict(ComparedNote.model_validate(candidate.note, from_attributes=True)),
                state=state,
                score=round(candidate.likeness.score, 4),
                link=candidate.link,
                passage_score=round(candidate.likeness.nearest, 4),
                ours=_address(note, chunks[passages.ids[candidate.ours]]),
                theirs=_address(candidate.note, chunks[passages.ids[candidate.theirs]]),
            )
            for candidate, state in existing
        ),
        changed_notes=recent_changes(reader),
        missing=tuple(candidates[index].note.path for index, state in states.items() if not state),
    )


def _candidates(reader: IndexReader, passages: Passages, note: NoteRecord) -> list[_Candidate]:
    """Every other filed note."""
    notes = [known for known in reader.catalog.notes() if known.id in passages.rows]
    targets = link_targets(notes)
    own = next(index for index, known in enumerate(notes) if known.id == note.id)
    our_rows = passages.rows[note.id]
    ours = passages.matrix[our_rows]
    candidates = []
    for index, other in enumerate(notes):
        if index != own:
            rows = passages.rows[other.id]
            found = likeness(ours, passages.matrix[rows])
            link = _LINKS.get((index in targets[own], own in targets[index]))
            candidates.append(_Candidate(other, link, found, our_rows[found.ours], rows[found.theirs]))
    return candidates


def _address(note: NoteRecord, chunk: ChunkRecord) -> Address:
    return Address(text=chunk.text, path=note.path, start_line=chunk.start_line, end_line=chunk.end_line)
