"""How headings are written, and which of them say something."""

from __future__ import annotations

import time

import pytest

from kb.areas.concepts import Concepts, load_concepts
from kb.outline.naming.casing import Spellings, sentence_case, usual_spellings
from kb.outline.naming.forms import is_generic, says_nothing, tidy

NOTHING = Spellings([])
TEXTS = Spellings(
    [
        "The tide table of a harbour lists high water. We run HarBot on Wednesdays, and HarBot asks TideDB.",
        "# Tide Tables And Currents\n- Currents turn: the current is strongest between tides.",
    ]
)


@pytest.mark.parametrize(
    ("heading", "written"),
    [
        ("HIGH WATER AND CURRENTS", "High water and currents"),
        ("Tide Tables For A Harbour", "Tide tables for a harbour"),
        ("Tide Tables: From A to B", "Tide tables: From A to B"),
        ("Self-Steering Boats on V-Keels", "Self-steering boats on V-keels"),
        ("S4nD and PyQuux", "S4nD and PyQuux"),
        ("a talk by Ann Lee", "A talk by Ann Lee"),
        ("The Harbour: Tides and HARBOT", "The harbour: Tides and HARBOT"),
        ("Tide Tables: what turns at high water", "Tide tables: what turns at high water"),
        ("Tide Tables: What a Harbour Needs", "Tide tables: What a harbour needs"),
        ("Tide Tables: HARBOT Tides", "Tide tables: HARBOT tides"),
        ("tide tables of HarBot", "Tide tables of HarBot"),
        ("Boats with tide tables in Harbour Maps", "Boats with tide tables in Harbour Maps"),
        ("HarBot: why tides turn", "HarBot: why tides turn"),
        ("eBoats on V-keels", "eBoats on V-keels"),
        ("WHAT THE TIDE DOES", "What the tide does"),
        ("GPU", "GPU"),
        ("GPU and FFT for Quux", "GPU and FFT for Quux"),
        ("IT and I", "IT and I"),
    ],
)
def test_headings_are_in_sentence_case(heading: str, written: str) -> None:
    """Capitals are those that the words have inside sentences; names and abbreviations keep theirs, and a word that no
    text has stays as it is, but in a title or in shouting.
    """
    assert sentence_case(heading, TEXTS, NOTHING) == written


def test_names_are_those_of_the_notes() -> None:
    """A word is a name where the notes write it as one and kb knows no common word; kb writes what they do not."""
    usual = usual_spellings(load_concepts())
    assert sentence_case("GRAPH NEURAL NETWORKS ON GPUS", TEXTS, usual) == "Graph neural networks on GPUs"
    notes = Spellings(["Ann Lee of Quux asks for a Graph, which the Graph of Quux is."])
    assert sentence_case("Graph Stores by Ann of Quux", notes, usual) == "Graph stores by Ann of Quux"
    assert sentence_case("", TEXTS, usual_spellings(Concepts(()))) == ""


def test_abbreviations_are_written_as_the_field_writes_them() -> None:
    """What the name of a file has in small letters is an abbreviation where notes or kb write it so; a common word is
    none.
    """
    usual = usual_spellings(load_concepts())
    assert sentence_case("finetune llms", NOTHING, usual) == "Finetune LLMs"
    assert sentence_case("Gnns", NOTHING, usual) == "GNNs"
    assert sentence_case("tdb of the harbour", Spellings(["We ask the TDB."]), NOTHING) == "TDB of the harbour"
    assert sentence_case("clip and log", Spellings(["We clip the log."]), usual) == "Clip and log"
    commands = "Run `quuxgraph`, or `quuxgraph 2`:\n\n```\nquuxgraph 3\n```\n\nQuuxGraph ends."
    assert sentence_case("quuxgraph tables", Spellings([commands]), NOTHING) == "QuuxGraph tables"
    assert sentence_case("quuxgraph tables", Spellings(["We fill QuuxGraph."]), NOTHING) == "QuuxGraph tables"


def test_the_name_of_a_file_is_written_as_a_name() -> None:
    """A title of one word in small letters, alone or before a colon, has the capitals that sentences write it with,
    even if commands write it without; and a capital at its start, where it has none inside.
    """
    notes = Spellings(["Quux reads QIO. Run qio and qio again: qio.", "vTide and vTide.", "Run gauge, gauge or GAUGE."])
    assert sentence_case("qio", notes, NOTHING) == "QIO"
    assert sentence_case("qio: Tide Tables", notes, NOTHING) == "QIO: Tide tables"
    assert sentence_case("harbour: Tide Tables", notes, NOTHING) == "Harbour: Tide tables"
    assert sentence_case("vtide", notes, NOTHING) == "vTide"
    assert sentence_case("run gauge", notes, NOTHING) == "Run gauge"


def test_titles_of_notes_are_no_prose() -> None:
    """What a link calls a note is in title case, and says nothing of how a word is written."""
    linking = ["See [[Tide Tables]], or [[Tide Tables|the tables]], of [[Tide Tables]]."]
    assert sentence_case("Harbour Tables", Spellings(linking), NOTHING) == "Harbour tables"


@pytest.mark.parametrize(
    "heading",
    [
        "News",
        "User Documentation",
        "Additional Resources",
        "FAQ",
        "Frequently Asked Questions about tides",
        "Misc",
        "Notes",
        "Notes 2",
        "Week 3",
        "Assignment 1",
        "4:20 pm",
        "2025 01 31",
        "Next steps",
        "Open questions",
        "About this book",
        "About the author",
        "Preface",
        "Extra credit: a second harbour",
        "How to use this guide",
        "tide_table.py",
        "Harbour master tables.ipynb",
        "Advantages & drawbacks",
        "Deep analysis",
        "深度分析",
        "Weaknesses, possible extensions and future work",
        "摘要",
        "結論",
        "개요",
    ],
)
def test_headings_of_any_text_say_nothing(heading: str) -> None:
    """The parts of a document, its dates and what comes with it are no subjects."""
    assert is_generic(heading)


@pytest.mark.parametrize(
    "heading",
    [
        "News recommendation",
        "Model parallelism",
        "Notes on tides",
        "Week-long storms",
        "About tides",
        "tide.cpp",
        "Tide.js",
        "Limitations of gauges",
        "Methods and tides",
    ],
)
def test_headings_with_a_subject_say_something(heading: str) -> None:
    """A heading that merely begins with such a word names a subject."""
    assert not is_generic(heading)


def test_what_is_compared_may_stand_before_a_point() -> None:
    """A heading that names the other side is no subject of a section, but says what a point is about."""
    assert is_generic("Against tide tables")
    assert not says_nothing("Against tide tables")
    assert says_nothing("Resources")


@pytest.mark.parametrize("run", [" ", "-", ".", ": ", "and ", "see "])
def test_a_heading_with_a_long_run_is_read_at_once(run: str) -> None:
    """A run of thousands of blanks, marks or words takes no time that grows with its square."""
    for heading in (run * 5_000 + "x", "a" + run * 5_000 + "x", run * 5_000):
        started = time.process_time()
        says_nothing(heading)
        assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("heading", "bare"),
    [
        ("2.1 Tides", "Tides"),
        ("Q: Why do tides turn?", "Why do tides turn?"),
        ("Q3: Tides (30 points)", "Tides"),
        ("Part 2: **Tides**", "Tides"),
        ("\\[WIP\\] Tides", "Tides"),
        ("Sea/Water/How To/Read a Tide Table", "Read a Tide Table"),
        ("Harbours/Bot/Haro/4.5", "Haro 4.5"),
        ("Tides and/or currents", "Tides and/or currents"),
        ("C4: a corpus", "C4: a corpus"),
        ("3D currents", "3D currents"),
        ("3 Currents", "Currents"),
        ("3_1 - Currents", "Currents"),
        ("Tides of a river \\[arXiv\\]", "Tides of a river"),
        ("12 – Currents", "Currents"),
        ("01 - Currents", "Currents"),
        ("Person et al.: Currents, a survey", "Currents, a survey"),
        ("Currents of a river (source)", "Currents of a river"),
        ("Currents (2020-01-22, v2.0)", "Currents"),
        ("Currents (01 22 2020)", "Currents"),
        ("Currents (3.1)", "Currents (3.1)"),
        ("Currents (80/20)", "Currents (80/20)"),
        ("Currents (2018-2024)", "Currents (2018-2024)"),
        ("Ferries: an A/B test of A/B tests", "Ferries: an A/B test of A/B tests"),
        ("Currents: a guide :sailboat:", "Currents: a guide"),
        ("02 currents", "currents"),
        ("08: Currents", "Currents"),
        ("8 things to know about tides", "8 things to know about tides"),
        ("✅ Strengths of the gauge 🌊", "Strengths of the gauge"),
        ("How-Tides-Turn-Twice-a-Day", "How Tides Turn Twice a Day"),
        ("state-of-the-art", "state-of-the-art"),
    ],
)
def test_headings_without_their_form(heading: str, bare: str) -> None:
    """Numbers of parts, states of work and the folders of a name are no part of what a heading says."""
    assert tidy(heading) == bare
