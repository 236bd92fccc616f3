"""Notes compared with one another, by the vectors and the words that the catalog has; nothing is embedded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from kb.errors import InputError
from kb.index.arrays import centroids
from kb.index.freshness import current_notes, state_of
from kb.index.reader import IndexReader, Passages
from kb.models import ChunkRecord, NoteRecord, note_of
from kb.notes.links import link_targets
from kb.reports import Address
from kb.reports.compared import ComparedNote, Duplicates, NoteGroup, PassageGroup, Related, RelatedNotes
from kb.search.likeness import Likeness, likeness, most_related
from kb.search.resemblance import (
    RESEMBLANCE,
    Group,
    Progress,
    Runs,
    alike_notes,
    alike_passages,
    joined_runs,
    neighbours,
    resemblance,
    word_runs,
)
from kb.sync.changes import recent_changes

OPENING = 2  # passages at a note's beginning by which one that nearly repeats it is noticed
CANDIDATES = 3  # notes that begin most alike, for each of these passages

Link = Literal["to", "from", "both"]
_LINKS: dict[tuple[bool, bool], Link] = {(True, False): "to", (False, True): "from", (True, True): "both"}


@dataclass(frozen=True)
class _Candidate:
    """A note beside the one asked about, and the rows of their nearest passages."""

    note: NoteRecord
    link: Link | None
    likeness: Likeness
    ours: int
    theirs: int


@dataclass(frozen=True)
class _Alike:
    """Notes or chunks that are near-identical, by their ids."""

    ids: tuple[str, ...]
    similarity: float


def related(reader: IndexReader, note: NoteRecord, limit: int) -> RelatedNotes:
    """The notes related to one, by what they say and by links. Raises `InputError` for a note that is held back."""
    passages = reader.passages()
    if note.id not in passages.rows:
        raise InputError(f"{note.path} is held back, so nothing is compared with it; `kb file` it under an area first")
    candidates = _candidates(reader, passages, note)
    scores = [candidate.likeness.score for candidate in candidates]
    chosen = most_related(scores, [candidate.link is not None for candidate in candidates], limit)
    states = {index: state_of(reader, candidates[index].note) for index in chosen}
    there = [(candidates[index], state) for index, state in states.items() if state]
    rows = [row for candidate, _ in there for row in (candidate.ours, candidate.theirs)]
    chunks = reader.catalog.chunks(passages.ids[row] for row in rows)
    return RelatedNotes(
        path=note.path,
        title=note.title,
        notes=tuple(
            Related(
                **dict(_compared(candidate.note)),
                state=state,
                score=round(candidate.likeness.score, 4),
                link=candidate.link,
                passage_score=round(candidate.likeness.nearest, 4),
                ours=_address(note, chunks[passages.ids[candidate.ours]]),
                theirs=_address(candidate.note, chunks[passages.ids[candidate.theirs]]),
            )
            for candidate, state in there
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


def duplicates(reader: IndexReader, progress: Progress) -> Duplicates:
    """Notes and passages that say nearly the same, what one note repeats within itself last.

    What changed since it was indexed is left out.
    """
    passages = reader.passages()
    texts = reader.catalog.texts()
    # What another process removes between two looks at the catalog has no words left, and is nobody's duplicate.
    runs = [word_runs(texts.get(id, "")) for id in passages.ids]
    ids = list(passages.rows)
    means = centroids(passages.matrix, passages.rows.values())
    whole = alike_notes(means, [joined_runs(runs[row] for row in rows) for rows in passages.rows.values()])
    family = {ids[row]: number for number, group in enumerate(whole) for row in group.rows}
    parts = [
        group
        for group in alike_passages(
            passages.matrix, runs, lambda done, total: progress(done * len(ids) // total, len(ids))
        )
        if not _in_one(family, (note_of(passages.ids[row]) for row in group.rows))
    ]
    parts.sort(key=lambda group: len({note_of(passages.ids[row]) for row in group.rows}) == 1)
    return _report(reader, _named(whole, ids), _named(parts, passages.ids))


def repeated_notes(reader: IndexReader, fresh: Sequence[str]) -> dict[str, str]:
    """The paths of notes that nearly repeat an older one, each with the path of that one.

    `fresh` holds the paths to look at; of two of them the first is the older. Only notes that begin alike are compared
    word for word: two passages of each say enough, and reading all vectors of a large notebook would take a second.
    """
    paths = reader.catalog.paths()
    near = _beginning_alike(reader, {path: number for number, path in enumerate(fresh, 1)}, paths)
    runs = _runs_of_notes(reader, {note for own, others in near.items() for note in (own, *others)})
    repeated = {}
    for note, older in near.items():
        overlaps = {other: resemblance(runs[note], runs[other]) for other in older}
        nearest = min(overlaps, key=lambda other: (-overlaps[other], paths[other]))
        if overlaps[nearest] >= RESEMBLANCE:
            repeated[paths[note]] = paths[nearest]
    return repeated


def _beginning_alike(reader: IndexReader, turn: Mapping[str, int], paths: Mapping[str, str]) -> dict[str, set[str]]:
    """Note ids, each with those of the few older notes that begin most like it; what has no turn was there before."""
    chunk_ids, matrix = reader.catalog.chunk_vectors(reader.catalog.opening_chunks(OPENING))
    ages = [turn.get(paths[note_of(id)], 0) for id in chunk_ids]
    order = sorted(range(len(ages)), key=ages.__getitem__)
    owners = [note_of(chunk_ids[row]) for row in order]
    near: dict[str, set[str]] = {}
    for row, earlier in neighbours(matrix[order], first=ages.count(0)):
        older = dict.fromkeys(owners[other] for other in earlier if owners[other] != owners[row])
        if older:
            near.setdefault(owners[row], set()).update(list(older)[:CANDIDATES])
    return near


def _runs_of_notes(reader: IndexReader, notes: Iterable[str]) -> dict[str, Runs]:
    """The word runs of whole notes, by note id."""
    passages: dict[str, list[Runs]] = {}
    for id, text in reader.catalog.texts(notes).items():
        passages.setdefault(note_of(id), []).append(word_runs(text))
    return {note: joined_runs(runs) for note, runs in passages.items()}


def _in_one(family: Mapping[str, int], notes: Iterable[str]) -> bool:
    """Whether notes belong to one group of near-identical ones."""
    families = {family.get(note) for note in notes}
    return len(families) == 1 and None not in families


def _named(groups: Iterable[Group], ids: Sequence[str]) -> list[_Alike]:
    return [_Alike(tuple(ids[row] for row in group.rows), round(group.similarity, 4)) for group in groups]


def _report(reader: IndexReader, whole: Sequence[_Alike], parts: Sequence[_Alike]) -> Duplicates:
    """Groups of note ids and of chunk ids as they are shown."""
    chunks = reader.catalog.chunks(id for group in parts for id in group.ids)
    ids = {id for group in whole for id in group.ids} | {chunk.note_id for chunk in chunks.values()}
    known = reader.catalog.notes_by_id(ids)
    notes = {note.id: note for note in current_notes(reader, list(known.values()))}
    places = {id: _address(notes[chunk.note_id], chunk) for id, chunk in chunks.items() if chunk.note_id in notes}
    return Duplicates(
        notes=tuple(
            NoteGroup(similarity=group.similarity, notes=tuple(sorted(members, key=lambda note: note.path)))
            for group in whole
            if len(members := [_compared(notes[id]) for id in group.ids if id in notes]) > 1
        ),
        passages=tuple(
            PassageGroup(
                similarity=group.similarity,
                passages=tuple(sorted(found, key=lambda place: (place.path, place.start_line))),
            )
            for group in parts
            if len(found := [places[id] for id in group.ids if id in places]) > 1
        ),
    )


def _compared(note: NoteRecord) -> ComparedNote:
    return ComparedNote.model_validate({name: getattr(note, name) for name in ComparedNote.model_fields})


def _address(note: NoteRecord, chunk: ChunkRecord) -> Address:
    return Address(text=chunk.text, path=note.path, start_line=chunk.start_line, end_line=chunk.end_line)
