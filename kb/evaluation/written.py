"""Outlines that writers made of topics, read from a file of JSON lines."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from kb.errors import InputError
from kb.evaluation.json_lines import read_json_lines
from kb.models import Frozen


class GoldSection(Frozen):
    """A section of a writer's outline, and the notes it draws on."""

    heading: str = Field(min_length=1)
    notes: tuple[str, ...] = Field(min_length=1)


class GoldOutline(Frozen):
    """A topic and a writer's outline of it; `guided` says that its headings are given, to be filled."""

    topic: str = Field(min_length=1)
    sections: tuple[GoldSection, ...] = Field(min_length=1)
    guided: bool = False

    def section_of(self) -> dict[str, int]:
        """The number, from 0, of the first section that draws on each note."""
        numbers: dict[str, int] = {}
        for number, section in enumerate(self.sections):
            for note in section.notes:
                numbers.setdefault(note, number)
        return numbers


def load_outlines(path: Path) -> list[GoldOutline]:
    """Read JSON lines of outlines. Raises `InputError` naming the line that is wrong, or if none is left to kb."""
    outlines = [outline for _, outline in read_json_lines(path, GoldOutline)]
    if not outlines:
        raise InputError(f"{path} has no outline; write one JSON object a line")
    if all(outline.guided for outline in outlines):
        raise InputError(f"{path} has guided outlines alone; write at least one whose headings kb proposes")
    return outlines
