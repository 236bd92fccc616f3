"""A query's words, and the full text expression made of them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.search.query import MAX_LENGTH, STOPWORDS, Query, match_expression, parse_query, query_words, telling_words


@pytest.fixture(scope="module")
def full_text() -> Iterator[sqlite3.Connection]:
    """A full text table as the catalog makes it, with one passage a row."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE passages USING fts5 (text, tokenize='porter unicode61')")
        passages = ["graphs near the sea", 'he said "attention"', "C++ and node.js", "kv-cache NOT here OR there"]
        connection.executemany("INSERT INTO passages VALUES (?)", [(passage,) for passage in passages])
        yield connection


def rows(connection: sqlite3.Connection, query: str) -> list[int]:
    """The numbers of the rows that match any word of a query."""
    sql = "SELECT rowid FROM passages WHERE passages MATCH ? ORDER BY rowid"
    return [row[0] for row in connection.execute(sql, (match_expression(query_words(query)),))]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("How do I cut serving latency?", ["cut", "serving", "latency"]),
        ("graph graph Graph", ["graph"]),
        ("KV-cache, node.js and C++", ["kv-cache", "node.js", "c++"]),
        ("to be or not to be", ["to", "be", "or", "not"]),
        ("Überanpassung 学習", ["überanpassung", "学習"]),
        ("?!* -- ()", []),
    ],
)
def test_words(query: str, words: list[str]) -> None:
    """Stopwords, repeats and punctuation go; a query of nothing but stopwords keeps them."""
    assert query_words(query) == words


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("NEAR graphs", [1]),
        ("graph*", [1]),
        ('"attention', [2]),
        ("text:attention", [2]),
        ("NOT OR AND", [4]),
        ("kv cache", [4]),
        ("(node.js", [3]),
    ],
)
def test_syntax_is_words(full_text: sqlite3.Connection, query: str, found: list[int]) -> None:
    """What FTS5 would read as syntax is looked up as words, endings set aside."""
    assert set(found) <= set(rows(full_text, query))


@given(st.text(min_size=1, max_size=80))
@settings(max_examples=80)
def test_every_expression_is_valid(full_text: sqlite3.Connection, query: str) -> None:
    """FTS5 accepts the expression of any query that has words."""
    if query_words(query):
        rows(full_text, query)


@pytest.mark.parametrize("query", [" ".join(f"word{n}" for n in range(1500)), "x" * 10_000, '"' * 9_000 + "graphs"])
def test_long_query(full_text: sqlite3.Connection, query: str) -> None:
    """A query of ten thousand characters is still one that FTS5 accepts."""
    assert set(rows(full_text, query)) <= {1}


def test_stopwords_are_words() -> None:
    """Each stopword is one that a query can have: a single word in lower case."""
    assert all(query_words(word) == [word] for word in STOPWORDS)


@pytest.mark.parametrize(
    ("frequencies", "budget", "kept"),
    [
        ({"the": 900, "gnn": 3, "deep": 40}, 100, ["gnn", "deep"]),
        ({"the": 900, "gnn": 3, "deep": 40}, 42, ["gnn"]),
        ({"the": 900, "of": 950}, 100, ["the"]),
        ({"unheard": 0, "the": 900}, 100, ["unheard"]),
        ({"unheard": 0, "the": 900}, 900, ["unheard", "the"]),
        ({}, 100, []),
    ],
)
def test_the_rarest_words_are_looked_up(frequencies: dict[str, int], budget: int, kept: list[str]) -> None:
    """Of many words the rarest stay, up to what a query may cost, and one always does."""
    assert telling_words(frequencies, budget) == kept


@pytest.mark.parametrize(
    ("query", "parsed"),
    [
        (
            '"message  passing" nets',
            Query("message passing nets", ("message", "passing", "nets"), ("message passing",), ()),
        ),
        ("infer* cost", Query("infer cost", ("infer*", "cost"), (), ())),
        ("attention -sparse", Query("attention", ("attention",), (), ("sparse",))),
        ('attention -"flash attention" now', Query("attention now", ("attention", "now"), (), ("flash attention",))),
        ("-only", Query("", (), (), ("only",))),
        ("k-means - a primer", Query("k-means - a primer", ("k-means", "primer"), (), ())),
        ("E2f-1, -2 cells", Query("E2f-1, -2 cells", ("e2f-1", "2", "cells"), (), ())),
        ('a 5" screen and "', Query('a 5" screen and "', ("5", "screen"), (), ())),
        ("2 * 3 * 4, **bold**", Query("2 * 3 * 4, **bold**", ("2", "3", "4", "bold"), (), ())),
        ('"" "?!" x', Query('"" "?!" x', ("x",), (), ())),
    ],
)
def test_marks_of_a_query(query: str, parsed: Query) -> None:
    """Quotes hold a phrase, a star ends a beginning, a minus leaves out; elsewhere all three are punctuation."""
    assert parse_query(query) == parsed


@pytest.mark.parametrize("query", ['-"' + "a" * MAX_LENGTH, '"' + "a " * (MAX_LENGTH // 2), ' -"a' * (MAX_LENGTH // 4)])
def test_an_open_quote_is_read_in_linear_time(query: str) -> None:
    """A quote that is never closed is text; four times the text takes about four times as long, not sixteen times."""
    times = []
    for repeated in (query[: MAX_LENGTH // 4], query):
        started = time.process_time()
        parse_query(repeated)
        times.append(time.process_time() - started)
    assert times[1] < 8 * times[0] + 0.05


@given(st.text(alphabet='ab -*"?\u00e4\n\0', max_size=30))
@settings(max_examples=80)
def test_any_marks_make_a_valid_expression(full_text: sqlite3.Connection, query: str) -> None:
    """However marks are strewn, FTS5 accepts words, phrases and what is left out, and a beginning is never empty."""
    asked = parse_query(query)
    assert all(word.strip("*") for word in asked.words)
    phrases = (f'"{phrase}"' for phrase in (*asked.phrases, *asked.without))
    for expression in filter(None, (match_expression(asked.words), *phrases)):
        full_text.execute("SELECT rowid FROM passages WHERE passages MATCH ?", (expression,)).fetchall()
