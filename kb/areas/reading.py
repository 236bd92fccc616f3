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
ALWAYS_READ = 2  # the nearest concepts, which are read though no note treats them
RELATIVE_WEIGHT = 0.4  # of a part, or of what stands in for a concept that no note treats


class ReadConcept(NamedTuple):
    """A concept that a text asks for, by number, and how surely, 0..1."""

    number: int
    weight: float


def read(
    concepts: Concepts, text: str, relatedness: Sequence[float], is_treated: Callable[[int], bool]
) -> list[ReadConcept]:
    """The concepts that a text asks for, the surest first.

    `relatedness` is that of the text with each concept, the best of what the concept is known by, in units of the
    encoder's scale. A concept that is named counts fully; one that is described counts by how clearly the text is about
    any concept, and how near it is to the best. The parts of one that is named count a little. Only concepts that
    `is_treated` holds for are read: others are replaced by what they are related to.
    """
    named = concepts.named(text)
    asked = dict(_described(relatedness, is_treated)) | dict.fromkeys(named, 1.0)
    weights: dict[int, float] = {}
    for number, weight in asked.items():
        relatives = concepts.parts(number) if number in named else []
        if not is_treated(number):
            relatives = concepts.relatives(number)
        for other, share in [(number, 1.0), *((relative, RELATIVE_WEIGHT) for relative in relatives)]:
            if is_treated(other):
                weights[other] = max(weights.get(other, 0.0), share * weight)
    return [ReadConcept(number, weight) for number, weight in sorted(weights.items(), key=lambda entry: -entry[1])]


def _described(relatedness: Sequence[float], is_treated: Callable[[int], bool]) -> Iterator[tuple[int, float]]:
    """The concepts that a text describes: the nearest ones, until enough of them are treated."""
    nearest = sorted(range(len(relatedness)), key=lambda number: -relatedness[number])[:MOST_LOOKED_AT]
    if not nearest or relatedness[nearest[0]] < DESCRIBED:
        return
    treated = 0
    best = relatedness[nearest[0]]
    clearly = min((best - DESCRIBED) / (READ_CLEARLY - DESCRIBED), 1.0)
    for place, number in enumerate(nearest):
        weight = clearly * math.exp(READ_SHARPNESS * (relatedness[number] - best))
        if weight < MIN_WEIGHT or treated == MOST_DESCRIBED:
            return
        if is_treated(number) or place < ALWAYS_READ:
            treated += is_treated(number)
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
