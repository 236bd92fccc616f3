"""The dense side of a search: the chunks nearest to a vector, and how far they stand out among all the others."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from kb.errors import ServerError
from kb.index.arrays import unit_rows
from kb.index.reader import IndexReader
from kb.models import FILED_AREAS, Filter, note_of

SCAN_BELOW = 0.3  # the share of passing notes below which an exact scan beats asking Chroma for more and dropping most
SAMPLE = 1000  # chunks that stand for all
CENTRING = 0.5  # the share of the mean vector that is taken away
# What a small notebook cannot tell: the mean and deviation of such cosines elsewhere, worth this many chunks.
USUAL_MEAN, USUAL_DEVIATION, USUAL_WORTH = 0.03, 0.105, 30

Matrix = NDArray[np.float32]


class Background:
    """Ordinary passages: what a cosine is judged against.

    Vectors of one subject share a direction, which lifts every cosine; half of the mean vector is taken away first
    (after Mu and Viswanath 2018, who take all of it).
    """

    def __init__(self, sample: Matrix) -> None:
        self._centre = CENTRING * sample.mean(axis=0)
        self._sample = self.centred(sample)

    def centred(self, vectors: Matrix) -> Matrix:
        """Vectors `(…, dim)` without what all have in common, at length 1."""
        return unit_rows(vectors - self._centre)

    def standing(self, passages: Matrix, vector: Matrix) -> Matrix:
        """How many standard deviations the cosines of passages `(n, dim)` with a query's vector `(dim,)` lie above
        those of ordinary ones; all of them centred.
        """
        usual = self._sample @ vector
        weight = len(usual) + USUAL_WORTH
        mean = (usual.sum() + USUAL_WORTH * USUAL_MEAN) / weight
        variance = (((usual - mean) ** 2).sum() + USUAL_WORTH * USUAL_DEVIATION**2) / weight
        return np.asarray((passages @ vector - mean) / np.sqrt(variance), dtype=np.float32)


def background(reader: IndexReader) -> Background:
    """The background of a notebook that has chunks."""
    return reader.cached("background", lambda: Background(reader.catalog.sample_vectors(SAMPLE)))


def nearest(reader: IndexReader, vector: Matrix, filter: Filter, limit: int) -> dict[str, float]:
    """Cosines of the `limit` chunks nearest to a unit vector `(dim,)` among those of the notes that a filter lets
    through, by chunk id.
    """
    passing = reader.passing(filter)
    if not passing.notes:
        return {}
    if passing.share_of_areas < SCAN_BELOW:
        return _scan(reader, vector, passing.notes, limit)
    wanted = math.ceil(limit / passing.share_of_areas)
    generation = 0 if reader.exact else reader.generation
    while generation and wanted <= reader.store.most_results:
        try:
            found = reader.store.query(generation, vector, filter.areas or FILED_AREAS, wanted)
        except ServerError as error:
            reader.notify(f"{error}; meanwhile the vectors in the catalog are searched")
            break
        known = reader.catalog.among_chunks(found)
        kept = {id: cosine for id, cosine in found.items() if id in known and note_of(id) in passing.notes}
        if len(kept) >= limit or len(found) < wanted:
            return dict(sorted(kept.items(), key=lambda entry: -entry[1])[:limit])
        wanted *= 2
    return _scan(reader, vector, passing.notes, limit)


def by_id(ids: Sequence[str], scores: Matrix) -> dict[str, float]:
    """Scores `(len(ids),)` by their chunks' ids."""
    return dict(zip(ids, scores.tolist(), strict=True))


def _scan(reader: IndexReader, vector: Matrix, passing: Collection[str], limit: int) -> dict[str, float]:
    """The nearest by comparing with every chunk that passes."""
    passages = reader.passages()
    rows = [row for note in passing for row in passages.rows.get(note, ())]
    if not rows:
        return {}
    found = passages.matrix[rows] @ vector
    return {passages.ids[rows[index]]: float(found[index]) for index in np.argsort(-found, kind="stable")[:limit]}
