"""Markdown to plain sentences with their lines."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.notes.blocks import paragraphs, parse_blocks
from kb.notes.prose import clean, sentence_spans, statements

ORDINARY = """
Graph nodes attention layer The training cost e.g. i.e. Fig. al. model, (aside) 3.14 GPU's "quoted" don't 2024. up.
well-known snake_case a/b 50% $5 — & **bold** *slanted* `code.Name` $x_1$ [text](http://a.org/b) [[note]] Down?
[[note|shown]] ~~old~~ __strong__
"""
WORDS = st.sampled_from(ORDINARY.split())
SENTENCES = st.tuples(st.lists(WORDS, min_size=1, max_size=8), st.sampled_from(".?! ")).map(
    lambda parts: " ".join(parts[0]) + parts[1].strip()
)
PARAGRAPHS = st.lists(
    st.tuples(SENTENCES, st.sampled_from(" \n")).map(lambda parts: parts[0] + parts[1]), min_size=1, max_size=4
).map(lambda parts: "".join(parts).strip())
PASSAGES = st.lists(
    st.one_of(
        PARAGRAPHS,
        PARAGRAPHS.map(lambda text: "- " + text.replace("\n", "\n  ")),
        PARAGRAPHS.map(lambda text: "> " + text.replace("\n", "\n> ")),
        PARAGRAPHS.map(lambda text: "1. " + text.replace("\n", "\n   ")),
        st.sampled_from(["## Heading", "```\ncode. Here\n```", "| a | b |\n|---|---|\n| 1 | 2 |"]),
    ),
    min_size=1,
    max_size=5,
).map("\n\n".join)


def texts(markdown: str) -> list[str]:
    return [statement.text for statement in statements(markdown)]


def unsupported(markdown: str) -> list[str]:
    """The statements that the cleaned lines at their own address do not contain."""
    lines = markdown.split("\n")
    return [
        found.text
        for found in statements(markdown)
        if found.text not in clean("\n".join(lines[found.start_line - 1 : found.end_line]))
    ]


@settings(max_examples=150)
@given(PASSAGES)
def test_every_statement_stands_at_its_address(passage: str) -> None:
    """What is quoted from ordinary prose is contained in the cleaned lines that it cites."""
    assert unsupported(passage) == []


@pytest.mark.parametrize(
    "passage",
    [
        "**One idea. Another one** follows. Then more.",
        "*One idea. Another one* follows.",
        "Read [Attention. All you need](https://a.org/b) first. Then more.",
        "Call `model.fit. Then` here. Done.",
        "See [a paper. In press][ref] today. Done.",
    ],
)
def test_a_sentence_end_inside_a_mark_tears_no_mark(passage: str) -> None:
    """Bold, link and code spans that hold a full stop leave no half of a mark in a statement."""
    assert unsupported(passage) == []


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("# A *small* `title`", "A small title"),
        ("- [ ] a task", "a task"),
        ("12) a step", "a step"),
        ("> [!note]- Mind this\n> text", "Mind this text"),
        ("**bold** *em* _em_ __strong__ ~~old~~ ***both***", "bold em em strong old both"),
        ("snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"),
        ('[text](http://a.org/b_(c) "title") and <https://a.org>', "text and https://a.org"),
        ("[[note]] [[note|shown]] ![[figure.png]] ![alt](a.png)", "note shown figure.png alt"),
        ("said[^1] so[^long].", "said so."),
        ("`a *b* <c>` and $x_1 * y_2 * z$", "a *b* <c> and $x_1 * y_2 * z$"),
        ("| a | b |\n|---|:-:|\n| 1 | 2 |", "a b 1 2"),
        ("```python\nx = '# no heading'\n```", "x = '# no heading'"),
        ("a<br>b <b>c</b> &amp; &lt;d&gt;", "ab c & <d>"),
        ("x < y and y > z", "x < y and y > z"),
        ("one\n\n---\n\ntwo <!-- hidden\nwords --> three", "one two three"),
        ("{% include figure.html %}\ntext", "text"),
        ("[ref]: http://a.org\ntext", "text"),
        (r"\*literal\* and \# sign", "*literal* and # sign"),
    ],
)
def test_marks_are_dropped_and_words_kept(markdown: str, plain: str) -> None:
    """Plain text keeps what a reader sees, code and formulas as written, and no Markdown."""
    assert clean(markdown) == plain


def test_characters_that_kb_uses_inside_are_text_too() -> None:
    """A note may hold any private-use character, alone or as an entity."""
    assert "before" in clean("before \ue0000\ue001 &#xE000;7&#xE001; after `code`")


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        (
            "First one. Second\nspans lines. Third.",
            [("First one.", 1, 1), ("Second spans lines.", 1, 2), ("Third.", 2, 2)],
        ),
        ("- one\n- two\n  goes on\n\n1. three", [("one", 1, 1), ("two goes on", 2, 3), ("three", 5, 5)]),
        ("> quoted\n> text", [("quoted text", 1, 2)]),
        ("# Heading\n\ntext", [("text", 3, 3)]),
        ("```\ncode. Here\n```\ntext", [("text", 4, 4)]),
        ("````\n```\nstill code\n````\ntext", [("text", 5, 5)]),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n\ntext", [("text", 5, 5)]),
        ("[^1]: A footnote.\n\ntext", [("text", 3, 3)]),
        ("", []),
        ("\n\n---\n\n***\n", []),
    ],
)
def test_statements_carry_their_lines(markdown: str, expected: list[tuple[str, int, int]]) -> None:
    """Sentences and bullets come with first and last line; headings, code and tables are left out."""
    assert [(found.text, found.start_line, found.end_line) for found in statements(markdown)] == expected


@pytest.mark.parametrize(
    "markdown",
    [
        pytest.param("A Heading\n=========", id="underlined heading"),
        pytest.param("Layer | Width\n----- | -----\nFirst | 64", id="table without outer bars"),
        pytest.param("<!-- A private remark.\nNot for readers. -->", id="comment over two lines"),
        pytest.param("$$\n\\mathcal{L} = x. Y\n$$", id="displayed formula"),
    ],
)
def test_what_is_not_prose_is_not_quoted(markdown: str) -> None:
    """Headings, tables, comments and displayed formulas yield no statement, however they are written."""
    assert texts(markdown) == []


def test_lines_count_from_where_the_passage_begins() -> None:
    """A passage from the middle of a note is addressed in the note's own lines."""
    assert [found.start_line for found in statements("One.\n\nTwo.", first_line=40)] == [40, 42]


@pytest.mark.parametrize(
    "sentence",
    [
        "See e.g. Attention and Fig. 3 for more.",
        "Hamilton et al. Showed this in v2.0 at 3.5 points.",
        "Use model.fit() or kb.toml here.",
        "Is it so? perhaps.",
    ],
)
def test_abbreviations_and_dots_in_names_end_no_sentence(sentence: str) -> None:
    """A full stop inside a name, a number or a known abbreviation does not cut."""
    assert texts(sentence) == [sentence]


def test_sentences_in_scripts_without_blanks_are_cut_too() -> None:
    """The ideographic full stop ends a sentence."""
    assert texts("図を見る。次へ進む。") == ["図を見る。", "次へ進む。"]


@settings(max_examples=100)
@given(st.text(max_size=120))
def test_sentence_spans_lose_nothing(text: str) -> None:
    """The spans of any text are in order and hold every character that is not blank."""
    spans = sentence_spans(text)
    assert "".join("".join(text[start:end].split()) for start, end in spans) == "".join(text.split())


PLAIN_LINES = st.sampled_from(
    [
        "Prose here.",
        "More (of it), e.g. this",
        '"Quoted" words',
        "# Heading",
        "### Deep one",
        "",
        "  ",
        "a",
        "#",
        "(c) x",
    ]
)


@settings(max_examples=300)
@given(st.lists(PLAIN_LINES, max_size=12))
def test_plain_lines_are_read_as_the_parser_reads_them(lines: list[str]) -> None:
    """The short way for lines of prose and headings finds the paragraphs that the parser finds."""
    tokens = parse_blocks(lines)
    parsed = [tuple(token.map or ()) for before, token in pairwise(tokens) if before.type == "paragraph_open"]
    assert paragraphs(lines) == parsed
