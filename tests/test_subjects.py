"""What a group of notes is about, and the question that its working title asks."""

from __future__ import annotations

import pytest

from kb.areas.concepts import Concepts
from kb.concept import Concept
from kb.ideas.subjects import subjects
from kb.ideas.titles import Wording

KNOWN = Concepts(
    [
        Concept(name="Waggle dance", aliases=("bee dance",), area="gnn"),
        Concept(name="Round dance", area="gnn", alternative_to=("Waggle dance",)),
        Concept(name="Sun compass", area="gnn", part_of=("Waggle dance",)),
        Concept(name="Sky marks", area="gnn", part_of=("Waggle dance",)),
        Concept(name="Frisch Code", area="gnn", part_of=("Waggle dance",)),
        Concept(name="Pollen", area="gnn"),
        Concept(name="Dance communication", area="gnn"),
        Concept(name="Tremble dance", area="gnn", part_of=("Dance communication",)),
        Concept(name="Stop signal", area="gnn", part_of=("Dance communication",)),
        Concept(name="Honeycomb", area="gnn"),
        Concept(name="Wasp", area="gnn"),
        Concept(name="Bees", area="gnn"),
        Concept(name="Harbour", area="outside"),
    ]
)
OTHERS = [
    Wording(f"Wasp {name}", ("Bees",), (), f"Wasps are no bees, says {name}.") for name in ("Ada", "Bo", "Cy", "Di")
]


def note(title: str, text: str = "") -> Wording:
    return Wording(title, (), (), f"{title}\n{text or title} is here.")


def questions(*titles: str) -> list[str]:
    found = subjects([note(title) for title in titles], OTHERS, KNOWN, lambda name: name.lower() == "pollen")
    return [subject.question(KNOWN) for subject in found]


def test_a_concept_that_most_notes_treat_is_the_subject() -> None:
    """Under whichever of its names; a list of the notes' names is no title."""
    assert questions("The waggle dance", "A bee dance in May", "Why the waggle dance", "Zeal")[0] in (
        "What matters about waggle dance?",
        "What matters about bee dance?",
    )


@pytest.mark.parametrize(
    "titles",
    [
        ("The waggle dance", "A bee dance in May", "Zeal"),
        ("The waggle dance", "The waggle dance in May", "Honeycomb", "Zeal", "Zest"),
        ("Honeycomb", "The sun compass", "Zeal"),
        ("Tremble dance", "Stop signal", "Zeal"),
    ],
    ids=["two of three", "two of five", "two subjects for two of three", "parts"],
)
def test_a_subject_speaks_for_most_of_the_notes(titles: tuple[str, ...]) -> None:
    """What two of three notes treat is no subject of a group, as the third is about something else; what they are named
    after may at best be connected.
    """
    assert [question for question in questions(*titles) if not question.startswith("What connects")] == []


def test_without_a_common_subject_nothing_is_offered() -> None:
    """Notes that are like each other and have no subject in common that has a name."""
    assert questions("The waggle dance", "Pollen", "Harbour", "Zeal") == []


@pytest.mark.parametrize(
    ("first", "second", "question"),
    [
        ("waggle dance", "round dance", ""),
        ("waggle dance", "sun compass", "What does sun compass add to waggle dance?"),
        ("waggle dance", "sky marks", "What do sky marks add to waggle dance?"),
        ("waggle dance", "Frisch Code", "What does Frisch Code add to waggle dance?"),
        ("round dance", "sun compass", "How do round dance and sun compass work together?"),
    ],
)
def test_two_concepts_that_are_treated_together(first: str, second: str, question: str) -> None:
    """The question goes by how the two hang together; concepts that share a word are not put side by side."""
    asked = questions(
        f"The {first}", f"The {first} and the {second}", f"The {second}", f"On the {second}", f"On {first}"
    )
    assert question in asked if question else not any(second in title and first in title for title in asked)


def test_the_capitals_of_a_title_are_no_part_of_a_name() -> None:
    """A concept that titles write in capitals is asked about as its own name is written, and in lower case where a
    sentence has its first word so.
    """
    group = [note(f"The Sun Compass {word}", "Of the sun.") for word in ("Now", "Then", "Soon")]
    found = [subject.question(KNOWN) for subject in subjects(group, OTHERS, KNOWN, lambda name: False)]
    assert found[0] == "What matters about sun compass?"
    group = [note(f"A Frisch Code {word}", "Of the sun.") for word in ("Now", "Then", "Soon")]
    found = [subject.question(KNOWN) for subject in subjects(group, OTHERS, KNOWN, lambda name: False)]
    assert found[0] == "What matters about Frisch Code?"


def test_what_most_of_the_notes_are_part_of_is_their_subject() -> None:
    """A concept is the subject also of notes that are named after its parts."""
    found = questions("The tremble dance", "Stop signal", "How dance communication begins", "Zeal")
    assert found[0] == "What matters about dance communication?"


def test_concepts_without_a_common_one_are_connected() -> None:
    """Notes that have no subject in common are asked what connects the concepts that they are named after."""
    assert "What connects honeycomb and sun compass?" in questions(
        "Honeycomb", "The sun compass", "A honeycomb", "Zeal"
    )


def test_what_many_other_notes_treat_is_no_subject() -> None:
    """A concept of a fifth of the other notes does not say what these are about."""
    assert questions("Wasp nests", "Wasp stings", "A wasp in May") == []


def test_vague_and_foreign_names_are_no_subjects() -> None:
    """What the caller calls vague, and the concepts of subjects outside the areas."""
    assert questions("Pollen one", "Pollen two", "Pollen six") == []
