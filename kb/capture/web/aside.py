"""What of a page is put aside while its text is extracted, and put back after."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

QUOTED = "kbquoted"  # begins each block of a quotation, once for each level
_KEPT = re.compile(r"kbkept(\d+)x")
_LIST_MARK = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+")


class Kept:
    """What of a page is put aside: texts in Markdown, each behind the word that stands for it."""

    def __init__(self) -> None:
        self._texts: list[tuple[str, bool]] = []

    def put(self, text: str, block: bool) -> str:
        """The word that stands for a text; a `block` has lines of its own."""
        self._texts.append((text, block))
        return f"kbkept{len(self._texts) - 1}x"

    def restored(self, markdown: str) -> str:
        """A text with what was put aside back in place, and quotations marked by `>`."""
        lines = "\n".join(line for each in markdown.split("\n") for line in self._line(each))
        return re.sub(r"(?<=\n)(>.*)\n\n(?=>)", r"\1\n>\n", f"\n{lines}")

    def plain(self, text: str) -> str:
        """A text on one line with what was put aside, such as a title."""
        return _KEPT.sub(lambda match: self._texts[int(match[1])][0], text)

    def _line(self, line: str) -> list[str]:
        depth = line.count(QUOTED)
        if depth:
            line = line.replace(QUOTED, "").strip()
        parts = self._parts(line)
        return [("> " * depth + part).rstrip() for part in parts] if depth else parts

    def _parts(self, line: str) -> list[str]:
        """A line, in which each block that was put aside has lines of its own, indented like the item of a list."""
        mark = _LIST_MARK.match(line)
        indent = " " * (len(mark[0]) if mark else len(line) - len(line.lstrip()))
        lines: list[str] = []
        done = 0
        for match in _KEPT.finditer(line):
            text, block = self._texts[int(match[1])]
            if block and not line.lstrip().startswith("|"):
                before = self.plain(line[done : match.start()]).rstrip()
                lines += [before, ""] if before.strip() else []
                lines += [f"{indent}{inner}".rstrip() for inner in text.split("\n")]
                done = match.end()
        rest = self.plain(line[done:])
        if lines and rest.strip():
            lines += ["", indent + rest.strip()]
        return lines if lines else [rest]


def replace_element(element: HtmlElement, tag: str, text: str) -> None:
    """Let an element be another one with only a text."""
    tail = element.tail
    element.clear()
    element.tag = tag
    element.text, element.tail = text, tail
