"""From the notes of each area to what could be written next."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kb.errors import InputError
from kb.ideas.ripeness import UNCOVERED, Group, Material, groups, in_turn, reasons, ripeness
from kb.index.freshness import current_notes
from kb.index.reader import IndexReader, Passages
from kb.models import ChunkRecord, FiledArea, NoteRecord
from kb.outline.points import open_questions
from kb.outline.relevance import link_matrix
from kb.outline.titles import Wording, as_written, listed, working_titles
from kb.reports import CoveredBefore
from kb.reports.ideas import Idea, Ideas

Matrix = NDArray[np.float32]

NEAREST = 10  # an outline rests on about so many notes
MIN_SHARE = 0.6  # of a group's notes among the nearest to a title, for the title to stand for them


@dataclass(frozen=True)
class _Shelf:
    """Notes with the passages of each in one run: `vectors` `(n, dim)`, of which note k's begin at `starts[k]`."""

    notes: list[NoteRecord]
    vectors: Matrix
    starts: list[int]

    @cached_property
    def centroids(self) -> Matrix:
        """The mean vector of each note, of length 1, `(notes, dim)`."""
        sums = np.add.reduceat(self.vectors, self.starts, axis=0)
        return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def ideas(reader: IndexReader, areas: tuple[FiledArea, ...], limit: int, today: datetime.date) -> Ideas:
    """At most `limit` groups of notes of some areas that are ripe for a post."""
    if limit < 1:
        raise InputError(f"the number of ideas should be at least 1, is {limit}")
    passages = reader.passages()
    filed = [note for note in reader.catalog.notes() if note.id in passages.rows]
    notes = current_notes(reader, [note for note in filed if note.kind == "note"])
    wanted = [note for note in notes if note.area in areas]
    if not wanted:
        return Ideas(ideas=(), notes=0)
    reader.require_current_encoder()
    shelf = _shelf(passages, notes)
    posts = [note for note in filed if note.kind == "post"]
    material = _material(reader, wanted)
    ripe: dict[FiledArea, list[Group]] = {}
    for area in areas:
        own = [entry for entry in material if entry.note.area == area]
        found = _ripe(area, own, _shelf(passages, [entry.note for entry in own]), _shelf(passages, posts), today)
        ripe[area] = sorted(found, key=lambda group: -group.ripeness.score)
    titled: list[Idea] = []
    for group in in_turn(ripe):
        if len(titled) == limit:
            break
        if title := _title(reader, group, shelf, material):
            titled.append(_idea(group, title))
    return Ideas(ideas=tuple(titled), notes=len(wanted))


def _shelf(passages: Passages, notes: list[NoteRecord]) -> _Shelf:
    rows = [passages.rows[note.id] for note in notes]
    starts = np.cumsum([0, *map(len, rows)])[:-1]
    return _Shelf(notes, passages.matrix[[row for own in rows for row in own]], [int(start) for start in starts])


def _material(reader: IndexReader, notes: Sequence[NoteRecord]) -> list[Material]:
    chunks = reader.catalog.chunks_of(note.id for note in notes)
    return [_of_note(note, chunks.get(note.id, [])) for note in notes]


def _of_note(note: NoteRecord, chunks: Sequence[ChunkRecord]) -> Material:
    headings = tuple(dict.fromkeys(heading for chunk in chunks for heading in chunk.heading_path))
    text = "\n".join((note.title, *headings, *(chunk.text for chunk in chunks)))
    return Material(
        note=note,
        wording=Wording(note.title, headings, note.tags, text),
        passages=len(chunks),
        questions=sum(len(open_questions(chunk)) for chunk in chunks),
    )


def _ripe(area: FiledArea, own: Sequence[Material], shelf: _Shelf, posts: _Shelf, today: datetime.date) -> list[Group]:
    """The groups of an area's notes, with what speaks for each."""
    if not own:
        return []
    covered = _covered(shelf, posts)
    found = []
    for members in groups(shelf.centroids, link_matrix(shelf.notes)):
        likeness = covered[members].mean(axis=0)
        nearest = int(likeness.argmax()) if len(likeness) else None
        similarity = float(likeness[nearest]) if nearest is not None else 0.0
        notes = tuple(own[member] for member in members)
        post = posts.notes[nearest] if nearest is not None and similarity >= UNCOVERED else None
        found.append(Group(area, notes, ripeness(notes, today, similarity), post, similarity))
    return found


def _covered(shelf: _Shelf, posts: _Shelf) -> Matrix:
    """How much of what each note says each post says, `(notes, posts)`: the mean cosine of its passages' nearest."""
    if not posts.notes:
        return np.zeros((len(shelf.notes), 0), dtype=np.float32)
    nearest = np.maximum.reduceat(shelf.vectors @ posts.vectors.T, posts.starts, axis=1)
    counts = np.diff([*shelf.starts, len(shelf.vectors)])
    return np.asarray(np.add.reduceat(nearest, shelf.starts, axis=0) / counts[:, np.newaxis], dtype=np.float32)


def _title(reader: IndexReader, group: Group, shelf: _Shelf, material: Sequence[Material]) -> str | None:
    """The working title nearest to which most of the group's notes lie; none where it has no such title."""
    members = {entry.note.id for entry in group.notes}
    own = [entry.wording for entry in group.notes]
    titles = working_titles(own, [entry.wording for entry in material if entry.note.id not in members])
    if not titles:
        return None
    vectors = reader.encoder.encode([listed(title) for title in titles])
    best_passages = np.maximum.reduceat(shelf.vectors @ vectors.T, shelf.starts, axis=0)
    nearness = best_passages + shelf.centroids @ vectors.T
    nearest = np.argsort(-nearness, axis=0)[:NEAREST].T
    shares = [sum(shelf.notes[index].id in members for index in row) / len(members) for row in nearest]
    order = sorted(range(len(titles)), key=lambda index: -shares[index])
    written = (as_written(titles[index], own) for index in order if shares[index] >= MIN_SHARE)
    return next(filter(None, written), None)


def _idea(group: Group, title: str) -> Idea:
    counts, post = group.ripeness, group.nearest_post
    return Idea(
        title=title,
        area=group.area,
        ripeness=round(counts.score, 4),
        notes=tuple(entry.note.path for entry in group.notes),
        passages=counts.passages,
        recent_notes=counts.recent_notes,
        open_questions=counts.open_questions,
        nearest_post=_covered_before(post, group.similarity) if post else None,
        why=reasons(group),
        command=f'kb outline "{title}"',
    )


def _covered_before(post: NoteRecord, similarity: float) -> CoveredBefore:
    return CoveredBefore(path=post.path, title=post.title, date=post.date, similarity=round(similarity, 4))
