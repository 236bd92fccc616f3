"""The sentences and bullets of a passage have plain text and correct lines."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.models import Statement
from kb.notes.markup.blocks import structure_of
from kb.notes.markup.comments import without_comments
from kb.notes.prose import clean
from kb.notes.statements import statements

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


def statements_of(markdown: str, first_line: int = 1) -> list[Statement]:
    """The statements of a passage that is a whole note."""
    text = without_comments(markdown)
    return statements(text, structure_of(text, 0, markdown).kinds, first_line)


def texts(markdown: str) -> list[str]:
    return [statement.text for statement in statements_of(markdown)]


def unsupported(markdown: str) -> list[str]:
    """The statements that the cleaned lines at their own address do not contain."""
    lines = markdown.split("\n")
    return [
        found.text
        for found in statements_of(markdown)
        if found.text not in clean("\n".join(lines[found.start_line - 1 : found.end_line]))
    ]


@settings(max_examples=60)
@given(PASSAGES)
def test_every_statement_is_found_at_its_address(passage: str) -> None:
    """The plain text of the lines that a statement cites contains the statement."""
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
def test_a_full_stop_inside_markup_does_not_split_it(passage: str) -> None:
    """Bold text, links and code spans that contain a full stop are not divided between statements."""
    assert unsupported(passage) == []


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
def test_statements_have_their_lines(markdown: str, expected: list[tuple[str, int, int]]) -> None:
    """Sentences and bullets have a first and last line; headings, code and tables are left out."""
    assert [(found.text, found.start_line, found.end_line) for found in statements_of(markdown)] == expected


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
    """Headings, tables, comments and displayed formulas yield no statements, in any notation."""
    assert texts(markdown) == []


def test_lines_are_those_of_the_note() -> None:
    """Line numbers count from the first line of the passage in its note."""
    assert [found.start_line for found in statements_of("One.\n\nTwo.", first_line=40)] == [40, 42]


@pytest.mark.parametrize(
    "sentence",
    [
        "See e.g. Attention and Fig. 3 for more.",
        "Samples are i.i.d. 独立同分布 in it.",
        "Hamilton et al. Showed this in v2.0 at 3.5 points.",
        "Use model.fit() or kb.toml here.",
        "Is it so? perhaps.",
    ],
)
def test_abbreviations_and_dots_in_names_do_not_end_a_sentence(sentence: str) -> None:
    """A full stop in a name, a number or a known abbreviation does not end a sentence."""
    assert texts(sentence) == [sentence]


@pytest.mark.parametrize(
    "sentences",
    [
        ["図を見る。", "次へ進む。"],
        ["彼は「なぜ遅いのか？」と聞いた。", "答えは簡単だ。"],
        ["「速い。」", "次の文だ。"],
        ["他说：“模型很小。”", "然后他走了。"],
        ["缓存会增长（见图。）", "批次越大越慢！？", "真的。"],
        ["値は３．５である．", "次の文である．"],
    ],
)
def test_sentences_in_scripts_without_spaces(sentences: list[str]) -> None:
    """The ideographic full stop ends a sentence, with the brackets that close after it; a quotation within a sentence
    does not.
    """
    assert texts("".join(sentences)) == sentences


@pytest.mark.parametrize(
    ("markdown", "said"),
    [
        ("- [Attention is all you need](https://a.org/1706.03762)", False),
        ("More details: https://a.org/job_array", False),
        ("See [[gat]], [[gcn]] and [GIN][1].", False),
        ("The sampler of [GraphSAGE](sage.md) keeps ten neighbours.", True),
        ("图[注意力](gat.md)网络。", True),
    ],
)
def test_links_alone_state_nothing(markdown: str, said: bool) -> None:
    """A sentence is a statement only if it says something besides the names of its links, in any script."""
    assert bool(texts(markdown)) == said


@pytest.mark.parametrize(
    ("markdown", "said"),
    [
        ("$\\mu = \\frac{1}{N} \\sum_n x_n$", []),
        ("$$\\mu = \\frac{1}{N} \\sum_n x_n$$ is $m$.", []),
        ("`pip install a-package --no-deps`", []),
        ("Here $\\mu$ is the mean.", ["Here $\\mu$ is the mean."]),
        ("`gather` copies rows by index.", ["gather copies rows by index."]),
    ],
)
def test_formulas_and_code_alone_state_nothing(markdown: str, said: list[str]) -> None:
    """A statement has words of its own beside formulas and code."""
    assert texts(markdown) == said


def test_a_sentence_of_a_bold_run_has_no_half_mark() -> None:
    """Emphasis over several sentences is none of their words."""
    assert texts("**One holds. Two *may* hold. Three fails.** Four follows.") == [
        "One holds. Two may hold.",
        "Three fails.",
        "Four follows.",
    ]


def test_abbreviations_end_no_sentence() -> None:
    """A full stop of an abbreviation is followed by more of its sentence."""
    said = ["It is minimised w.r.t. $W$, see Eqs. 3 resp. Fig. 4 of Prof. Chen et al. there.", "Then it ends."]
    assert texts(" ".join(said)) == said
