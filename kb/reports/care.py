"""The state of a notebook and its index."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kb.models import Frozen, StoredArea
from kb.reports.sync import Skipped


class AreaCount(Frozen):
    """How many notes, posts included, an area holds."""

    area: StoredArea
    notes: int


class Status(Frozen):
    """The state of a notebook. `months` counts the notes of each area by month (`2024-08`); `model` and `rerank` are
    the settings, where None is the model that comes with kb, and no reranker; `vectors` says where the vectors are.
    """

    schema_: Literal["kb.status/1"] = Field(default="kb.status/1", serialization_alias="schema")
    notebook: str
    sources: tuple[str, ...]
    areas: tuple[AreaCount, ...]
    months: dict[str, dict[StoredArea, int]]
    posts: int
    unsure: int
    chunks: int
    changed_notes: int
    generation: int
    encoder: str | None
    model: str | None
    rerank: str | None
    vectors: str
    index_bytes: int


class Finding(Frozen):
    """A problem that `kb doctor` found, and how to repair it."""

    check: str
    severity: Literal["error", "warning"]
    path: str | None
    message: str
    repair: str


class Diagnosis(Frozen):
    """The findings of `kb doctor`."""

    schema_: Literal["kb.doctor/1"] = Field(default="kb.doctor/1", serialization_alias="schema")
    ok: bool
    findings: tuple[Finding, ...]


class Rebuilt(Frozen):
    """What `kb rebuild` rebuilt: everything from the catalog, or the catalog itself from the notes."""

    schema_: Literal["kb.rebuild/1"] = Field(default="kb.rebuild/1", serialization_alias="schema")
    made_from: Literal["catalog", "notes"]
    notes: int
    chunks: int
    embedded_chunks: int
    skipped: tuple[Skipped, ...]
    seconds: float


class Saved(Frozen):
    """A backup that was written or restored, and the number of notes in its catalog."""

    path: str
    notes: int
    bytes: int


class BackedUp(Saved):
    """What `kb backup` wrote."""

    schema_: Literal["kb.backup/1"] = Field(default="kb.backup/1", serialization_alias="schema")


class Restored(Saved):
    """What `kb restore` restored."""

    schema_: Literal["kb.restore/1"] = Field(default="kb.restore/1", serialization_alias="schema")
