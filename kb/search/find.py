"""From a query to ranked chunks, over catalog and vectors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from kb.errors import InputError, VectorError
from kb.index.reader import IndexReader
from kb.models import Filter, Mode, System
from kb.search.lexical import matching, telling, weigh
from kb.search.query import WORD, Query, match_expression, other_spellings, parse_query
from kb.search.ranking import Found, Ranked, best_first, best_of_notes, reciprocal_ranks, weighted_sum

POOL = 200
MANY = 100  # chunks that have a word; more need not be counted
SUM_WEIGHT = 0.7  # of the dense side in the plain weighted sum that ranking is measured against


def find(reader: IndexReader, query: str, filter: Filter, mode: Mode, pool: int = POOL) -> Found:
    """The best chunks for a query, at most `pool` from each side. Raises `InputError` for an empty query."""
    asked = _as_in_notes(reader, read_query(query))
    filter = _narrowed(reader, filter, asked)
    words = telling(reader, asked.words)
    if mode == "lexical":
        lexical = matching(reader, words, filter, pool)
        ranked = best_first(Ranked(id, bm25, None, bm25) for id, bm25 in lexical.items())
        looked_up, weights = weigh(reader, words, lexical)
        return Found(mode, filter, {}, lexical, ranked, looked_up, weights)
    from kb.search.fuse import by_meaning, fused  # and with it numpy, which two threads must not import at once

    reader.require_current_encoder()
    with ThreadPoolExecutor(1) as background:  # the query is embedded while the words are looked up
        embedding = background.submit(reader.encoder.encode_query, asked.text)
        if reader.generation and not reader.exact:
            with suppress(VectorError):  # the query itself says what is wrong
                reader.store.open(reader.generation)
        if mode == "dense":
            return by_meaning(reader, embedding.result(), filter, pool)
        lexical = matching(reader, words, filter, pool)
        weighed = weigh(reader, words, None) if reader.is_small else words
        return fused(reader, embedding.result(), lexical, weighed, filter, pool)


def read_query(query: str) -> Query:
    """A query as it can be asked. Raises `InputError` where it asks for nothing."""
    if not query.strip():
        raise InputError("the query is empty; say what you are looking for")
    asked = parse_query(query.encode(errors="replace").decode())  # lone surrogates are no text
    if not asked.text:
        raise InputError(f"{query!r} says only what is not wanted; add what is")
    return asked


def _as_in_notes(reader: IndexReader, query: Query) -> Query:
    """A query whose compounds are written as the notes write them."""
    text = spelled(reader, query.text)
    if text == query.text:
        return query
    return query._replace(text=text, words=tuple(spelled(reader, word) for word in query.words))


def spelled(reader: IndexReader, text: str) -> str:
    """A text in which a compound that no note has stands as the notes write it: `over-smoothing`, `oversmoothing`."""

    def frequency(word: str) -> int:
        return reader.catalog.full_text.frequency(match_expression([word]), MANY)

    def as_in_notes(match: re.Match[str]) -> str:
        others = other_spellings(match[0])
        if not others or frequency(match[0]):
            return match[0]
        best = max(others, key=frequency)
        return best if frequency(best) else match[0]

    return WORD.sub(as_in_notes, text)


def _narrowed(reader: IndexReader, filter: Filter, query: Query) -> Filter:
    """A filter that also knows the phrases of a query and what it excludes; phrases that no note has bind nobody."""
    exact = filter.model_copy(update={"phrases": query.phrases, "without": query.without})
    if query.phrases and not reader.passing(exact).notes:
        quoted = " and ".join(f"{phrase!r}" for phrase in query.phrases)
        reader.notify(f"no note has the exact words {quoted}; these come near")
        return exact.model_copy(update={"phrases": ()})
    return exact


def rankings(reader: IndexReader, query: str, limit: int) -> dict[System, list[str]]:
    """The paths of the best notes for a query by each way to rank, `hybrid` as a search would."""
    pool = max(POOL, limit * 2)
    found = find(reader, query, Filter(), "hybrid", pool)
    dense = dict(sorted(found.dense.items(), key=lambda entry: -entry[1])[:pool])
    scores: dict[System, Mapping[str, float]] = {
        "lexical": found.lexical,
        "dense": dense,
        "rrf": reciprocal_ranks(dense, found.lexical),
        "sum": weighted_sum(found.dense, found.lexical, SUM_WEIGHT),
        "hybrid": {entry.id: entry.score for entry in found.ranked},
    }
    paths = reader.cached("paths", reader.catalog.paths)
    return {
        system: [paths[note] for note in sorted(best, key=lambda note: (-best[note], note))[:limit]]
        for system, best in ((system, best_of_notes(side)) for system, side in scores.items())
    }
