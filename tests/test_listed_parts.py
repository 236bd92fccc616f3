"""Parts of a topic that no proposed section is about, with the real model."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.knowledge import KnowledgeBase
from kb.outline.topics.listed import unsaid_parts

TOPIC = "shipping a new model safely, from validation gate to A/B test"


@pytest.mark.model
@pytest.mark.slow  # two outlines of all notes
def test_what_notes_say_on_a_part_of_the_topic_is_a_section(library: KnowledgeBase) -> None:
    """A part that the proposed sections say nothing on has a section in the writer's words, from what notes say on it,
    and is no gap; where the writer says how many sections there are, it stays one.
    """
    proposed, counted = library.outline(TOPIC), library.outline(TOPIC, sections=4)
    own = {section.heading: {Path(path).stem for path in section.notes} for section in proposed.sections}
    assert "tfx-pipelines" in own["Validation gate"]
    assert not any("validation gate" in gap.text for gap in proposed.gaps)
    assert len(counted.sections) == 4
    assert any("validation gate" in gap.text for gap in counted.gaps)


@pytest.mark.model
@pytest.mark.slow  # an outline of all notes
def test_a_part_that_no_note_treats_is_no_section(library: KnowledgeBase) -> None:
    """A part of which the notes say nothing is a gap, and has no section."""
    outline = library.outline("serving language models: batching, volcanoes")
    assert not any("olcano" in section.heading for section in outline.sections)
    assert any("volcanoes" in gap.text for gap in outline.gaps)


@pytest.mark.parametrize(
    ("topic", "parts"),
    [
        ("caches: the price of it and the running costs", ["price", "running costs"]),
        ("caches, what breaks and when", []),
        ("from caches to the energy bills of them", ["energy bills"]),
        ("speech to text and text to speech", ["speech to text", "text to speech"]),
        ("caches for 1,000 GPUs, e.g. Feast", ["caches for 1,000 GPUs", "Feast"]),
        ("A/B tests, C++ and f(x)", ["A/B tests", "C++"]),
        ("caches: the do's and don'ts", []),
        ("caches: new keys, values and new keys", ["new keys", "values"]),
        ("caches or GPT-4.5", ["GPT-4.5"]),
        ("energy bills of caches", []),
        ("filling and draining reservoirs", ["draining reservoirs"]),
        ("reservoirs: filling, draining and storms", ["reservoirs", "filling", "draining", "storms"]),
        ("Draining vs filling small reservoirs", ["Draining", "filling small reservoirs"]),
    ],
)
def test_the_parts_of_a_topic(topic: str, parts: list[str]) -> None:
    """A part is what stands between commas, colons and conjunctions, without the small words around it, if a word of it
    says what it is; a topic of one part has none, and none is there twice.
    """
    assert [part.text for part in unsaid_parts(topic, []) if part.text != "caches"] == parts
