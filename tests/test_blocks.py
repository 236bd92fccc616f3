"""The paragraphs of Markdown."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from kb.notes.blocks import paragraphs, parse_blocks

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
def test_plain_lines_give_the_same_paragraphs_without_parsing(lines: list[str]) -> None:
    """The shortcut for lines of prose and headings finds the same paragraphs as the parser."""
    tokens = parse_blocks(lines)
    parsed = [tuple(token.map or ()) for before, token in pairwise(tokens) if before.type == "paragraph_open"]
    assert paragraphs(lines) == parsed
