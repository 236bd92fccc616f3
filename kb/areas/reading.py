"""Which concepts a text asks for: those that it names, and those that it describes. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from kb.cutoffs import DESCRIBED, READ_CLEARLY, READ_SHARPNESS

if TYPE_CHECKING:
    from kb.areas.concepts import Concepts
    from kb.index.arrays import FloatArray

MOST_DESCRIBED = 5
MOST_LOOKED_AT = 40  # concepts, the nearest first, of which the notebook may have none
MIN_WEIGHT = 0.05
RELATIVE_WEIGHT = 0.4


class ReadConcept(NamedTuple):
    """A concept that a text asks for, by number, and how surely, 0..1."""

    number: int
    weight: float


def read(
    concepts: Concepts, text: str, relatedness: Sequence[float], is_treated: Callable[[int], bool]
) -> list[ReadConcept]:
    """The concepts that a text asks for, the surest first.

    `relatedness` is that of the text with each concept, the best of what the concept is known by, in units of the
    encoder's scale. Only concepts that `is_treated` holds for are read. One that is named counts fully, and its parts
    a little; one that is named but not treated is replaced by what it is related to. One that is described counts by
    how clearly the text is about any concept, and how near it is to the best.
    """
    weights = dict(_described(relatedness, is_treated))
    named = concepts.named(text)
    for number in (relative for one in named for relative in _relatives(concepts, one, is_treated)):
        if is_treated(number):
            weights[number] = max(weights.get(number, 0.0), RELATIVE_WEIGHT)
    weights |= {number: 1.0 for number in named if is_treated(number)}
    return [ReadConcept(number, weight) for number, weight in sorted(weights.items(), key=lambda entry: -entry[1])]


def _relatives(concepts: Concepts, number: int, is_treated: Callable[[int], bool]) -> list[int]:
    """The parts of a concept; of one that is not treated, all that it is related to."""
    parts = concepts.parts(number)
    if is_treated(number):
        return parts
    return [*parts, *concepts.wholes(number), *concepts.alternatives(number), *concepts.dependents(number)]


def _described(relatedness: Sequence[float], is_treated: Callable[[int], bool]) -> Iterator[tuple[int, float]]:
    nearest = sorted(range(len(relatedness)), key=lambda number: -relatedness[number])[:MOST_LOOKED_AT]
    if not nearest or relatedness[nearest[0]] < DESCRIBED:
        return
    treated = [number for number in nearest if is_treated(number)][:MOST_DESCRIBED]
    best = max((relatedness[number] for number in treated), default=0.0)
    clearly = min((best - DESCRIBED) / (READ_CLEARLY - DESCRIBED), 1.0)
    for number in treated:
        weight = clearly * math.exp(READ_SHARPNESS * (relatedness[number] - best))
        if weight >= MIN_WEIGHT:
            yield number, weight


def best_of_concepts(concepts: Concepts, values: FloatArray) -> list[float]:
    """The best of the values `(n,)` of what each concept is known by, by concept."""
    import numpy as np

    best: list[float] = np.maximum.reduceat(values, concepts.starts).tolist()
    return best


def mixture(concepts: Concepts, vectors: FloatArray, weights: Mapping[int, float]) -> FloatArray:
    """The sum `(dim,)` of the mean vectors of some concepts by their weights, which are scaled to a sum of at most 1.

    `vectors` `(n, dim)` are those of what the concepts are known by.
    """
    ends = [*concepts.starts[1:], len(vectors)]
    means = {number: vectors[concepts.starts[number] : ends[number]].mean(axis=0) for number in weights}
    total = max(sum(weights.values()), 1.0)
    mixed: FloatArray = sum(weight / total * means[number] for number, weight in weights.items())
    return mixed
