"""Scores a note for every group of phrases and terms: for the areas and for the kinds of outside. Pure.

A group has three features: the similarity of the note's passages to its phrases, and how often the note has its terms
and its hints. Their weights are the same for all areas, so that a user-defined area needs no training. They are fitted
by `scripts/train_areas` and never negative: each feature of a group speaks for that group.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from kb.areas.terms import Lexicon, TermMatch
from kb.areas.texts import AreaTexts
from kb.models import AREAS, Frozen

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

Float64Array = NDArray[np.float64]

MAX_PASSAGES = 24
TEMPERATURE = 0.5  # of the soft maximum over phrases, in z-scores
MIN_DEVIATION = 0.05  # of the cosines between phrases, which may be few and alike
MIN_CLOSENESS = 1e-3  # of a group without phrases
HEADING_WEIGHT = 3  # of a term in the title, a tag or a heading, in occurrences in the text
MAX_CLAIMED = 1 / 8  # of a group's phrases may be claimed by a user-defined area before its terms are ignored
TERM_SCALE = 2.0  # the larger, the more the first term outweighs later ones: a short note may have only one
CLAIMED_FROM = 2.5  # the z-score at which a user-defined area claims a phrase of a kind of outside


class NoteLike(Protocol):
    """What the classifier uses of a note besides its passages."""

    @property
    def path(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def tags(self) -> tuple[str, ...]: ...


class PassageLike(Protocol):
    """A chunk of a note, or its record in the catalog."""

    @property
    def heading_path(self) -> tuple[str, ...]: ...
    @property
    def text(self) -> str: ...
    @property
    def start_line(self) -> int: ...


PassageT = TypeVar("PassageT", bound=PassageLike)


class Weights(Frozen):
    """The content of `weights.toml`: the weights of nearness, terms and hints for areas and for kinds of outside, and
    the bias of every kind of outside.
    """

    area: tuple[float, float, float]
    outside: tuple[float, float, float]
    outside_bias: float


@dataclass(frozen=True)
class Signals:
    """What a note has of each group.

    `closeness` `(passages, phrases)` is the exponential of a z-score over `TEMPERATURE`, `group_closeness` `(passages,
    groups)` its sum over the phrases of a group, and `nearness` the soft maximum of their z-scores that follows. Terms
    are counted by passage, and in title, tags and headings together.
    """

    closeness: Float64Array
    group_closeness: Float64Array
    nearness: Float64Array
    passage_terms: list[dict[int, TermMatch]]
    heading_terms: dict[int, TermMatch]

    @cached_property
    def term_counts(self) -> dict[int, int]:
        """How often each term occurs, where one in title, tags or headings counts `HEADING_WEIGHT` times."""
        counts = {term: HEADING_WEIGHT * match.times for term, match in self.heading_terms.items()}
        for terms in self.passage_terms:
            for term, match in terms.items():
                counts[term] = counts.get(term, 0) + match.times
        return counts

    def without(self, passage: int) -> Signals:
        """The signals of the note without one of its passages."""
        others = np.arange(len(self.passage_terms)) != passage
        terms = [terms for index, terms in enumerate(self.passage_terms) if index != passage]
        return Signals(
            self.closeness[others], self.group_closeness[others], self.nearness[others], terms, self.heading_terms
        )


@cache
def load_weights() -> Weights:
    """The fitted weights."""
    text = resources.files("kb.areas").joinpath("weights.toml").read_text(encoding="utf-8")
    return Weights.model_validate(tomllib.loads(text))


class Scoring:
    """Scores notes for the groups of `texts`. `phrase_vectors` `(n, dim)` are the unit vectors of `texts.phrases`.

    Cosines are used as z-scores relative to the cosines between phrases, which makes models comparable. A phrase of a
    kind of outside that is close to a user-defined area is ignored, as are the terms of a kind with many such phrases.
    """

    def __init__(self, texts: AreaTexts, phrase_vectors: FloatArray, weights: Weights) -> None:
        cosines = phrase_vectors @ phrase_vectors.T
        between = cosines[~np.eye(len(cosines), dtype=bool)]
        self._mean, self._deviation = float(between.mean()), max(float(between.std()), MIN_DEVIATION)
        claimed = _claimed(texts, self.z_scores(cosines))
        kept = ~claimed
        self.phrases = [phrase for phrase, keep in zip(texts.phrases, kept, strict=True) if keep]
        self._phrase_vectors = np.ascontiguousarray(phrase_vectors[kept].T)
        self.phrase_groups = np.array([group for _, group in self.phrases])
        self._membership = np.eye(len(texts.groups))[self.phrase_groups]
        groups = np.array([group for _, group in texts.phrases])
        ignored = {group for group in set(groups[claimed].tolist()) if claimed[groups == group].mean() > MAX_CLAIMED}
        self.terms = [term for term in texts.terms if term.group not in ignored]
        self.lexicon = Lexicon([term.text for term in self.terms])
        is_area = np.arange(len(texts.groups)) < len(AREAS)
        self.weights = np.where(is_area[:, None], weights.area, weights.outside)
        self._bias = np.where(is_area, 0.0, weights.outside_bias)

    def z_scores(self, cosines: FloatArray) -> FloatArray:
        """How many standard deviations cosines lie above the mean cosine of two phrases."""
        return (cosines - self._mean) / self._deviation

    def signals(self, note: NoteLike, passages: Sequence[PassageLike], vectors: FloatArray) -> Signals:
        """The signals of a note; `vectors` `(n, dim)` are the unit vectors of its passages."""
        closeness: Float64Array = np.exp(self.z_scores(vectors @ self._phrase_vectors).astype(np.float64) / TEMPERATURE)
        headings = dict.fromkeys(heading for passage in passages for heading in passage.heading_path)
        heading_text = " . ".join([note.title, *note.tags, *(tag.upper() for tag in note.tags), *headings])
        group_closeness = closeness @ self._membership + MIN_CLOSENESS
        return Signals(
            closeness=closeness,
            group_closeness=group_closeness,
            nearness=TEMPERATURE * np.log(group_closeness),
            passage_terms=[self.lexicon.find(passage.text) for passage in passages],
            heading_terms=self.lexicon.find(heading_text),
        )

    def features(self, signals: Signals) -> Float64Array:
        """The features of all groups, `(groups, 3)`: nearness, terms and hints."""
        sums = self.term_sums(signals.term_counts)
        return np.column_stack([signals.nearness.mean(axis=0), np.log1p(TERM_SCALE * sums)])

    def logits(self, features: Float64Array) -> Float64Array:
        """The logits of all groups, `(groups,)`."""
        logits: Float64Array = (self.weights * features).sum(axis=1) + self._bias
        return logits

    def term_sums(self, counts: Mapping[int, int]) -> Float64Array:
        """The terms and the hints of every group, `(groups, 2)`; each term counts with `log(1 + occurrences)`."""
        sums = [[0.0, 0.0] for _ in self._bias]
        for index, count in counts.items():
            term = self.terms[index]
            sums[term.group][term.is_hint] += math.log1p(count)
        return np.array(sums)


def evenly_spaced(passages: Sequence[PassageT], vectors: FloatArray) -> tuple[Sequence[PassageT], FloatArray]:
    """At most `MAX_PASSAGES` passages from the whole length of a note, with their vectors."""
    if len(passages) <= MAX_PASSAGES:
        return passages, vectors
    rows = np.linspace(0, len(passages) - 1, MAX_PASSAGES).astype(int)
    return [passages[row] for row in rows], vectors[rows]


def _claimed(texts: AreaTexts, z_scores: FloatArray) -> NDArray[np.bool_]:
    """Which phrases are of a kind of outside, yet close to those of a user-defined area."""
    groups = np.array([group for _, group in texts.phrases])
    custom = np.isin(groups, [AREAS.index(area) for area in texts.replaced])
    if not custom.any():
        return custom
    claimed: NDArray[np.bool_] = (groups >= len(AREAS)) & (z_scores[:, custom].max(axis=1) >= CLAIMED_FROM)
    return claimed
