"""Ideas for the next post."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kb.models import FiledArea, Frozen
from kb.reports.outline import CoveredBefore


class RipenessParts(Frozen):
    """What the ripeness of an idea is the mean of, each 0..1: how much evidence there is, how much of it is recent, how
    many questions are open, and how little the published posts cover.
    """

    evidence: float
    recency: float
    questions: float
    novelty: float


class Idea(Frozen):
    """Notes that are ripe for a post: a question as working title, the reasons, and the command that starts it.

    `ripeness` is the mean of its `parts`. `new_since_post` are the notes that are newer than the nearest post, or of
    which it says nothing.
    """

    title: str
    area: FiledArea
    ripeness: float
    parts: RipenessParts
    notes: tuple[str, ...]
    passages: int
    recent_notes: int
    open_questions: int
    nearest_post: CoveredBefore | None
    new_since_post: tuple[str, ...] = ()
    why: tuple[str, ...]
    command: str


class Ideas(Frozen):
    """What could be written next, from all areas in turn. `notes` counts the notes that were considered."""

    schema_: Literal["kb.ideas/1"] = Field(default="kb.ideas/1", serialization_alias="schema")
    ideas: tuple[Idea, ...]
    notes: int
