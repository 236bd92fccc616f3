"""The lexical side of a search: the chunks that have a query's words, the weight of these words in each note, and the
notes that are held back but are called by them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import PurePosixPath
from typing import NamedTuple

from kb.index.catalog import NamesHeldBack
from kb.index.reader import IndexReader
from kb.models import Filter, note_of
from kb.notes import files
from kb.notes.words import searchable
from kb.reports import Hit
from kb.search.query import Query, match_expression, query_words, telling_words
from kb.search.ranking import Ranked, Ranking, best_first
from kb.search.snippets import marks
from kb.search.words import NoteWeights, Word, idf, word_weights

MANY_CHUNKS = 20_000  # above which common words are skipped
BUDGET = 3_000  # matches that the words of a query may then have together
MOST_HELD_BACK = 3
NAMED_SHARE = (
    0.5  # of the idf of a query's words: names with less of them do not answer it, unless it has a whole title
)
OFTEN = 3  # times that a passage says a word which it is about
PART = re.compile(r"\w+\*?")  # of a compound
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
    full_text = reader.catalog.full_text
    if candidates is None:
        numbers = reader.cached("numbers", full_text.chunk_numbers)
    else:
        notes = {note_of(id) for id in candidates}
        large = reader.chunk_count > MANY_CHUNKS
        numbers = full_text.numbers_of(candidates) if large else full_text.chunk_numbers(notes)
    found = _look_up(reader, words, numbers, everywhere=candidates is None)
    return Weighed(found, word_weights(found, reader.note_lengths()))


def _look_up(reader: IndexReader, words: Sequence[str], numbers: Mapping[int, str], everywhere: bool) -> list[Word]:
    full_text, chunks = reader.catalog.full_text, reader.chunk_count
    asked = [(word, f"{stem}*" if word.endswith("*") else stem) for word in words for stem in full_text.stems(word)]
    found = full_text.occurrences({stem for _, stem in asked}, numbers, everywhere)
    return [Word(word, idf(chunks, found[stem].chunks), found[stem].places) for word, stem in asked]


def held_back(reader: IndexReader, query: Query, filter: Filter, hits: Sequence[Hit]) -> list[NamesHeldBack]:
    """The notes that are held back although their names have more of a query's words, by idf, than any hit is about:
    at most `MOST_HELD_BACK`, best first. None where a filter asks for an area, a tag or a date.
    """
    words = [part for word in query.words for part in PART.findall(searchable(word))]
    called = {note: own for note in _candidates(reader, filter) if (own := _said(_names(note), words))}
    if not called:
        return []
    rarity = {word: idf(reader.chunk_count, _frequency(reader, word)) for word in words}

    def worth(own: Collection[str]) -> float:
        return sum(rarity[word] for word in own)

    answered = max((worth(_about(hit, words)) for hit in hits), default=0.0)
    better = {
        note: worth(own)
        for note, own in called.items()
        if worth(own) > answered
        and (worth(own) >= NAMED_SHARE * worth(words) or _is_asked_for(note, words))
        and not _said(_names(note), query.without)
    }
    best = sorted(better, key=lambda note: (-better[note], len(note.title), note.path))
    return list(islice(_told(reader, best), MOST_HELD_BACK))


def _told(reader: IndexReader, notes: Sequence[NamesHeldBack]) -> Iterator[NamesHeldBack]:
    """Those of some notes that the classifier, not the user, placed outside the areas, and whose files exist."""
    records = reader.catalog.notes_by_id(note.id for note in notes)
    for note in notes:
        by_classifier = records[note.id].verdict.decided_by == "classifier"
        if by_classifier and files.state_of(reader.root, note.path):
            yield note


def _is_asked_for(note: NamesHeldBack, words: Sequence[str]) -> bool:
    """Whether some words have a whole title in them, one of several words."""
    title = searchable(note.title)
    own = query_words(title)
    return 1 < len(own) == len(_said(" ".join(words), own))


def _candidates(reader: IndexReader, filter: Filter) -> list[NamesHeldBack]:
    if filter != Filter(kinds=filter.kinds):
        return []
    held = reader.cached("held back", reader.catalog.held_back)
    return [note for note in held if note.kind in filter.kinds]


def _names(note: NamesHeldBack) -> str:
    return searchable(f"{note.title}\n{note.aliases}\n{PurePosixPath(note.path).stem}")


def _said(text: str, words: Sequence[str], often: int = 1) -> set[str]:
    """Those of some words that a text says so often."""
    return {word for word in words if len(marks(text, (word,))) >= often} if marks(text, words) else set()


def _about(hit: Hit, words: Sequence[str]) -> set[str]:
    """Those of some words that a hit is about: they are in its title or headings, or often in its best passage."""
    headings = [*hit.heading_path, *(heading for passage in hit.passages for heading in passage.heading_path)]
    named = searchable("\n".join((hit.title, *headings)))
    return _said(named, words) | _said(searchable(hit.text), words, OFTEN)


def _frequency(reader: IndexReader, word: str) -> int:
    return reader.cached(
        "frequency", lambda: reader.catalog.full_text.frequency(match_expression([word]), BUDGET), word
    )
