"""Normalised vectors and their means. numpy loads with the first call: lexical search does without it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kb.cutoffs import CENTRING
from kb.scale import Scale

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]


def unit_rows(vectors: NDArray[Any]) -> FloatArray:
    """Vectors `(..., dim)` scaled to length 1; a zero vector stays zero."""
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)


def products(rows: FloatArray, vector: FloatArray) -> FloatArray:
    """The dot products `(n,)` of rows `(n, dim)` with a vector `(dim,)`.

    On one core, which reads a few thousand rows as fast as several do. The threads of BLAS would go on to wait busily
    for more, on the cores that embed the next text.
    """
    import numpy as np

    found: FloatArray = np.einsum("nd,d->n", rows, vector)
    return found


def centred(vectors: FloatArray, mean: FloatArray) -> FloatArray:
    """Unit vectors `(..., dim)` less part of their mean `(dim,)`, scaled to length 1."""
    return unit_rows(vectors - CENTRING * mean)


def means(matrix: FloatArray, groups: Iterable[Sequence[int]]) -> FloatArray:
    """The mean of each group of rows of a matrix `(n, dim)`: `(groups, dim)`."""
    import numpy as np

    found = [matrix[rows].mean(axis=0) for rows in groups]
    return np.stack(found) if found else matrix[:0]


def lengths(means: FloatArray, scale: Scale) -> FloatArray:
    """The lengths `(n,)` of means `(n, dim)` of unit vectors, 1 for a unit vector. The part that all vectors of an
    encoder have in common does not count: a mean is short only for what its vectors do not have in common.
    """
    import numpy as np

    squares: FloatArray = (means * means).sum(axis=-1)
    return np.sqrt(np.maximum(scale.distinct(squares), 1e-9))


def cosines(first: FloatArray, second: FloatArray, scale: Scale) -> FloatArray:
    """The cosines `(m, n)` of means `(m, dim)` and `(n, dim)` of unit vectors, on the scale of such vectors."""
    import numpy as np

    products = scale.distinct(first @ second.T) / np.outer(lengths(first, scale), lengths(second, scale))
    found: FloatArray = scale.common + (1 - scale.common) * products
    return found
