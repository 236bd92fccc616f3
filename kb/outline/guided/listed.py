"""Sections for the parts of a topic that the sections of its outline say little on, as far as the notes say more."""

from __future__ import annotations

from collections.abc import Sequence, Set

from kb.areas.concepts import load_concepts
from kb.errors import EvidenceError
from kb.index.reader import IndexReader
from kb.models import FiledArea, Statement
from kb.outline.guided.found import Evidence, gather_for
from kb.outline.guided.sections import guided_sections
from kb.outline.naming.casing import Spellings, sentence_case, usual_spellings
from kb.outline.points import Excerpt
from kb.outline.quoting.choosing import MAX_POINTS
from kb.outline.topics.listed import TopicPart, parts_of
from kb.outline.topics.topic import Topic
from kb.reports import Point, Section

MIN_POINTS = 2  # of a section: a single statement is none


def with_listed_parts(
    reader: IndexReader, topic: Topic, sections: Sequence[Section], areas: tuple[FiledArea, ...]
) -> tuple[list[Section], Sequence[Excerpt]]:
    """Some sections with one under the topic's own words for each part of it that they say little on and that notes of
    the areas say more on; and the excerpts that these were chosen from.

    A point that fits such a part better than the section that has it goes there, unless too few are left.
    """
    usual = usual_spellings(load_concepts(reader.settings.own_concepts))
    parts = [part for part in parts_of(topic.text) if part.is_name and not _is_treated(part, sections)]
    headings = [sentence_case(part.text, Spellings(()), usual) for part in parts]
    if not headings:
        return [*sections], []
    try:
        evidence = gather_for(reader, topic, headings, areas, without=None)
    except EvidenceError:
        return [*sections], []
    cited = {path for section in sections for path in section.notes}
    found = guided_sections(evidence, headings, reader.encoder, MAX_POINTS).sections
    own = [
        _with_points(section, [point for point in section.points if _says(point, number, part, evidence, cited)])
        for number, (section, part) in enumerate(zip(found, parts, strict=True))
    ]
    kept = {point.text for section in sections for point in _held(section, own)}
    own = [_with_points(section, [point for point in section.points if point.text not in kept]) for section in own]
    own = [section for section in own if len(section.points) >= MIN_POINTS]
    taken = {point.text for section in own for point in section.points}
    others = [_with_points(section, [p for p in section.points if p.text not in taken]) for section in sections]
    return [*others, *own], evidence.excerpts if own else []


def _is_treated(part: TopicPart, sections: Sequence[Section]) -> bool:
    """Whether a heading names a part of a topic, or as many points as a section has at least."""
    points = [f"{point.label} {point.text}" for section in sections for point in section.points]
    return any(part.is_said(section.heading) for section in sections) or sum(map(part.is_said, points)) >= MIN_POINTS


def _says(point: Point, number: int, part: TopicPart, evidence: Evidence, cited: Set[str]) -> bool:
    """Whether a point says something of a part, given by its number, alone or under its headings. What any topic has,
    such as costs, is told by the notes that the outline cites.
    """
    if point.kind != "quotation" or (evidence.asked[number].facets and point.path not in cited):
        return False
    said = Statement(text=point.text, start_line=point.start_line, end_line=point.end_line)
    for index, entry in enumerate(evidence.excerpts):
        if entry.note.path == point.path and entry.chunk.start_line <= point.start_line <= entry.chunk.end_line:
            text = " | ".join([entry.note.title, *entry.chunk.heading_path, point.text])
            return part.is_said(text) or evidence.share(number, index, said) > 0
    return False


def _held(section: Section, own: Sequence[Section]) -> tuple[Point, ...]:
    """The points of a section that are not given to others: all, if too few would be left."""
    taken = {point.text for other in own for point in other.points}
    left = [point for point in section.points if point.text not in taken and point.kind == "quotation"]
    return section.points if len(left) < MIN_POINTS else ()


def _with_points(section: Section, points: Sequence[Point]) -> Section:
    notes = tuple(dict.fromkeys(point.path for point in points))
    return section.model_copy(update={"points": tuple(points), "notes": notes})
