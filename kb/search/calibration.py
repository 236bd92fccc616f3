"""Scores as probabilities: that a note is relevant, and that any note is. Pure.

Both are logistic regressions: the first was fitted on judged queries over three document collections (computing
abstracts, biomedical claims, machine-learning questions), the second on queries that a notebook answers and queries
that it does not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from kb.cutoffs import ANSWER_OFFSET, ANSWER_SLOPE

DEPTH = 10
SHARPNESS = 0.8
SHARE_SLOPE, SHARE_OFFSET = 1.97, 2.07
COVERAGE_SLOPE, WORDS_SLOPE = 14.0, 3.6
GOOD = 0.5


class Likelihood:
    """The probability that a note or passage is relevant, given the scores of all notes, best first.

    It depends on the note's share of a softmax over the ten best scores: one that stands out is more likely relevant
    than one of ten equals. `answered` is the probability that any of them is relevant.
    """

    def __init__(self, scores: Sequence[float], answered: float) -> None:
        self._best = scores[0] if scores else 0.0
        self._total = sum(math.exp(SHARPNESS * (score - self._best)) for score in scores[:DEPTH]) or 1.0
        self._answered = answered

    def of(self, score: float) -> float:
        """The probability for a score."""
        share = SHARPNESS * (score - self._best) - math.log(self._total)
        return self._answered * _logistic(SHARE_SLOPE * share + SHARE_OFFSET)


def chance_of_an_answer(relatedness: float, coverage: float, words: int) -> float:
    """The probability that a notebook answers a query, from the relatedness of its best passage, the `coverage` of the
    query's words, and their number: the same coverage means more for a longer query.
    """
    meaning, lexical = ANSWER_SLOPE * relatedness, COVERAGE_SLOPE * coverage + WORDS_SLOPE * math.log(words + 1)
    return _logistic(meaning + lexical + ANSWER_OFFSET)


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-max(min(value, 60.0), -60.0)))
