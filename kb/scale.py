"""What the cosines of an encoder mean. Pure.

The cosine of two unrelated texts is about 0.1 with one model and 0.7 with another. A `Scale` holds what was measured of
an encoder, and turns its cosines into the units of `kb.cutoffs`. Whatever adds a constant part to all vectors, and so
maps every cosine linearly, leaves these units as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from kb.cutoffs import MIN_WIDTH, ORTHOGONAL

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Cosines = TypeVar("Cosines", float, NDArray[np.float32])


@dataclass(frozen=True)
class Scale:
    """The mean cosine of unrelated texts and the standard deviation of their cosines, and the mean cosine of related
    texts: a question and a passage that answers it, say.
    """

    unrelated: float
    deviation: float
    related: float

    @property
    def width(self) -> float:
        """The width of a unit of relatedness. With an encoder that hardly tells related texts from unrelated ones, it
        follows from the deviation: else unrelated texts would often pass for related.
        """
        return max(self.related - self.unrelated, MIN_WIDTH * self.deviation)

    def relatedness(self, cosine: Cosines) -> Cosines:
        """Cosines in units in which unrelated texts have 0 and related ones 1."""
        return (cosine - self.unrelated) / self.width

    def sameness(self, cosine: Cosines) -> Cosines:
        """Cosines in units in which unrelated texts have 0 and identical ones 1."""
        return (cosine - self.unrelated) / (1 - self.unrelated)

    @property
    def common(self) -> float:
        """The part of every cosine that comes from what all vectors have in common: none with the default model."""
        return self.unrelated + ORTHOGONAL * (1 - self.unrelated)

    def distinct(self, cosine: Cosines) -> Cosines:
        """Cosines as they would be without the common part of the vectors."""
        return (cosine - self.common) / (1 - self.common)
