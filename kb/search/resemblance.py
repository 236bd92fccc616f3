"""Near-identical notes and passages: near by their vectors, then alike word for word. Pure.

Vectors alone would call notes on one subject the same. So the words decide, by the two measures of Broder, "On the
resemblance and containment of documents" (1997), over fingerprints of all runs of five words.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Runs = NDArray[np.uint64]
Vectors = NDArray[np.float32]
Progress = Callable[[int, int], None]  # done, and how many there are

RUN = 5  # words
NEAR = 0.7  # a cosine; under quite another title the same passage still has about this one
MOST = 20  # earlier neighbours of a row that are looked at
BLOCK = 256  # rows compared at once: 100 MB of cosines among 100,000
RESEMBLANCE = 0.5  # of two notes; Broder et al. 1997 group the pages of the web by it
CONTAINMENT = 0.7  # of the shorter of two passages
MIN_RUNS = 12  # of a passage: the shorter ones repeat by chance

_WORD = re.compile(r"\w+")
_POWERS = np.array([pow(0x9E3779B97F4A7C15, power, 2**64) for power in range(RUN)], dtype=np.uint64)


@dataclass(frozen=True)
class Group:
    """Rows that are near-identical, in order, and the least overlap by which one of them got in."""

    rows: tuple[int, ...]
    similarity: float


def word_runs(text: str) -> Runs:
    """Fingerprints of a text's runs of five words, sorted, each once; of a shorter text that of all its words."""
    codes = np.array([zlib.crc32(word.encode()) for word in _WORD.findall(text.lower())], dtype=np.uint64)
    if not len(codes):
        return codes
    width = min(RUN, len(codes))
    return np.unique(np.lib.stride_tricks.sliding_window_view(codes, width) @ _POWERS[:width])


def joined_runs(passages: Iterable[Runs]) -> Runs:
    """The runs of a note from those of its passages."""
    return np.unique(np.concatenate(list(passages)))


def resemblance(first: Runs, second: Runs) -> float:
    """The share of the runs of both texts that they have in common."""
    common = _common(first, second)
    return common / max(len(first) + len(second) - common, 1)


def containment(first: Runs, second: Runs) -> float:
    """The share of the shorter text's runs that the other has too."""
    return _common(first, second) / max(min(len(first), len(second)), 1)


def neighbours(matrix: Vectors, first: int = 0, progress: Progress | None = None) -> Iterator[tuple[int, list[int]]]:
    """Each row of unit vectors `(n, dim)` from `first` on with the rows before it that are near, the nearest first.

    Exact, in blocks, so that memory grows with the rows and not with their square.
    """
    for start in range(first, len(matrix), BLOCK):
        stop = min(start + BLOCK, len(matrix))
        cosines = matrix[start:stop] @ matrix[:stop].T
        for row in range(start, stop):
            earlier = cosines[row - start, :row]
            near = np.flatnonzero(earlier >= NEAR)
            if len(near):
                yield row, near[np.argsort(-earlier[near], kind="stable")[:MOST]].tolist()
        if progress:
            progress(stop, len(matrix))


def alike_notes(centroids: Vectors, runs: Sequence[Runs]) -> list[Group]:
    """Groups of notes that resemble one another, by their mean vectors of length 1 `(n, dim)` and their runs."""
    return _groups(centroids, runs, resemblance, RESEMBLANCE, 1, None)


def alike_passages(vectors: Vectors, runs: Sequence[Runs], progress: Progress) -> list[Group]:
    """Groups of passages of which the shorter stands in the longer, by their vectors `(n, dim)` and their runs."""
    return _groups(vectors, runs, containment, CONTAINMENT, MIN_RUNS, progress)


def _groups(
    vectors: Vectors,
    runs: Sequence[Runs],
    overlap: Callable[[Runs, Runs], float],
    least: float,
    min_runs: int,
    progress: Progress | None,
) -> list[Group]:
    """Groups of rows, the most alike first; a row of one group is not compared with its others.

    What says the same to the letter is compared once: a phrase that a thousand notes repeat costs one row.
    """
    from scipy.cluster.hierarchy import DisjointSet

    clusters = DisjointSet(range(len(runs)))
    distinct: dict[bytes, int] = {}
    for row, own in enumerate(runs):
        if len(own) >= min_runs:
            clusters.merge(distinct.setdefault(own.tobytes(), row), row)
    rows = list(distinct.values())
    overlaps: list[tuple[int, float]] = []
    for index, earlier in neighbours(vectors[rows], progress=progress):
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
    groups = [tuple(sorted(subset)) for subset in clusters.subsets() if len(subset) > 1]
    found = [Group(members, weakest.get(clusters[members[0]], 1.0)) for members in groups]
    return sorted(found, key=lambda group: (-group.similarity, group.rows))


def _common(first: Runs, second: Runs) -> int:
    return len(np.intersect1d(first, second, assume_unique=True))
