"""The models that can be used, and what changing one did."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kb.models import Frozen
from kb.reports.sync import Skipped


class ListedModel(Frozen):
    """A model, and what is published of it; None where that is unknown.

    `megabytes` is the size of its files, `window` how many tokens it reads, `ndcg` its nDCG@10 in percent. It is
    `on_this_machine` if using it needs no network.
    """

    name: str
    hub: str | None
    in_use: bool
    on_this_machine: bool
    megabytes: int | None = None
    dimensions: int | None = None
    window: int | None = None
    licence: str | None = None
    languages: str | None = None
    ndcg: float | None = None


class ModelList(Frozen):
    """What `kb model list` shows; the sources of `ndcg` are those of the two tables of models."""

    schema_: Literal["kb.models/1"] = Field(default="kb.models/1", serialization_alias="schema")
    encoders: tuple[ListedModel, ...]
    encoder_source: str
    rerankers: tuple[ListedModel, ...]
    reranker_source: str


class Quality(Frozen):
    """Means over the queries of `golden.toml`, of what `kb search` finds."""

    queries: int
    ndcg_10: float
    recall_10: float
    mrr: float


class ModelChange(Frozen):
    """What `kb model use` did. `before` and `after` are settings in `kb.toml`: None is the model that comes with kb, or
    no reranker. `used` is False where the change was interrupted, and the index is as it was.
    """

    schema_: Literal["kb.model/1"] = Field(default="kb.model/1", serialization_alias="schema")
    role: Literal["encoder", "reranker"]
    before: str | None
    after: str | None
    used: bool
    dimensions: int | None = None
    window: int | None = None
    notes: int
    embedded_chunks: int = 0
    skipped: tuple[Skipped, ...] = ()
    seconds: float
    quality_before: Quality | None = None
    quality_after: Quality | None = None
