"""Scores a note for every group of phrases and terms: for the areas and for the kinds of outside. Pure.

A group has three features: the similarity of the note's passages to its phrases, and how often the note has its terms
and its hints. Their weights are the same for all areas, so that a user-defined area needs no training. They are fitted
by `scripts/train_areas` and never negative: each feature of a group speaks for that group. Title, headings and first
passages weigh most: a note is about what it introduces.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from kb.areas.terms import Lexicon, TermMatch
from kb.areas.texts import AreaTexts
from kb.cutoffs import MIN_DEVIATION
from kb.models import AREAS, Frozen, LineKind
from kb.scale import Scale

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

Float64Array = NDArray[np.float64]

MAX_PASSAGES = 24
TEMPERATURE = 0.5  # of the soft maximum over phrases, in z-scores
MIN_CLOSENESS = 1e-3  # of a group without phrases
HEADING_WEIGHT = 5  # of a term in the title, a tag or a heading, in occurrences in the text
PASSAGE_DECAY = 0.6  # of the weight from one passage to the next: a note is about what it introduces
MIN_PASSAGE_WEIGHT = 0.15  # however far down
MIN_PROSE_WEIGHT = 0.2  # the share of its weight that a passage without prose keeps
NOT_PROSE = frozenset({LineKind.CODE, LineKind.METADATA})
MAX_CLAIMED = 1 / 8  # of a group's phrases may be claimed by a user-defined area before its terms are ignored
TERM_SCALE = 3.0  # the larger, the more the first term outweighs later ones: a short note may have only one
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
    def kinds(self) -> str: ...
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

    `weights` `(passages,)` are those of the passages. `closeness` `(passages, phrases)` is the exponential of a z-score
    over `TEMPERATURE`, `group_closeness` `(passages, groups)` its sum over the phrases of a group, and `nearness` the
    soft maximum of their z-scores that follows. Terms are counted by passage, and in title, tags and headings together.
    """

    weights: Float64Array
    closeness: Float64Array
    group_closeness: Float64Array
    nearness: Float64Array
    passage_terms: list[dict[int, TermMatch]]
    heading_terms: dict[int, TermMatch]

    @cached_property
    def term_counts(self) -> dict[int, float]:
        """How often each term occurs, by the weights of the passages; one in title, tags or headings counts
        `HEADING_WEIGHT` times.
        """
        counts = {term: float(HEADING_WEIGHT * match.times) for term, match in self.heading_terms.items()}
        for weight, terms in zip(self.weights.tolist(), self.passage_terms, strict=True):
            for term, match in terms.items():
                counts[term] = counts.get(term, 0.0) + weight * match.times
        return counts

    def mean(self, values: Float64Array) -> Float64Array:
        """The weighted mean over the passages of `values` `(passages, n)`."""
        mean: Float64Array = self.weights @ values / self.weights.sum()
        return mean

    def without(self, passage: int) -> Signals:
        """The signals of the note without one of its passages."""
        others = np.arange(len(self.passage_terms)) != passage
        terms = [terms for index, terms in enumerate(self.passage_terms) if index != passage]
        return Signals(
            self.weights[others],
            self.closeness[others],
            self.group_closeness[others],
            self.nearness[others],
            terms,
            self.heading_terms,
        )


@cache
def load_weights() -> Weights:
    """The fitted weights."""
    text = resources.files("kb.areas").joinpath("weights.toml").read_text(encoding="utf-8")
    return Weights.model_validate(tomllib.loads(text))


@lru_cache(maxsize=2)
def _lexicon(terms: tuple[str, ...]) -> Lexicon:
    """A lexicon, which depends on nothing but the areas: every classifier of a process has the same one."""
    return Lexicon(terms)


class Scoring:
    """Scores notes for the groups of `texts`. `phrase_vectors` `(n, dim)` are the unit vectors of `texts.phrases`.

    Cosines are used as z-scores relative to the cosines between phrases, which makes models comparable; `scale` is that
    of the encoder. A phrase of a
    kind of outside that is close to a user-defined area is ignored, as are the terms of a kind with many such phrases.
    """

    def __init__(self, texts: AreaTexts, phrase_vectors: FloatArray, scale: Scale, weights: Weights) -> None:
        self._scale = scale
        cosines = phrase_vectors @ phrase_vectors.T
        between = scale.relatedness(cosines[~np.eye(len(cosines), dtype=bool)])
        self._mean, self._deviation = float(between.mean()), max(float(between.std()), MIN_DEVIATION)
        claimed = _claimed(texts, self.z_scores(cosines))
        kept = ~claimed
        self.phrases = [phrase for phrase, keep in zip(texts.phrases, kept, strict=True) if keep]
        self._phrase_vectors = phrase_vectors[kept]
        self.phrase_groups = np.array([group for _, group in self.phrases])
        self._membership = np.eye(len(texts.groups))[self.phrase_groups]
        groups = np.array([group for _, group in texts.phrases])
        ignored = {group for group in set(groups[claimed].tolist()) if claimed[groups == group].mean() > MAX_CLAIMED}
        self.terms = [term for term in texts.terms if term.group not in ignored]
        self.lexicon = _lexicon(tuple(term.text for term in self.terms))
        is_area = np.arange(len(texts.groups)) < len(AREAS)
        self.weights = np.where(is_area[:, None], weights.area, weights.outside)
        self._bias = np.where(is_area, 0.0, weights.outside_bias)

    def z_scores(self, cosines: FloatArray) -> FloatArray:
        """How many standard deviations cosines lie above the mean cosine of two phrases."""
        return (self._scale.relatedness(cosines) - self._mean) / self._deviation

    def signals(self, note: NoteLike, passages: Sequence[PassageLike], vectors: FloatArray) -> Signals:
        """The signals of a note; `vectors` `(n, dim)` are the unit vectors of its passages."""
        # `einsum` and not `@`, whose threads take longer to start than products of this size take.
        cosines = np.einsum("nd,pd->np", vectors, self._phrase_vectors)
        closeness: Float64Array = np.exp(self.z_scores(cosines).astype(np.float64) / TEMPERATURE)
        headings = dict.fromkeys(heading for passage in passages for heading in passage.heading_path)
        acronyms = self.lexicon.find(" . ".join(tag.upper() for tag in note.tags))
        heading_terms = self.lexicon.find(" . ".join([note.title, *note.tags, *headings]))
        group_closeness = np.einsum("np,pg->ng", closeness, self._membership) + MIN_CLOSENESS
        return Signals(
            weights=passage_weights(passages),
            closeness=closeness,
            group_closeness=group_closeness,
            nearness=TEMPERATURE * np.log(group_closeness),
            passage_terms=[self.lexicon.find(prose_of(passage)) for passage in passages],
            heading_terms=acronyms | heading_terms,  # a tag in lower case may be a term in capitals
        )

    def features(self, signals: Signals) -> Float64Array:
        """The features of all groups, `(groups, 3)`: nearness, terms and hints."""
        sums = self.term_sums(signals.term_counts)
        return np.column_stack([signals.mean(signals.nearness), np.log1p(TERM_SCALE * sums)])

    def logits(self, features: Float64Array) -> Float64Array:
        """The logits of all groups, `(groups,)`."""
        logits: Float64Array = (self.weights * features).sum(axis=1) + self._bias
        return logits

    def term_sums(self, counts: Mapping[int, float]) -> Float64Array:
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


def passage_weights(passages: Sequence[PassageLike]) -> Float64Array:
    """The weight of each passage, at most 1: the first ones weigh most, and prose more than code."""
    shares = np.array([_prose_share(passage) for passage in passages])
    decay = np.maximum(PASSAGE_DECAY ** np.arange(len(passages)), MIN_PASSAGE_WEIGHT)
    weights: Float64Array = decay * (MIN_PROSE_WEIGHT + (1 - MIN_PROSE_WEIGHT) * shares)
    weights /= weights.max()
    return weights


def prose_of(passage: PassageLike) -> str:
    """A passage with its lines of code and metadata emptied, unless it has no other."""
    lines = passage.text.split("\n")
    kept = ["" if kind in NOT_PROSE else line for line, kind in zip(lines, passage.kinds, strict=False)]
    return "\n".join(kept) if any(line.strip() for line in kept) else passage.text


def _prose_share(passage: PassageLike) -> float:
    """The share of prose in the characters of a passage; 1 if the kinds of its lines are unknown."""
    lengths = [len(line.strip()) for line in passage.text.split("\n")]
    other = sum(length for length, kind in zip(lengths, passage.kinds, strict=False) if kind in NOT_PROSE)
    return 1 - other / max(sum(lengths), 1)


def _claimed(texts: AreaTexts, z_scores: FloatArray) -> NDArray[np.bool_]:
    """Which phrases are of a kind of outside, yet close to those of a user-defined area."""
    groups = np.array([group for _, group in texts.phrases])
    custom = np.isin(groups, [AREAS.index(area) for area in texts.replaced])
    if not custom.any():
        return custom
    claimed: NDArray[np.bool_] = (groups >= len(AREAS)) & (z_scores[:, custom].max(axis=1) >= CLAIMED_FROM)
    return claimed
