"""Exact t-SNE (van der Maaten and Hinton 2008) of a few hundred vectors. Pure.

Dense in numpy and in single precision, it takes a fifth of the time of a library's for so few, and gives the same
positions on every run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kb.models import Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kb.index.arrays import FloatArray

PERPLEXITY = 30  # about how many neighbours each point has
FEWEST = 8  # points; fewer are laid out by their principal components
ITERATIONS, EXAGGERATED = 500, 150
EXAGGERATION = 12.0  # of the attraction in the first iterations, which forms the clusters
MOMENTUM, LATER_MOMENTUM = 0.5, 0.8
MIN_RATE = 50.0
MIN_GAIN = 0.01
BISECTIONS = 50
TINY = 1e-12  # the least affinity: products with smaller numbers would be slow to compute
SPREAD = 1e-4  # of the points at the start


def tsne(vectors: FloatArray, progress: Progress) -> FloatArray:
    """Positions `(n, 2)` of vectors `(n, dim)`. `progress` is told in iterations."""
    start = _principal_components(vectors)
    if len(vectors) < FEWEST:
        return start
    affinities = _affinities(_squared_distances(vectors.astype(np.float64)))
    return _descend(affinities, start * (SPREAD / max(float(start[:, 0].std()), TINY)), progress)


def _principal_components(vectors: FloatArray) -> FloatArray:
    """The first two of vectors `(n, dim)`, dim > 1: `(n, 2)`. Their signs do not depend on the library."""
    own = vectors - vectors.mean(axis=0)
    axes = np.linalg.eigh(own.T @ own).eigenvectors[:, :-3:-1]
    found: FloatArray = own @ axes
    largest = found[np.abs(found).argmax(axis=0), [0, 1]]
    return np.asarray(found * np.where(largest < 0, -1, 1), dtype=np.float32)


def _affinities(distances: NDArray[np.float64]) -> FloatArray:
    """The joint probabilities `(n, n)` of being neighbours, given squared distances.

    The width of each point's Gaussian is found by bisection, such that its entropy is that of `PERPLEXITY` neighbours.
    """
    count = len(distances)
    entropy = np.log(min(PERPLEXITY, (count - 1) / 3))
    low, high, precision = np.zeros(count), np.full(count, np.inf), np.ones(count)
    for _ in range(BISECTIONS):
        kernel = np.exp(-distances * precision[:, np.newaxis])
        np.fill_diagonal(kernel, 0)
        sums = np.maximum(kernel.sum(axis=1), TINY)
        too_flat = np.log(sums) + precision * (distances * kernel).sum(axis=1) / sums > entropy
        low, high = np.where(too_flat, precision, low), np.where(too_flat, high, precision)
        precision = np.where(np.isinf(high), precision * 2, (low + high) / 2)
    conditional = kernel / sums[:, np.newaxis]
    joint = conditional + conditional.T
    return np.asarray(np.maximum(joint / joint.sum(), TINY), dtype=np.float32)


def _descend(affinities: FloatArray, positions: FloatArray, progress: Progress) -> FloatArray:
    """Positions of the least divergence from the affinities: gradient descent with momentum and a gain for each
    coordinate.
    """
    rate = np.float32(max(len(positions) / EXAGGERATION / 4, MIN_RATE))
    step, gains = np.zeros_like(positions), np.ones_like(positions)
    kernel, forces = np.empty_like(affinities), np.empty_like(affinities)
    attraction, momentum = affinities * np.float32(EXAGGERATION), np.float32(MOMENTUM)
    for iteration in range(ITERATIONS):
        if iteration == EXAGGERATED:
            attraction, momentum = affinities, np.float32(LATER_MOMENTUM)
        gradient = _gradient(attraction, positions, kernel, forces)
        turned = (gradient > 0) != (step > 0)
        gains = np.maximum(np.where(turned, gains + np.float32(0.2), gains * np.float32(0.8)), np.float32(MIN_GAIN))
        step = momentum * step - rate * gains * gradient
        positions = positions + step
        progress(iteration + 1, ITERATIONS)
    return positions


def _gradient(attraction: FloatArray, positions: FloatArray, kernel: FloatArray, forces: FloatArray) -> FloatArray:
    """The gradient `(n, 2)`. `kernel` and `forces` are overwritten: new arrays `(n, n)` would take half of the time.

    Without BLAS, whose threads would wait busily for one another hundreds of times.
    """
    first, second = np.ascontiguousarray(positions.T)
    np.subtract.outer(first, first, out=kernel)
    np.multiply(kernel, kernel, out=kernel)
    np.subtract.outer(second, second, out=forces)
    np.multiply(forces, forces, out=forces)
    np.add(kernel, forces, out=kernel)
    np.add(kernel, np.float32(1), out=kernel)
    np.reciprocal(kernel, out=kernel)
    np.fill_diagonal(kernel, 0)
    np.multiply(kernel, np.float32(-1) / kernel.sum(), out=forces)
    np.add(forces, attraction, out=forces)
    np.multiply(forces, kernel, out=forces)
    towards = np.stack([np.einsum("nm,m->n", forces, axis) for axis in (first, second)], axis=1)
    gradient: FloatArray = 4 * (forces.sum(axis=1)[:, np.newaxis] * positions - towards)
    return gradient


def _squared_distances(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Between all pairs of rows `(n, dim)`: `(n, n)`."""
    squares = (points * points).sum(axis=1)
    return np.asarray(np.maximum(squares[:, np.newaxis] + squares - 2 * points @ points.T, 0))
