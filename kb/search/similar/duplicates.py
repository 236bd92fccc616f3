"""Near-identical notes and passages, by the vectors and texts that the index holds; nothing is embedded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kb.index.arrays import means, unit_rows
from kb.index.freshness import current_notes
from kb.index.reader import IndexReader
from kb.models import Progress, note_of
from kb.reports import Address, ComparedNote, Duplicates, NoteGroup, PassageGroup
from kb.search.similar.likeness import AlikeRows, alike_notes, alike_passages, neighbours
from kb.search.similar.resemblance import RESEMBLANCE, Runs, joined_runs, resemblance, word_runs

OPENING = 2  # passages at the beginning of a note by which its likely duplicates are found
CANDIDATES = 3  # notes that are compared for each of these passages


@dataclass(frozen=True)
class _AlikeIds:
    """Notes or chunks that are near-identical, by their ids."""

    ids: tuple[str, ...]
    similarity: float


def duplicates(reader: IndexReader, progress: Progress) -> Duplicates:
    """Near-identical notes and passages; repetition within a single note comes last.

    Notes that changed since the last sync are left out. `progress` is told in notes.
    """
    passages = reader.passages()
    texts = reader.catalog.texts()
    runs = [word_runs(texts[id]) for id in passages.ids]
    ids = list(passages.rows)
    scale = reader.encoder.scale
    centroids = unit_rows(means(passages.matrix, passages.rows.values()))
    whole = alike_notes(centroids, [joined_runs(runs[row] for row in rows) for rows in passages.rows.values()], scale)
    family = {ids[row]: number for number, group in enumerate(whole) for row in group.rows}
    parts = [
        group
        for group in alike_passages(
            passages.matrix, runs, scale, lambda done, total: progress(done * len(ids) // total, len(ids))
        )
        if not _in_one(family, (note_of(passages.ids[row]) for row in group.rows))
    ]
    parts.sort(key=lambda group: len({note_of(passages.ids[row]) for row in group.rows}) == 1)
    return _report(reader, _by_id(whole, ids), _by_id(parts, passages.ids))


def repeated_notes(reader: IndexReader, fresh: Sequence[str]) -> dict[str, str]:
    """The paths of notes that nearly repeat an older note, each with the path of that one.

    `fresh` holds the paths to check, in the order in which they were added. Only notes that begin alike are compared by
    their wording: two passages of each are enough, and reading all vectors of a large notebook would take a second.
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
    """Note ids, each with those of the few older notes whose beginnings are nearest. `turn` numbers the fresh notes by
    path; all others are older.
    """
    chunk_ids, matrix = reader.catalog.chunk_vectors(reader.catalog.opening_chunks(OPENING))
    ages = [turn.get(paths[note_of(id)], 0) for id in chunk_ids]
    order = sorted(range(len(ages)), key=ages.__getitem__)
    owners = [note_of(chunk_ids[row]) for row in order]
    near: dict[str, set[str]] = {}
    for row, earlier in neighbours(matrix[order], reader.encoder.scale, first=ages.count(0)):
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
    """Whether notes belong to a single group of near-identical notes."""
    families = {family.get(note) for note in notes}
    return len(families) == 1 and None not in families


def _by_id(groups: Iterable[AlikeRows], ids: Sequence[str]) -> list[_AlikeIds]:
    return [_AlikeIds(tuple(ids[row] for row in group.rows), round(group.similarity, 4)) for group in groups]


def _report(reader: IndexReader, whole: Sequence[_AlikeIds], parts: Sequence[_AlikeIds]) -> Duplicates:
    """Groups of note ids and of chunk ids, as they are shown."""
    chunks = reader.catalog.chunks(id for group in parts for id in group.ids)
    ids = {id for group in whole for id in group.ids} | {chunk.note_id for chunk in chunks.values()}
    known = reader.catalog.notes_by_id(ids)
    current = {note.id: note for note in current_notes(reader, list(known.values()))}
    notes = {id: ComparedNote.model_validate(note, from_attributes=True) for id, note in current.items()}
    addresses = {
        id: Address(
            text=chunk.text, path=notes[chunk.note_id].path, start_line=chunk.start_line, end_line=chunk.end_line
        )
        for id, chunk in chunks.items()
        if chunk.note_id in notes
    }
    return Duplicates(
        notes=tuple(
            NoteGroup(similarity=group.similarity, notes=tuple(sorted(members, key=lambda note: note.path)))
            for group in whole
            if len(members := [notes[id] for id in group.ids if id in notes]) > 1
        ),
        passages=tuple(
            PassageGroup(
                similarity=group.similarity,
                passages=tuple(sorted(places, key=lambda address: (address.path, address.start_line))),
            )
            for group in parts
            if len(places := [addresses[id] for id in group.ids if id in addresses]) > 1
        ),
    )
