"""What a user gets back of the index's health: `kb doctor`, `kb rebuild`, `kb backup`, `kb restore` and `kb pull`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kb.models import Frozen
from kb.reports import Skipped


class Finding(Frozen):
    """Something `kb doctor` found, and what mends it."""

    check: str
    severity: Literal["error", "warning"]
    path: str | None
    message: str
    repair: str


class Diagnosis(Frozen):
    """What `kb doctor` saw."""

    schema_: Literal["kb.doctor/1"] = Field(default="kb.doctor/1", serialization_alias="schema")
    ok: bool
    findings: tuple[Finding, ...]


class Rebuilt(Frozen):
    """What `kb rebuild` made anew: everything from the catalog, or the catalog itself from the notes."""

    schema_: Literal["kb.rebuild/1"] = Field(default="kb.rebuild/1", serialization_alias="schema")
    made_from: Literal["catalog", "notes"]
    notes: int
    chunks: int
    embedded_chunks: int
    skipped: tuple[Skipped, ...]
    seconds: float


class Saved(Frozen):
    """A backup that was written or restored, and how many notes its catalog holds."""

    path: str
    notes: int
    bytes: int


class BackedUp(Saved):
    """What `kb backup` wrote."""

    schema_: Literal["kb.backup/1"] = Field(default="kb.backup/1", serialization_alias="schema")


class Restored(Saved):
    """What `kb restore` put in place."""

    schema_: Literal["kb.restore/1"] = Field(default="kb.restore/1", serialization_alias="schema")


class Pulled(Frozen):
    """What `kb pull` brought from a server, by path; `skipped` are notes that were being written there."""

    schema_: Literal["kb.pull/1"] = Field(default="kb.pull/1", serialization_alias="schema")
    added: tuple[str, ...]
    updated: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    skipped: tuple[Skipped, ...]
    chunks: int
    seconds: float
