"""Compares outlines with those that writers made of the same topics. Pure, but for the writers' file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import Field

from kb.errors import InputError
from kb.evaluation.json_lines import read_json_lines
from kb.evaluation.metrics import kendall_tau, normalised_mutual_information, purity, soft_overlap
from kb.evaluation.self_contained import faults
from kb.models import Encoder, Frozen
from kb.reports import Section

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

OutlineSystem = Literal["flat", "headings", "k-means", "kb"]

OUTLINE_SYSTEMS: tuple[OutlineSystem, ...] = ("flat", "headings", "k-means", "kb")

Holds = Callable[[Section], Sequence[bool]]


class GoldSection(Frozen):
    """A section of a writer's outline, and the notes it draws on."""

    heading: str = Field(min_length=1)
    notes: tuple[str, ...] = Field(min_length=1)


class GoldOutline(Frozen):
    """A topic and a writer's outline of it."""

    topic: str = Field(min_length=1)
    sections: tuple[GoldSection, ...] = Field(min_length=1)

    def section_of(self) -> dict[str, int]:
        """The number, from 0, of the first section that draws on each note."""
        numbers: dict[str, int] = {}
        for number, section in enumerate(self.sections):
            for note in section.notes:
                numbers.setdefault(note, number)
        return numbers


class OutlineScores(NamedTuple):
    """The measures of one outline: 0..1, except `tau`, -1..1, and the last four, two cosines and two counts."""

    heading_f1: float = 0.0
    heading_recall: float = 0.0
    heading_precision: float = 0.0
    nmi: float = 0.0
    purity: float = 0.0
    tau: float = 0.0
    notes_cited: float = 0.0
    citations_valid: float = 1.0
    points_not_self_contained: float = 0.0
    nearest_points: float = 0.0
    nearest_headings: float = 0.0
    longest_heading: int = 0
    leftovers: int = 0


class OutlineMeasures(Frozen):
    """The means of one system over the topics; for `citations_valid` the minimum, for the last four the maximum."""

    system: OutlineSystem
    heading_f1: float
    heading_recall: float
    heading_precision: float
    nmi: float
    purity: float
    tau: float
    notes_cited: float
    citations_valid: float
    points_not_self_contained: float
    nearest_points: float
    nearest_headings: float
    longest_heading: int
    leftovers: int


class TopicScores(Frozen):
    """The headings that kb gave a topic, none if it found too little evidence, and their measures."""

    topic: str
    headings: tuple[str, ...]
    heading_f1: float
    nmi: float
    notes_cited: float


class OutlineEvaluation(Frozen):
    """How close outlines are to those of writers. A topic with too little evidence counts as an empty outline."""

    schema_: Literal["kb.eval-outline/1"] = Field(default="kb.eval-outline/1", serialization_alias="schema")
    topics: int
    refused: int
    systems: tuple[OutlineMeasures, ...]
    by_topic: tuple[TopicScores, ...]
    seconds_each: float


class Attempt(NamedTuple):
    """One system's outline of a topic; without sections if it found too little evidence."""

    sections: Sequence[Section]
    leftovers: int = 0


def load_outlines(path: Path) -> list[GoldOutline]:
    """Read JSON lines of outlines. Raises `InputError` naming the line that is wrong, or for an empty file."""
    outlines = [outline for _, outline in read_json_lines(path, GoldOutline)]
    if not outlines:
        raise InputError(f"{path} has no outline; write one JSON object a line")
    return outlines


def compare_outlines(
    gold: Sequence[GoldOutline],
    attempts: Sequence[Mapping[OutlineSystem, Attempt]],
    encoder: Encoder,
    holds: Holds,
    seconds_each: float,
) -> OutlineEvaluation:
    """Compare each system's outlines with the gold ones, topic by topic. `holds` says for each point of a section
    whether its note contains it.
    """
    scores = {
        system: [_scores(topic, made[system], encoder, holds) for topic, made in zip(gold, attempts, strict=True)]
        for system in OUTLINE_SYSTEMS
    }
    ours = [made["kb"] for made in attempts]
    return OutlineEvaluation(
        topics=len(gold),
        refused=sum(not made.sections for made in ours),
        systems=tuple(_measures(system, rows) for system, rows in scores.items()),
        by_topic=tuple(map(_topic_scores, gold, ours, scores["kb"])),
        seconds_each=seconds_each,
    )


def _topic_scores(gold: GoldOutline, made: Attempt, scores: OutlineScores) -> TopicScores:
    return TopicScores(
        topic=gold.topic,
        headings=tuple(section.heading for section in made.sections),
        heading_f1=scores.heading_f1,
        nmi=scores.nmi,
        notes_cited=scores.notes_cited,
    )


def _scores(gold: GoldOutline, made: Attempt, encoder: Encoder, holds: Holds) -> OutlineScores:
    if not made.sections:
        return OutlineScores(leftovers=made.leftovers)
    headings = encoder.encode([section.heading for section in made.sections])
    wanted = encoder.encode([section.heading for section in gold.sections])
    recall, precision = soft_overlap(wanted, headings, encoder.scale)
    section_of = gold.section_of()
    quoting = _quoting(made.sections)
    cited = [note for note in section_of if note in quoting]
    pairs = [
        (section_of[point.path], number)
        for number, section in enumerate(made.sections)
        for point in section.points
        if point.path in section_of
    ]
    quotations = [point for section in made.sections for point in section.points if point.kind == "quotation"]
    return OutlineScores(
        heading_f1=2 * recall * precision / max(recall + precision, 1e-9),
        heading_recall=recall,
        heading_precision=precision,
        nmi=normalised_mutual_information(list(section_of.values()), [quoting.get(note, -1) for note in section_of]),
        purity=purity(pairs),
        tau=kendall_tau([section_of[note] for note in cited], [quoting[note] for note in cited]),
        notes_cited=len(cited) / len(section_of),
        citations_valid=fmean(valid for section in made.sections for valid in holds(section)),
        points_not_self_contained=_share(bool(faults(point.text, point.label)) for point in quotations),
        nearest_points=_nearest(encoder.encode([point.text for point in quotations])),
        nearest_headings=_nearest(headings),
        longest_heading=max(len(section.heading.split()) for section in made.sections),
        leftovers=made.leftovers,
    )


def _quoting(sections: Sequence[Section]) -> dict[str, int]:
    """The number of the section that quotes each note most, the first in a tie."""
    counts: dict[str, Counter[int]] = {}
    for number, section in enumerate(sections):
        for point in section.points:
            counts.setdefault(point.path, Counter())[number] += 1
    return {note: own.most_common(1)[0][0] for note, own in counts.items()}


def _share(values: Iterable[bool]) -> float:
    """The share of true values, 0 without values."""
    counted = Counter(values)
    return counted[True] / max(counted.total(), 1)


def _nearest(vectors: FloatArray) -> float:
    """The highest cosine between two of some unit vectors, 0 for fewer than two."""
    import numpy as np

    return float((vectors @ vectors.T - 2 * np.eye(len(vectors))).max()) if len(vectors) > 1 else 0.0


def _measures(system: OutlineSystem, rows: Sequence[OutlineScores]) -> OutlineMeasures:
    worst: dict[str, Callable[[list[float]], float]] = {"citations_valid": min}
    worst |= dict.fromkeys(OutlineScores._fields[-4:], max)
    means = {name: worst.get(name, fmean)([getattr(row, name) for row in rows]) for name in OutlineScores._fields}
    return OutlineMeasures.model_validate({"system": system} | means)
