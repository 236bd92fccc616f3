"""What `kb eval` measures of search."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kb.models import Frozen, System


class Measures(Frozen):
    """The mean measures of one ranking; `intervals` holds the 95 % interval of each, by name."""

    mode: System
    ndcg_10: float
    recall_10: float
    recall_100: float
    mrr: float
    intervals: dict[str, tuple[float, float]]


class Evaluation(Frozen):
    """How well each ranking answers judged queries; `p_value` compares hybrid with the best other one in nDCG@10."""

    schema_: Literal["kb.eval/1"] = Field(default="kb.eval/1", serialization_alias="schema")
    queries: int
    systems: tuple[Measures, ...]
    best_other: System
    p_value: float
