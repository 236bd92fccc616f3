"""The score of a note as a probability: that a reader who asked the query would call the note relevant. Pure.

A logistic regression on judged queries, fitted by `scripts/fit_score.py`. What it reads depends on the query and the
note alone, so that a score does not change with filters or with what else is found.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from kb.cutoffs import SCORE_OFFSET, SCORE_SLOPE

COVERAGE_SLOPE, WORDS_SLOPE = 3.44, 0.92
GOOD = 0.1  # the probability from which a hit is a good match
WEAK = 0.02  # below it, a hit is shown only to those who ask for so many


class Evidence(NamedTuple):
    """What speaks for a note: the relatedness of each of its chunks with the query, by id; the share of the idf of the
    query's words that the note has; and the number of these words: the same share means more for a longer query.
    """

    relatedness: Mapping[str, float]
    coverage: float
    words: int

    def probabilities(self) -> dict[str, float]:
        """The probability of each chunk, by id; the note has that of its best one."""
        return {id: _logistic(sum(self.parts(id))) for id in self.relatedness}

    def parts(self, id: str) -> tuple[float, float, float, float]:
        """What the logistic function makes the probability of a chunk, in sum: by meaning, by the share of the words,
        by their number, and a constant.
        """
        by_words = WORDS_SLOPE * math.log(self.words + 1)
        return SCORE_SLOPE * self.relatedness[id], COVERAGE_SLOPE * self.coverage, by_words, SCORE_OFFSET


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-max(min(value, 60.0), -60.0)))
