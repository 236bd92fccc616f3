"""Comments of a note, which are private: blanked out before anything else is read. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.notes.prose import CODE_SPAN

_TOKEN = re.compile(
    # A fence may be in a quotation or begin a list item.
    r"(?P<line>^[ \t]*(?:>[ \t]?)*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?)(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})"
    rf"|(?P<span>{CODE_SPAN})|(?P<comment><!--|%%|\{{%-?[ \t]*comment[ \t]*-?%\}}|\{{/\*"
    r"|^[ \t]*\[(?://|comment|_metadata_)\]:[ \t]*(?:#|<>))",
    re.DOTALL | re.MULTILINE,
)
_LIQUID_END = re.compile(r"\{%-?[ \t]*endcomment[ \t]*-?%\}")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_LINE_END = re.compile(r"$", re.MULTILINE)
_VISIBLE = re.compile(r"\S")
_MARKS = ("<!--", "%%", "{%", "{/*", "]: #", "]: <>")
MOST_INDENTED = 100  # blanks before a mark that begins a line


def without_comments(text: str) -> str:
    """A text in which every comment is blanks, so that offsets and line numbers stay."""
    kept: list[str] = []
    done = 0
    for start, end in comment_spans(text):
        kept += [text[done:start], _VISIBLE.sub(" ", text[start:end])]
        done = end
    return "".join([*kept, text[done:]])


def comment_spans(text: str) -> Iterator[tuple[int, int]]:
    """The character ranges `[start, end)` of comments: `<!-- -->` and Obsidian's `%% %%`, in a sentence or over
    several paragraphs, Liquid's `{% comment %}`, MDX's `{/* */}`, and the link definition `[//]: # (…)`. What is code
    is no comment.
    """
    if not any(mark in text for mark in _MARKS):
        return
    position = 0
    ends = _Ends(text)
    while token := _TOKEN.search(text, position):
        position = token.end()
        if token["fence"]:
            position = _end_of_fence(text, token.end(), token["fence"])
        elif token["span"] and _BLANK_LINE.search(token["span"]):
            position = token.start() + len(token["ticks"])  # a code span ends with its paragraph
        elif token["comment"] and (end := ends.of(token)):
            position = end
            yield token.start("comment"), end


def _end_of_fence(text: str, start: int, fence: str) -> int:
    closing = re.compile(rf"^[ \t]*(?:>[ \t]?)*{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$", re.MULTILINE)
    found = closing.search(text, start)
    return found.end() if found else len(text)


class _Ends:
    """Where the comments of a text end; a mark behind the last end need not be looked for, however many there are."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._last_html = text.rfind("-->")
        self._last_mdx = text.rfind("*/}")
        self._last_liquid = max((found.start() for found in _LIQUID_END.finditer(text)), default=-1)

    def of(self, opening: re.Match[str]) -> int | None:
        """The offset behind the mark that ends a comment; None for a mark that opens none."""
        text, start = self._text, opening.end("comment")
        before = text[max(0, opening.start() - MOST_INDENTED) : opening.start()].rpartition("\n")[2]
        begins_line = not before.strip()
        if opening["comment"] == "<!--":
            if self._last_html >= start:
                return text.index("-->", start) + len("-->")
            return len(text) if begins_line else None
        if opening["comment"] == "%%":
            end = text.find("%%", start)
            apart = end >= 0 and not begins_line and _BLANK_LINE.search(text, start, end)
            return None if end < 0 or apart else end + len("%%")
        if opening["comment"] == "{/*":
            return text.index("*/}", start) + len("*/}") if self._last_mdx >= start else None
        if opening["comment"].endswith(("#", "<>")):
            return _LINE_END.search(text, start).start()  # type: ignore[union-attr]  # the text has an end
        closed = _LIQUID_END.search(text, start) if self._last_liquid >= start else None
        return closed.end() if closed else None
