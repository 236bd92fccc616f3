"""The order of sections, and the gaps of an outline."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from conftest import SCALE
from test_sections import excerpts_of

from kb.areas.concepts import Concepts
from kb.concept import Concept
from kb.models import NoteRecord
from kb.outline.gaps import gaps, untreated_parts
from kb.outline.order import NO_EXAMPLE, Place, in_order
from kb.reports import Gap, Point, Section

AXES = np.eye(4, dtype=np.float32)
TODAY = datetime.date(2026, 1, 1)


def record(text: str, path: str = "notes/a.md", **fields: object) -> NoteRecord:
    """A note as the catalog has it."""
    return excerpts_of({path: text})[0].note.model_copy(update=fields)


def section(heading: str, text: str, *paths: str) -> Section:
    points = tuple(Point(text=text, path=path, start_line=1, end_line=1, sha256="") for path in paths)
    return Section(heading=heading, points=points, notes=paths)


def place(heading: str, note: NoteRecord, share: float = 1.0, axis: int = 0, *concepts: int) -> Place:
    return Place(heading, [note], share, AXES[axis], frozenset(concepts))


def test_what_is_relevant_and_old_comes_first() -> None:
    """The section of the most relevant notes comes first; among equals the one that rests on older work."""
    note = record("A note of a few words.\n")
    assert in_order([place("a", note, 0.5), place("b", note)], NO_EXAMPLE, SCALE) == [1, 0]
    ages = [
        note.model_copy(update={"sources": (f"https://arxiv.org/abs/{id}",)}) for id in ("2305.00001", "1706.03762")
    ]
    assert in_order([place("x", age) for age in ages], NO_EXAMPLE, SCALE) == [1, 0]


def test_what_a_section_builds_on_comes_before_it() -> None:
    """A section follows the one on whose concept it builds, unless that has much less to do with the topic; sections
    that build on each other stay as they rank.
    """
    note = record("A note of a few words.\n")
    bases = {1: [2], 2: []}
    built = [place("built", note, 1.0, 0, 1), place("base", note, 0.8, 1, 2)]
    assert in_order(built, NO_EXAMPLE, SCALE, bases.__getitem__) == [1, 0]
    far = [built[0], place("base", note, 0.3, 1, 2)]
    assert in_order(far, NO_EXAMPLE, SCALE, bases.__getitem__) == [0, 1]
    assert in_order(built, NO_EXAMPLE, SCALE, {1: [2], 2: [1]}.__getitem__) == [0, 1]


def test_what_a_topic_names_comes_in_its_order() -> None:
    """Of sections on what the topic names, the one named first comes first, however relevant it is; other
    sections stay as they rank.
    """
    note = record("A note of a few words.\n")
    places = [place("second", note, 1.0, 0, 2), place("other", note, 0.8, 1, 3), place("first", note, 0.3, 2, 1)]
    assert in_order(places, NO_EXAMPLE, SCALE, asked=(1, 2)) == [2, 0, 1]
    assert in_order(places, NO_EXAMPLE, SCALE, asked=(2, 1)) == [0, 1, 2]
    assert in_order(places, NO_EXAMPLE, SCALE) == [0, 1, 2]


def test_what_a_topic_names_comes_before_what_builds_on_it() -> None:
    """The section on what the topic names precedes one that builds on it, however much more relevant that is."""
    note = record("A note of a few words.\n")
    places = [place("built", note, 1.0, 0, 1), place("named", note, 0.3, 1, 2)]
    bases = {1: [2], 2: []}
    assert in_order(places, NO_EXAMPLE, SCALE, bases.__getitem__, asked=(2,)) == [1, 0]


def test_limits_and_outlook_come_last() -> None:
    """A section on limits comes at the end, however relevant it is, and an outlook after it."""
    note = record("A note of a few words.\n")
    places = [place(name, note) for name in ("Where it goes next", "Failure modes", "Results", "The basics")]
    assert [places[index].heading for index in in_order(places, NO_EXAMPLE, SCALE)] == [
        "The basics",
        "Results",
        "Failure modes",
        "Where it goes next",
    ]


def test_a_published_post_is_an_example() -> None:
    """Sections follow the order of similar parts of an example post."""
    note = record("A note of a few words.\n")
    places = [place(name, note, 1.0, axis) for axis, name in enumerate("abc")]
    assert in_order(places, AXES[[2, 0, 1]], SCALE) == [2, 0, 1]


def found(topic: str, sections: list[Section], notes: dict[str, str], **fields: object) -> list[Gap]:
    excerpts = excerpts_of(notes)
    records = [entry.note.model_copy(update=fields) for entry in excerpts]
    return list(gaps(topic, sections, excerpts, records, TODAY, lambda term: True))


@pytest.mark.parametrize(
    ("fields", "kinds"),
    [
        ({"area": "llm", "date": datetime.date(2023, 1, 1)}, ["one note", "no numbers", "old notes"]),
        ({"area": "llm", "date": datetime.date(2025, 1, 1)}, ["one note", "no numbers"]),
        ({"area": "llm", "date": None}, ["one note", "no numbers"]),
        ({"area": "gnn", "date": datetime.date(2023, 1, 1)}, ["one note", "no numbers"]),
    ],
)
def test_one_old_note(fields: dict[str, object], kinds: list[str]) -> None:
    """A section of one note is a gap, one without numbers, and one of old notes where the subject moves fast."""
    sections = [section("Caches", "The cache is full.", "notes/a.md")]
    assert [gap.kind for gap in found("caches", sections, {"notes/a.md": "The cache is full.\n"}, **fields)] == kinds


def test_parts_of_the_topic_without_evidence() -> None:
    """A part of the topic is a gap if no point has a word of it, and only then."""
    paths = ("notes/a.md", "notes/b.md")
    sections = [section("Caches", "Caching a block costs 2 MB of memory.", *paths)]
    told = found(
        "the memory of caches, energy and how to block", sections, dict.fromkeys(paths, "Caching costs memory.\n")
    )
    assert [(gap.kind, "'energy'" in gap.text) for gap in told] == [("no evidence", True)]


@pytest.mark.parametrize(
    ("topic", "lacking"),
    [
        ("Who talks to whom: caches", []),
        ("How caches got to where they are, and what matters", []),
        ("caches, and which of them really pays: energy", ["energy"]),
        ("caches: we measured and nobody knew", []),
        ("how to block a cache or to heat the water", ["water"]),
        ("caches from theory to practice", ["theory", "practice"]),
        ("caches, quickly and safely", []),
        ("caches, talk of the town and cost", ["town"]),
    ],
)
def test_only_what_can_be_a_subject_is_a_part(topic: str, lacking: list[str]) -> None:
    """A part of the topic is a noun: verbs, adverbs and words of filler are no gaps."""
    paths = ("notes/a.md", "notes/b.md")
    sections = [section("Caches", "Caching a block costs 2 MB of memory.", *paths)]
    told = found(topic, sections, dict.fromkeys(paths, "Caching costs memory.\n"))
    assert [gap.text for gap in told] == [f"no point is about {name!r}, a part of the topic" for name in lacking]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# Caches\n\nCaching costs memory.\n\n## Energy use\n\nA watt a block.\n", 5),
        ("# Caches\n\nCaching costs memory.\n\n## Cost\n\nA watt a block.\nOf energy, most.\n", 8),
        ("# Caches\n\nCaching costs memory.\n", None),
        ("# Caches\n\nCaching is energy-saving in synenergy.\n", 3),
        ("# Caches\n\nCaching costs synenergy.\n", None),
    ],
)
def test_a_part_that_no_point_is_about_is_told_with_its_place(text: str, line: int | None) -> None:
    """Where the notes have what no point says, in a heading or else in a passage, the gap leads there."""
    paths = ("notes/a.md", "notes/b.md")
    sections = [section("Caches", "Caching a block costs 2 MB of memory.", *paths)]
    passages = [(entry.note.path, entry.chunk) for entry in excerpts_of({"notes/a.md": text})]
    notes = [entry.note for entry in excerpts_of(dict.fromkeys(paths, "Caching costs memory.\n"))]
    told = gaps("caches and energy", sections, [], notes, TODAY, lambda term: True, passages=passages)
    place = f"; notes/a.md:{line} names it" if line else ""
    assert [gap.text for gap in told] == [f"no point is about 'energy', a part of the topic{place}"]


def test_parts_of_a_concept_that_no_note_treats() -> None:
    """Of a concept that the topic names and a cited note treats, the parts that no cited note treats are gaps, those
    that others build on first.
    """
    serving = [Concept(name="Serving"), *(Concept(name=name, part_of=("Serving",)) for name in "ABCDE")]
    concepts = Concepts([*serving, Concept(name="User", builds_on=("D",))])
    treated = {0: {"x"}, 1: {"x", "y"}, 2: {"elsewhere"}}

    def missing(*cited: str) -> list[str]:
        found = untreated_parts(concepts, [0], set(cited), lambda number: treated.get(number, set()))
        return [gap.text for gap in found]

    assert missing("x", "y") == [f"nothing on {name!r}, a part of 'Serving'" for name in "DBC"]
    assert missing("elsewhere") == []


def test_names_that_nothing_explains() -> None:
    """A term of several notes that none explains is a gap, and so is a link to a missing note."""
    paths = tuple(f"notes/{name}.md" for name in "abc")
    sections = [section("Kernels", "Kernels: 3.", *paths)]
    plain = dict.fromkeys(paths, "The CUTLASS kernel beats the WMMA one. WMMA is a matrix instruction.\n")
    assert [gap.text for gap in found("kernels", sections, plain)] == [
        "CUTLASS is named in 3 of the notes and explained in none"
    ]
    linking = found("kernels", sections, dict.fromkeys(paths, "See [[tensor-cores]] for what it is.\n"))
    assert [gap.kind for gap in linking] == ["not explained"]
    assert "tensor-cores" in linking[0].text
