"""From a query to ranked chunks, over catalog and vectors."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from kb.errors import InputError, VectorError
from kb.index.reader import IndexReader
from kb.models import FILED_AREAS, Filter, Mode, System
from kb.search.concepts.abbreviations import with_abbreviations
from kb.search.concepts.reading import read_concepts, reading_of, subject_of
from kb.search.concepts.treatments import treatments
from kb.search.concepts.untreated import meaning_words, untreated_in
from kb.search.dense import first_wanted, nearest, relatedness_of_nearest, scan
from kb.search.fuse import by_meaning, by_meaning_and_words
from kb.search.lexical import by_words, matching, telling, weigh
from kb.search.names import named
from kb.search.query import MAX_LENGTH, WORD, Query, match_expression, other_spellings, parse_query
from kb.search.ranking import Ranking, best_of_notes, named_first, reciprocal_ranks, weighted_sum

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

POOL = 200
MANY = 100  # chunks that have a word; more need not be counted
MAX_CONDITIONS = 500  # each is part of one SQL expression, which SQLite limits to a depth of 1,000
SUM_WEIGHT = 0.7  # of the dense side in the weighted sum that serves as a baseline


def find(reader: IndexReader, query: str, filter: Filter, mode: Mode, pool: int = POOL) -> Ranking:
    """The best chunks for a query, at most `pool` from each side. Raises `InputError` for a query that is empty, too
    long, or has too many conditions.
    """
    asked = as_in_notes(reader, read_query(query))
    filter = _narrowed(reader, filter, asked)
    if mode == "lexical":
        return by_words(reader, telling(reader, asked.words), filter, pool)
    import numpy  # noqa: F401  # its first import must not happen in two threads at the same time

    reader.require_current_encoder()
    # The vectors are searched while words are looked up.
    embedding = reader.shared.background.submit(reader.encoder.encode_query, asked.text)
    _open_vectors(reader)
    first = _ask_ahead(reader, embedding, filter, pool)
    if mode == "dense":
        vector = embedding.result()
        return by_meaning(reader, vector, nearest(reader, vector, filter, pool, first), filter)
    known, subject = treatments(reader), subject_of(reader, asked)
    untreated = untreated_in(reader, known, subject.text)
    words = telling(reader, meaning_words(reader, subject.words, untreated))
    lexical = matching(reader, words, filter, pool)
    weighed = weigh(reader, words, None) if reader.is_small else words
    vector = embedding.result()
    described = vector if subject.text == asked.text else reader.encoder.encode_query(subject.text)
    answered = relatedness_of_nearest(reader, described)
    concepts = read_concepts(reader, known, subject, described, answered)
    reading = reading_of(reader, known, concepts, None if described is vector else described, subject.wanted.avoided)
    reading = with_abbreviations(reader, known, replace(reading, untreated=untreated), subject)
    dense = nearest(reader, vector, filter, pool, first)
    if reading.concepts:
        again = scan if reader.is_small else nearest
        dense |= again(reader, reading.moved(vector), filter, pool)
    notes = named(reader, subject.wanted.text) & reader.passing(filter).notes
    dense |= dict.fromkeys(_chunk_ids(reader, notes), 0.0)
    ranking = by_meaning_and_words(reader, vector, dense, lexical, weighed, reading, filter)
    return replace(ranking, ranked=named_first(ranking.ranked, notes), named=notes) if notes else ranking


def _chunk_ids(reader: IndexReader, notes: Collection[str]) -> list[str]:
    """The ids of all chunks of some notes."""
    return [chunk.id for chunks in reader.catalog.chunks_of(notes).values() for chunk in chunks] if notes else []


def _open_vectors(reader: IndexReader) -> None:
    if reader.generation and not reader.exact:
        with suppress(VectorError):  # the query itself will report it
            reader.store.open(reader.generation)


def _ask_ahead(
    reader: IndexReader, embedding: Future[FloatArray], filter: Filter, pool: int
) -> Future[dict[str, float]] | None:
    """The store's answer to the first question of `nearest`, asked as soon as the query is embedded."""
    wanted = first_wanted(reader, filter, pool)
    if not 0 < wanted <= reader.store.most_results:
        return None
    generation, areas = reader.generation, filter.areas or FILED_AREAS
    return reader.shared.background.submit(lambda: reader.store.query(generation, embedding.result(), areas, wanted))


def read_query(query: str) -> Query:
    """Parse a query. Raises `InputError` where it asks for nothing, or is too long."""
    if not query.strip():
        raise InputError("the query is empty; say what you are looking for")
    if len(query) > MAX_LENGTH:
        raise InputError(f"the query has {len(query):,} characters; use at most {MAX_LENGTH:,}")
    asked = parse_query(query.encode(errors="replace").decode())  # lone surrogates are no text
    if not asked.text:
        raise InputError(f"{query!r} only excludes words; add some to look for")
    return asked


def as_in_notes(reader: IndexReader, query: Query) -> Query:
    """A query with its compounds spelled as in the notes."""
    text = spelled(reader, query.text)
    if text == query.text:
        return query
    return query._replace(text=text, words=tuple(spelled(reader, word) for word in query.words))


def spelled(reader: IndexReader, text: str) -> str:
    """A text whose compounds are spelled as in the notes, if these have only the other spelling: `over-smoothing`,
    `oversmoothing`.
    """

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
    """A filter with the phrases and exclusions of a query; phrases that no note contains are dropped, with a notice."""
    without = filter.model_copy(update={"without": (*filter.without, *query.without)})
    exact = without.model_copy(update={"phrases": (*filter.phrases, *query.phrases)})
    _require_few_conditions(exact)
    if filter.since and filter.until and filter.since > filter.until:
        raise InputError(f"no date is since {filter.since} and until {filter.until}; exchange the two")
    if query.phrases and not reader.passing(exact).notes:
        quoted = " and ".join(f"{phrase!r}" for phrase in query.phrases)
        reader.notify(f"no note contains the exact words {quoted}; showing near matches")
        return without
    return exact


def _require_few_conditions(filter: Filter) -> None:
    counts = {"-words": len(filter.without), "quoted phrases": len(filter.phrases), "tags": len(filter.tags)}
    if sum(counts.values()) > MAX_CONDITIONS:
        listed = ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)
        raise InputError(f"the query has {listed}; use at most {MAX_CONDITIONS} in all")


def rankings(reader: IndexReader, query: str, limit: int) -> dict[System, list[str]]:
    """The paths of the best notes for a query by each ranking method; `hybrid` ranks as `find` does."""
    pool = max(POOL, limit * 2)
    found = find(reader, query, Filter(), "hybrid", pool)
    dense = dict(sorted(found.dense.items(), key=lambda entry: -entry[1])[:pool])
    scores: dict[System, Mapping[str, float]] = {
        "lexical": found.lexical,
        "dense": dense,
        "rrf": reciprocal_ranks(dense, found.lexical),
        "sum": weighted_sum(found.dense, found.lexical, SUM_WEIGHT),
        "hybrid": {entry.id: -place for place, entry in enumerate(found.ranked)},
    }
    paths = reader.cached("paths", reader.catalog.paths)
    return {
        system: [paths[note] for note in sorted(best, key=lambda note: (-best[note], note))[:limit]]
        for system, best in ((system, best_of_notes(side)) for system, side in scores.items())
    }
