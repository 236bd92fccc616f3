"""Where notes lie on the map, and its clusters, by their vectors. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kb.ideas.map.tsne import tsne
from kb.models import Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kb.index.arrays import FloatArray

MANY = 1_000  # notes, from which only landmarks are laid out, and the others among them
LANDMARKS = 800
NEAREST = 5  # notes between which another one is placed
BLOCK = 256  # rows of the matrix of cosines that are in memory at a time
MOST_CLUSTERS = 24
NOTES_PER_CLUSTER = 2.2  # times the number of clusters


def laid_out(vectors: FloatArray, progress: Progress) -> FloatArray:
    """Positions `(n, 2)`, each coordinate -1..1, of unit vectors `(n, dim)`, n > 0: those that are near lie near."""
    count = len(vectors)
    if count <= MANY:
        return _fitted(tsne(vectors, progress))
    landmarks = np.sort(np.random.default_rng(0).choice(count, LANDMARKS, replace=False))
    others = np.setdiff1d(np.arange(count), landmarks)
    positions = np.empty((count, 2), dtype=np.float32)
    positions[landmarks] = tsne(vectors[landmarks], progress)
    positions[others] = placed(vectors[others], vectors[landmarks], positions[landmarks])
    return _fitted(positions)


def placed(vectors: FloatArray, anchors: FloatArray, positions: FloatArray) -> FloatArray:
    """Positions `(m, 2)` of further unit vectors `(m, dim)` among `anchors` `(n, dim)`, n > 0, whose positions
    `(n, 2)` are known: the mean of those of the nearest, weighted by inverse distance (Shepard 1968).
    """
    found = np.empty((len(vectors), 2), dtype=np.float32)
    for start in range(0, len(vectors), BLOCK):
        distances = 1 - vectors[start : start + BLOCK] @ anchors.T
        nearest = np.argsort(distances, axis=1, kind="stable")[:, :NEAREST]
        weights = 1 / np.maximum(np.take_along_axis(distances, nearest, axis=1), 1e-4)
        weights /= weights.sum(axis=1, keepdims=True)
        found[start : start + BLOCK] = (weights[:, :, np.newaxis] * positions[nearest]).sum(axis=1)
    return found


def centres(positions: FloatArray) -> FloatArray:
    """The centres `(k, 2)` of the clusters of positions `(n, 2)`, n > 0, by Ward linkage."""
    from scipy.cluster.hierarchy import fcluster, linkage

    sample = positions[:: -(-len(positions) // MANY)]
    wanted = min(MOST_CLUSTERS, round((len(positions) / NOTES_PER_CLUSTER) ** 0.5))
    if wanted < 2:
        return np.asarray(sample.mean(axis=0, keepdims=True))
    numbers = fcluster(linkage(sample.astype(np.float64), "ward"), wanted, "maxclust")
    return np.stack([sample[numbers == number].mean(axis=0) for number in np.unique(numbers)])


def nearest_centres(positions: FloatArray, centres: FloatArray) -> NDArray[np.intp]:
    """The number of the cluster `(n,)` in which each position `(n, 2)` lies."""
    distances = ((positions[:, np.newaxis] - centres) ** 2).sum(axis=2)
    return np.asarray(distances.argmin(axis=1))


def _fitted(positions: FloatArray) -> FloatArray:
    """Positions moved and scaled alike in both directions, so that the furthest coordinate is -1 or 1."""
    lowest, highest = positions.min(axis=0), positions.max(axis=0)
    half = max(float((highest - lowest).max()) / 2, 1e-9)
    return np.asarray((positions - (lowest + highest) / 2) / half, dtype=np.float32)
