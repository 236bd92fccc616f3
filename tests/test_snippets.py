"""The part of a passage that is shown, and what is marked in it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.notes.markup.blocks import structure_of
from kb.notes.prose import clean
from kb.notes.statements import statements
from kb.search.query import query_words
from kb.search.snippets import (
    EMBEDDED_LENGTH,
    EMBEDDED_PASSAGES,
    LENGTH,
    MOST_EMBEDDED,
    Cosines,
    marks,
    shorten,
    snippets,
)

FILLER = "Nothing of the matter is told by a sentence such as this one, which goes on and on for quite a while " * 2


def snippet(passage: str, words: list[str], cosines: Cosines | None = None, length: int = LENGTH) -> str:
    """The snippet of one Markdown passage."""
    sentences = [statement.text for statement in statements(passage, structure_of(passage, 0, passage).kinds)] or [
        clean(passage)
    ]
    return snippets([sentences], words, cosines, length)[0]


def marked(text: str, query: str) -> list[str]:
    return [text[start:end] for start, end in marks(text, query_words(query))]


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("Serving a model: it SERVES, it served.", "serving", ["Serving", "SERVES", "served"]),
        ("A gatekeeper is no GAT", "gat", ["GAT"]),
        ("Queries over graphs", "graph query", ["Queries", "graphs"]),
        ("nothing here", "graph", []),
        ("Written in C++ at last", "C++", ["C++"]),
    ],
)
def test_marks(text: str, query: str, found: list[str]) -> None:
    """Whole words are marked, whatever their case and common ending."""
    assert marked(text, query) == found


@pytest.mark.parametrize(
    ("text", "query"),
    [("The KV-cache grows", "kv cache"), ("Plain self-attention", "attention"), ("a lora/qlora", "qlora")],
)
def test_marks_inside_compounds(text: str, query: str) -> None:
    """A word that the search finds inside a compound is marked there."""
    assert marked(text, query)


@pytest.mark.parametrize(
    "passage",
    [
        "Some words. Then the zebra came. It left.",
        f"{FILLER.strip()}. {FILLER}with the zebra.",
        f"{FILLER}{FILLER}and then the zebra.",
        f"{FILLER.strip()}. {FILLER.strip()}. {FILLER.strip()}. The zebra.",
        "```text\nthe zebra in code\n```",
        "| a | b |\n| --- | --- |\n| the | zebra |",
    ],
    ids=["short", "second sentence", "end of a long sentence", "last sentence", "code", "table"],
)
def test_snippet_shows_what_was_found(passage: str) -> None:
    """The snippet of a passage that holds a word of the query shows that word, within its length."""
    shown = snippet(passage, ["zebra"])
    assert "zebra" in shown
    assert len(shown) <= LENGTH


def test_snippet_is_clean() -> None:
    """Markdown's marks do not appear in a snippet, words of links and formulas do."""
    shown = snippet("- **Bold** [link](https://a.example) with `code` and [[gcn|a note]] at $d=4$.", ["bold"])
    assert shown == "Bold link with code and a note at $d=4$."


@pytest.mark.parametrize(
    ("text", "length", "short"),
    [
        ("short", 10, "short"),
        ("exactly10!", 10, "exactly10!"),
        ("one two, three", 10, "one two…"),
        ("abcdefghijklmnop", 5, "abcd…"),
    ],
)
def test_shorten(text: str, length: int, short: str) -> None:
    """A text is cut between words where it can be, and says so."""
    assert shorten(text, length) == short


@given(st.text(max_size=600), st.lists(st.text(min_size=1, max_size=10), max_size=5), st.integers(20, 300))
@settings(max_examples=60)
def test_any_passage_has_a_snippet(passage: str, words: list[str], length: int) -> None:
    """No passage and no query breaks a snippet or makes it too long."""
    assert len(snippet(passage, words, length=length)) <= length


def test_without_a_word_the_nearest_sentence_comes_first() -> None:
    """Where a passage has none of the words, the snippet begins with the sentence that is nearest by meaning."""
    passage = "First thing. Second thing. Third thing."
    assert snippet(passage, ["zebra"], lambda sentences: ["Second" in one for one in sentences]).startswith("Second")
    assert snippet(passage, ["third"], lambda sentences: [1.0, 0.0, 0.0]).startswith("Third")
    assert snippet(passage, ["zebra"], lambda sentences: [0.5, 0.5, 0.5]).startswith("First")


def test_the_sentences_of_the_first_passages_are_embedded_together() -> None:
    """The first passages without any of the words are compared in one call, of bounded number and length."""
    asked: list[list[str]] = []

    def cosines(sentences: list[str]) -> list[float]:
        asked.append(sentences)
        return [float(sentence.endswith("best.")) for sentence in sentences]

    passages = [
        ["One.", "The best."],
        ["Alone."],
        ["x" * 9_000, "Also best.", *"abcdefgh"],
        ["Late.", "Too late, best."],
    ]
    assert snippets(passages, ["zebra"], cosines)[:2] == ["The best.", "Alone."]
    assert snippets(passages, ["zebra"], cosines)[2].startswith("Also best.")
    assert snippets(passages, ["zebra"], cosines)[3].startswith("Late.")
    assert {len(sentences) for sentences in asked} == {MOST_EMBEDDED}
    assert len(asked) == 3
    assert max(map(len, asked[0])) <= EMBEDDED_LENGTH


def test_nothing_is_embedded_for_later_passages() -> None:
    """No sentence is embedded where all of the first passages have a word of the query."""

    def cosines(sentences: list[str]) -> list[float]:
        raise AssertionError(sentences)

    passages = [["Other.", "A zebra."]] * EMBEDDED_PASSAGES + [["One.", "Two."]]
    assert snippets(passages, ["zebra"], cosines) == ["A zebra."] * EMBEDDED_PASSAGES + ["One. Two."]


@pytest.mark.parametrize(
    "aside",
    [
        "See [[kv-cache]] for how the zebra grows.",
        "(See also the note on zebra herds.)",
        "Cf. [zebra stripes](stripes.md) in this notebook.",
        "But see the zebra paper for the proof.",
        "For the zebra numbers, see [[stripes]].",
        "More on the zebra in [[stripes]].",
        "Compare with the zebra of last year.",
    ],
)
@pytest.mark.parametrize("query", ["zebra", "giraffe"])
def test_a_reference_to_another_note_is_no_answer(aside: str, query: str) -> None:
    """A snippet begins with a sentence that states something, even where one that points elsewhere has the words or is
    nearer by meaning; it begins with the reference only where there is nothing else.
    """

    def cosines(sentences: list[str]) -> list[float]:
        return [float("zebra" in sentence) for sentence in sentences]

    assert snippet(f"{aside} Decoding is bound by memory.", [query], cosines).startswith("Decoding is bound by memory.")
    assert snippet(f"Decoding is bound by memory. {aside}", [query], cosines).startswith("Decoding is bound by memory.")
    assert snippet(aside, [query], cosines).strip("(") == clean(aside).strip("(")


@pytest.mark.parametrize(
    "said",
    ["Seeing a zebra is rare.", "Compare the zebra with a control.", "More data helps.", "Seen once, a zebra stays."],
)
def test_what_only_resembles_a_reference_is_shown(said: str) -> None:
    """A sentence that begins like a reference but states something is a sentence like any other."""
    assert snippet(f"{said} Decoding is bound by memory.", ["giraffe"]).startswith(said)
