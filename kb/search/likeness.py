"""How alike two notes are, and which to list. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LINKED = 0.1  # what a link adds to a cosine: about what lies between the nearest note and the tenth
MIN_SCORE = 0.3  # of a note without a link


@dataclass(frozen=True)
class Likeness:
    """How alike two notes are, the cosine of their nearest passages, and the positions of these in each."""

    score: float
    nearest: float
    ours: int
    theirs: int


def likeness(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> Likeness:
    """Compare two notes by the unit vectors of their passages, `(m, dim)` and `(n, dim)`.

    The score is the mean cosine of each passage with its nearest in the other note, both ways, as BERTScore (Zhang et
    al. 2020) compares two sentences by their words: each side counts alike, however much longer one of them is.
    """
    cosines = ours @ theirs.T
    score = (cosines.max(axis=1).mean() + cosines.max(axis=0).mean()) / 2
    first, second = np.unravel_index(int(cosines.argmax()), cosines.shape)
    return Likeness(float(score), float(cosines.max()), int(first), int(second))


def most_related(scores: Sequence[float], linked: Sequence[bool], limit: int) -> list[int]:
    """Positions of at most `limit` notes, best first. A link lifts a note, and no note without one takes its place."""
    order = sorted(range(len(scores)), key=lambda index: -_lifted(scores[index], linked[index]))
    wanted = [index for index in order if linked[index] or scores[index] >= MIN_SCORE]
    chosen = {*sorted(wanted, key=lambda index: not linked[index])[:limit]}
    return [index for index in wanted if index in chosen]


def _lifted(score: float, linked: bool) -> float:
    return score + LINKED if linked else score
