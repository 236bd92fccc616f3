"""What a score means: how likely a note is what was looked for, and whether any is. Pure.

The coefficients are logistic regressions. Whether a hit is relevant was fitted on judged queries over three document
collections (computing abstracts, biomedical claims, machine-learning questions); whether anything is, on queries that a
notebook answers and on others that it does not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

DEPTH = 10
SHARPNESS = 0.8
SHARE_SLOPE, SHARE_OFFSET = 1.97, 2.07
COSINE_SLOPE, COVERAGE_SLOPE, WORDS_SLOPE, OFFSET = 24.1, 14.0, 3.6, -19.3
GOOD = 0.5
GOOD_COSINE = 0.3  # where only meaning was asked


class Likelihood:
    """The probability that a note or passage is relevant, given the scores of all notes, best first.

    What counts is its share among the ten best (a softmax): one that stands alone is likelier right than one of ten
    that are equally near. `answered` is the probability that any of them is.
    """

    def __init__(self, scores: Sequence[float], answered: float) -> None:
        self._best = scores[0] if scores else 0.0
        self._total = sum(math.exp(SHARPNESS * (score - self._best)) for score in scores[:DEPTH]) or 1.0
        self._answered = answered

    def of(self, score: float) -> float:
        """The probability that belongs to a score."""
        share = SHARPNESS * (score - self._best) - math.log(self._total)
        return self._answered * _logistic(SHARE_SLOPE * share + SHARE_OFFSET)


def chance_of_an_answer(cosine: float, coverage: float, words: int) -> float:
    """The probability that the notebook has something on a query: from the best cosine, the share of the query's idf
    that the best note covers, and how many words there are: of a longer query, a share says more.
    """
    return _logistic(COSINE_SLOPE * cosine + COVERAGE_SLOPE * coverage + WORDS_SLOPE * math.log(words + 1) + OFFSET)


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-max(min(value, 60.0), -60.0)))
