"""Markdown -> top-level structure, through markdown-it. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

# Only blocks are of use here, and reading inline marks costs most of the time.
_PARSER = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin).disable("inline")
# Lines of which no block but paragraphs and headings is made, each line by itself: no parser is needed for those.
_PLAIN_LINE = re.compile(r"(?:[A-Za-z\"'(][^|]*|#{1,6} .*|\s*)$")
_LIQUID_OPEN = re.compile(r"^\s*\{%-?\s*(highlight|raw|comment)\b[^%]*%\}\s*$")
_LIQUID_CLOSE = re.compile(r"^\s*\{%-?\s*end(highlight|raw|comment)\b[^%]*%\}\s*$")
_FENCE = "~~~~~~~~~~"


def parse_blocks(lines: list[str]) -> list[Token]:
    """The block tokens of some lines; `token.map` holds first line and line after the last, from 0."""
    return _PARSER.parse("\n".join(_without_liquid_blocks(lines)))


def paragraphs(lines: list[str]) -> list[tuple[int, int]]:
    """First line and line after the last, from 0, of each paragraph, also those in lists and quotations."""
    if all(_PLAIN_LINE.match(line) for line in lines):
        return _runs(lines)
    found = []
    inside: list[str] = []
    for token in parse_blocks(lines):
        if token.nesting == 1:
            inside.append(token.type)
        elif token.nesting == -1:
            inside.pop()
        elif token.type == "inline" and token.map and inside and inside[-1] == "paragraph_open":
            found.append((token.map[0], token.map[1]))
    return found


def _runs(lines: list[str]) -> list[tuple[int, int]]:
    """Plain lines between blank ones and headings."""
    found: list[tuple[int, int]] = []
    start = None
    for number, line in enumerate([*lines, ""]):
        ends = not line.strip() or line.startswith("#")
        if ends and start is not None:
            found.append((start, number))
        start = None if ends else number if start is None else start
    return found


def _without_liquid_blocks(lines: list[str]) -> list[str]:
    """Liquid code blocks as fences, so that a `#` inside one is no heading; line numbers stay."""
    closings: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        if closed := _LIQUID_CLOSE.match(line):
            closings.setdefault(closed[1], []).append(number)
    masked = list(lines)
    after = 0
    for number, line in enumerate(lines) if closings else ():
        opened = _LIQUID_OPEN.match(line) if number >= after else None
        ends = closings.get(opened[1], []) if opened else []
        following = bisect_right(ends, number)
        if following < len(ends):
            masked[number] = masked[ends[following]] = _FENCE
            after = ends[following] + 1
    return masked
