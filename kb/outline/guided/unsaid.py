"""Sections for the parts of a topic that the sections of its outline say nothing on, as far as the notes do."""

from __future__ import annotations

from collections.abc import Sequence, Set

from kb.errors import EvidenceError
from kb.index.reader import IndexReader
from kb.models import FiledArea
from kb.outline.guided.found import gather_for
from kb.outline.guided.sections import guided_sections
from kb.outline.points import Excerpt
from kb.outline.quoting.choosing import MAX_POINTS
from kb.outline.topics.topic import Topic
from kb.outline.topics.unsaid import unsaid_parts
from kb.reports import Section

MIN_POINTS = 2  # of a part: a single statement is no section


def with_unsaid_parts(
    reader: IndexReader, topic: Topic, sections: Sequence[Section], areas: tuple[FiledArea, ...]
) -> tuple[list[Section], Sequence[Excerpt]]:
    """Some sections with one under the topic's own words for each part of it that they say nothing on and that notes
    of the areas do, which has its points alone; and the excerpts that these were chosen from. What is found for none
    stays a gap.
    """
    headings = [part.text[:1].upper() + part.text[1:] for part in unsaid_parts(topic.text, sections)]
    if not headings:
        return [*sections], []
    try:
        evidence = gather_for(reader, topic, headings, areas, without=None)
    except EvidenceError:
        return [*sections], []
    found = guided_sections(evidence, headings, reader.encoder, MAX_POINTS).sections
    cited = {path for section in sections for path in section.notes}
    on_topic = [
        _of_notes(section, cited) if asked.facets else section
        for section, asked in zip(found, evidence.asked, strict=True)
    ]
    own = [section for section in on_topic if len(section.points) >= MIN_POINTS]
    taken = {point.text for section in own for point in section.points}
    return [*(_without(section, taken) for section in sections), *own], evidence.excerpts if own else []


def _of_notes(section: Section, paths: Set[str]) -> Section:
    """A section with its points of some notes: those on a topic. "Costs" alone could be those of anything."""
    return section.model_copy(update={"points": tuple(point for point in section.points if point.path in paths)})


def _without(section: Section, taken: Set[str]) -> Section:
    return section.model_copy(update={"points": tuple(point for point in section.points if point.text not in taken)})
