"""Metrics of rankings, verdicts and groupings against judgements; an unjudged document counts as not relevant. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence, Set
from statistics import fmean
from typing import TYPE_CHECKING, TypeVar

from kb.scale import Scale

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

ROUNDS = 5000
BINS = 10

Name = TypeVar("Name", bound=str)


def ndcg(ranked: Sequence[str], relevant: Set[str], depth: int) -> float:
    """Normalised discounted cumulative gain at `depth`, with binary gains (Järvelin and Kekäläinen 2002)."""
    gain = sum(1 / math.log2(rank + 1) for rank, name in enumerate(ranked[:depth], 1) if name in relevant)
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(depth, len(relevant)) + 1))
    return gain / ideal if ideal else 0.0


def recall(ranked: Sequence[str], relevant: Set[str], depth: int) -> float:
    """The share of the relevant documents among the first `depth`."""
    return len(set(ranked[:depth]) & relevant) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranked: Sequence[str], relevant: Set[str]) -> float:
    """One over the rank of the first relevant document; 0 if there is none."""
    return next((1 / rank for rank, name in enumerate(ranked, 1) if name in relevant), 0.0)


def bootstrap_interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of a mean by the percentile bootstrap (Efron 1979), with a fixed seed."""
    import numpy as np

    sample = np.asarray(values)
    drawn = np.random.default_rng(0).integers(len(sample), size=(ROUNDS, len(sample)))
    low, high = np.percentile(sample[drawn].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def randomisation_p(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The two-sided p-value of a paired randomisation test: how often the mean difference is at least as large when the
    sign of each query's difference is random (Fisher 1935; Smucker et al. 2007). The seed is fixed.
    """
    import numpy as np

    differences = np.asarray(ours) - np.asarray(theirs)
    signs = np.random.default_rng(0).choice((-1.0, 1.0), size=(ROUNDS, len(differences)))
    extreme = np.abs((signs * differences).mean(axis=1)) >= abs(differences.mean()) - 1e-12
    return float((extreme.sum() + 1) / (ROUNDS + 1))


def confusion(gold: Sequence[Name], predicted: Sequence[Name], classes: Sequence[Name]) -> dict[Name, dict[Name, int]]:
    """The confusion matrix: counts by gold class (outer key) and predicted class (inner key)."""
    pairs = Counter(zip(gold, predicted, strict=True))
    return {right: {verdict: pairs[right, verdict] for verdict in classes} for right in classes}


def macro_f1(gold: Sequence[str], predicted: Sequence[str]) -> float:
    """The unweighted mean F1 of the classes that occur on either side; there must be at least one."""
    right = Counter(one for one, other in zip(gold, predicted, strict=True) if one == other)
    named = Counter(gold) + Counter(predicted)
    return fmean(2 * right[name] / count for name, count in named.items())


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """The area under the ROC curve: how often a positive case scores above a negative one, a tie counting half, by the
    rank statistic of Mann and Whitney 1947 (Hanley and McNeil 1982). Neither side may be empty.
    """
    from scipy.stats import rankdata

    ranks = rankdata([*positive, *negative])[: len(positive)]
    above = float(ranks.sum()) - len(positive) * (len(positive) + 1) / 2
    return above / (len(positive) * len(negative))


def calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """The expected calibration error over `BINS` equal-width bins, open at the lower end: the mean difference of
    confidence and accuracy, weighted by the number of cases in a bin (Guo et al. 2017).
    """
    gaps = [0.0] * BINS
    for confidence, correct in zip(confidences, right, strict=True):
        gaps[max(math.ceil(confidence * BINS) - 1, 0)] += confidence - correct
    return sum(map(abs, gaps)) / len(confidences)


def soft_overlap(gold: FloatArray, found: FloatArray, scale: Scale) -> tuple[float, float]:
    """Soft recall and soft precision of one set of unit vectors `(m, dim)` by another `(n, dim)`.

    An element counts as one over the sum of its cosines with its set, so that near-duplicates add little. Two sets
    share the sum of their soft cardinalities less that of their union (Fränti and Mariescu-Istodor 2023; applied to the
    headings of an article by Shao et al. 2024, STORM). Cosines count without the common part of the encoder's vectors,
    and negative ones as 0.
    """
    import numpy as np

    sizes = [_soft_cardinality(vectors, scale) for vectors in (gold, found, np.concatenate([gold, found]))]
    shared = max(sizes[0] + sizes[1] - sizes[2], 0.0)
    return shared / sizes[0], shared / sizes[1]


def _soft_cardinality(vectors: FloatArray, scale: Scale) -> float:
    return float((1 / scale.distinct(vectors @ vectors.T).clip(0).sum(axis=1)).sum())


def normalised_mutual_information(gold: Sequence[int], found: Sequence[int]) -> float:
    """The mutual information of two groupings over the arithmetic mean of their entropies, as in scikit-learn (Strehl
    and Ghosh 2002 take the geometric mean); 1 if both have a single group.
    """
    entropies = _entropy(gold) + _entropy(found)
    joint = _entropy(list(zip(gold, found, strict=True)))
    return 2 * (entropies - joint) / entropies if entropies else 1.0


def _entropy(labels: Sequence[Hashable]) -> float:
    return -sum(count / len(labels) * math.log(count / len(labels)) for count in Counter(labels).values())


def purity(pairs: Sequence[tuple[int, int]]) -> float:
    """The share of elements, given as (gold group, group), that belong to the commonest gold group of their group."""
    counts: dict[int, Counter[int]] = {}
    for gold, found in pairs:
        counts.setdefault(found, Counter())[gold] += 1
    return sum(max(own.values()) for own in counts.values()) / len(pairs) if pairs else 0.0


def kendall_tau(gold: Sequence[int], found: Sequence[int]) -> float:
    """The rank correlation tau-b of two orders (Kendall 1945); 0 if it is undefined."""
    from scipy.stats import kendalltau

    tau = float(kendalltau(gold, found).statistic) if len(gold) > 1 else 0.0
    return 0.0 if math.isnan(tau) else tau
