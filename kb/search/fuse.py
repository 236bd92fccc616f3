"""Rank the candidates of a query by meaning, or by meaning and words together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from kb.index.arrays import products, unit_rows
from kb.index.reader import IndexReader
from kb.models import Filter, note_of
from kb.search.calibration import Evidence
from kb.search.concepts.reading import Reading
from kb.search.dense import Background, background, by_id
from kb.search.lexical import Weighed, weigh
from kb.search.ranking import (
    FEEDBACK_NOTES,
    Ranking,
    Shares,
    agreement,
    best_of_notes,
    feedback_weight,
    fuse,
    repeated,
    word_shares,
)
from kb.search.words import Word, coverage, nearness

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray


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
    dense: Mapping[str, float],
    lexical: Mapping[str, float],
    weighed: Weighed | Sequence[str],
    reading: Reading,
    filter: Filter,
) -> Ranking:
    """Score the nearest chunks and those that have the words by both sides, move the query towards the notes that rank
    highest, and score again (pseudo-relevance feedback, Rocchio 1971). The concepts that the query asks for, its
    `reading`, count as further words; the query is first moved towards them.

    `weighed` are the words with their weights in all notes, or words to be looked up in the notes of the candidates.
    """
    found = {**dense, **lexical}
    if not found:
        return Ranking("hybrid", filter, {}, lexical, [])
    candidates = _candidates(reader, found, vector)
    words, weights = _weighed(reader, weighed, reading, candidates.ids)
    sums = {note: sum(own.values()) for note, own in weights.items()}
    shares = _shares(reader, candidates.ids, lexical, words, sums, reading)

    query = candidates.ordinary.centred(reading.moved(vector))
    z_scores = candidates.z_scores(query)
    agreed = agreement(best_of_notes(z_scores), sums)
    best = _best({id: z_score + shares[id].worth for id, z_score in z_scores.items()})
    weight = feedback_weight(agreed)
    if weight:
        z_scores = candidates.z_scores(unit_rows(query + weight * candidates.mean(best)))
    ranked = fuse(z_scores, shares, candidates.dense, lexical)
    ranking = Ranking("hybrid", filter, candidates.dense, lexical, ranked, words, weights, vector)
    return replace(
        ranking,
        relatedness=candidates.relatedness,
        agreement=agreed,
        feedback=tuple(best),
        feedback_weight=weight,
        reading=reading,
    )


def _shares(
    reader: IndexReader,
    ids: Sequence[str],
    lexical: Mapping[str, float],
    words: Sequence[Word],
    sums: Mapping[str, float],
    reading: Reading,
) -> dict[str, Shares]:
    return word_shares(ids, lexical, sums, nearness(words), reading.titled, _copies(reader, ids))


def _weighed(reader: IndexReader, weighed: Weighed | Sequence[str], reading: Reading, ids: Sequence[str]) -> Weighed:
    """The words of a query, and the weights of words and concepts in the notes of some chunks."""
    words, weights = weighed if isinstance(weighed, Weighed) else weigh(reader, weighed, ids)
    own = {note: weights.get(note, {}) for note in map(note_of, ids)}
    return Weighed(
        words, own | {note: _larger(own[note], reading.weights[note]) for note in own.keys() & reading.weights}
    )


def _larger(first: Mapping[str, float], second: Mapping[str, float]) -> dict[str, float]:
    """The weights of words and concepts in a note; of two for the same word, the larger one."""
    return {**first, **{word: max(weight, first.get(word, 0.0)) for word, weight in second.items()}}


def by_meaning(reader: IndexReader, vector: FloatArray, dense: Collection[str], filter: Filter) -> Ranking:
    """Rank the nearest chunks by their z-scores."""
    if not dense:
        return Ranking("dense", filter, {}, {}, [])
    candidates = _candidates(reader, dense, vector)
    z_scores = candidates.z_scores(candidates.ordinary.centred(vector))
    shares = word_shares(z_scores, {}, {}, {}, {}, _copies(reader, candidates.ids))
    ranked = fuse(z_scores, shares, candidates.dense, {})
    dense, near = candidates.dense, candidates.relatedness
    return Ranking("dense", filter, dense, {}, ranked, vector=vector, relatedness=near)


def _candidates(reader: IndexReader, found: Collection[str], vector: FloatArray) -> Candidates:
    if reader.is_small:
        passages = reader.passages()
        rows = sorted(passages.row_of[id] for id in found if id in passages.row_of)
        ids, matrix = [passages.ids[row] for row in rows], passages.matrix[rows]
    else:
        ids, matrix = reader.catalog.chunk_vectors(found)
    ordinary = background(reader)
    cosines = products(matrix, vector)
    relatedness = reader.encoder.scale.relatedness(float(cosines.max(initial=-1.0)))
    return Candidates(ids, ordinary.centred(matrix), by_id(ids, cosines), relatedness, ordinary)


def evidence(reader: IndexReader, ranking: Ranking, notes: Collection[str]) -> dict[str, Evidence]:
    """The evidence for some notes, by id, in a hybrid ranking; nothing in one by a single side."""
    if ranking.vector is None or ranking.mode != "hybrid":
        return {}
    ids, passages = _passages_of(reader, notes)
    relatedness = reader.encoder.scale.relatedness(products(passages, ranking.vector)).tolist()
    chunks: dict[str, dict[str, float]] = {}
    for id, value in zip(ids, relatedness, strict=True):
        chunks.setdefault(note_of(id), {})[id] = value
    words, reading = ranking.words, ranking.reading
    return {
        note: Evidence(
            own,
            coverage(words, reading.rarity, ranking.weights.get(note, {})),
            len(words),
            reading.titled.get(note, 0.0),
        )
        for note, own in chunks.items()
    }


def _passages_of(reader: IndexReader, notes: Collection[str]) -> tuple[Sequence[str], FloatArray]:
    """The ids and vectors `(n, dim)` of all chunks of some notes."""
    if reader.is_small:
        passages = reader.passages()
        rows = [row for note in notes for row in passages.rows.get(note, ())]
        return [passages.ids[row] for row in rows], passages.matrix[rows]
    return reader.catalog.chunk_vectors(notes=notes)


def _copies(reader: IndexReader, ids: Sequence[str]) -> dict[str, int]:
    """How many notes repeat a chunk among other text, for chunks of more than a few notes: a note that is a copy
    throughout is not boilerplate.
    """
    copies: dict[str, int] = {}
    if reader.is_small:
        everywhere = reader.cached("repeated", lambda: frozenset(chain(*repeated(reader.passages().ids))))
        ids = [id for id in ids if id in everywhere]
    for group in repeated(ids):
        lengths = _lengths(reader, {note_of(id) for id in group})
        parts = [id for id in group if lengths[note_of(id)] > 1]
        copies |= dict.fromkeys(parts, len({note_of(id) for id in parts}))
    return copies


def _lengths(reader: IndexReader, notes: Collection[str]) -> Mapping[str, int]:
    """How many chunks some notes have."""
    if reader.is_small:
        return {note: len(reader.passages().rows.get(note, ())) for note in notes}
    return Counter(reader.catalog.full_text.chunk_numbers(notes).values())


def _best(scores: Mapping[str, float]) -> list[str]:
    """The best chunk of each of the best few notes."""
    best: dict[str, str] = {}
    for id in sorted(scores, key=lambda chunk: (-scores[chunk], chunk)):
        best.setdefault(note_of(id), id)
        if len(best) == FEEDBACK_NOTES:
            break
    return list(best.values())
