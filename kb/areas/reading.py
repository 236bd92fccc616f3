"""Which concepts a text asks for: those that it names, and those that it describes. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from heapq import nlargest
from itertools import chain
from typing import TYPE_CHECKING, Literal, NamedTuple

from kb.cutoffs import AREA_LEAN, DESCRIBED, LIKENESS_SHARPNESS, READ_CLEARLY, READ_SHARPNESS, WORDS_LIKENESS
from kb.models import VerdictArea

if TYPE_CHECKING:
    from kb.areas.concepts import Concepts
    from kb.index.arrays import FloatArray

How = Literal["named", "described", "part", "related", "instead"]

MOST_DESCRIBED = 5
MOST_LOOKED_AT = 40  # concepts, the nearest first, of which the notebook may have none
MIN_WEIGHT = 0.15  # of a concept that a text describes; what is described less adds noise to a query
ALWAYS_READ = 2  # the nearest concepts, which are read though no note treats them
RELATIVE_WEIGHT = 0.45  # of a part, or of what stands in for a concept that no note treats


class ReadConcept(NamedTuple):
    """A concept that a text asks for, by number, and how surely, 0..1. It is named or described, a part of one that is
    named, related to one that no note treats, or asked for instead of another. `likeness` is that of the text and the
    concept, `relatedness` that of their meanings alone.
    """

    number: int
    weight: float
    how: How
    likeness: float = 0.0
    relatedness: float = 0.0


def read(
    concepts: Concepts,
    text: str,
    relatedness: Sequence[float],
    likeness: Sequence[float],
    is_treated: Callable[[int], bool],
    areas: Collection[int] = (),
    named: Collection[int] = (),
    answered: float = -math.inf,
) -> list[ReadConcept]:
    """The concepts that a text asks for, the surest first.

    `relatedness` is that of the text with each concept, in units of the encoder's scale; `likeness` says which concept
    it is about, if any. A concept that is named counts fully; one that is described counts by how clearly the text is
    about it, and how like it is compared with the likeliest. The parts of one that is named count a little. Only
    concepts that `is_treated` holds for are read: others are replaced by what they are related to. Subjects outside the
    areas are never read; one that the text describes better keeps concepts of the areas from being read. To name one of
    `areas`, the concepts that are areas themselves, says where to look, not what for. `named` are concepts that the
    text names in other words than their names. `answered` is the relatedness of the text with the passage nearest to
    it: the more that exceeds what a concept has, the less the text needs to be put in other words.
    """
    asked = {entry.number: entry for entry in _described(concepts, relatedness, likeness, is_treated, answered)}
    asked |= {
        number: ReadConcept(number, 1.0, "named")
        for number in (*concepts.named(text), *named)
        if concepts.is_inside(number) and number not in areas
    }
    best: dict[int, ReadConcept] = {}
    for entry in asked.values():
        for found in _with_relatives(concepts, entry, is_treated):
            if is_treated(found.number) and (found.number not in best or found.weight > best[found.number].weight):
                best[found.number] = found
    like = (
        entry._replace(likeness=likeness[entry.number], relatedness=relatedness[entry.number])
        for entry in best.values()
    )
    return sorted(like, key=lambda entry: -entry.weight)


def _with_relatives(concepts: Concepts, asked: ReadConcept, is_treated: Callable[[int], bool]) -> Iterator[ReadConcept]:
    """A concept, and the parts that count with it or what stands in for it."""
    yield asked
    share = RELATIVE_WEIGHT * asked.weight
    if not is_treated(asked.number):
        relatives = filter(concepts.is_inside, concepts.relatives(asked.number))
        yield from (ReadConcept(number, share, "related") for number in relatives)
    elif asked.how == "named":
        yield from (ReadConcept(number, share, "part") for number in concepts.parts(asked.number))


def _described(
    concepts: Concepts,
    relatedness: Sequence[float],
    likeness: Sequence[float],
    is_treated: Callable[[int], bool],
    answered: float,
) -> Iterator[ReadConcept]:
    """The concepts that a text describes: the likeliest ones, until enough of them are treated. One counts less by how
    far it is behind the likeliest one, and by how far its meaning is behind that of a passage, or of a subject outside
    the areas: words alone, as in "teaching a dog to fetch", do not make up for that.
    """
    likeliest = nlargest(MOST_LOOKED_AT, range(len(likeness)), key=likeness.__getitem__)
    outside = (relatedness[number] for number in likeliest if not concepts.is_inside(number))
    nearer = max((answered, *outside))
    treated = 0
    for place, number in enumerate(likeliest):
        clearly = min((relatedness[number] - DESCRIBED) / (READ_CLEARLY - DESCRIBED), 1.0)
        behind = likeness[likeliest[0]] - likeness[number] + max(nearer - relatedness[number], 0.0)
        weight = clearly * math.exp(-READ_SHARPNESS * behind)
        if weight < MIN_WEIGHT or not concepts.is_inside(number):
            continue
        if is_treated(number) or place < ALWAYS_READ:
            treated += is_treated(number)
            yield ReadConcept(number, weight, "described")
        if treated == MOST_DESCRIBED:
            return


def best_of_concepts(concepts: Concepts, values: FloatArray) -> list[float]:
    """How near each concept is: the best of the values `(n,)` of what it is known by."""
    import numpy as np

    best: list[float] = np.maximum.reduceat(values, concepts.starts).tolist()
    return best


def likeness_of_concepts(concepts: Concepts, values: FloatArray, shares: Mapping[int, float]) -> list[float]:
    """How like a text each concept is: by meaning, the soft maximum of the values `(n,)` of what it is known by, and
    by words, the `shares` of the text's words that it is known by.
    """
    import numpy as np

    sums = np.add.reduceat(np.exp(LIKENESS_SHARPNESS * values), concepts.starts)
    soft = np.log(sums / concepts.sizes) / LIKENESS_SHARPNESS
    for number, share in shares.items():
        soft[number] += WORDS_LIKENESS * share
    likeness: list[float] = soft.tolist()
    return likeness


def leaning(concepts: Concepts, values: Sequence[float], areas: Collection[VerdictArea | None]) -> Sequence[float]:
    """How related or like a text each concept is, raised for those of the areas that the text is about."""
    raised = list(values)
    for number in chain.from_iterable(concepts.by_area.get(area, ()) for area in areas):
        raised[number] += AREA_LEAN
    return raised


def mixture(concepts: Concepts, vectors: FloatArray, weights: Mapping[int, float]) -> FloatArray:
    """The sum `(dim,)` of the mean vectors of some concepts by their weights, which are scaled to a sum of at most 1.

    `vectors` `(n, dim)` are those of what the concepts are known by.
    """
    ends = [*concepts.starts[1:], len(vectors)]
    means = {number: vectors[concepts.starts[number] : ends[number]].mean(axis=0) for number in weights}
    total = max(sum(weights.values()), 1.0)
    mixed: FloatArray = sum(weight / total * means[number] for number, weight in weights.items())
    return mixed
