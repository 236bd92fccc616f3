"""The paragraphs of Markdown."""

from __future__ import annotations

import subprocess
import sys
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


def test_plain_lines_load_no_parser() -> None:
    """Passages of prose and headings are read without importing markdown-it."""
    program = (
        "import sys\n"
        "from kb.notes.statements import statements\n"
        "assert statements('# Head\\n\\nProse here.')\n"
        "assert 'markdown_it' not in sys.modules\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
