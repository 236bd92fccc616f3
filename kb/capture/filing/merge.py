"""Merges two edits of a text, line by line, by what they have in common with the text before (`diff3`). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

Block = tuple[int, int, int, int]  # a matching run: where it begins before, here and there, and its length


@dataclass(frozen=True)
class Merged:
    """A merged text, in which the first edit holds where both changed the same lines, and those lines both ways."""

    text: str
    conflicts: tuple[tuple[str, str], ...]


def merge(before: str, mine: str, theirs: str) -> Merged:
    """Apply to `mine` what changed from `before` to `theirs`."""
    old, here, there = before.split("\n"), mine.split("\n"), theirs.split("\n")
    merged: list[str] = []
    conflicts: list[tuple[str, str]] = []
    at = (0, 0, 0)
    for start, here_start, there_start, length in _common(old, here, there):
        lines, conflict = _between(old[at[0] : start], here[at[1] : here_start], there[at[2] : there_start])
        merged += [*lines, *old[start : start + length]]
        conflicts += [conflict] if conflict else []
        at = (start + length, here_start + length, there_start + length)
    return Merged("\n".join(merged), tuple(conflicts))


def difference(before: str, after: str) -> str:
    """What changed between two texts, in numbers of passages; empty where nothing did."""
    counts = {"new": 0, "changed": 0, "gone": 0}
    old, new = ([" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip())] for text in (before, after))
    for _, start, end, new_start, new_end in _changes(old, new):
        both = min(end - start, new_end - new_start)
        counts["changed"] += both
        counts["gone"] += end - start - both
        counts["new"] += new_end - new_start - both
    words = [f"{number} {name}" for name, number in counts.items() if number]
    total = sum(counts.values())
    return f"{', '.join(words)} {'passage' if total == 1 else 'passages'}" if words else ""


def _changes(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, int, int, int, int]]:
    return (change for change in SequenceMatcher(None, old, new, False).get_opcodes() if change[0] != "equal")


def _common(old: Sequence[str], here: Sequence[str], there: Sequence[str]) -> Iterator[Block]:
    """The runs of lines that all three have, in order, and the end of all three."""
    ours = SequenceMatcher(None, old, here, False).get_matching_blocks()
    others = SequenceMatcher(None, old, there, False).get_matching_blocks()
    first = second = 0
    while first < len(ours) and second < len(others):
        mine, theirs = ours[first], others[second]
        start, end = max(mine.a, theirs.a), min(mine.a + mine.size, theirs.a + theirs.size)
        if start < end:
            yield start, mine.b + start - mine.a, theirs.b + start - theirs.a, end - start
        if mine.a + mine.size < theirs.a + theirs.size:
            first += 1
        else:
            second += 1
    yield len(old), len(here), len(there), 0


def _between(old: list[str], here: list[str], there: list[str]) -> tuple[list[str], tuple[str, str] | None]:
    """The lines between two common runs, and both versions of them where they conflict."""
    if here == there or there == old:
        return here, None
    if here == old:
        return there, None
    return here, ("\n".join(here), "\n".join(there))
