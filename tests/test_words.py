"""How much of a query's words a note has, and how near together."""

from __future__ import annotations

import math

import pytest

from kb.search.words import DELTA, K1, POWER, B, Place, Word, coverage, idf, nearness, word_weights


def in_text(note: str, *positions: int, chunk: int = 1) -> list[Place]:
    return [(note, chunk, "text", position) for position in positions]


def test_idf() -> None:
    """A rare word weighs more than a common one, and none weighs less than nothing."""
    assert idf(100, 1) == pytest.approx(math.log(1 + 99.5 / 1.5))
    assert idf(100, 1) > idf(100, 50) > idf(100, 100) > 0


def test_bm25_plus_by_hand() -> None:
    """A word's weight grows with its count, less in a longer note, and never falls below its share for being there."""
    words = [Word("graph", 2.0, [*in_text("a", 1, 5), *in_text("b", 3)])]
    weights = word_weights(words, {"a": 1.0, "b": 3.0})
    expected = 2.0**POWER * (DELTA + 2 * (K1 + 1) / (2 + K1))
    assert weights["a"]["graph"] == pytest.approx(expected)
    longer = 2.0**POWER * (DELTA + (K1 + 1) / (1 + K1 * (1 - B + B * 3)))
    assert weights["b"]["graph"] == pytest.approx(longer)
    assert longer > 2.0**POWER * DELTA


def test_a_very_long_note_has_a_word_by_chance() -> None:
    """What a note of more than three times the mean length gains by having a word falls with its length, to nothing."""
    lengths = {"a": 3.0, "b": 6.0, "c": 12.0, "d": 1e9}
    weights = word_weights([Word("graph", 2.0, [place for note in lengths for place in in_text(note, 1)])], lengths)
    floor = 2.0**POWER * DELTA
    assert weights["a"]["graph"] > floor > weights["c"]["graph"]
    assert weights["a"]["graph"] > weights["b"]["graph"] > weights["c"]["graph"] > weights["d"]["graph"] == 0


def test_what_every_chunk_repeats_is_counted_once() -> None:
    """A title and a heading come with each chunk of a note; they count once, the text each time."""
    title = [("a", chunk, "title", 0) for chunk in (1, 2, 3)]
    one = word_weights([Word("graph", 1.0, in_text("a", 4))], {"a": 1.0})
    assert word_weights([Word("graph", 1.0, title)], {"a": 1.0}) == one
    assert word_weights([Word("graph", 1.0, [*title, *in_text("a", 4)])], {"a": 1.0})["a"]["graph"] > one["a"]["graph"]


def test_nearness() -> None:
    """Neighbours in the query count where they stand near each other in one passage, in either order."""
    query = [
        Word("message", 2.0, [*in_text("a", 10), *in_text("b", 10), *in_text("c", 11), *in_text("d", 10)]),
        Word("passing", 4.0, [*in_text("a", 12), *in_text("b", 19), *in_text("c", 10), *in_text("d", 11, chunk=2)]),
    ]
    assert nearness(query) == pytest.approx({"a": 1.5, "c": 1.5})
    assert nearness(query[:1]) == {}


def test_coverage() -> None:
    """A note covers a query by the share of the rarity of its words and concepts that it has."""
    words = [Word("graph", 1.0, in_text("a", 1)), Word("oversmoothing", 3.0, in_text("b", 1))]
    assert coverage(words, {}, {"oversmoothing"}) == 0.75
    assert coverage(words, {}, {"graph", "oversmoothing"}) == 1
    assert coverage(words, {"GCN": 4.0}, {"oversmoothing", "GCN"}) == 7 / 8
    assert coverage(words, {}, {}) == coverage([], {}, {"graph"}) == 0
