"""Meaning and words of the candidates of a query, put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kb.library.dense import background, by_id, nearest
from kb.library.lexical import weigh
from kb.library.workspace import Workspace
from kb.models import Filter, Mode, note_of
from kb.search.ranking import (
    FEEDBACK_NOTES,
    Found,
    agreement,
    best_of_notes,
    feedback_weight,
    fuse,
    group_by_note,
)
from kb.search.words import nearness


def fused(
    workspace: Workspace,
    vector: NDArray[np.float32],
    asked: Sequence[str],
    lexical: Mapping[str, float],
    filter: Filter,
    mode: Mode,
    pool: int,
) -> Found:
    """Judge the nearest chunks and those that have the words by both sides, move the query towards the notes that come
    out best, and judge them again (pseudo-relevance feedback, Rocchio 1971).
    """
    candidates = {**nearest(workspace, vector, filter, pool), **lexical}
    if not candidates:
        return Found(mode, filter, {}, lexical, [])
    ids, matrix = workspace.catalog.chunk_vectors(candidates)
    ordinary, dense = background(workspace), by_id(ids, matrix @ vector)
    passages, query = ordinary.centred(matrix), ordinary.centred(vector)
    words, weights = weigh(workspace, asked, {note_of(id) for id in ids})
    sums = {note: sum(own.values()) for note, own in weights.items()}
    near = nearness(words)

    standing = by_id(ids, ordinary.standing(passages, query))
    ranked = fuse(standing, dense, lexical, sums, near)
    agreed = agreement(best_of_notes(standing), sums)
    weight = feedback_weight(agreed) if asked else 0.0
    best = [group[0].id for group in group_by_note(ranked, 1)[:FEEDBACK_NOTES]]
    rows = {id: row for row, id in enumerate(ids)}
    moved = query + weight * passages[[rows[id] for id in best]].mean(axis=0)
    moved /= max(float((moved @ moved) ** 0.5), 1e-9)
    ranked = fuse(by_id(ids, ordinary.standing(passages, moved)), dense, lexical, sums, near)
    return Found(mode, filter, dense, lexical, ranked, words, weights, vector, agreed, tuple(best), weight)
