"""The lexical side of a search: bm25 of the chunks that have a query's words."""

from __future__ import annotations

from collections.abc import Sequence

from kb.library.workspace import Workspace
from kb.models import Filter
from kb.search.query import match_expression, telling_words

MANY_CHUNKS = 20_000  # above which common words are passed over
BUDGET = 3_000  # matches that a query may cost then


def matching(workspace: Workspace, words: Sequence[str], filter: Filter, limit: int) -> dict[str, float]:
    """bm25 of the best `limit` chunks for any of some words among the notes that a filter lets through, by chunk id."""
    catalog = workspace.catalog
    if workspace.remember("chunks", catalog.count_chunks) > MANY_CHUNKS:
        words = telling_words({word: _frequency(workspace, word) for word in words}, BUDGET)
    if not words:
        return {}
    passing = workspace.passing(filter)
    return catalog.match(match_expression(words), limit, None if passing.all else passing.notes)


def _frequency(workspace: Workspace, word: str) -> int:
    return workspace.remember(
        ("frequency", word), lambda: workspace.catalog.frequency(match_expression([word]), BUDGET)
    )
