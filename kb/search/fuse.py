"""Meaning and words of the candidates of a query, put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb.index.arrays import unit_rows
from kb.index.reader import IndexReader
from kb.models import Filter, note_of
from kb.search.dense import Background, background, by_id, nearest
from kb.search.lexical import Weighed, weigh
from kb.search.ranking import (
    FEEDBACK_NOTES,
    Found,
    agreement,
    best_of_notes,
    feedback_weight,
    fuse,
    repeated,
    word_shares,
)
from kb.search.words import nearness

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class Candidates:
    """Chunks with their centred vectors `(n, dim)` and cosines, and what is ordinary around them."""

    ids: Sequence[str]
    passages: Vector
    dense: Mapping[str, float]
    ordinary: Background

    def standing(self, query: Vector) -> dict[str, float]:
        """How far each stands out for a centred vector `(dim,)`."""
        return by_id(self.ids, self.ordinary.standing(self.passages, query))

    def mean(self, ids: Collection[str]) -> Vector:
        """The mean vector `(dim,)` of some of them."""
        rows = [row for row, id in enumerate(self.ids) if id in ids]
        return np.asarray(self.passages[rows].mean(axis=0), dtype=np.float32)


def fused(
    reader: IndexReader,
    vector: Vector,
    lexical: Mapping[str, float],
    weighed: Weighed | Sequence[str],
    filter: Filter,
    pool: int,
) -> Found:
    """Judge the nearest chunks and those that have the words by both sides, move the query towards the notes that come
    out best, and judge them again (pseudo-relevance feedback, Rocchio 1971).

    `weighed` are the words with their weights in all notes, or still to be looked up in the candidates' notes.
    """
    found = {**nearest(reader, vector, filter, pool), **lexical}
    if not found:
        return Found("hybrid", filter, {}, lexical, [])
    candidates = _candidates(reader, found, vector)
    notes = {note_of(id) for id in candidates.ids}
    words, weights = weighed if isinstance(weighed, Weighed) else weigh(reader, weighed, candidates.ids)
    weights = {note: own for note, own in weights.items() if note in notes}
    sums = {note: sum(own.values()) for note, own in weights.items()}
    shares = word_shares(candidates.ids, lexical, sums, nearness(words), _copies(reader, candidates.ids))

    query = candidates.ordinary.centred(vector)
    standing = candidates.standing(query)
    agreed = agreement(best_of_notes(standing), sums)
    best = _best(standing, {id: above + shares[id].worth for id, above in standing.items()})
    weight = feedback_weight(agreed)
    if weight:
        standing = candidates.standing(unit_rows(query + weight * candidates.mean(best)))
    ranked = fuse(standing, shares, candidates.dense, lexical)
    return Found(
        "hybrid", filter, candidates.dense, lexical, ranked, words, weights, vector, agreed, tuple(best), weight
    )


def by_meaning(reader: IndexReader, vector: Vector, filter: Filter, pool: int) -> Found:
    """The nearest chunks, by how far they stand out."""
    found = nearest(reader, vector, filter, pool)
    if not found:
        return Found("dense", filter, {}, {}, [])
    candidates = _candidates(reader, found, vector)
    standing = candidates.standing(candidates.ordinary.centred(vector))
    shares = word_shares(standing, {}, {}, {}, _copies(reader, candidates.ids))
    ranked = fuse(standing, shares, candidates.dense, {})
    return Found("dense", filter, candidates.dense, {}, ranked, vector=vector)


def _candidates(reader: IndexReader, found: Collection[str], vector: Vector) -> Candidates:
    if reader.is_small:
        passages = reader.passages()
        rows = [row for row, id in enumerate(passages.ids) if id in found]
        ids, matrix = [passages.ids[row] for row in rows], passages.matrix[rows]
    else:
        ids, matrix = reader.catalog.chunk_vectors(found)
    ordinary = background(reader)
    return Candidates(ids, ordinary.centred(matrix), by_id(ids, matrix @ vector), ordinary)


def _copies(reader: IndexReader, ids: Sequence[str]) -> dict[str, int]:
    """In how many notes a chunk stands beside others, where those are more than a few: a note that is all copy is no
    boilerplate.
    """
    copies: dict[str, int] = {}
    for group in repeated(ids):
        lengths = Counter(reader.catalog.full_text.chunk_numbers({note_of(id) for id in group}).values())
        parts = [id for id in group if lengths[note_of(id)] > 1]
        copies |= dict.fromkeys(parts, len({note_of(id) for id in parts}))
    return copies


def _best(standing: Mapping[str, float], scores: Mapping[str, float]) -> list[str]:
    """The best chunks of the best few notes."""
    best: dict[str, str] = {}
    for id in sorted(standing, key=lambda chunk: (-scores[chunk], chunk)):
        best.setdefault(note_of(id), id)
        if len(best) == FEEDBACK_NOTES:
            break
    return list(best.values())
