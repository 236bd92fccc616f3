"""Somebody else's Markdown below a title of ours: headings begin at level 2, and nothing stays open. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from kb.capture.escaping import one_line, readable
from kb.notes.prose import clean

_PARSER = MarkdownIt("commonmark").enable("table").disable("inline")
_ATX = re.compile(r"[ \t]*#{1,6}(?=\s|$)")
_OPENING = re.compile(r"<(?=!--|\?|!\[CDATA\[|/?(?:script|style|pre|textarea)\b)", re.IGNORECASE)
_ENDS = {"<!--": "-->", "<?": "?>", "<![CDATA[": "]]>"}
MOST_LEVELS = 6


class Titled(NamedTuple):
    """The first heading of a Markdown text, empty where it has none, and the text without it."""

    title: str
    body: str


def without_title(markdown: str) -> Titled:
    """Take the heading that comes first away from a text, if nothing but blank lines stands above it."""
    lines = markdown.split("\n")
    first = next((token for token in _PARSER.parse(markdown) if token.level == 0), None)
    if first is None or first.type != "heading_open" or not first.map:
        return Titled("", markdown)
    start, end = first.map
    return Titled(heading_text(lines[start:end]), "\n".join([*lines[:start], *lines[end:]]).strip("\n"))


def first_heading(markdown: str) -> str:
    """The text of the first heading; empty where there is none."""
    lines = markdown.split("\n")
    spans = (token.map for token in _PARSER.parse(markdown) if token.type == "heading_open" and token.map)
    return next((text for start, end in spans if (text := heading_text(lines[start:end]))), "")


def heading_text(lines: list[str]) -> str:
    """The words of a heading from its lines, which an underline may end."""
    return one_line(clean(" ".join(lines if _ATX.match(lines[0]) else lines[:-1]).rstrip("# ")))


def highest_level(markdown: str) -> int | None:
    """The level of the highest heading, 1 to 6; None where there is none."""
    levels = (int(token.tag[1]) for token in _PARSER.parse(markdown) if token.type == "heading_open")
    return min(levels, default=None)


def lowered(markdown: str, by: int) -> str:
    """A text with its headings `by` levels lower (6 at the most), which closes every fence that it opens and opens no
    comment that it does not close.
    """
    text = readable(markdown)
    lines = text.split("\n")
    removed: set[int] = set()
    tokens = _PARSER.parse(text)
    for token in tokens:
        if token.type == "heading_open" and token.map:
            _lower(lines, token, by, removed)
        elif token.type in ("html_block", "inline") and token.map:
            _disarm(lines, *token.map)
    body = "\n".join(line for number, line in enumerate(lines) if number not in removed)
    return body + _closing(tokens, lines)


def _lower(lines: list[str], token: Token, by: int, removed: set[int]) -> None:
    start, end = token.map or (0, 0)
    marks = "#" * min(MOST_LEVELS, int(token.tag[1]) + by)
    if token.markup.startswith("#"):
        lines[start] = re.sub(r"#{1,6}(?=\s|$)", marks, lines[start], count=1)
    elif end - start >= 2 and token.level == 0:
        lines[start] = f"{marks} {' '.join(line.strip() for line in lines[start : end - 1])}"
        removed.update(range(start + 1, end))


def _disarm(lines: list[str], start: int, end: int) -> None:
    """Escape what would begin a comment or a raw element that no later line of the same block ends."""
    block = "\n".join(lines[start:end])
    pieces, done = [], 0
    for match in _OPENING.finditer(block):
        rest = block[match.start() :]
        opened = next((mark for mark in _ENDS if rest.startswith(mark)), "")
        if not opened or _ENDS[opened] not in rest[len(opened) :]:
            pieces += [block[done : match.start()], "&lt;"]
            done = match.end()
    lines[start:end] = "".join([*pieces, block[done:]]).split("\n")


def _closing(tokens: list[Token], lines: list[str]) -> str:
    """The fence that ends a last block of code that has no end."""
    last = next((token for token in reversed(tokens) if token.level == 0 and token.map), None)
    if last is None or last.type != "fence" or not last.map:
        return ""
    start, end = last.map
    closed = end - start >= 2 and re.fullmatch(
        rf"\s*{re.escape(last.markup[0])}{{{len(last.markup)},}}\s*", lines[end - 1]
    )
    return "" if closed else f"\n{last.markup}"
