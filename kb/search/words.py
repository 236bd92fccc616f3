"""The weights of a query's words in whole notes, and their proximity. Pure.

BM25+ (Lv and Zhai 2011): each word that a note contains adds at least `DELTA` times the word's rarity, however long the
note is. Rarity is Robertson's idf to the power `POWER`, which raises the informative words of a question above the
others.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

K1, B, DELTA, POWER = 0.9, 0.4, 1.0, 1.6
LONG = 3.0  # times the mean length of a note, from which on it has a word by chance
LONG_DISCOUNT = 0.5  # taken from the idf of its words for each e-fold of what it is longer
WINDOW = 3  # positions by which two words that are near each other differ at most
ONCE = ("title", "headings")  # columns that every chunk of a note or section repeats

Place = tuple[str, int, str, int]  # note, chunk, column, position
NoteWeights = dict[str, dict[str, float]]


class Word(NamedTuple):
    """A stem of a query: the word as typed, its idf, and its places in the notes that were searched."""

    text: str
    idf: float
    places: Sequence[Place]


def idf(chunks: int, having: int) -> float:
    """Inverse document frequency, never below 0 (Robertson and Zaragoza 2009, as Lucene has it)."""
    return math.log(1 + (chunks - having + 0.5) / (having + 0.5))


def word_weights(words: Iterable[Word], lengths: Mapping[str, float]) -> NoteWeights:
    """The weight of each word in each note that contains it, by note and word. They add up to the BM25+ of the note.

    `lengths` are the lengths of notes divided by the mean length.
    """
    weights: NoteWeights = {}
    for word in words:
        for note, count in _counts(word.places).items():
            weight = note_weight(word.idf, count, lengths.get(note, 1.0))
            own = weights.setdefault(note, {})
            own[word.text] = own.get(word.text, 0.0) + weight
    return weights


def note_weight(idf: float, count: int, length: float) -> float:
    """The BM25+ of a word or name that a note of some length, as a share of the mean, has `count` times. In a very long
    note a word says less: some passage or other has it.
    """
    idf = max(idf - LONG_DISCOUNT * math.log(max(length / LONG, 1.0)), 0.0)
    norm = K1 * (1 - B + B * length)
    weight: float = idf**POWER * (DELTA + count * (K1 + 1) / (count + norm))
    return weight


def _counts(places: Iterable[Place]) -> dict[str, int]:
    """How often each note contains a word. Titles and headings, which chunks repeat, count once."""
    texts: dict[str, int] = {}
    repeated: dict[tuple[str, str], dict[int, int]] = {}
    for note, chunk, column, _ in places:
        if column in ONCE:
            chunks = repeated.setdefault((note, column), {})
            chunks[chunk] = chunks.get(chunk, 0) + 1
        else:
            texts[note] = texts.get(note, 0) + 1
    for (note, _), chunks in repeated.items():
        texts[note] = texts.get(note, 0) + max(chunks.values())
    return texts


def nearness(words: Sequence[Word]) -> dict[str, float]:
    """How often adjacent words of the query are near each other, by note: saturated counts weighted by mean idf.

    After Rasolofo and Savoy (2003), who add the proximity of pairs of query words to bm25.
    """
    near: dict[str, float] = {}
    for first, second in pairwise(words):
        if first.text == second.text:
            continue
        counts = Counter(place[0] for place in _beside(first.places, second.places))
        for note, count in counts.items():
            near[note] = near.get(note, 0.0) + (first.idf + second.idf) / 2 * count / (count + 1)
    return near


def _beside(first: Iterable[Place], second: Sequence[Place]) -> Iterator[Place]:
    """The places of the second word directly before the first word, or up to `WINDOW` positions after it."""
    shared = {place[:3] for place in second}
    around = {
        (note, chunk, column, position + step)
        for note, chunk, column, position in first
        if (note, chunk, column) in shared
        for step in (-1, *range(1, WINDOW + 1))
    }
    return (place for place in second if place in around)


def coverage(words: Sequence[Word], concepts: Mapping[str, float], own: Collection[str]) -> float:
    """The share of the total rarity of a query that a note has, 0..1: of the idf of its words and of the rarity of the
    concepts read in it, by name; `own` are the words and concepts of the note.
    """
    rarities = [(word.text, word.idf) for word in words] + [*concepts.items()]
    total = sum(rarity for _, rarity in rarities)
    return sum(rarity for name, rarity in rarities if name in own) / total if total else 0.0
