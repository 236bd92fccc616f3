"""Average linkage: the tree that scipy gives, without a matrix of all distances."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from conftest import SCALE
from numpy.typing import NDArray
from scipy.cluster.hierarchy import is_valid_linkage, linkage
from scipy.sparse import csr_array
from scipy.spatial.distance import squareform

from kb.ideas.linkage import BLOCK, average_linkage
from kb.ideas.ripeness import groups
from kb.index.arrays import unit_rows

DIMENSIONS = 32


def clustered(count: int, seed: int) -> NDArray[np.float32]:
    """Unit vectors in clusters of about five."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((count // 5 + 1, DIMENSIONS))
    return unit_rows(centres[random.integers(len(centres), size=count)] + random.standard_normal((count, DIMENSIONS)))


def linked(count: int, seed: int) -> NDArray[np.float64]:
    """Symmetric links between random pairs."""
    ends = np.random.default_rng(seed).integers(count, size=(count // 2, 2))
    links = np.zeros((count, count))
    links[ends[:, 0], ends[:, 1]] = links[ends[:, 1], ends[:, 0]] = 0.1
    np.fill_diagonal(links, 0)
    return links


@pytest.mark.parametrize("count", [2, 3, 50, BLOCK, BLOCK + 1, 1000])
def test_the_tree_is_that_of_scipy(count: int) -> None:
    """Clusters, sizes and distances are those of scipy's average linkage of the full matrix."""
    vectors, links = clustered(count, seed=count), linked(count, seed=count)
    distances = 2 - vectors @ vectors.T - links
    np.fill_diagonal(distances, 0)
    expected = linkage(squareform(distances, checks=False), method="average")
    found = average_linkage(vectors, csr_array(links))
    assert np.array_equal(found[:, [0, 1, 3]], expected[:, [0, 1, 3]])
    assert np.allclose(found[:, 2], expected[:, 2], atol=1e-5)


def test_equal_vectors_end_in_one_tree() -> None:
    """Where all distances are equal there is still a valid tree."""
    vectors = unit_rows(np.ones((BLOCK + 10, DIMENSIONS)))
    assert is_valid_linkage(average_linkage(vectors, csr_array((len(vectors), len(vectors)))))


def test_memory_is_not_quadratic() -> None:
    """Grouping 2,000 notes allocates less than half of what one float32 matrix of their distances would take."""
    count = 2000
    vectors, links = clustered(count, seed=1), csr_array((count, count))
    groups(vectors[:100], links[:100, :100], SCALE)  # what is imported on first use does not count
    tracemalloc.start()
    try:
        found = groups(vectors, links, SCALE)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found) > 100
    assert peak < count * count * 4 / 2
