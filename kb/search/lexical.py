"""The lexical side of a search: the chunks that have a query's words, and the weight of these words in each note."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from pathlib import PurePosixPath
from typing import NamedTuple

from kb.index.reader import IndexReader
from kb.models import Filter, note_of
from kb.search.query import match_expression, name_key, possible_names, telling_words
from kb.search.ranking import Ranked, Ranking, best_first
from kb.search.words import NoteWeights, Word, idf, word_weights

MANY_CHUNKS = 20_000  # above which common words are skipped
BUDGET = 3_000  # matches that the words of a query may then have together
LOOK_UP_BELOW = 0.3  # the share of passing notes below which matches are filtered in SQL, not after it


def by_words(reader: IndexReader, words: Sequence[str], filter: Filter, pool: int) -> Ranking:
    """Rank the chunks that have any of some words by bm25."""
    lexical = matching(reader, words, filter, pool)
    ranked = best_first(Ranked(id, bm25, None, bm25) for id, bm25 in lexical.items())
    looked_up, weights = weigh(reader, words, lexical)
    return Ranking("lexical", filter, {}, lexical, ranked, looked_up, weights)


def telling(reader: IndexReader, words: Sequence[str]) -> Sequence[str]:
    """The words to look up: all of them, or the rarest in a large notebook."""
    if reader.chunk_count <= MANY_CHUNKS:
        return words
    return telling_words({word: _frequency(reader, word) for word in words}, BUDGET)


def matching(reader: IndexReader, words: Sequence[str], filter: Filter, limit: int) -> dict[str, float]:
    """bm25 of the best `limit` chunks that have any of some words, of the notes that pass a filter, by chunk id."""
    if not words:
        return {}
    full_text = reader.catalog.full_text
    expression, passing = match_expression(words), reader.passing(filter)
    if passing.share < LOOK_UP_BELOW:
        return full_text.match(expression, limit, passing.notes)
    wanted = math.ceil(limit / passing.share)
    while True:
        found = full_text.match(expression, wanted)
        kept = {id: bm25 for id, bm25 in found.items() if note_of(id) in passing.notes}
        if len(kept) >= limit or len(found) < wanted:
            return dict(islice(kept.items(), limit))
        wanted *= 2


class Weighed(NamedTuple):
    """The stems of a query in order, and the weight of each in each note (BM25+)."""

    words: list[Word]
    weights: NoteWeights


def weigh(reader: IndexReader, words: Sequence[str], candidates: Collection[str] | None) -> Weighed:
    """Weigh words in all notes, or in the notes of some candidates; in a large notebook, in these chunks only."""
    catalog, full_text = reader.catalog, reader.catalog.full_text
    if candidates is None:
        numbers = reader.cached("numbers", full_text.chunk_numbers)
        sizes = reader.cached("sizes", catalog.sizes)
    else:
        notes = {note_of(id) for id in candidates}
        large = reader.chunk_count > MANY_CHUNKS
        numbers = full_text.numbers_of(candidates) if large else full_text.chunk_numbers(notes)
        sizes = catalog.sizes(notes)
    mean = reader.cached("mean size", catalog.mean_size) or 1.0
    found = _look_up(reader, words, numbers, everywhere=candidates is None)
    return Weighed(found, word_weights(found, {note: size / mean for note, size in sizes.items()}))


def named(reader: IndexReader, text: str) -> frozenset[str]:
    """The notes, by id, that a query names by title, alias or file name; of a title also the part before a colon."""
    notes = reader.cached("notes by name", lambda: _by_name(reader))
    return frozenset(note for key in possible_names(text) for note in notes.get(key, ()))


def _by_name(reader: IndexReader) -> dict[str, set[str]]:
    notes: dict[str, set[str]] = {}
    for note, (title, path, *aliases) in reader.catalog.names().items():
        for name in (title, title.split(": ")[0], PurePosixPath(path).stem, *aliases):
            notes.setdefault(name_key(name), set()).add(note)
    notes.pop("", None)
    return notes


def _look_up(reader: IndexReader, words: Sequence[str], numbers: Mapping[int, str], everywhere: bool) -> list[Word]:
    full_text, chunks = reader.catalog.full_text, reader.chunk_count
    found = []
    for word in words:
        for stem in full_text.stems(word):
            asked = f"{stem}*" if word.endswith("*") else stem
            having, places = full_text.occurrences(asked, None if everywhere else numbers)
            here = [(numbers[chunk], chunk, column, position) for chunk, column, position in places]
            found.append(Word(word, idf(chunks, having), here))
    return found


def _frequency(reader: IndexReader, word: str) -> int:
    return reader.cached(
        "frequency", lambda: reader.catalog.full_text.frequency(match_expression([word]), BUDGET), word
    )
