"""What a group of notes is about, and how its working title calls that."""

from __future__ import annotations

import pytest

from kb.areas.concepts import Concepts
from kb.concept import Concept
from kb.ideas.subjects import Subject, subjects
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
        Concept(name="Propolis", area="gnn", alternative_to=("Honeycomb",)),
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


def found(*titles: str) -> list[Subject]:
    return subjects([note(title) for title in titles], OTHERS, KNOWN, lambda name: name.lower() == "pollen")


def phrases(*titles: str) -> list[str]:
    return [subject.phrase(KNOWN) for subject in found(*titles)]


def test_a_concept_that_most_notes_treat_is_the_subject() -> None:
    """Under whichever of its names; a list of the notes' names is no title."""
    subject = found("The waggle dance", "A bee dance in May", "Why the waggle dance", "Zeal")[0]
    assert subject.is_common
    assert subject.phrase(KNOWN) in ("waggle dance", "bee dance")


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
    """What two of three notes treat is no common subject of a group, as the third is about something else."""
    assert [subject for subject in found(*titles) if subject.is_common] == []


def test_what_half_of_the_notes_are_part_of_is_their_theme() -> None:
    """Where nothing is common to most notes, a concept comes first that half of them treat parts of."""
    subject = found("Tremble dance", "Stop signal", "Zeal", "Honeycomb")[0]
    assert (subject.phrase(KNOWN), subject.is_common) == ("dance communication", False)


def test_without_a_common_subject_nothing_is_offered() -> None:
    """Notes that are like each other and have no subject in common that has a name."""
    assert found("The waggle dance", "Pollen", "Harbour", "Zeal") == []


@pytest.mark.parametrize(
    ("first", "second", "phrase"),
    [
        ("waggle dance", "round dance", ""),
        ("waggle dance", "sun compass", ""),
        ("round dance", "sun compass", "round dance and sun compass"),
        ("honeycomb", "propolis", "honeycomb or propolis"),
    ],
    ids=["a word in common", "a part", "and", "alternatives"],
)
def test_two_concepts_that_are_treated_together(first: str, second: str, phrase: str) -> None:
    """The phrase goes by how the two hang together; a concept and its part, and those that share a word, say one thing
    twice.
    """
    named = phrases(f"The {first}", f"The {first} and the {second}", f"The {second}", f"On the {second}", f"On {first}")
    assert phrase in named if phrase else not any(second in name and first in name for name in named)


def test_the_capitals_of_a_title_are_no_part_of_a_name() -> None:
    """A concept that titles write in capitals is called as its own name is written, and in lower case where a sentence
    has its first word so.
    """
    group = [note(f"The Sun Compass {word}", "Of the sun.") for word in ("Now", "Then", "Soon")]
    assert subjects(group, OTHERS, KNOWN, lambda name: False)[0].phrase(KNOWN) == "sun compass"
    group = [note(f"A Frisch Code {word}", "Of the sun.") for word in ("Now", "Then", "Soon")]
    assert subjects(group, OTHERS, KNOWN, lambda name: False)[0].phrase(KNOWN) == "Frisch Code"


def test_what_most_of_the_notes_are_part_of_is_their_subject() -> None:
    """A concept is the subject also of notes that are named after its parts, which then follow it in the title."""
    subject = found("The tremble dance", "Stop signal", "How dance communication begins", "Zeal")[0]
    assert subject.phrase(KNOWN) == "dance communication"
    title = subject.title(KNOWN)
    assert title
    assert title.startswith("Dance communication: tremble dance")


def test_concepts_without_a_common_one_are_named_together() -> None:
    """Notes that have no subject in common are about the concepts that they are named after."""
    assert "honeycomb and sun compass" in phrases("Honeycomb", "The sun compass", "A honeycomb", "Zeal")


def test_short_titles_say_what_a_subject_is_about() -> None:
    """Where the notes treat no other concept, the title lists theirs, as far as these are short."""
    titles = ("Round dance: zeal", "Waxed round dance", "Round dance in May, with a very long rest of a title")
    subject = found(*titles, "Spring round dance")[0]
    assert subject.title(KNOWN) == "Round dance: Waxed round dance and Spring round dance"


def test_a_phrase_that_is_no_concept_needs_more_than_itself() -> None:
    """A word of the notes alone says too little to be a title; with what the notes treat of it, it says enough."""
    alone = Subject(("readout",), (None,))
    assert alone.title(KNOWN) is None
    assert Subject(("readout",), (None,), details=("edge sets", "GraphSpec")).title(KNOWN) == (
        "Readout: edge sets and GraphSpec"
    )
    assert Subject(("honeycomb",), (9,)).title(KNOWN) == "Honeycomb"


def test_what_many_other_notes_treat_is_no_subject() -> None:
    """A concept of a fifth of the other notes does not say what these are about."""
    assert found("Wasp nests", "Wasp stings", "A wasp in May") == []


def test_vague_and_foreign_names_are_no_subjects() -> None:
    """What the caller calls vague, and the concepts of subjects outside the areas."""
    assert found("Pollen one", "Pollen two", "Pollen six") == []
