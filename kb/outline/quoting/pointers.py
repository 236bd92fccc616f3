"""The tables, formulas and code of a passage, which an outline points at instead of quoting them. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from kb.models import Chunk, ChunkRecord, LineKind, Statement
from kb.notes.prose import clean
from kb.reports import PointKind

MAX_LINES = 30  # of a table, a formula or code; what is longer is an appendix
MIN_TEXT, MAX_TEXT = 8, 320  # characters of the line that stands for it

# Those most worth having come first.
_KINDS: dict[LineKind, PointKind] = {
    LineKind.TABLE: "table",
    LineKind.MATH: "formula",
    LineKind.CODE: "code",
}
_FENCE = re.compile(r"[\s>]*(?:`{3,}|~{3,})\s*$")
_SAYS_LITTLE = re.compile(r"\W*|(?:import|from|pip|cd|ls|#|//|\$|!|%|%%\w*)\b.*|[\W\d]*", re.IGNORECASE)


def pointer(chunk: Chunk | ChunkRecord) -> tuple[PointKind, Statement] | None:
    """The passage's first table, else its first formula, else its first code: with its lines, and as text the
    formula or the first line that says something. None if there is no such line.
    """
    lines = chunk.text.split("\n")
    blocks = _blocks(_without_gaps(lines, chunk.kinds[: len(lines)]))
    for kind, name in _KINDS.items():
        for first, stop in (span for found, *span in blocks if found == kind):
            text = _text(kind, lines[first:stop]) if stop - first <= MAX_LINES else ""
            if text:
                start = chunk.start_line
                return name, Statement(text=text, start_line=start + first, end_line=start + stop - 1)
    return None


def _without_gaps(lines: Sequence[str], kinds: str) -> str:
    """The kinds of lines, where a blank line between two of code is code, unless it separates two fenced blocks."""
    found = list(kinds)
    for number, kind in enumerate(found[:-1]):
        above, below = found[number - 1] if number else "", next((k for k in found[number:] if k != LineKind.BLANK), "")
        ends = number > 0 and _FENCE.match(lines[number - 1]) and LineKind.CODE in found[: number - 1]
        if kind == LineKind.BLANK and above == below == LineKind.CODE and not ends:
            found[number] = LineKind.CODE
    return "".join(found)


def _blocks(kinds: str) -> list[tuple[str, int, int]]:
    """The kind, the first line and the line after the last of each run of lines of one kind, from 0."""
    runs = [
        (kind, [number for number, _ in group]) for kind, group in groupby(enumerate(kinds), key=lambda pair: pair[1])
    ]
    return [(kind, numbers[0], numbers[-1] + 1) for kind, numbers in runs]


def _text(kind: LineKind, lines: Sequence[str]) -> str:
    """A whole formula, or the first line that says something of a table or code, if the cleaned lines contain it."""
    whole = clean("\n".join(lines))
    candidates = [whole] if kind == LineKind.MATH else [clean(line) for line in lines]
    said = (text for text in candidates if MIN_TEXT <= len(text) <= MAX_TEXT and text in whole)
    return next((text for text in said if not _SAYS_LITTLE.fullmatch(text)), "")
