"""Verdicts, your own decisions, and what `kb reclassify` moves."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kb.models import AreaVerdict, Frozen, StoredArea
from kb.reports.sync import Skipped


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
