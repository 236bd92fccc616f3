"""The writer's own headings -> a section for each: what a search for the heading within the topic finds, every point
under the heading that it fits best.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from kb.cutoffs import BEARING, CLOSE
from kb.index.freshness import current_notes
from kb.index.reader import IndexReader
from kb.models import Encoder, FiledArea, Filter, note_of
from kb.outline.evidence import MAX_NOTES, shares_of
from kb.outline.naming.forms import is_generic
from kb.outline.order import without_stages
from kb.outline.parts import Part
from kb.outline.points import (
    MAX_POINTS_OF_MANY_NOTES,
    Candidate,
    Excerpt,
    choose,
    rank_statements,
    section_points,
    with_opposites,
)
from kb.outline.sections import Skeleton, leftovers
from kb.outline.topics.coverage import notes_naming, require_evidence
from kb.outline.topics.naming import naming_of
from kb.outline.topics.subjects import subjects_of, unknown_subjects
from kb.outline.topics.topic import Topic
from kb.reports import Section
from kb.search.answer import JUDGED
from kb.search.calibration import GOOD
from kb.search.find import find, spelled
from kb.search.fuse import evidence
from kb.search.query import STOPWORDS, query_words
from kb.search.ranking import Ranking, group_by_note

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kb.index.arrays import FloatArray

MAX_PASSAGES = 3  # of a note, for a heading
LIKELIER_THAN_NOT = 0.5
MIN_SHARE = 0.5  # of the best note's score, for a note to be evidence for a heading

_QUERY_MARKS = re.compile(r'["“”„«»]|(?<!\w)-')  # which a query reads as exact words and exclusions


@dataclass(frozen=True)
class Evidence:
    """Passages for some headings, best first.

    `vectors` is `(n, dim)`. `fits` `(n, headings)` is the score of each passage in the search for each heading, 0
    where it is no evidence for it. `aims` `(headings + 1, dim)` are the vectors of the headings and of the topic.
    """

    excerpts: Sequence[Excerpt]
    vectors: FloatArray
    fits: NDArray[np.float64]
    aims: FloatArray


def gather_for(
    reader: IndexReader, topic: Topic, headings: Sequence[str], areas: tuple[FiledArea, ...], without: str | None
) -> Evidence:
    """The passages that bear on some headings of a topic's outline, or on the topic.

    The note at the path `without` is left out. Raises `EvidenceError` where the notes of the areas say too little.
    """
    filter = Filter(areas=areas)
    known = reader.catalog.notes_by_id(reader.passing(filter).notes)
    notes = [id for id in reader.passages().rows if id in known and known[id].path != without]
    whole = [Part(known[id], reader.passages().rows[id]) for id in notes]
    on_topic = shares_of(reader, topic, filter, whole, naming_of(reader, topic.subjects)) if notes else {}
    searches = [_search(reader, topic, heading, filter, on_topic) for heading in headings]
    searches.append(_searched(reader, topic.views, filter).among(on_topic, reader.passages().rows))
    best = np.max([found.relatedness for found in searches], axis=0)
    rows = reader.passages().rows
    require_evidence(topic, [float(best[rows[id]].max()) for id in notes], notes_naming(reader, topic, notes))
    fits = np.zeros((len(best), len(searches)))
    for number, found in enumerate(searches):
        for row, fit in found.best(notes, rows):
            fits[row, number] = fit
    return _evidence(reader, fits, np.stack([found.aim for found in searches]))


def _evidence(reader: IndexReader, fits: NDArray[np.float64], aims: FloatArray) -> Evidence:
    """The passages of current notes that fit a heading or the topic, given the fits of all passages."""
    passages = reader.passages()
    best = fits.max(axis=1)
    ranked = [int(row) for row in np.argsort(-best, kind="stable") if best[row] > 0]
    chunks = reader.catalog.chunks(passages.ids[row] for row in ranked)
    known = reader.catalog.notes_by_id({chunk.note_id for chunk in chunks.values()})
    current = {note.id for note in current_notes(reader, list(known.values()))}
    rows = [row for row in ranked if note_of(passages.ids[row]) in current]
    taken = [chunks[passages.ids[row]] for row in rows]
    excerpts = [Excerpt(known[chunk.note_id], chunk) for chunk in taken]
    return Evidence(excerpts, passages.matrix[rows], fits[rows, :-1], aims)


def _search(reader: IndexReader, topic: Topic, heading: str, filter: Filter, on_topic: Collection[str]) -> _Found:
    """What is found for a heading: alone, and within its topic; nothing where a search for it alone has no good match.
    One that says nothing alone, such as "Limits", is searched for within the topic only, in the notes on that.
    """
    plain, within = (_QUERY_MARKS.sub(" ", text) for text in (heading, f"{topic.text}: {heading}"))
    if is_generic(heading) or not set(query_words(without_stages(plain))) - STOPWORDS:
        return _searched(reader, [within], filter).among(on_topic, reader.passages().rows)
    return _searched(reader, [plain, within], filter, must_match=True)


def _searched(reader: IndexReader, views: Sequence[str], filter: Filter, must_match: bool = False) -> _Found:
    """What is found for a text that can be put in several ways: the means of the scores. With `must_match`, nothing
    where a search for the first has no good match.
    """
    encoder, passages = reader.encoder, reader.passages()
    aim = encoder.encode_query(spelled(reader, views[-1]))
    relatedness = encoder.scale.relatedness(passages.cosines(aim))
    scores = np.zeros((len(views), len(passages.ids)))
    rankings = [find(reader, view, filter, "hybrid") for view in views]
    if not must_match or _has_good_match(reader, rankings[0], views[0]):
        for own, ranking in zip(scores, rankings, strict=True):
            for entry in ranking.ranked:
                own[passages.row_of[entry.id]] = entry.score
    return _Found(np.where(relatedness >= BEARING, scores.mean(axis=0), 0.0), relatedness, aim)


def _has_good_match(reader: IndexReader, ranking: Ranking, text: str) -> bool:
    """Whether a note is likely to be relevant to a text, likelier than not if no passage bears on it but by its words;
    or a passage is as near to it as related ones are. Never where no note that is found knows what the text is about.
    """
    subjects = subjects_of(reader, text)
    if subjects and subjects == unknown_subjects(reader, subjects, {note_of(entry.id) for entry in ranking.ranked}):
        return False
    cosines = reader.passages().cosines(reader.encoder.encode_query(spelled(reader, text)))
    nearest = float(reader.encoder.scale.relatedness(cosines).max())
    if nearest >= CLOSE:
        return True
    notes = {note_of(group[0].id) for group in group_by_note(ranking.ranked, 1)[:JUDGED]}
    found = evidence(reader, ranking, notes).values()
    likeliest = max((p for entry in found for p in entry.probabilities().values()), default=0.0)
    return likeliest >= (GOOD if nearest >= BEARING else LIKELIER_THAN_NOT)


@dataclass(frozen=True)
class _Found:
    """The score `(n,)` of each passage, 0 where it was not found, its relatedness `(n,)` with what was searched for,
    and the vector `(dim,)` of that.
    """

    scores: NDArray[np.float64]
    relatedness: FloatArray
    aim: FloatArray

    def among(self, notes: Collection[str], rows: Mapping[str, Sequence[int]]) -> _Found:
        """What is found in some notes."""
        kept = [row for note in notes for row in rows[note]]
        scores = np.zeros_like(self.scores)
        scores[kept] = self.scores[kept]
        return replace(self, scores=scores)

    def best(self, notes: Sequence[str], rows: Mapping[str, Sequence[int]]) -> Iterator[tuple[int, float]]:
        """The best passages of the best notes, by row, each with its score."""
        most = max((float(self.scores[rows[id]].max()) for id in notes), default=0.0)
        if most > 0:
            for note in sorted(notes, key=lambda note: -self.scores[rows[note]].max())[:MAX_NOTES]:
                for row in sorted(rows[note], key=lambda row: -self.scores[row])[:MAX_PASSAGES]:
                    if self.scores[row] >= MIN_SHARE * most:
                        yield row, float(self.scores[row])


def guided_sections(found: Evidence, headings: Sequence[str], encoder: Encoder, most: int | None) -> Skeleton:
    """A section for each of the writer's headings, in their order, without points where nothing fits; and what fits
    none of them. `most` is the number of points that a section has at most.
    """
    ranked = rank_statements(found.excerpts, found.vectors, _nearest_aims(found), encoder)
    chosen: list[Candidate] = []
    sections = []
    for heading, ours in zip(headings, _assigned(found, ranked, most), strict=True):
        several = len({found.excerpts[entry.excerpt].note.id for entry in ours}) > 1
        limit = most or (MAX_POINTS_OF_MANY_NOTES if several else None)
        own = with_opposites(choose(ours, found.excerpts, chosen, encoder.scale, limit), ours)
        chosen += own
        points = section_points(own, ranked, found.excerpts, encoder.scale, heading)
        sections.append(Section(heading=heading, points=points, notes=tuple(dict.fromkeys(p.path for p in points))))
    unfit_first = sorted(ranked, key=lambda entry: bool(found.fits[entry.excerpt].any()))
    return Skeleton(tuple(sections), leftovers(unfit_first, chosen, found.excerpts))


def _nearest_aims(found: Evidence) -> FloatArray:
    """The vector `(n, dim)` of the heading that each passage fits best, of the topic for one that fits none."""
    best = np.where(found.fits.max(axis=1) > 0, found.fits.argmax(axis=1), len(found.aims) - 1)
    return np.asarray(found.aims[best])


def _assigned(found: Evidence, ranked: Sequence[Candidate], most: int | None) -> list[list[Candidate]]:
    """The statements for each heading, those of the note that fits it best first; none is under two headings.

    At first each heading takes a statement of its best note, then always the one whose next note fits it best. Of what
    is left, each statement goes to the heading that its passage fits best.
    """
    notes = [entry.note.id for entry in found.excerpts]
    fits = [_fits_of_notes(notes, column) for column in found.fits.T]
    waiting = [sorted(own, key=own.__getitem__) for own in fits]
    room = [most or MAX_POINTS_OF_MANY_NOTES] * len(fits)
    taken: dict[int, int] = {}

    def next_fit(heading: int) -> float:
        return fits[heading][waiting[heading][-1]]

    first_turn = True
    while turn := sorted((h for h, own in enumerate(waiting) if own and room[h]), key=next_fit, reverse=True):
        for heading in turn if first_turn else turn[:1]:
            best = _next_best(found, ranked, taken, heading, waiting[heading])
            if best is not None:
                taken[best] = heading
                room[heading] -= 1
        first_turn = False
    for index, entry in enumerate(ranked):
        if index not in taken and found.fits[entry.excerpt].max() > 0:
            taken[index] = int(found.fits[entry.excerpt].argmax())
    return [
        sorted(
            (ranked[index] for index, own in taken.items() if own == heading),
            key=lambda entry: (-fits[heading][notes[entry.excerpt]], -entry.score),
        )
        for heading in range(len(fits))
    ]


def _next_best(
    found: Evidence, ranked: Sequence[Candidate], taken: Collection[int], heading: int, waiting: list[str]
) -> int | None:
    """The index of the statement nearest to a heading, of the last note that has one left among those waiting, which
    are removed up to that one.
    """
    while waiting:
        note = waiting.pop()
        free = [
            index
            for index, entry in enumerate(ranked)
            if found.excerpts[entry.excerpt].note.id == note
            and index not in taken
            and found.fits[entry.excerpt, heading] > 0
        ]
        if free:
            return max(free, key=lambda index: float(ranked[index].vector @ found.aims[heading]))
    return None


def _fits_of_notes(notes: Sequence[str], fits: NDArray[np.float64]) -> dict[str, float]:
    """The best fit of each note with passages that fit a heading."""
    best: dict[str, float] = {}
    for note, fit in zip(notes, fits, strict=True):
        if fit > 0:
            best[note] = max(best.get(note, 0.0), float(fit))
    return best
