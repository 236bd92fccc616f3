"""Ideas for the next post."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kb.models import FiledArea, Frozen
from kb.reports.outline import CoveredBefore


class Idea(Frozen):
    """Notes that are ripe for a post: a working title in their own words, the reasons, and the command that starts it.

    `ripeness` (0..1) is the mean of four parts: evidence, recent notes, open questions, distance from published posts.
    """

    title: str
    area: FiledArea
    ripeness: float
    notes: tuple[str, ...]
    passages: int
    recent_notes: int
    open_questions: int
    nearest_post: CoveredBefore | None
    why: tuple[str, ...]
    command: str


class Ideas(Frozen):
    """What could be written next, from all areas in turn. `notes` counts the notes that were considered."""

    schema_: Literal["kb.ideas/1"] = Field(default="kb.ideas/1", serialization_alias="schema")
    ideas: tuple[Idea, ...]
    notes: int
