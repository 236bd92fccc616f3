"""The score of a note as a probability: that a reader who asked the query would call the note relevant. Pure.

A logistic regression on judged queries, fitted by `scripts/fit_score.py`. What it reads depends on the query and the
note alone, so that a score does not change with filters or with what else is found.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from kb.cutoffs import SCORE_OFFSET, SCORE_SLOPE, SCORE_TITLED

COVERAGE_SLOPE, WORDS_SLOPE = 3.14, 0.76
GOOD = 0.1  # the probability from which a hit is a good match
WEAK = 0.02  # below it, a hit is shown only to those who ask for so many


class Evidence(NamedTuple):
    """What speaks for a note: the relatedness of each of its chunks with the query, by id; the share of the rarity of
    the query's words and concepts that the note has; the number of the words, as the same share means more for a longer
    query; and how like the query the concept is that the note is named after, times its weight.
    """

    relatedness: Mapping[str, float]
    coverage: float
    words: int
    titled: float = 0.0

    def probabilities(self) -> dict[str, float]:
        """The probability of each chunk, by id; the note has that of its best one."""
        return {id: _logistic(sum(self.parts(id))) for id in self.relatedness}

    def parts(self, id: str) -> tuple[float, float, float, float, float]:
        """What the logistic function makes the probability of a chunk, in sum: by meaning, by the share of words and
        concepts, by the number of words, by the note's name, and a constant.
        """
        by_words = COVERAGE_SLOPE * self.coverage, WORDS_SLOPE * math.log(self.words + 1)
        return SCORE_SLOPE * self.relatedness[id], *by_words, SCORE_TITLED * self.titled, SCORE_OFFSET


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-max(min(value, 60.0), -60.0)))
