"""Compares the classifier's verdicts with the areas that people gave the same notes. Pure, but for the labels' file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import ConfigDict, Field

from kb.areas.texts import SIDES
from kb.errors import InputError
from kb.evaluation.json_lines import read_json_lines
from kb.evaluation.metrics import auroc, calibration_error, confusion, macro_f1
from kb.models import AreaVerdict, Frozen, VerdictArea
from kb.reports import Skipped


class AreaLabel(Frozen):
    """The area that a person gave a note; one that belongs to two areas is `mixed`. Other keys are ignored."""

    model_config = ConfigDict(extra="ignore")

    path: str = Field(min_length=1)
    area: VerdictArea | Literal["mixed"]
    group: str | None = None

    @property
    def source(self) -> str:
        """What the note is counted under: its group, or else the first folder of its path."""
        folders = PurePosixPath(self.path).parts[:-1]
        return self.group or (folders[0] if folders else ".")


class GroupAccuracy(Frozen):
    """The number of notes of one source, and the share with the right verdict."""

    group: str
    notes: int
    accuracy: float


class WrongVerdict(Frozen):
    """A note whose verdict differs from its label."""

    path: str
    gold: VerdictArea
    verdict: VerdictArea
    confidence: float


class AreaEvaluation(Frozen):
    """How well the classifier tells the areas apart.

    `macro_f1` covers the three areas and `outside`; `macro_f1_areas` only the notes inside, each by its likeliest area.
    `auroc` is that of inside against outside, by 1 - the score of outside; `held_back` is the share of the notes inside
    whose verdict is outside, `let_in` that of the notes outside whose verdict is an area. A measure that is undefined
    for lack of notes is null. `confusion` is by label, then by verdict; `errors` are sorted by falling confidence.
    """

    schema_: Literal["kb.eval-areas/1"] = Field(default="kb.eval-areas/1", serialization_alias="schema")
    notes: int
    mixed: int
    macro_f1_areas: float | None
    macro_f1: float
    auroc: float | None
    calibration_error: float
    held_back: float | None
    let_in: float | None
    confusion: dict[VerdictArea, dict[VerdictArea, int]]
    groups: tuple[GroupAccuracy, ...]
    errors: tuple[WrongVerdict, ...]
    skipped: tuple[Skipped, ...]
    verdicts_per_second: float


def load_labels(path: Path) -> list[AreaLabel]:
    """Read JSON lines of labels. Raises `InputError` naming the line that is wrong, or labels a note again."""
    labels: dict[str, AreaLabel] = {}
    for number, label in read_json_lines(path, AreaLabel):
        if label.path in labels:
            raise InputError(f"{path}:{number}: {label.path} is labelled twice")
        labels[label.path] = label
    return list(labels.values())


@dataclass(frozen=True)
class _Case:
    """A note with its label and its verdict."""

    path: str
    source: str
    gold: VerdictArea
    verdict: AreaVerdict

    @property
    def right(self) -> bool:
        return self.verdict.area == self.gold


def compare_verdicts(
    labels: Sequence[AreaLabel], verdicts: Mapping[str, AreaVerdict], skipped: Sequence[Skipped], seconds: float
) -> AreaEvaluation:
    """Compare labels with the verdicts by path, which took `seconds`; at least one must not be mixed."""
    cases = [
        _Case(label.path, label.source, label.area, verdicts[label.path])
        for label in labels
        if label.area != "mixed" and label.path in verdicts
    ]
    inside = [case for case in cases if case.gold != "outside"]
    outside = [case for case in cases if case.gold == "outside"]
    gold, given = [case.gold for case in cases], [case.verdict.area for case in cases]
    return AreaEvaluation(
        notes=len(cases),
        mixed=sum(label.area == "mixed" for label in labels),
        macro_f1_areas=_among_areas(inside) if inside else None,
        macro_f1=macro_f1(gold, given),
        auroc=auroc(_nearness(inside), _nearness(outside)) if inside and outside else None,
        calibration_error=calibration_error(
            [case.verdict.confidence for case in cases], [case.right for case in cases]
        ),
        held_back=sum(case.verdict.area == "outside" for case in inside) / len(inside) if inside else None,
        let_in=sum(case.verdict.area != "outside" for case in outside) / len(outside) if outside else None,
        confusion=confusion(gold, given, SIDES),
        groups=_groups(cases),
        errors=_errors(cases),
        skipped=tuple(skipped),
        verdicts_per_second=len(verdicts) / seconds,
    )


def _among_areas(inside: Sequence[_Case]) -> float:
    return macro_f1([case.gold for case in inside], [case.verdict.nearest_area for case in inside])


def _nearness(cases: Sequence[_Case]) -> list[float]:
    """The probability that each note lies inside the three areas."""
    return [1 - case.verdict.scores["outside"] for case in cases]


def _groups(cases: Sequence[_Case]) -> tuple[GroupAccuracy, ...]:
    """The accuracy of each source, sorted by its name."""
    notes = Counter(case.source for case in cases)
    right = Counter(case.source for case in cases if case.right)
    return tuple(
        GroupAccuracy(group=name, notes=notes[name], accuracy=right[name] / notes[name]) for name in sorted(notes)
    )


def _errors(cases: Sequence[_Case]) -> tuple[WrongVerdict, ...]:
    wrong = [
        WrongVerdict(path=case.path, gold=case.gold, verdict=case.verdict.area, confidence=case.verdict.confidence)
        for case in cases
        if not case.right
    ]
    return tuple(sorted(wrong, key=lambda error: -error.confidence))
