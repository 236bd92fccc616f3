"""Finds the top-level blocks and the paragraphs of Markdown with markdown-it, loaded on first use. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# A passage of such lines alone consists of headings and paragraphs, and need not be parsed.
_PLAIN_LINE = re.compile(r"(?:[A-Za-z\"'(][^|]*|#{1,6} .*|\s*)$")
_LIQUID_OPEN = re.compile(r"^\s*\{%-?\s*(highlight|raw|comment)\b[^%]*%\}\s*$")
_LIQUID_CLOSE = re.compile(r"^\s*\{%-?\s*end(highlight|raw|comment)\b[^%]*%\}\s*$")
_FENCE = "~~~~~~~~~~"


def parse_blocks(lines: list[str]) -> list[Token]:
    """The block tokens of some lines. `token.map` is the 0-based range of lines `[first, end)`."""
    return _parser().parse("\n".join(_without_liquid_blocks(lines)))


def paragraphs(lines: list[str]) -> list[tuple[int, int]]:
    """The 0-based line range `[first, end)` of each paragraph, including those in lists and block quotes."""
    if all(_PLAIN_LINE.match(line) for line in lines):
        return _plain_paragraphs(lines)
    found = []
    ancestors: list[str] = []
    for token in parse_blocks(lines):
        if token.nesting == 1:
            ancestors.append(token.type)
        elif token.nesting == -1:
            ancestors.pop()
        elif token.type == "inline" and token.map and ancestors and ancestors[-1] == "paragraph_open":
            found.append((token.map[0], token.map[1]))
    return found


@cache
def _parser() -> MarkdownIt:
    """A parser of block structure; inline parsing, which would take most of the time, is not needed."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    return MarkdownIt("commonmark").enable("table").use(dollarmath_plugin).disable("inline")


def _plain_paragraphs(lines: list[str]) -> list[tuple[int, int]]:
    """The paragraphs of plain lines: runs between blank lines and headings."""
    found: list[tuple[int, int]] = []
    start = None
    for number, line in enumerate([*lines, ""]):
        ends = not line.strip() or line.startswith("#")
        if ends and start is not None:
            found.append((start, number))
        start = None if ends else number if start is None else start
    return found


def _without_liquid_blocks(lines: list[str]) -> list[str]:
    """The lines with Liquid code blocks turned into fenced ones, so that a `#` in them does not start a heading.

    The number of lines does not change.
    """
    closings: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        if closed := _LIQUID_CLOSE.match(line):
            closings.setdefault(closed[1], []).append(number)
    fenced = list(lines)
    after = 0
    for number, line in enumerate(lines) if closings else ():
        opened = _LIQUID_OPEN.match(line) if number >= after else None
        ends = closings.get(opened[1], []) if opened else []
        following = bisect_right(ends, number)
        if following < len(ends):
            fenced[number] = fenced[ends[following]] = _FENCE
            after = ends[following] + 1
    return fenced
