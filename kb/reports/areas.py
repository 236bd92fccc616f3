"""Verdicts, your own decisions, and what `kb reclassify` moves."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kb.models import AreaVerdict, Frozen, StoredArea
from kb.reports.sync import Skipped


class DescribedArea(Frozen):
    """An area: what it means, and its notes, posts included. `decided` counts those that the writer filed; detours and
    what lies outside the areas have no description.
    """

    area: StoredArea
    description: str
    names: tuple[str, ...]
    notes: int
    posts: int
    unsure: int
    decided: int


class AreaList(Frozen):
    """The three areas, then detours and the notes that are held back as outside."""

    schema_: Literal["kb.areas/1"] = Field(default="kb.areas/1", serialization_alias="schema")
    areas: tuple[DescribedArea, ...]


class Classification(AreaVerdict):
    """The verdict for one file; nothing is stored."""

    schema_: Literal["kb.classify/1"] = Field(default="kb.classify/1", serialization_alias="schema")
    path: str


class Filed(Frozen):
    """Where a note was filed before `kb file`, and where it is filed now."""

    schema_: Literal["kb.file/1"] = Field(default="kb.file/1", serialization_alias="schema")
    path: str
    before: StoredArea
    area: StoredArea


class Move(Frozen):
    """A note that would be filed under another area today, and why."""

    path: str
    before: StoredArea
    after: StoredArea
    verdict: AreaVerdict


class Reclassification(Frozen):
    """The notes that move when all are classified again. `skipped` lists files gone or changed since the last sync."""

    schema_: Literal["kb.reclassify/1"] = Field(default="kb.reclassify/1", serialization_alias="schema")
    applied: bool
    moved: tuple[Move, ...]
    unmoved: int
    skipped: tuple[Skipped, ...] = ()
