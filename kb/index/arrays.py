"""Normalised vectors and centroids. numpy loads with the first call: lexical search does without it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]


def unit_rows(vectors: NDArray[Any]) -> FloatArray:
    """Vectors `(..., dim)` scaled to length 1; a zero vector stays zero."""
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)


def centroid(vectors: FloatArray) -> FloatArray:
    """The mean `(dim,)` of vectors `(n, dim)`, scaled to length 1."""
    return unit_rows(vectors.mean(axis=0))


def centroids(matrix: FloatArray, groups: Iterable[Sequence[int]]) -> FloatArray:
    """The centroid of each group of rows of a matrix `(n, dim)`: `(groups, dim)`."""
    import numpy as np

    means = [centroid(matrix[rows]) for rows in groups]
    return np.stack(means) if means else matrix[:0]
