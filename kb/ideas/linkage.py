"""Average linkage of vectors and links, in memory linear in their number. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from kb.index.arrays import FloatArray

BLOCK = 256  # rows of the distance matrix that are in memory at a time


class _Merge(NamedTuple):
    """Two clusters joined at a distance; each goes by its first member."""

    first: int
    second: int
    distance: float


class _Clusters(NamedTuple):
    """Disjoint clusters `(m,)`: a member of each, the sums of their vectors `(m, dim)`, their sizes, and the sums of
    the links between them, sparse `(m, m)`.
    """

    members: NDArray[np.intp]
    sums: NDArray[np.float64]
    sizes: NDArray[np.float64]
    links: csr_array


def average_linkage(vectors: FloatArray, links: csr_array) -> NDArray[np.float64]:
    """The linkage matrix `(n - 1, 4)`, in scipy's form, of unit vectors `(n, dim)`, n > 0, by average linkage.

    The distance of two vectors is 2 less their cosine and their entry in `links`, symmetric and sparse `(n, n)`. Both
    are bilinear, so the mean distance of two clusters follows from sums over their members, and no `(n, n)` matrix is
    needed. In each round all pairs of clusters that are each other's nearest neighbours are merged; for average linkage
    that gives the same tree as merging the closest pair of all each time (Murtagh 1983).
    """
    clusters = _Clusters(np.arange(len(vectors)), vectors.astype(np.float64), np.ones(len(vectors)), links)
    merges: list[_Merge] = []
    while len(clusters.members) > 1:
        nearest, distances = _nearest_neighbours(clusters)
        pairs = _reciprocal_pairs(nearest, distances)
        members = clusters.members[pairs].tolist()
        joined = zip(members, distances[pairs[:, 0]].tolist(), strict=True)
        merges += [_Merge(first, second, distance) for (first, second), distance in joined]
        clusters = _merged(clusters, pairs)
    return _linkage_matrix(sorted(merges, key=lambda merge: merge.distance))


def _nearest_neighbours(clusters: _Clusters) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The nearest other cluster of each, the first of several, and its distance."""
    count = len(clusters.members)
    nearest, distances = np.empty(count, dtype=np.intp), np.empty(count)
    means = (clusters.sums / clusters.sizes[:, np.newaxis]).astype(np.float32)
    for start in range(0, count, BLOCK):
        rows = np.arange(start, min(start + BLOCK, count))
        likeness = means[rows] @ means.T
        links = clusters.links[rows].tocoo()
        likeness[links.row, links.col] += links.data / (clusters.sizes[rows[links.row]] * clusters.sizes[links.col])
        likeness[rows - start, rows] = -np.inf
        nearest[rows] = likeness.argmax(axis=1)
        distances[rows] = 2 - likeness[rows - start, nearest[rows]]
    return nearest, distances


def _reciprocal_pairs(nearest: NDArray[np.intp], distances: NDArray[np.float64]) -> NDArray[np.intp]:
    """The pairs `(p, 2)` that are each other's nearest neighbours; at least one, whatever the rounding."""
    closest = int(distances.argmin())
    nearest[nearest[closest]] = closest
    indices = np.arange(len(nearest))
    first = indices[(nearest[nearest] == indices) & (indices < nearest)]
    return np.stack([first, nearest[first]], axis=1)


def _merged(clusters: _Clusters, pairs: NDArray[np.intp]) -> _Clusters:
    """The clusters after some disjoint pairs are joined."""
    from scipy.sparse import csr_array

    count = len(clusters.members)
    target = np.arange(count)
    target[pairs[:, 1]] = pairs[:, 0]
    kept, target = np.unique(target, return_inverse=True)
    membership = csr_array((np.ones(count), (target, np.arange(count))), shape=(len(kept), count))
    return _Clusters(
        clusters.members[kept],
        membership @ clusters.sums,
        membership @ clusters.sizes,
        csr_array(membership @ clusters.links @ membership.T),
    )


def _linkage_matrix(merges: list[_Merge]) -> NDArray[np.float64]:
    """Merges in the order of their distance as scipy's rows: two cluster numbers, the distance, the size."""
    parents = list(range(2 * len(merges) + 1))
    sizes = [1] * len(parents)
    rows = np.empty((len(merges), 4))
    for index, merge in enumerate(merges):
        number = len(merges) + 1 + index
        first, second = sorted((_root(parents, merge.first), _root(parents, merge.second)))
        parents[first] = parents[second] = number
        sizes[number] = sizes[first] + sizes[second]
        rows[index] = first, second, merge.distance, sizes[number]
    return rows


def _root(parents: list[int], node: int) -> int:
    """The cluster that contains a node; the path to it is halved on the way."""
    while parents[node] != node:
        parents[node] = parents[parents[node]]
        node = parents[node]
    return node
