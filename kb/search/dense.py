"""The dense side of a search: the chunks nearest to a vector, and their z-scores among ordinary passages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from kb.cutoffs import USUAL_DEVIATION, USUAL_MEAN, USUAL_WORTH
from kb.errors import ServerError
from kb.index.arrays import centred, products
from kb.index.reader import IndexReader
from kb.models import FILED_AREAS, Filter, note_of
from kb.scale import Scale

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

SCAN_BELOW = 0.3  # the share of passing notes below which an exact scan is faster than filtering Chroma's results
SAMPLE = 1000  # chunks that stand for all


class Background:
    """Ordinary passages, with which cosines are compared.

    The vectors of one subject share a direction, which raises every cosine; half of the mean vector is subtracted
    first (after Mu and Viswanath 2018, who subtract all of it).
    """

    def __init__(self, sample: FloatArray, scale: Scale) -> None:
        self._mean = sample.mean(axis=0)
        self._sample = self.centred(sample)
        self._scale = scale  # of centred vectors

    def centred(self, vectors: FloatArray) -> FloatArray:
        """Vectors `(…, dim)` less their common part, scaled to length 1."""
        return centred(vectors, self._mean)

    def z_scores(self, passages: FloatArray, vector: FloatArray) -> FloatArray:
        """The z-scores `(n,)` of the cosines of passages `(n, dim)` with a query `(dim,)`, among the cosines of
        ordinary passages; all vectors centred.
        """
        usual = self._scale.relatedness(products(self._sample, vector))
        weight = len(usual) + USUAL_WORTH
        mean = (usual.sum() + USUAL_WORTH * USUAL_MEAN) / weight
        variance = (((usual - mean) ** 2).sum() + USUAL_WORTH * USUAL_DEVIATION**2) / weight
        found = self._scale.relatedness(products(passages, vector))
        scores: FloatArray = ((found - mean) / variance**0.5).astype("float32")
        return scores


def background(reader: IndexReader) -> Background:
    """The background of a notebook that has chunks."""
    return reader.cached(
        "background", lambda: Background(reader.catalog.sample_vectors(SAMPLE), reader.encoder.centred_scale)
    )


def first_wanted(reader: IndexReader, filter: Filter, limit: int) -> int:
    """How many chunks of each area `nearest` asks the store for at first; 0 where it scans the catalog's vectors."""
    share = reader.passing(filter).share_of_areas
    if share < SCAN_BELOW or reader.exact or not reader.generation:
        return 0
    return math.ceil(limit / share)


def nearest(
    reader: IndexReader, vector: FloatArray, filter: Filter, limit: int, first: Future[dict[str, float]] | None = None
) -> dict[str, float]:
    """Cosines of the `limit` chunks nearest to a unit vector `(dim,)`, of the notes that pass a filter, by chunk id.

    `first` is the store's answer for `first_wanted` chunks, where it was asked ahead.
    """
    passing, wanted = reader.passing(filter), first_wanted(reader, filter, limit)
    while 0 < wanted <= reader.store.most_results:
        try:
            areas = filter.areas or FILED_AREAS
            found = first.result() if first else reader.store.query(reader.generation, vector, areas, wanted)
        except ServerError as error:
            reader.notify(f"{error}; meanwhile the vectors in the catalog are searched")
            break
        kept = [id for id in found if note_of(id) in passing.notes]
        best = _first_chunks(reader, sorted(kept, key=found.__getitem__, reverse=True), limit)
        if len(best) == limit or len(found) < wanted:
            return {id: found[id] for id in best}
        wanted, first = wanted * 2, None
    return scan(reader, vector, filter, limit)


def _first_chunks(reader: IndexReader, ids: Sequence[str], limit: int) -> list[str]:
    """The first `limit` of some ids that are those of chunks: a server may hold vectors that no row names any more."""
    chunks: list[str] = []
    for start in range(0, len(ids), limit):
        some = ids[start : start + limit]
        known = reader.passages().row_of if reader.is_small else reader.catalog.among_chunks(some)
        chunks += [id for id in some if id in known]
        if len(chunks) >= limit:
            break
    return chunks[:limit]


def relatedness_of_nearest(reader: IndexReader, vector: FloatArray) -> float:
    """The relatedness of the chunk nearest to a query `(dim,)`, whatever filter the query has."""
    look_up = scan if reader.is_small else nearest
    cosine = max(look_up(reader, vector, Filter(), 1).values(), default=-1.0)
    return reader.encoder.scale.relatedness(cosine)


def by_id(ids: Sequence[str], scores: FloatArray) -> dict[str, float]:
    """Scores `(len(ids),)` by chunk id."""
    return dict(zip(ids, scores.tolist(), strict=True))


def scan(reader: IndexReader, vector: FloatArray, filter: Filter, limit: int) -> dict[str, float]:
    """The same by comparing all chunks: in a small notebook, faster than to ask the store."""
    passages, passing = reader.passages(), reader.passing(filter).notes
    if passing >= passages.rows.keys():
        ids, found = passages.ids, passages.cosines(vector)
    else:
        rows = [row for note in passing for row in passages.rows.get(note, ())]
        ids, found = [passages.ids[row] for row in rows], products(passages.matrix[rows], vector)
    return {ids[row]: float(found[row]) for row in (-found).argsort(kind="stable")[:limit]}
