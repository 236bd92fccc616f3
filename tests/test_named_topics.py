"""A topic of one word, such as an abbreviation, has an outline where notes are on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kb.errors import EvidenceError
from kb.knowledge import KnowledgeBase
from kb.models import Encoder

Write = Callable[[str, str], Path]
FILLING = "\n\nThe harbour keeps a crane of steel because ships unload heavy boxes there every morning.\n"


@pytest.fixture
def library(write: Write, notebook: Path, real_encoder: Encoder) -> KnowledgeBase:
    """Some notes of which two are on QXR, three mention ZVT, and three use the word "morning" in passing."""
    bodies = {
        "QXR": "QXR clips the ratio of two policies because large steps ruin a policy that took days to train.",
        "Policies": "A policy learned with QXR reaches 91% of the best reward after 3 hours on a single machine.",
        "Cranes": "A crane that ZVT drives lifts 40 boxes an hour, which is twice what a crew of six can do.",
        "Boxes": "Boxes of steel are cheaper than wood where ZVT stacks them, but they rust near the sea.",
        "Ships": "A ship with ZVT waits 5 hours less because the crane knows before it lands what to unload.",
    }
    for title, body in bodies.items():
        write(f"notes/{title}.md", f"---\narea: llm\n---\n# {title}\n\n{body}{FILLING}")
    knowledge = KnowledgeBase(notebook, encoder=real_encoder)
    knowledge.add(["notes"])
    return knowledge


@pytest.mark.model
@pytest.mark.parametrize(
    ("topic", "notes"),
    [
        ("QXR", {"notes/QXR.md", "notes/Policies.md"}),
        ("what is qxr", {"notes/QXR.md", "notes/Policies.md"}),
        ("ZVT", {"notes/Cranes.md", "notes/Boxes.md", "notes/Ships.md"}),
    ],
)
def test_a_topic_that_notes_name_is_about_these(library: KnowledgeBase, topic: str, notes: set[str]) -> None:
    """The encoder knows nothing of the word, but the notes do: those that name it are cited, and no others."""
    outline = library.outline(topic)
    assert {path for section in outline.sections for path in section.notes} == notes


@pytest.mark.model
@pytest.mark.parametrize("topic", ["morning", "css grid tricks", "hiking in the alps", "YTM"])
def test_a_word_in_passing_is_no_topic(library: KnowledgeBase, topic: str) -> None:
    """Neither a common word that notes use, nor what they do not have."""
    with pytest.raises(EvidenceError):
        library.outline(topic)
