"""What is measured of a note for each group of phrases and terms, and the scores that follow. Pure.

Three measures: how near the passages come to a group's phrases, how often its plain terms occur, and how often its
hints do. Their weights are the same for all areas, so that an area of one's own needs no training;
`scripts/train_areas` fits them. None is negative: every reason speaks for what it names.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from kb.areas.terms import Found, Lexicon
from kb.areas.texts import AreaTexts
from kb.models import AREAS, Frozen

Vector = NDArray[np.float32]
Scores = NDArray[np.float64]

PASSAGES = 24  # spread over the note
SOFTNESS = 0.5  # how far below the nearest phrase another still counts, in deviations of cosine
LEAST_DEVIATION = 0.05  # of the cosines between phrases: few phrases may be all alike
LEAST_CLOSENESS = 1e-3  # of a group that has no phrase at all
HEAD_COUNT = 3  # how much more a word in the title, a tag or a heading counts
SILENT_FROM = 1 / 8  # of the phrases of a kind that are the writer's own: its terms say nothing any more
FIRST_WORD = 2.0  # how much more the first word says than the next: one plain term may be all that a short note has
CLAIMED = 2.5  # a phrase of what lies outside is the writer's own from so many deviations of cosine on


class Titled(Protocol):
    """What the classifier reads of a note besides its passages."""

    @property
    def path(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def tags(self) -> tuple[str, ...]: ...


class Passage(Protocol):
    """A chunk, fresh or from the catalog."""

    @property
    def heading_path(self) -> tuple[str, ...]: ...
    @property
    def text(self) -> str: ...
    @property
    def start_line(self) -> int: ...


AnyPassage = TypeVar("AnyPassage", bound=Passage)


class Weights(Frozen):
    """The contents of `weights.toml`: for areas and for kinds of outside the weights of nearness, terms and hints,
    and what every kind of outside is given ahead.
    """

    area: tuple[float, float, float]
    outside: tuple[float, float, float]
    outside_bias: float


@dataclass(frozen=True)
class Reading:
    """What was measured of a note: how close each passage is to every phrase, on a scale that rises steeply, and to all
    phrases of a group together; the logarithm of the latter; and its words.
    """

    closeness: Scores
    together: Scores
    nearness: Scores
    body: list[dict[int, Found]]
    heads: dict[int, Found]

    @cached_property
    def counts(self) -> dict[int, int]:
        """How often each term occurs, those in title, tags and headings more than once."""
        total = {term: HEAD_COUNT * found.times for term, found in self.heads.items()}
        for words in self.body:
            for term, found in words.items():
                total[term] = total.get(term, 0) + found.times
        return total

    def without(self, row: int) -> Reading:
        """The same without one passage."""
        rest = [words for number, words in enumerate(self.body) if number != row]
        kept = np.arange(len(self.body)) != row
        return Reading(self.closeness[kept], self.together[kept], self.nearness[kept], rest, self.heads)


@cache
def load_weights() -> Weights:
    """The weights that come with kb."""
    text = resources.files("kb.areas").joinpath("weights.toml").read_text(encoding="utf-8")
    return Weights.model_validate(tomllib.loads(text))


class Scoring:
    """Measures notes by some areas. `phrase_vectors` are those of `texts.phrases`, in that order: `(n, dim)`, unit
    rows. Cosines are taken in deviations above that of two phrases at random, which is much the same in any model.
    What lies outside says nothing by phrases that are near to an area of the writer's own, nor, where those are some
    of a kind, by the terms of that kind.
    """

    def __init__(self, texts: AreaTexts, phrase_vectors: Vector, weights: Weights) -> None:
        cosines = phrase_vectors @ phrase_vectors.T
        ordinary = cosines[~np.eye(len(cosines), dtype=bool)]
        self._mean, self._deviation = float(ordinary.mean()), max(float(ordinary.std()), LEAST_DEVIATION)
        claimed = _claimed(texts, self.deviations(cosines))
        kept = ~claimed
        self.phrases = [phrase for phrase, keep in zip(texts.phrases, kept, strict=True) if keep]
        self._phrase_vectors = np.ascontiguousarray(phrase_vectors[kept].T)
        self.group_of = np.array([group for _, group in self.phrases])
        self._members = np.eye(len(texts.groups))[self.group_of]
        groups = np.array([group for _, group in texts.phrases])
        silent = {group for group in set(groups[claimed].tolist()) if claimed[groups == group].mean() > SILENT_FROM}
        self.terms = [term for term in texts.terms if term.group not in silent]
        self.lexicon = Lexicon([term.text for term in self.terms])
        inside = np.arange(len(texts.groups)) < len(AREAS)
        self.weights = np.where(inside[:, None], weights.area, weights.outside)
        self._bias = np.where(inside, 0.0, weights.outside_bias)

    def deviations(self, cosines: Vector) -> Vector:
        """How many deviations cosines lie above that of two phrases taken at random."""
        return (cosines - self._mean) / self._deviation

    def read(self, note: Titled, passages: Sequence[Passage], vectors: Vector) -> Reading:
        """Measure a note; `vectors` are those of its passages, `(n, dim)`, unit rows."""
        closeness: Scores = np.exp(self.deviations(vectors @ self._phrase_vectors).astype(np.float64) / SOFTNESS)
        headings = dict.fromkeys(heading for passage in passages for heading in passage.heading_path)
        heads = " . ".join([note.title, *note.tags, *(tag.upper() for tag in note.tags), *headings])
        together = closeness @ self._members + LEAST_CLOSENESS
        return Reading(
            closeness=closeness,
            together=together,
            nearness=SOFTNESS * np.log(together),
            body=[self.lexicon.find(passage.text) for passage in passages],
            heads=self.lexicon.find(heads),
        )

    def measures(self, reading: Reading) -> Scores:
        """What the weights are applied to: nearness, terms and hints of every group, `(groups, 3)`."""
        return np.column_stack([reading.nearness.mean(axis=0), np.log1p(FIRST_WORD * self.word_sums(reading.counts))])

    def logits(self, measures: Scores) -> Scores:
        """The score of every group, `(groups,)`."""
        scores: Scores = (self.weights * measures).sum(axis=1) + self._bias
        return scores

    def word_sums(self, counts: Mapping[int, int]) -> Scores:
        """For every group how much its terms and its hints say, `(groups, 2)`: repetition counts ever less."""
        sums = [[0.0, 0.0] for _ in self._bias]
        for index, count in counts.items():
            term = self.terms[index]
            sums[term.group][not term.plain] += math.log1p(count)
        return np.array(sums)


def spread(passages: Sequence[AnyPassage], vectors: Vector) -> tuple[Sequence[AnyPassage], Vector]:
    """At most so many passages, from the whole length of a note."""
    if len(passages) <= PASSAGES:
        return passages, vectors
    rows = np.linspace(0, len(passages) - 1, PASSAGES).astype(int)
    return [passages[row] for row in rows], vectors[rows]


def _claimed(texts: AreaTexts, deviations: Vector) -> NDArray[np.bool_]:
    """Which phrases of what lies outside say what an area of the writer's own means."""
    groups = np.array([group for _, group in texts.phrases])
    own = np.isin(groups, [AREAS.index(area) for area in texts.own])
    if not own.any():
        return own
    claimed: NDArray[np.bool_] = (groups >= len(AREAS)) & (deviations[:, own].max(axis=1) >= CLAIMED)
    return claimed
