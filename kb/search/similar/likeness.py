"""How alike notes and passages are, by their vectors and then by their wording. Pure.

Vectors alone would group all notes on one subject; whether two of them are near-identical is decided by their wording.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kb.cutoffs import LINKED, RELATED, WORDING_COMPARED
from kb.models import Progress
from kb.scale import Scale
from kb.search.similar.resemblance import CONTAINMENT, MIN_RUNS, RESEMBLANCE, Runs, containment, resemblance

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

MOST = 20  # preceding neighbours of a row whose wording is compared
BLOCK = 256  # rows per matrix product: 100 MB of cosines for 100,000 rows


@dataclass(frozen=True)
class Likeness:
    """How alike two notes are, the cosine of their nearest passages, and the positions of these in each."""

    score: float
    nearest: float
    ours: int
    theirs: int


@dataclass(frozen=True)
class AlikeRows:
    """Rows of near-identical texts in ascending order, and the least overlap by which one of them joined."""

    rows: tuple[int, ...]
    similarity: float


def likeness(ours: FloatArray, theirs: FloatArray) -> Likeness:
    """Compare two notes by the unit vectors of their passages, `(m, dim)` and `(n, dim)`.

    The score is the mean cosine of each passage with its nearest in the other note, in both directions, as BERTScore
    (Zhang et al. 2020) compares two sentences by their words: both notes count equally, whatever their lengths.
    """
    cosines = ours @ theirs.T
    score = (cosines.max(axis=1).mean() + cosines.max(axis=0).mean()) / 2
    first, second = np.unravel_index(int(cosines.argmax()), cosines.shape)
    return Likeness(float(score), float(cosines.max()), int(first), int(second))


def most_related(relatedness: Sequence[float], linked: Sequence[bool], limit: int) -> list[int]:
    """Positions of at most `limit` notes, best first. A link raises a note's rank, and linked notes are never displaced
    by others.
    """
    order = sorted(range(len(relatedness)), key=lambda index: -(relatedness[index] + LINKED * linked[index]))
    wanted = [index for index in order if linked[index] or relatedness[index] >= RELATED]
    chosen = {*sorted(wanted, key=lambda index: not linked[index])[:limit]}
    return [index for index in wanted if index in chosen]


def neighbours(
    matrix: FloatArray, scale: Scale, first: int = 0, progress: Progress | None = None
) -> Iterator[tuple[int, list[int]]]:
    """Each row of unit vectors `(n, dim)` from `first` on that has near rows before it, with these, nearest first.

    Exact, and computed in blocks, so that memory grows linearly with the rows.
    """
    for start in range(first, len(matrix), BLOCK):
        stop = min(start + BLOCK, len(matrix))
        sameness = scale.sameness(matrix[start:stop] @ matrix[:stop].T)
        for row in range(start, stop):
            earlier = sameness[row - start, :row]
            near = np.flatnonzero(earlier >= WORDING_COMPARED)
            if len(near):
                yield row, near[np.argsort(-earlier[near], kind="stable")[:MOST]].tolist()
        if progress:
            progress(stop, len(matrix))


def alike_notes(vectors: FloatArray, runs: Sequence[Runs], scale: Scale) -> list[AlikeRows]:
    """Groups of near-identical notes, by their centroids `(n, dim)` and word runs."""
    return _groups(vectors, runs, scale, resemblance, RESEMBLANCE, 1, None)


def alike_passages(vectors: FloatArray, runs: Sequence[Runs], scale: Scale, progress: Progress) -> list[AlikeRows]:
    """Groups of passages of which the shorter is contained in the longer, by unit vectors `(n, dim)` and word runs."""
    return _groups(vectors, runs, scale, containment, CONTAINMENT, MIN_RUNS, progress)


def _groups(
    vectors: FloatArray,
    runs: Sequence[Runs],
    scale: Scale,
    overlap: Callable[[Runs, Runs], float],
    least: float,
    min_runs: int,
    progress: Progress | None,
) -> list[AlikeRows]:
    """Single-linkage clusters of rows, the most alike first.

    Identical texts are merged first and compared once: a phrase that a thousand notes repeat costs one row.
    """
    from scipy.cluster.hierarchy import DisjointSet

    clusters = DisjointSet(range(len(runs)))
    distinct: dict[bytes, int] = {}
    for row, own in enumerate(runs):
        if len(own) >= min_runs:
            clusters.merge(distinct.setdefault(own.tobytes(), row), row)
    rows = list(distinct.values())
    overlaps: list[tuple[int, float]] = []
    for index, earlier in neighbours(vectors[rows], scale, progress=progress):
        row = rows[index]
        for other in (rows[index] for index in earlier):
            if not clusters.connected(row, other):
                share = overlap(runs[row], runs[other])
                if share >= least:
                    clusters.merge(row, other)
                    overlaps.append((row, share))
    weakest: dict[int, float] = {}
    for row, share in overlaps:
        weakest[clusters[row]] = min(weakest.get(clusters[row], 1.0), share)
    subsets = [tuple(sorted(subset)) for subset in clusters.subsets() if len(subset) > 1]
    groups = [AlikeRows(subset, weakest.get(clusters[subset[0]], 1.0)) for subset in subsets]
    return sorted(groups, key=lambda group: (-group.similarity, group.rows))
