"""Runs of lines that belong to a tool and that CommonMark reads as text: formulas inside a paragraph, LaTeX
environments, tags and shortcodes over several lines, Liquid code blocks. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from kb.models import LineKind

MAX_LINES = 60  # of a tag, shortcode or formula

_TEXT = (LineKind.PROSE, LineKind.LIST, LineKind.QUOTATION, LineKind.HEADING)
_MARKS = ("$$", "\\", "{", "<", "#+")
# What opens code of a tool, and what closes it, by the name of the block.
_CODE_BLOCKS = (
    (re.compile(r"\{%-?\s*(highlight|raw)\b[^%]*%\}\s*$"), r"\s*\{%-?\s*endNAME\b[^%]*%\}\s*$"),
    (re.compile(r"\{\{[<%]\s*(highlight)\b.*[>%]\}\}\s*$"), r"\s*\{\{[<%]\s*/\s*NAME\s*[>%]\}\}\s*$"),
    (re.compile(r"(?:[-*+][ \t]+)?#\+BEGIN_(SRC|EXAMPLE|QUERY|EXPORT)\b", re.IGNORECASE), r"(?i)\s*#\+END_NAME\b"),
    (re.compile(r"(?:<[^<>]*>\s*)*<(pre|code|script|style)\b(?!.*</)", re.IGNORECASE), r"(?i).*</NAME\s*>"),
)
_SHORTCODE = re.compile(r"(?P<liquid>\{%(?!.*%\}))|\{\{[<%](?!.*[>%]\}\})")
_ENVIRONMENT = re.compile(r"(?:\\[(\[]\s*)?\\begin\{([\w*]+)\}|\\\[\s*$")
_TAG = re.compile(r"<(?P<name>[A-Za-z][\w.:-]*)(?=\s|$)")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|=>")  # what may hold a `>` inside a tag
_FORMULA_END = re.compile(r"\$\$[\s.,;:]*(?:\([^()]*\)\s*)?$")


class Region(NamedTuple):
    """Lines `[first, stop)` of one kind."""

    first: int
    stop: int
    kind: LineKind


def regions_of(lines: Sequence[str], kinds: Sequence[LineKind]) -> list[Region]:
    """The regions of some lines in order, given the kinds that CommonMark gives to the lines."""
    regions = _Regions(lines)
    found: list[Region] = []
    done = 0
    for number, line in enumerate(lines):
        if number >= done and kinds[number] != LineKind.CODE and any(mark in line for mark in _MARKS):
            region = next(regions.beginning_at(number, kinds[number] in _TEXT), None)
            if region:
                found.append(region)
                done = region.stop
    return found


def without_regions(lines: Sequence[str], regions: Sequence[Region]) -> list[str]:
    """The lines with a blank one in place of each line of a region."""
    shown = list(lines)
    for first, stop, _ in regions:
        shown[first:stop] = [""] * (stop - first)
    return shown


class _Regions:
    """The regions that begin in each of some lines."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._never_closed: set[str] = set()  # ends of code that are not found below a line, nor below later ones

    def beginning_at(self, first: int, is_text: bool) -> Iterator[Region]:
        """The regions that begin in a line, which CommonMark may not read as text: Liquid comes before Markdown."""
        line = self._lines[first]
        shown = line.lstrip(" \t>")
        for opening, closing in _CODE_BLOCKS:
            if (block := opening.match(shown)) and (
                stop := self._stop_of_code(closing.replace("NAME", block[1]), first)
            ):
                yield Region(first, stop, LineKind.CODE)
        if not is_text:
            return
        if line.count("$$") == 1 and (stop := self._stop_of_formula(first)):
            yield Region(first + (not shown.startswith("$$")), stop, LineKind.MATH)
        if found := _ENVIRONMENT.match(shown):
            end = f"\\end{{{found[1]}}}" if found[1] else "\\]"
            if end not in shown and (stop := self._stop(first, lambda line: end in line)):
                yield Region(first, stop, LineKind.MATH)
        if found := _SHORTCODE.match(shown):
            ends = ("%}",) if found["liquid"] else (">}}", "%}}")
            if stop := self._stop(first, lambda line: line.rstrip().endswith(ends)):
                yield Region(first, stop, LineKind.METADATA)
        if (found := _TAG.match(shown)) and (stop := self._stop_of_tag(found, first)):
            yield Region(first, stop, LineKind.HTML)

    def _stop_of_code(self, end: str, first: int) -> int | None:
        if end in self._never_closed:
            return None
        closing = re.compile(end)
        for number in range(first + 1, len(self._lines)):
            if closing.match(self._lines[number]):
                return number + 1
        self._never_closed.add(end)
        return None

    def _stop_of_formula(self, first: int) -> int | None:
        """A formula begins or ends its first line with its mark, and ends its last one."""
        opening = self._lines[first].strip(" \t>")
        if not opening.startswith("$$") and not opening.endswith("$$"):
            return None
        stop = self._stop(first, lambda line: "$$" in line or not line.strip())
        closing = self._lines[stop - 1] if stop else ""
        return stop if closing.count("$$") == 1 and _FORMULA_END.search(closing) else None

    def _stop_of_tag(self, tag: re.Match[str], first: int) -> int | None:
        """A tag ends with its line; that of a component, which has a capital, may hold blank lines."""
        if ">" in _QUOTED.sub("", tag.string[tag.end() :]):
            return None
        may_hold_blanks = tag["name"][0].isupper()
        stop = self._stop(first, lambda line: ">" in _QUOTED.sub("", line) or not (line.strip() or may_hold_blanks))
        return stop if stop and self._lines[stop - 1].rstrip().endswith(">") else None

    def _stop(self, first: int, closes: Callable[[str], bool]) -> int | None:
        """The line after the next one that closes, if that is near."""
        near = range(first + 1, min(len(self._lines), first + MAX_LINES))
        return next((number + 1 for number in near if closes(self._lines[number])), None)
