"""Rank the candidates of a query by meaning, or by meaning and words together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kb.index.arrays import unit_rows
from kb.index.reader import IndexReader
from kb.models import Filter, note_of
from kb.search.concepts.reading import Reading
from kb.search.dense import Background, background, by_id, nearest
from kb.search.lexical import Weighed, weigh
from kb.search.ranking import (
    FEEDBACK_NOTES,
    Ranking,
    agreement,
    best_of_notes,
    feedback_weight,
    fuse,
    repeated,
    word_shares,
)
from kb.search.words import nearness

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray


READING_WEIGHT = 0.75  # of the mixture of concepts, as against the query's own vector


@dataclass(frozen=True)
class Candidates:
    """Chunks with their centred vectors `(n, dim)` and cosines, the relatedness of the nearest, and the passages that
    these are compared with.
    """

    ids: Sequence[str]
    passages: FloatArray
    dense: Mapping[str, float]
    relatedness: float
    ordinary: Background

    def z_scores(self, query: FloatArray) -> dict[str, float]:
        """The z-score of each for a centred query `(dim,)`."""
        return by_id(self.ids, self.ordinary.z_scores(self.passages, query))

    def mean(self, ids: Collection[str]) -> FloatArray:
        """The mean vector `(dim,)` of some of them."""
        rows = [row for row, id in enumerate(self.ids) if id in ids]
        mean: FloatArray = self.passages[rows].mean(axis=0)
        return mean


def by_meaning_and_words(
    reader: IndexReader,
    vector: FloatArray,
    lexical: Mapping[str, float],
    weighed: Weighed | Sequence[str],
    reading: Reading,
    filter: Filter,
    pool: int,
) -> Ranking:
    """Score the nearest chunks and those that have the words by both sides, move the query towards the notes that rank
    highest, and score again (pseudo-relevance feedback, Rocchio 1971). The concepts that the query asks for, its
    `reading`, count as further words, and the query is first moved towards them.

    `weighed` are the words with their weights in all notes, or words to be looked up in the notes of the candidates.
    """
    asked = vector if reading.vector is None else unit_rows(vector + READING_WEIGHT * reading.vector)
    found = {**nearest(reader, asked, filter, pool), **lexical}
    if not found:
        return Ranking("hybrid", filter, {}, lexical, [])
    candidates = _candidates(reader, found, vector)
    notes = {note_of(id) for id in candidates.ids}
    words, weights = weighed if isinstance(weighed, Weighed) else weigh(reader, weighed, candidates.ids)
    weights = {note: weights.get(note, {}) | reading.weights.get(note, {}) for note in notes}
    sums = {note: sum(own.values()) for note, own in weights.items()}
    shares = word_shares(candidates.ids, lexical, sums, nearness(words), _copies(reader, candidates.ids))

    query = candidates.ordinary.centred(asked)
    z_scores = candidates.z_scores(query)
    agreed = agreement(best_of_notes(z_scores), sums)
    best = _best({id: z_score + shares[id].worth for id, z_score in z_scores.items()})
    weight = feedback_weight(agreed)
    if weight:
        z_scores = candidates.z_scores(unit_rows(query + weight * candidates.mean(best)))
    ranked = fuse(z_scores, shares, candidates.dense, lexical)
    dense, near, moved = candidates.dense, candidates.relatedness, tuple(best)
    return Ranking(
        "hybrid", filter, dense, lexical, ranked, words, weights, vector, near, agreed, moved, weight, reading.concepts
    )


def by_meaning(reader: IndexReader, vector: FloatArray, filter: Filter, pool: int) -> Ranking:
    """Rank the nearest chunks by their z-scores."""
    found = nearest(reader, vector, filter, pool)
    if not found:
        return Ranking("dense", filter, {}, {}, [])
    candidates = _candidates(reader, found, vector)
    z_scores = candidates.z_scores(candidates.ordinary.centred(vector))
    shares = word_shares(z_scores, {}, {}, {}, _copies(reader, candidates.ids))
    ranked = fuse(z_scores, shares, candidates.dense, {})
    dense, near = candidates.dense, candidates.relatedness
    return Ranking("dense", filter, dense, {}, ranked, vector=vector, relatedness=near)


def _candidates(reader: IndexReader, found: Collection[str], vector: FloatArray) -> Candidates:
    if reader.is_small:
        passages = reader.passages()
        rows = [row for row, id in enumerate(passages.ids) if id in found]
        ids, matrix = [passages.ids[row] for row in rows], passages.matrix[rows]
    else:
        ids, matrix = reader.catalog.chunk_vectors(found)
    ordinary = background(reader)
    cosines = matrix @ vector
    relatedness = reader.encoder.scale.relatedness(float(cosines.max()))
    return Candidates(ids, ordinary.centred(matrix), by_id(ids, cosines), relatedness, ordinary)


def _copies(reader: IndexReader, ids: Sequence[str]) -> dict[str, int]:
    """How many notes repeat a chunk beside other text, for chunks of more than a few notes: a note that is a copy
    throughout is not boilerplate.
    """
    copies: dict[str, int] = {}
    for group in repeated(ids):
        lengths = Counter(reader.catalog.full_text.chunk_numbers({note_of(id) for id in group}).values())
        parts = [id for id in group if lengths[note_of(id)] > 1]
        copies |= dict.fromkeys(parts, len({note_of(id) for id in parts}))
    return copies


def _best(scores: Mapping[str, float]) -> list[str]:
    """The best chunk of each of the best few notes."""
    best: dict[str, str] = {}
    for id in sorted(scores, key=lambda chunk: (-scores[chunk], chunk)):
        best.setdefault(note_of(id), id)
        if len(best) == FEEDBACK_NOTES:
            break
    return list(best.values())
