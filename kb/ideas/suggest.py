"""From the notes of each area to ideas for posts."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np

from kb.areas.concepts import load_concepts
from kb.areas.texts import area_texts
from kb.cutoffs import UNCOVERED
from kb.errors import InputError
from kb.ideas.headline import headlines
from kb.ideas.ripeness import Material, RipeGroup, groups, in_turn, reasons, ripeness
from kb.ideas.subjects import Subject, subjects
from kb.ideas.titles import Wording
from kb.index.arrays import cosines, means, unit_rows
from kb.index.freshness import current_notes
from kb.index.reader import IndexReader, Passages
from kb.models import ChunkRecord, FiledArea, NoteRecord
from kb.outline.questions import open_questions
from kb.outline.quoting.translations import text_of
from kb.outline.relevance import link_matrix
from kb.reports import CoveredBefore, Idea, Ideas, RipenessParts
from kb.scale import Scale

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

NEAREST = 10  # notes to a title: about as many as an outline rests on
MIN_SHARE = 0.6  # of a group's notes that must be among the nearest to a title


@dataclass(frozen=True)
class _Shelf:
    """Some notes with the vectors of their passages."""

    notes: list[NoteRecord]
    passages: Passages

    @cached_property
    def rows(self) -> list[list[int]]:
        """The rows of each note's passages."""
        return [self.passages.rows[note.id] for note in self.notes]

    @cached_property
    def means(self) -> FloatArray:
        """The mean vector of each note's passages, `(len(notes), dim)`."""
        return means(self.passages.matrix, self.rows)

    @cached_property
    def _vectors(self) -> FloatArray:
        """The vectors of all passages, note by note."""
        return self.passages.matrix[list(chain.from_iterable(self.rows))]

    def best_cosines(self, vectors: FloatArray) -> FloatArray:
        """The cosine of each note's nearest passage with each of some unit vectors `(m, dim)`: `(len(notes), m)`."""
        starts = np.cumsum([0, *map(len, self.rows)])[:-1]
        return np.maximum.reduceat(self._vectors @ vectors.T, starts, axis=0)


def ideas(reader: IndexReader, areas: tuple[FiledArea, ...], limit: int, today: datetime.date) -> Ideas:
    """At most `limit` groups of notes of some areas that are ripe for a post, each with a title.

    Raises `InputError` for a limit below 1, and `EncoderError` where the index holds another encoder's vectors.
    """
    if limit < 1:
        raise InputError(f"the number of ideas should be at least 1, is {limit}")
    passages = reader.passages()
    filed = [note for note in reader.catalog.notes() if note.id in passages.rows]
    one_language = {text_of(note.path): note for note in reversed(filed) if note.kind == "note"}
    notes = current_notes(reader, [*reversed(one_language.values())])
    wanted = [note for note in notes if note.area in areas]
    if not wanted:
        return Ideas(ideas=(), notes=0)
    reader.require_current_encoder()
    material = _material(reader, wanted)
    posts = _Shelf([note for note in filed if note.kind == "post"], passages)
    scale = reader.encoder.scale
    ripe = {
        area: _ripe(area, [entry for entry in material if entry.note.area == area], posts, scale, today)
        for area in areas
    }
    shelf = _Shelf(notes, passages)

    offered: set[str] = set()

    def idea(group: RipeGroup) -> Idea | None:
        found = _title(reader, group, shelf, material)
        if found is None or found[0] in offered:
            return None
        offered.add(found[0])
        return _idea(group, *found)

    found = in_turn(ripe, idea)
    return Ideas(ideas=tuple(islice(found, limit)), notes=len(wanted))


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


def _ripe(
    area: FiledArea, material: Sequence[Material], posts: _Shelf, scale: Scale, today: datetime.date
) -> list[RipeGroup]:
    """The groups of an area's notes, the ripest first."""
    if not material:
        return []
    shelf = _Shelf([entry.note for entry in material], posts.passages)
    found = []
    for members in groups(shelf.means, link_matrix(shelf.notes), scale):
        vectors = [posts.passages.matrix[shelf.rows[member]] for member in members]
        nearest, similarity, uncovered = _nearest_post(posts, vectors, scale)
        covered = scale.relatedness(similarity) if posts.notes else 0.0
        notes = tuple(material[member] for member in members)
        new = tuple(notes[number].note.path for number in uncovered)
        found.append(RipeGroup(area, notes, ripeness(notes, today, covered), nearest, similarity, new))
    return sorted(found, key=lambda group: -group.ripeness.score)


def _nearest_post(
    posts: _Shelf, notes: Sequence[FloatArray], scale: Scale
) -> tuple[NoteRecord | None, float, list[int]]:
    """The post that covers most of what some notes say, given the vectors of each note's passages, its similarity, and
    the numbers of the notes of which it says nothing.

    The similarity is the mean over the notes of the mean over their passages of the cosine with the post's nearest
    passage. A post whose relatedness is below `UNCOVERED` is not named.
    """
    if not posts.notes:
        return None, 0.0, []
    of_notes = np.array([posts.best_cosines(vectors).mean(axis=1) for vectors in notes])
    similarities = of_notes.mean(axis=0)
    nearest = int(similarities.argmax())
    similarity = float(similarities[nearest])
    uncovered = np.flatnonzero(scale.relatedness(of_notes[:, nearest]) < UNCOVERED).tolist()
    named = posts.notes[nearest] if scale.relatedness(similarity) >= UNCOVERED else None
    return named, similarity, uncovered


def _title(
    reader: IndexReader, group: RipeGroup, shelf: _Shelf, material: Sequence[Material]
) -> tuple[str, str] | None:
    """What a group is about, and its working title: the subject with the most of the group's notes among its nearest
    ones, best with a question or claim of the notes. None if no subject has enough of them.
    """
    members = {entry.note.id for entry in group.notes}
    others = [entry.wording for entry in material if entry.note.id not in members]
    concepts, areas = load_concepts(reader.settings.own_concepts), area_texts(reader)
    found = subjects(
        [entry.wording for entry in group.notes],
        others,
        concepts,
        lambda name: not areas.without_names(name).strip("s "),
    )
    near = _near(reader, found, shelf, members)
    if not near:
        return None
    phrases = [subject.phrase(concepts) for subject in near]
    chunks, centre = _central(reader, members)
    named = [(subject.names, phrase) for subject, phrase in zip(near, phrases, strict=True)]
    said = zip(phrases, headlines(named, chunks, centre, reader.encoder), strict=True)
    detailed_first = sorted(near, key=lambda subject: not subject.details)
    plain = ((subject.phrase(concepts), subject.title(concepts)) for subject in detailed_first)
    return next(((phrase, title) for phrase, title in chain(said, plain) if title), None)


def _central(reader: IndexReader, members: Iterable[str]) -> tuple[list[ChunkRecord], FloatArray]:
    """The passages of some notes, the most central first, and the unit vector `(dim,)` of their centre."""
    passages = reader.passages()
    rows = [row for id in members for row in passages.rows[id]]
    centre = unit_rows(means(passages.matrix, [rows]))[0]
    rows.sort(key=lambda row: -float(passages.matrix[row] @ centre))
    chunks = reader.catalog.chunks(passages.ids[row] for row in rows)
    return [chunks[passages.ids[row]] for row in rows], centre


def _near(reader: IndexReader, found: Sequence[Subject], shelf: _Shelf, members: set[str]) -> list[Subject]:
    """Those of some subjects to which enough of a group's notes are near: common ones first, then themes, then sets of
    names, of each those first to which most are.
    """
    if not found:
        return []
    vectors = reader.encoder.encode([" ".join(subject.names) for subject in found])
    nearness = shelf.best_cosines(vectors) + cosines(shelf.means, vectors, reader.encoder.scale)
    nearest = np.argsort(-nearness, axis=0)[:NEAREST].T
    shares = [sum(shelf.notes[index].id in members for index in row) / len(members) for row in nearest]

    def place(index: int) -> tuple[int, float]:
        return 0 if found[index].is_common else len(found[index].names), -shares[index]

    return [found[index] for index in sorted(range(len(found)), key=place) if shares[index] >= MIN_SHARE]


def _idea(group: RipeGroup, topic: str, title: str) -> Idea:
    counts, post = group.ripeness, group.nearest_post
    return Idea(
        title=title,
        area=group.area,
        ripeness=round(counts.score, 4),
        parts=RipenessParts(
            evidence=round(counts.evidence, 4),
            recency=round(counts.recency, 4),
            questions=round(counts.questions, 4),
            novelty=round(counts.novelty, 4),
        ),
        notes=tuple(entry.note.path for entry in group.notes),
        passages=counts.passages,
        recent_notes=counts.recent_notes,
        open_questions=counts.open_questions,
        nearest_post=_covered_before(post, group.similarity) if post else None,
        new_since_post=group.new_since_post(),
        why=reasons(group),
        command=f'kb outline "{topic}"',
    )


def _covered_before(post: NoteRecord, similarity: float) -> CoveredBefore:
    return CoveredBefore(path=post.path, title=post.title, date=post.date, similarity=round(similarity, 4))
