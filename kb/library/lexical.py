"""The lexical side of a search: bm25 of the chunks that have a query's words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import islice

from kb.library.workspace import Workspace
from kb.models import Filter, note_of
from kb.search.query import match_expression, telling_words

MANY_CHUNKS = 20_000  # above which common words are passed over
BUDGET = 3_000  # matches that a query may cost then
LOOK_UP_BELOW = 0.3  # the share of passing notes below which each match is looked up, instead of dropping most later


def matching(workspace: Workspace, words: Sequence[str], filter: Filter, limit: int) -> dict[str, float]:
    """bm25 of the best `limit` chunks for any of some words among the notes that a filter lets through, by chunk id."""
    catalog = workspace.catalog
    if workspace.remember("chunks", catalog.count_chunks) > MANY_CHUNKS:
        words = telling_words({word: _frequency(workspace, word) for word in words}, BUDGET)
    if not words:
        return {}
    expression, passing = match_expression(words), workspace.passing(filter)
    if passing.share < LOOK_UP_BELOW:
        return catalog.match(expression, limit, passing.notes)
    wanted = math.ceil(limit / passing.share)
    while True:
        found = catalog.match(expression, wanted)
        kept = {id: bm25 for id, bm25 in found.items() if note_of(id) in passing.notes}
        if len(kept) >= limit or len(found) < wanted:
            return dict(islice(kept.items(), limit))
        wanted *= 2


def _frequency(workspace: Workspace, word: str) -> int:
    return workspace.remember(
        ("frequency", word), lambda: workspace.catalog.frequency(match_expression([word]), BUDGET)
    )
