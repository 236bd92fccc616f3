"""Classifies a note from its passages and their vectors, and explains the verdict. Pure.

Every area and every kind of outside is a group with a logit (`scoring`). A softmax over the groups gives the
probabilities; that of `outside` is the sum over its kinds. Similar notes that the user filed raise the logit of their
area.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kb.areas.scoring import (
    MIN_CLOSENESS,
    TEMPERATURE,
    TERM_SCALE,
    Float64Array,
    NoteLike,
    PassageLike,
    Scoring,
    Signals,
    evenly_spaced,
    load_weights,
    prose_of,
)
from kb.areas.texts import SIDES, AreaTexts, side_of
from kb.index.arrays import cosines
from kb.models import AREAS, Area, AreaVerdict, DecidedBy, Evidence, EvidenceKind, FiledArea, VerdictArea
from kb.notes.prose import clean
from kb.scale import Scale

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

SURE_FROM = 0.7  # in cross-validation a third of the less probable verdicts are wrong, one in thirty of the others
ALSO_FROM = 0.05  # probability of another area
MAX_NEIGHBOURS = 5
NEIGHBOUR_FROM = 3.2  # the z-score at which two notes are neighbours
NEIGHBOUR_WEIGHT = 30.0  # log-odds that a neighbour with the same vector adds
MAX_SUPPORTING = 6  # pieces of evidence
MAX_OPPOSING = 2
MIN_WEIGHT = 0.02
MAX_PASSAGE_EVIDENCE = 2
MAX_SHOWN = 44  # characters of a passage


@dataclass(frozen=True)
class Example:
    """A note that the user filed. `mean` `(dim,)` is that of the unit vectors of its passages."""

    path: str
    area: VerdictArea
    mean: FloatArray


class Neighbour(NamedTuple):
    """An example that resembles the note, and the log-odds that it adds to its area."""

    example: Example
    log_odds: float


class Contribution(NamedTuple):
    """What a phrase, term, passage or neighbour, by its index `source`, adds to the log-odds of its group's side."""

    weight: float
    kind: EvidenceKind
    group: int
    source: int


def override(verdict: AreaVerdict, area: FiledArea, decided_by: DecidedBy) -> AreaVerdict:
    """The verdict after a decision of the user; the classifier's scores are kept."""
    decided: VerdictArea = "outside" if area == "detour" else area
    return verdict.model_copy(update={"area": decided, "decided_by": decided_by, "unsure": False})


class Classifier:
    """Classifies notes by the areas of `texts`. `phrase_vectors` `(n, dim)` are the unit vectors of `texts.phrases`;
    `examples` are notes that the user filed.
    """

    def __init__(
        self, texts: AreaTexts, phrase_vectors: FloatArray, scale: Scale, examples: Sequence[Example] = ()
    ) -> None:
        self._scoring = Scoring(texts, phrase_vectors, scale, load_weights())
        self._scale = scale
        self._examples = examples
        self._means = np.stack([example.mean for example in examples]) if examples else phrase_vectors[:0]

    def classify(self, note: NoteLike, passages: Sequence[PassageLike], vectors: FloatArray) -> AreaVerdict:
        """The verdict on a note; `vectors` `(n, dim)` are the unit vectors of its passages."""
        passages, vectors = evenly_spaced(passages, vectors)
        signals = self._scoring.signals(note, passages, vectors)
        neighbours = self._neighbours(note, vectors)
        features = self._scoring.features(signals)
        shift = _shift(neighbours, len(features))
        logits = self._scoring.logits(features) + shift
        verdict = verdict_from(_probabilities(logits))
        contributions = [
            *self._term_contributions(signals, logits),
            *self._phrase_contributions(signals, logits),
            *self._passage_contributions(signals, logits, shift, _strongest_group(logits, verdict.area)),
            *_neighbour_contributions(neighbours),
        ]
        evidence = tuple(
            self._evidence(contribution, note, passages, signals, neighbours)
            for contribution in _selected(contributions, verdict.area)
        )
        return verdict.model_copy(update={"evidence": evidence})

    def _neighbours(self, note: NoteLike, vectors: FloatArray) -> list[Neighbour]:
        """The examples that resemble a note, most similar first, without the note itself."""
        if not self._examples:
            return []
        mean = vectors.mean(axis=0, keepdims=True)
        z_scores = self._scoring.z_scores(cosines(self._means, mean, self._scale)[:, 0])
        identical = float(self._scoring.z_scores(np.ones(1, dtype=np.float32))[0])
        nearest = [row for row in np.argsort(-z_scores) if self._examples[row].path != note.path][:MAX_NEIGHBOURS]
        return [
            Neighbour(
                self._examples[row],
                NEIGHBOUR_WEIGHT * (float(z_scores[row]) - NEIGHBOUR_FROM) / (identical - NEIGHBOUR_FROM),
            )
            for row in nearest
            if z_scores[row] > NEIGHBOUR_FROM
        ]

    def _term_contributions(self, signals: Signals, logits: Float64Array) -> Iterator[Contribution]:
        sums = self._scoring.term_sums(signals.term_counts)
        for index, count in signals.term_counts.items():
            term = self._scoring.terms[index]
            with_term = sums[term.group, int(term.is_hint)]
            without_term = max(with_term - math.log1p(count), 0.0)
            lost = math.log1p(TERM_SCALE * with_term) - math.log1p(TERM_SCALE * without_term)
            loss = float(self._scoring.weights[term.group, 1 + term.is_hint] * lost)
            yield Contribution(_log_odds_loss(logits, term.group, loss), "term", term.group, index)

    def _phrase_contributions(self, signals: Signals, logits: Float64Array) -> Iterator[Contribution]:
        """The contributions of the phrases that matter most."""
        groups = self._scoring.phrase_groups
        with_phrase = signals.group_closeness[:, groups]
        without_phrase = np.maximum(with_phrase - signals.closeness, MIN_CLOSENESS)
        lost = TEMPERATURE * signals.mean(np.log(with_phrase / without_phrase)) * self._scoring.weights[groups, 0]
        for index in np.argsort(-lost)[: 2 * MAX_SUPPORTING].tolist():
            group = int(groups[index])
            yield Contribution(_log_odds_loss(logits, group, float(lost[index])), "phrase", group, index)

    def _passage_contributions(
        self, signals: Signals, logits: Float64Array, shift: Float64Array, group: int
    ) -> Iterator[Contribution]:
        """The contributions to a group of the passages that are nearest to it in comparison with other groups."""
        if len(signals.passage_terms) < 2:  # without its only passage, nothing is left to classify
            return
        others = np.delete(signals.nearness, group, axis=1).max(axis=1)
        before = _log_odds(logits, group)
        for row in np.argsort(others - signals.nearness[:, group])[:MAX_PASSAGE_EVIDENCE].tolist():
            without = self._scoring.logits(self._scoring.features(signals.without(row))) + shift
            yield Contribution(before - _log_odds(without, group), "passage", group, row)

    def _evidence(
        self,
        contribution: Contribution,
        note: NoteLike,
        passages: Sequence[PassageLike],
        signals: Signals,
        neighbours: Sequence[Neighbour],
    ) -> Evidence:
        """A contribution as evidence: its text and address."""
        path, line, toward, index = note.path, 1, side_of(contribution.group), contribution.source
        if contribution.kind == "example":
            path, toward = neighbours[index].example.path, neighbours[index].example.area
            text = f"like {path}, which you filed under {toward}"
        elif contribution.kind == "term":
            text = self._scoring.terms[index].text.strip("*")
            line = self._line(index, passages, signals)
        elif contribution.kind == "phrase":
            text = self._scoring.phrases[index][0]
            line = passages[int(signals.closeness[:, index].argmax())].start_line
        else:
            text = _beginning(passages[index].text)
            line = passages[index].start_line
        weight = round(contribution.weight, 3)
        return Evidence(kind=contribution.kind, text=text, toward=toward, weight=weight, path=path, line=line)

    def _line(self, term: int, passages: Sequence[PassageLike], signals: Signals) -> int:
        """The line on which a term first occurs; 1 if only title, tags or headings have it."""
        for passage, terms in zip(passages, signals.passage_terms, strict=True):
            if term in terms:
                text = prose_of(passage)
                offset = self._scoring.lexicon.offset(text, terms[term].first_token)
                return passage.start_line + text.count("\n", 0, offset)
        return 1


def _shift(neighbours: Sequence[Neighbour], groups: int) -> Float64Array:
    """What neighbours add to the logit of every group; those filed outside add to all kinds of outside."""
    by_side = [sum(neighbour.log_odds for neighbour in neighbours if neighbour.example.area == side) for side in SIDES]
    return np.array(by_side)[np.minimum(np.arange(groups), len(AREAS))]


def _neighbour_contributions(neighbours: Sequence[Neighbour]) -> Iterator[Contribution]:
    for index, neighbour in enumerate(neighbours):
        yield Contribution(neighbour.log_odds, "example", SIDES.index(neighbour.example.area), index)


def _selected(contributions: Sequence[Contribution], area: VerdictArea) -> list[Contribution]:
    """The largest contributions to a verdict, then the largest to other sides."""
    ordered = sorted((entry for entry in contributions if entry.weight >= MIN_WEIGHT), reverse=True)
    supporting = [entry for entry in ordered if side_of(entry.group) == area]
    opposing = [entry for entry in ordered if side_of(entry.group) != area]
    return supporting[:MAX_SUPPORTING] + opposing[:MAX_OPPOSING]


def _beginning(text: str) -> str:
    words = " ".join(clean(text).split())
    return words if len(words) <= MAX_SHOWN else words[: MAX_SHOWN - 1].rstrip() + "…"


def _probabilities(logits: Float64Array) -> dict[VerdictArea, float]:
    powers = np.exp(logits - logits.max())
    shares = powers / powers.sum()
    by_side = [*shares[: len(AREAS)], shares[len(AREAS) :].sum()]
    return {side: float(share) for side, share in zip(SIDES, by_side, strict=True)}


def _strongest_group(logits: Float64Array, side: VerdictArea) -> int:
    """The group of a side with the largest logit."""
    return SIDES.index(side) if side != "outside" else len(AREAS) + int(logits[len(AREAS) :].argmax())


def _log_odds(logits: Float64Array, group: int) -> float:
    """The log-odds of the side to which a group belongs."""
    same = np.arange(len(logits)) == group if group < len(AREAS) else np.arange(len(logits)) >= len(AREAS)
    return float(np.logaddexp.reduce(logits[same]) - np.logaddexp.reduce(logits[~same]))


def _log_odds_loss(logits: Float64Array, group: int, loss: float) -> float:
    """How far the log-odds of a group's side fall when the group's logit falls by `loss`."""
    if group < len(AREAS):
        return float(loss)
    kinds = logits[len(AREAS) :] - logits[len(AREAS) :].max()
    share = math.exp(kinds[group - len(AREAS)]) / np.exp(kinds).sum()
    return -math.log1p(share * math.expm1(-loss))


def verdict_from(scores: dict[VerdictArea, float]) -> AreaVerdict:
    """The likeliest of the four sides by their probabilities; unsure where it is not likely enough."""
    area, runner_up, *_ = sorted(SIDES, key=lambda side: -scores[side])
    return AreaVerdict(
        area=area,
        confidence=scores[area],
        unsure=scores[area] < SURE_FROM,
        decided_by="classifier",
        also=_also(scores, area),
        runner_up=runner_up,
        margin=scores[area] - scores[runner_up],
        scores=scores,
    )


def _also(scores: dict[VerdictArea, float], area: VerdictArea) -> Area | None:
    other: Area = max((name for name in AREAS if name != area), key=lambda name: scores[name])
    return other if area != "outside" and scores[other] >= ALSO_FROM else None
