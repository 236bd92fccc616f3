"""Compares outlines with those that writers made of the same topics. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import Field

from kb.cutoffs import SAME_POINT
from kb.evaluation.guided import FilledHeading, GuidedMeasures, guided_measures
from kb.evaluation.metrics import kendall_tau, normalised_mutual_information, purity, soft_overlap
from kb.evaluation.self_contained import faults
from kb.evaluation.written import GoldOutline
from kb.models import Encoder, Frozen
from kb.reports import Section
from kb.scale import Scale

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

OutlineSystem = Literal["flat", "headings", "k-means", "kb"]

OUTLINE_SYSTEMS: tuple[OutlineSystem, ...] = ("flat", "headings", "k-means", "kb")

Holds = Callable[[Section], Sequence[bool]]


class OutlineScores(NamedTuple):
    """The measures of one outline: 0..1, except `tau`, -1..1, and the last five, two cosines and three counts.

    `notes_searched` is what `notes_cited` would be of a search that shows as many notes, and `heading_support` the
    share of the quotations that are nearest, with their labels, to the heading of their own section.
    """

    heading_f1: float = 0.0
    heading_recall: float = 0.0
    heading_precision: float = 0.0
    nmi: float = 0.0
    purity: float = 0.0
    tau: float = 0.0
    notes_cited: float = 0.0
    notes_searched: float = 0.0
    heading_support: float = 0.0
    citations_valid: float = 1.0
    points_not_self_contained: float = 0.0
    repeated_points: int = 0
    nearest_points: float = 0.0
    nearest_headings: float = 0.0
    longest_heading: int = 0
    leftovers: int = 0


class OutlineMeasures(Frozen):
    """The means of one system over the topics; for `citations_valid` the minimum, for the last five the maximum."""

    system: OutlineSystem
    heading_f1: float
    heading_recall: float
    heading_precision: float
    nmi: float
    purity: float
    tau: float
    notes_cited: float
    notes_searched: float
    heading_support: float
    citations_valid: float
    points_not_self_contained: float
    repeated_points: int
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
    guided: GuidedMeasures | None = None
    seconds_each: float


class Attempt(NamedTuple):
    """One system's outline of a topic, without sections if it found too little evidence, and the notes that a search
    for the topic finds, best first.
    """

    sections: Sequence[Section]
    leftovers: int = 0
    found: Sequence[str] = ()


def compare_outlines(
    gold: Sequence[GoldOutline],
    attempts: Sequence[Mapping[OutlineSystem, Attempt]],
    encoder: Encoder,
    holds: Holds,
    seconds_each: float,
    filled: Sequence[FilledHeading] = (),
) -> OutlineEvaluation:
    """Compare each system's outlines with the gold ones, topic by topic. `holds` says for each point of a section
    whether its note contains it; `filled` are the headings that were given.
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
        guided=guided_measures(filled),
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
    owned = [(own, p) for own, section in enumerate(made.sections) for p in section.points if p.kind == "quotation"]
    quotations = [point for _, point in owned]
    vectors = encoder.encode([point.text for point in quotations])
    labelled = encoder.encode([f"{point.label} {point.text}".strip() for point in quotations])
    return OutlineScores(
        heading_f1=2 * recall * precision / max(recall + precision, 1e-9),
        heading_recall=recall,
        heading_precision=precision,
        nmi=normalised_mutual_information(list(section_of.values()), [quoting.get(note, -1) for note in section_of]),
        purity=purity(pairs),
        tau=kendall_tau([section_of[note] for note in cited], [quoting[note] for note in cited]),
        notes_cited=len(cited) / len(section_of),
        notes_searched=len(section_of.keys() & made.found[: len(quoting)]) / len(section_of),
        heading_support=_share((labelled @ headings.T).argmax(axis=1) == [own for own, _ in owned]),
        citations_valid=fmean(valid for section in made.sections for valid in holds(section)),
        points_not_self_contained=_share(bool(faults(point.text, point.label)) for point in quotations),
        repeated_points=_repeated(vectors, encoder.scale),
        nearest_points=_nearest(vectors),
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


def _repeated(vectors: FloatArray, scale: Scale) -> int:
    """The number of statements, by their unit vectors, that make the same point as an earlier one."""
    import numpy as np

    same = scale.sameness(vectors @ vectors.T) >= SAME_POINT
    return int(np.tril(same, -1).any(axis=1).sum())


def _measures(system: OutlineSystem, rows: Sequence[OutlineScores]) -> OutlineMeasures:
    worst: dict[str, Callable[[list[float]], float]] = {"citations_valid": min}
    worst |= dict.fromkeys(OutlineScores._fields[-5:], max)
    means = {name: worst.get(name, fmean)([getattr(row, name) for row in rows]) for name in OutlineScores._fields}
    return OutlineMeasures.model_validate({"system": system} | means)
