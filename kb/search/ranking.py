"""Fuse lexical and dense scores and group passages by note. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kb.models import note_of

DENSE_WEIGHT = 0.7
MIN_COSINE = 0.3
MIN_LEXICAL_COSINE = 0.2


class Ranked(NamedTuple):
    """A chunk with its fused score and what made it; `dense` is a cosine, `lexical` a bm25."""

    id: str
    score: float
    dense: float | None
    lexical: float | None
    dense_share: float
    lexical_share: float


def fuse(dense: Mapping[str, float], lexical: Mapping[str, float], dense_weight: float = DENSE_WEIGHT) -> list[Ranked]:
    """Chunks by the weighted sum of both scores, each divided by its best, best first.

    A weighted sum of normalised scores keeps how far apart the scores are, which rank fusion throws away.
    """
    best_dense = max(dense.values(), default=0.0)
    best_lexical = max(lexical.values(), default=0.0)
    ranked = []
    for id in {**dense, **lexical}:
        cosine, bm25 = dense.get(id), lexical.get(id)
        dense_share = cosine / best_dense if cosine and cosine > 0 else 0.0
        lexical_share = bm25 / best_lexical if bm25 and bm25 > 0 else 0.0
        score = dense_weight * dense_share + (1 - dense_weight) * lexical_share
        ranked.append(Ranked(id, score, cosine, bm25, dense_share, lexical_share))
    return sorted(ranked, key=lambda entry: (-entry.score, entry.id))


def reciprocal_ranks(*lists: Mapping[str, float]) -> dict[str, float]:
    """Reciprocal rank fusion of scored lists, k = 60 (Cormack et al. 2009): what others do, to be measured against."""
    scores: dict[str, float] = {}
    for entries in lists:
        for rank, id in enumerate(sorted(entries, key=lambda chunk: -entries[chunk]), 1):
            scores[id] = scores.get(id, 0.0) + 1 / (60 + rank)
    return scores


def group_by_note(ranked: Iterable[Ranked], passages: int) -> list[list[Ranked]]:
    """The chunks of each note, best first and at most `passages` of them; notes in the order of their best one."""
    groups: dict[str, list[Ranked]] = {}
    for entry in ranked:
        group = groups.setdefault(note_of(entry.id), [])
        if len(group) < passages:
            group.append(entry)
    return list(groups.values())


def is_good_match(dense: Mapping[str, float], lexical: Mapping[str, float], lexical_only: bool) -> bool:
    """Whether anything found deserves to be called a hit."""
    if lexical_only:
        return bool(lexical)
    best = max(dense.values(), default=0.0)
    return best >= MIN_COSINE or (bool(lexical) and best >= MIN_LEXICAL_COSINE)
