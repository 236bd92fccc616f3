"""The writer's own abbreviations: how they are recognised, and what they do to a search."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kb.knowledge import KnowledgeBase
from kb.search.concepts.abbreviations import defined


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("We use sample ratio mismatch (SRM) checks.", "SRM", "sample ratio mismatch"),
        ("SRM (sample ratio mismatch) is checked first.", "SRM", "sample ratio mismatch"),
        ("The house is full of writer-owned queues (WOQs).", "WOQ", "writer-owned queues"),
        ("Use a *heat-shock transcription factor* (HSF).", "HSF", "heat-shock transcription factor"),
        ("a queue of the middle (QoM) grows", "QoM", "queue of the middle"),
        ("Our draft-or-die rule (DDR2)", None, None),
        ("It costs more than that (see below), and JSON (a format) is common.", None, None),
        ("the model (GPU) and the year (2021)", None, None),
        ("An aside (as ever) and a word (Paris).", None, None),
        ("nothing in (brackets", None, None),
    ],
)
def test_definitions_are_recognised(text: str, short: str | None, long: str | None) -> None:
    """A definition has the letters of the abbreviation in order, before or in brackets; other brackets do not."""
    assert list(defined(text)) == ([(short, long)] if short else [])


NOTES = {
    "defines": "We guard against staggered queue release (SQR) in each review.",
    "short": "An SQR alarm rang at noon, and nobody came.",
    "long": "A staggered queue release delays the second half.",
    "other": "The queue was long, and everyone went home.",
    "far": "Bread needs an hour in the oven.",
}


@pytest.fixture
def queues(write: Callable[[str, str], Path], notebook: Path, knowledge: KnowledgeBase) -> KnowledgeBase:
    """A notebook that defines an abbreviation in one note, and uses either form alone in others."""
    for name, text in NOTES.items():
        write(f"notes/{name}.md", f"---\narea: llm\n---\n# Note {name}\n\n{text}\n")
    knowledge.add([notebook / "notes"])
    return knowledge


@pytest.mark.parametrize(
    "query", ["SQR", "sqr", "staggered queue release", "why an SQR alarm", "Staggered Queue-Release"]
)
def test_either_form_finds_both(queues: KnowledgeBase, query: str) -> None:
    """A query by one form of an abbreviation finds the notes with the other before those with neither."""
    result = queues.search(query, explain=True)
    assert {hit.path for hit in result.hits[:3]} == {"notes/defines.md", "notes/short.md", "notes/long.md"}
    assert ("staggered queue release (SQR)", 1.0) in [(read.concept, read.weight) for read in result.read_as]


def test_a_title_with_the_other_form_counts_as_its_words(
    write: Callable[[str, str], Path], notebook: Path, knowledge: KnowledgeBase
) -> None:
    """Of two notes that say an abbreviation equally often, one that has its long form in the title weighs as much."""
    write("notes/defines.md", f"---\narea: llm\n---\n# Defined\n\n{NOTES['defines']}\n")
    write("notes/title.md", "---\narea: llm\n---\n# Staggered queue release\n\nOne second half is late at any hour.\n")
    write("notes/text.md", "---\narea: llm\n---\n# One half is late\n\nStaggered queue release, at any hour.\n")
    knowledge.add([notebook / "notes"])
    hits = {hit.path: hit.explain for hit in knowledge.search("SQR", explain=True).hits}
    weights = {
        path: sum(term.weight for term in explain.terms if term.term == "sqr")
        for path, explain in hits.items()
        if explain
    }
    assert weights["notes/title.md"] == pytest.approx(weights["notes/text.md"], rel=0.1)
    assert weights["notes/text.md"] > 0


@pytest.mark.parametrize(
    "query", ["queue", "release of SQ", "an oven for bread", "staggered release", "spare quiet room (SQR)"]
)
def test_other_queries_read_no_abbreviation(queues: KnowledgeBase, query: str) -> None:
    """A query with neither form, with a part of one, or with a definition of its own asks for no abbreviation."""
    assert not any("SQR" in read.concept for read in queues.search(query).read_as)


def test_the_definition_given_most_often_counts(
    write: Callable[[str, str], Path], notebook: Path, knowledge: KnowledgeBase
) -> None:
    """Of two definitions of the same abbreviation, the more frequent one is read."""
    for number, long in enumerate(["spare quiet room", "spare quiet room", "slow query report"]):
        write(
            f"notes/{number}.md",
            f"---\narea: llm\n---\n# Note {number}\n\nNumber {number}: the {long} (SQR) is used.\n",
        )
    knowledge.add([notebook / "notes"])
    assert [read.concept for read in knowledge.search("SQR").read_as] == ["spare quiet room (SQR)"]
