"""Sections for the parts of a topic that the sections of its outline say nothing on, as far as the notes do."""

from __future__ import annotations

from collections.abc import Sequence

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


def for_unsaid_parts(
    reader: IndexReader, topic: Topic, sections: Sequence[Section], areas: tuple[FiledArea, ...]
) -> tuple[list[Section], list[Excerpt]]:
    """A section under the topic's own words for each part of it that some sections say nothing on and that notes of the
    areas do, and the excerpts that these were chosen from. What is found for none stays a gap.
    """
    headings = [part.text[:1].upper() + part.text[1:] for part in unsaid_parts(topic.text, sections)]
    if not headings:
        return [], []
    try:
        evidence = gather_for(reader, topic, headings, areas, without=None)
    except EvidenceError:
        return [], []
    said = {point.text for section in sections for point in section.points}
    found = []
    for section in guided_sections(evidence, headings, reader.encoder, MAX_POINTS).sections:
        points = tuple(point for point in section.points if point.text not in said)
        if len(points) >= MIN_POINTS:
            notes = tuple(dict.fromkeys(point.path for point in points))
            found.append(section.model_copy(update={"points": points, "notes": notes}))
    return found, [*evidence.excerpts] if found else []
