"""Measures of a ranked list against judgements. Pure; an unjudged document counts as not relevant."""

from __future__ import annotations

import math
from collections.abc import Sequence, Set


def ndcg(ranked: Sequence[str], relevant: Set[str], depth: int) -> float:
    """Normalised discounted cumulative gain of the first `depth`, binary gains (Järvelin and Kekäläinen 2002)."""
    gain = sum(1 / math.log2(rank + 1) for rank, name in enumerate(ranked[:depth], 1) if name in relevant)
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(depth, len(relevant)) + 1))
    return gain / ideal if ideal else 0.0


def recall(ranked: Sequence[str], relevant: Set[str], depth: int) -> float:
    """The share of the relevant documents among the first `depth`."""
    return len(set(ranked[:depth]) & relevant) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranked: Sequence[str], relevant: Set[str]) -> float:
    """One over the rank of the first relevant document; 0 where there is none."""
    return next((1 / rank for rank, name in enumerate(ranked, 1) if name in relevant), 0.0)
