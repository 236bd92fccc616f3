"""A note's passages and their vectors -> `AreaVerdict`: which of the three areas, how sure, and why. Pure.

Every area, and every kind of what lies outside, is a group of phrases and terms with a score (`scoring`). A softmax
over the groups gives the probabilities; what lies outside has the sum of its kinds. Notes that the writer filed and
that resemble this one pull it to their area.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kb.areas.scoring import (
    FIRST_WORD,
    LEAST_CLOSENESS,
    SOFTNESS,
    Passage,
    Reading,
    Scores,
    Scoring,
    Titled,
    Vector,
    load_weights,
    spread,
)
from kb.areas.texts import SIDES, AreaTexts, side_of
from kb.index.arrays import centroid
from kb.models import AREAS, Area, AreaVerdict, DecidedBy, Evidence, EvidenceKind, FiledArea, VerdictArea
from kb.notes.prose import clean

HELD_BACK_FROM = 0.8  # a note is held back where it lies outside with this probability
SURE_FROM = 0.7
ALSO_FROM = 0.05
EXAMPLES = 5
EXAMPLE_FROM = 3.2  # the deviations of cosine from which two notes are alike
EXAMPLE_PULL = 30.0  # log-odds that a note exactly like an example gains
EVIDENCE_LENGTH = 6
OPPOSING_LENGTH = 2
LEAST_WEIGHT = 0.02
SHOWN_PASSAGES = 2
SHOWN_CHARACTERS = 44


@dataclass(frozen=True)
class Example:
    """A note that the writer filed: where, and its centroid `(dim,)` of length 1."""

    path: str
    area: VerdictArea
    centroid: Vector


class Reason(NamedTuple):
    """A piece of evidence in the making: what the log-odds of its side lose without it, and its number in its kind."""

    weight: float
    kind: EvidenceKind
    group: int
    number: int


class Pull(NamedTuple):
    """The log-odds that an example lends to its area."""

    example: Example
    strength: float


def override(verdict: AreaVerdict, area: FiledArea, decided_by: DecidedBy) -> AreaVerdict:
    """The verdict when the writer decided; the classifier's scores stay to be seen."""
    decided: VerdictArea = "outside" if area == "detour" else area
    return verdict.model_copy(update={"area": decided, "decided_by": decided_by, "unsure": False})


class Classifier:
    """Judges notes by some areas. `phrase_vectors` are those of `texts.phrases`, in that order: `(n, dim)`, unit rows;
    `examples` are notes that the writer filed.
    """

    def __init__(self, texts: AreaTexts, phrase_vectors: Vector, examples: Sequence[Example] = ()) -> None:
        self._scoring = Scoring(texts, phrase_vectors, load_weights())
        self._examples = examples
        self._centroids = np.stack([example.centroid for example in examples]) if examples else phrase_vectors[:0]

    def classify(self, note: Titled, passages: Sequence[Passage], vectors: Vector) -> AreaVerdict:
        """The verdict for a note; `vectors` are those of its passages, `(n, dim)`, unit rows."""
        passages, vectors = spread(passages, vectors)
        reading = self._scoring.read(note, passages, vectors)
        pulls = self._pulls(note, vectors)
        measures = self._scoring.measures(reading)
        pulled = _by_group(pulls, len(measures))
        logits = self._scoring.logits(measures) + pulled
        verdict = _verdict(_probabilities(logits))
        reasons = [
            *self._terms(reading, logits),
            *self._phrases(reading, logits),
            *self._passages(reading, logits, pulled, _foremost(logits, verdict.area)),
            *(Reason(pull.strength, "example", _group(pull), number) for number, pull in enumerate(pulls)),
        ]
        best = _strongest(reasons, verdict.area)
        evidence = tuple(self._evidence(reason, note, passages, reading, pulls) for reason in best)
        return verdict.model_copy(update={"evidence": evidence})

    def _pulls(self, note: Titled, vectors: Vector) -> list[Pull]:
        """The examples nearest to a note; none that is merely related, nor the note itself."""
        if not self._examples:
            return []
        alike = self._scoring.deviations(self._centroids @ centroid(vectors))
        whole = float(self._scoring.deviations(np.ones(1, dtype=np.float32))[0])
        nearest = [row for row in np.argsort(-alike) if self._examples[row].path != note.path][:EXAMPLES]
        return [
            Pull(self._examples[row], EXAMPLE_PULL * (float(alike[row]) - EXAMPLE_FROM) / (whole - EXAMPLE_FROM))
            for row in nearest
            if alike[row] > EXAMPLE_FROM
        ]

    def _terms(self, reading: Reading, logits: Scores) -> Iterator[Reason]:
        sums = self._scoring.word_sums(reading.counts)
        for index, count in reading.counts.items():
            term = self._scoring.terms[index]
            column = 0 if term.plain else 1
            whole = sums[term.group, column]
            lost = math.log1p(FIRST_WORD * whole) - math.log1p(FIRST_WORD * max(whole - math.log1p(count), 0.0))
            fall = _fall(logits, term.group, float(self._scoring.weights[term.group, column + 1] * lost))
            yield Reason(fall, "term", term.group, index)

    def _phrases(self, reading: Reading, logits: Scores) -> Iterator[Reason]:
        """The phrases without which the passages would be further from a group."""
        groups = self._scoring.group_of
        whole = reading.together[:, groups]
        left = np.maximum(whole - reading.closeness, LEAST_CLOSENESS)
        lost = SOFTNESS * np.log(whole / left).mean(axis=0) * self._scoring.weights[groups, 0]
        for number in np.argsort(-lost)[: 2 * EVIDENCE_LENGTH].tolist():
            group = int(groups[number])
            yield Reason(_fall(logits, group, float(lost[number])), "phrase", group, number)

    def _passages(self, reading: Reading, logits: Scores, pulled: Scores, group: int) -> Iterator[Reason]:
        """The passages without which the note would belong less to a group's side."""
        if len(reading.body) < 2:  # without its only passage nothing is left to judge
            return
        others = np.delete(reading.nearness, group, axis=1).max(axis=1)
        before = _log_odds(logits, group)
        for row in np.argsort(others - reading.nearness[:, group])[:SHOWN_PASSAGES].tolist():
            without = self._scoring.logits(self._scoring.measures(reading.without(row))) + pulled
            yield Reason(before - _log_odds(without, group), "passage", group, row)

    def _evidence(
        self, reason: Reason, note: Titled, passages: Sequence[Passage], reading: Reading, pulls: Sequence[Pull]
    ) -> Evidence:
        path, line, toward = note.path, 1, side_of(reason.group)
        if reason.kind == "example":
            example = pulls[reason.number].example
            path, toward = example.path, example.area
            text = f"like {path}, which you filed under {toward}"
        elif reason.kind == "term":
            text = self._scoring.terms[reason.number].text.strip("*")
            line = self._line(reason.number, passages, reading)
        elif reason.kind == "phrase":
            text = self._scoring.phrases[reason.number][0]
            line = passages[int(reading.closeness[:, reason.number].argmax())].start_line
        else:
            text = _beginning(passages[reason.number].text)
            line = passages[reason.number].start_line
        return Evidence(
            kind=reason.kind, text=text, toward=toward, weight=round(reason.weight, 3), path=path, line=line
        )

    def _line(self, term: int, passages: Sequence[Passage], reading: Reading) -> int:
        """The line on which a term first occurs; 1 where only title, tags or headings have it."""
        for passage, words in zip(passages, reading.body, strict=True):
            if term in words:
                place = self._scoring.lexicon.place(passage.text, words[term].first)
                return passage.start_line + passage.text.count("\n", 0, place)
        return 1


def _by_group(pulls: Sequence[Pull], groups: int) -> Scores:
    """What examples lend to every group: those outside to all kinds of it."""
    by_side = [sum(pull.strength for pull in pulls if pull.example.area == side) for side in SIDES]
    return np.array(by_side)[np.minimum(np.arange(groups), len(AREAS))]


def _group(pull: Pull) -> int:
    """The first group of the side that an example speaks for."""
    return SIDES.index(pull.example.area)


def _strongest(reasons: Sequence[Reason], area: VerdictArea) -> list[Reason]:
    """The strongest reasons for a verdict, then some that speak for another."""
    ordered = sorted((reason for reason in reasons if reason.weight >= LEAST_WEIGHT), reverse=True)
    agreeing = [reason for reason in ordered if side_of(reason.group) == area]
    opposing = [reason for reason in ordered if side_of(reason.group) != area]
    return agreeing[:EVIDENCE_LENGTH] + opposing[:OPPOSING_LENGTH]


def _beginning(text: str) -> str:
    words = " ".join(clean(text).split())
    return words if len(words) <= SHOWN_CHARACTERS else words[: SHOWN_CHARACTERS - 1].rstrip() + "…"


def _probabilities(logits: Scores) -> dict[VerdictArea, float]:
    powers = np.exp(logits - logits.max())
    shares = powers / powers.sum()
    by_side = [*shares[: len(AREAS)], shares[len(AREAS) :].sum()]
    return {side: float(share) for side, share in zip(SIDES, by_side, strict=True)}


def _foremost(logits: Scores, side: VerdictArea) -> int:
    """The strongest group of a side."""
    return SIDES.index(side) if side != "outside" else len(AREAS) + int(logits[len(AREAS) :].argmax())


def _log_odds(logits: Scores, group: int) -> float:
    """The log-odds of the side that a group speaks for."""
    mine = np.arange(len(logits)) == group if group < len(AREAS) else np.arange(len(logits)) >= len(AREAS)
    return float(np.logaddexp.reduce(logits[mine]) - np.logaddexp.reduce(logits[~mine]))


def _fall(logits: Scores, group: int, lost: float) -> float:
    """What the log-odds of a group's side lose when the group's logit loses so much."""
    if group < len(AREAS):
        return float(lost)
    kinds = logits[len(AREAS) :] - logits[len(AREAS) :].max()
    share = math.exp(kinds[group - len(AREAS)]) / np.exp(kinds).sum()
    return -math.log1p(share * math.expm1(-lost))


def _verdict(scores: dict[VerdictArea, float]) -> AreaVerdict:
    best: Area = max(AREAS, key=lambda area: scores[area])
    area: VerdictArea = "outside" if scores["outside"] >= HELD_BACK_FROM else best
    runner_up = max((side for side in SIDES if side != area), key=lambda side: scores[side])
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
