"""The full text of the chunks: which ones match some words, how well, and where."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from kb.index.catalog.schema import TOKENIZER, json_list
from kb.notes.words import searchable

TITLE_WEIGHT, HEADING_WEIGHT, TEXT_WEIGHT = 2.0, 1.5, 1.0
KEPT_STEMS = 1_000  # texts whose stems are remembered: words of queries, which recur

# FTS5 compares stems only.
_WRITTEN = """(:written = '' OR instr(
    lower(passages.title || char(10) || passages.headings || char(10) || passages.text), :written))"""

Place = tuple[str, int, str, int]  # note, chunk number, column, position
Parameters = Mapping[str, object] | tuple[object, ...]
Rows = Callable[[str, Parameters], list[sqlite3.Row]]


class Occurrences(NamedTuple):
    """How many chunks contain a stem, and its places in the chunks asked for."""

    chunks: int
    places: list[Place]


class FullText:
    """FTS5 over the chunks of a catalog, through its connection. Every method may raise `CatalogError`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._stemmer = _Stemmer()

    def stems(self, text: str) -> tuple[str, ...]:
        """The stems of a text in order, as FTS5 makes them of the notes."""
        return self._stemmer.stems(text)

    def close(self) -> None:
        """Close the stemmer's own database."""
        self._stemmer.close()

    def frequency(self, expression: str, most: int) -> int:
        """How many chunks an FTS5 expression matches, counted up to `most`."""
        sql = "SELECT count(*) n FROM (SELECT 1 FROM passages WHERE passages MATCH ? LIMIT ?)"
        return int(self._rows(sql, (expression, most))[0]["n"])

    def matching(self, expression: str, most: int = -1, written: str = "") -> dict[int, str]:
        """The numbers of the chunks that an FTS5 expression matches, with their notes; `most` of them, or all. With
        `written`, only of those in which it is written, in any case.
        """
        sql = f"""SELECT chunks.number, chunks.note_id FROM passages JOIN chunks ON chunks.number = passages.rowid
            WHERE passages MATCH :expression AND {_WRITTEN} LIMIT :most"""  # noqa: S608  # a constant
        rows = self._rows(sql, {"expression": expression, "most": most, "written": written.lower()})
        return {row["number"]: row["note_id"] for row in rows}

    def texts(self, expression: str, most: int, among: int, written: str = "") -> list[str]:
        """The texts of at most `most` of the first `among` chunks that an FTS5 expression matches; with `written`, of
        those in which that is written, in any case.
        """
        sql = f"""SELECT text FROM (
                SELECT title, headings, text FROM passages WHERE passages MATCH :expression LIMIT :among
            ) passages WHERE {_WRITTEN} LIMIT :most"""  # noqa: S608  # a constant
        values = {"expression": expression, "most": most, "among": among, "written": written.lower()}
        return [row["text"] for row in self._rows(sql, values)]

    def known(self, words: Sequence[str], most: int) -> list[str]:
        """Those of some words that any chunk has, in any form of theirs, and at most `most` chunks have."""
        together = self.stems(" ".join(words))
        is_word_each = len(together) == len(words)  # not so where a script has no blanks
        stems = (
            dict(zip(words, together, strict=True))
            if is_word_each
            else {word: stem for word in words for stem in self.stems(word)}
        )
        sql = "SELECT term FROM temp.stems WHERE term IN (SELECT value FROM json_each(?)) AND doc <= ?"
        having = {row["term"] for row in self._rows(sql, (json_list(stems.values()), most))}
        return [word for word, stem in stems.items() if stem in having]

    def occurrences(
        self, stems: Collection[str], notes: Mapping[int, str], everywhere: bool = False
    ) -> dict[str, Occurrences]:
        """Where each of some stems occurs in the chunks whose notes are given, by chunk number; `everywhere` says that
        these are all chunks. `*` at the end of a stem matches any continuation.
        """
        having = dict.fromkeys(stems, 0)
        places: dict[str, list[Place]] = {stem: [] for stem in stems}
        among = "" if everywhere else "AND doc IN (SELECT value FROM json_each(:chunks))"
        chunks = "" if everywhere else json_list(notes)
        for prefix, condition, terms in _conditions(stems):
            counted = self._rows(f"SELECT term, doc FROM temp.stems WHERE {condition}", terms)  # noqa: S608  # constants
            for term, count in counted:
                having[prefix or term] += count
            # One row a column, not one a place: SQLite takes the interpreter's lock for every row.
            sql = f"""SELECT term, col, group_concat(doc), group_concat(offset) FROM temp.places
                WHERE {condition} {among} GROUP BY term, col"""  # noqa: S608  # constants
            for term, column, numbers, positions in self._rows(sql, {**terms, "chunks": chunks}):
                places[prefix or term] += [
                    (notes[chunk], chunk, column, position)
                    for chunk, position in zip(_integers(numbers), _integers(positions), strict=True)
                ]
        return {stem: Occurrences(having[stem], places[stem]) for stem in stems}

    def chunk_numbers(self, note_ids: Iterable[str] | None = None) -> dict[int, str]:
        """The note of each chunk, of all notes or those named, by the chunk's number in the full text."""
        among = "" if note_ids is None else "WHERE note_id IN (SELECT value FROM json_each(:notes))"
        sql = f"SELECT number, note_id FROM chunks {among}"  # noqa: S608  # constants
        return {row["number"]: row["note_id"] for row in self._rows(sql, {"notes": json_list(note_ids or ())})}

    def numbers_of(self, ids: Iterable[str]) -> dict[int, str]:
        """The note of each of some chunks, by the chunk's number."""
        sql = "SELECT number, note_id FROM chunks WHERE id IN (SELECT value FROM json_each(?))"
        return {row["number"]: row["note_id"] for row in self._rows(sql, (json_list(ids),))}

    def match(self, expression: str, limit: int, notes: Iterable[str] | None = None) -> dict[str, float]:
        """bm25 (larger is better) of the best `limit` chunks for an FTS5 expression, of all notes or those named, by
        chunk id.
        """
        among = "" if notes is None else "AND chunks.note_id IN (SELECT value FROM json_each(:notes))"
        joined = "" if notes is None else "JOIN chunks ON chunks.number = passages.rowid"
        rows = self._rows(
            f"""SELECT chunks.id, score FROM (
                SELECT passages.rowid AS number,
                    -bm25(passages, {TITLE_WEIGHT}, {HEADING_WEIGHT}, {TEXT_WEIGHT}) AS score
                FROM passages {joined} WHERE passages MATCH :expression {among} ORDER BY score DESC LIMIT :limit
            ) JOIN chunks USING (number) ORDER BY score DESC""",  # noqa: S608  # constants
            {"expression": expression, "limit": limit, "notes": json_list(notes or ())},
        )
        return {row["id"]: row["score"] for row in rows}


def _conditions(stems: Collection[str]) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Conditions on the terms of the full text and their parameters: one for all whole stems, and one a prefix, with
    that prefix.
    """
    whole = [stem for stem in stems if not stem.endswith("*")]
    if whole:
        yield "", "term IN (SELECT value FROM json_each(:terms))", {"terms": json_list(whole)}
    for stem in stems:
        if stem.endswith("*"):
            yield stem, "term >= :first AND term <= :last", {"first": stem[:-1], "last": stem[:-1] + "\U0010ffff"}


def _integers(joined: str) -> Iterator[int]:
    return map(int, joined.split(","))


class _Stemmer:
    """FTS5's own tokenizer, applied by a table in memory. One thread at a time may use it."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._connection.execute(f"CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize='{TOKENIZER}')")
        self._connection.execute("CREATE VIRTUAL TABLE stems USING fts5vocab (texts, instance)")

        self.stems = lru_cache(maxsize=KEPT_STEMS)(self._stems)

    def _stems(self, text: str) -> tuple[str, ...]:
        self._connection.execute("DELETE FROM texts")
        self._connection.execute("INSERT INTO texts VALUES (?)", (searchable(text),))
        return tuple(stem for (stem,) in self._connection.execute("SELECT term FROM stems ORDER BY offset"))

    def close(self) -> None:
        self._connection.close()
