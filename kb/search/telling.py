"""Which passage of a note tells most of what a query asks for, and its sentences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from kb.models import ChunkRecord, LineKind
from kb.notes.prose import clean
from kb.notes.statements import SAYING, statements
from kb.search.ranking import Ranked
from kb.search.snippets import MIN_STEM, stem
from kb.search.words import idf

KEPT_TEXTS = 1_000  # passages that were split into sentences and words: while a query is typed they recur
TOLD = 3.0  # standard deviations of cosine that saying all that is asked for is worth, among a note's passages
_SHOWING = (LineKind.TABLE, LineKind.MATH, LineKind.CODE)


class RankedPassage(NamedTuple):
    """A passage of a note, and why it ranks where it does."""

    ranked: Ranked
    chunk: ChunkRecord


@lru_cache(maxsize=KEPT_TEXTS)
def sentences_of(chunk: ChunkRecord) -> Sequence[str]:
    """The sentences of a passage; of one that states nothing the words of its links, or else its heading."""
    said = [statement.text for statement in statements(chunk.text, chunk.kinds)]
    lines = zip(chunk.text.split("\n"), chunk.kinds, strict=False)
    linking = (clean(line) for line, kind in lines if kind in (*SAYING, LineKind.DEFINITION))
    return said or [words for words in linking if words] or [chunk.heading_path[-1] if chunk.heading_path else ""]


def told_first(passages: Sequence[RankedPassage], words: Sequence[str]) -> list[RankedPassage]:
    """The passages of a note, best first: by their scores, and by the words of the query that they and their headings
    have but few others of them. Those that only show links or headings come last, and before them those that ask more
    than they tell.
    """
    if len(passages) < 2:
        return list(passages)
    said = [_said(passage.chunk, words) for passage in passages]
    rarity = {word: idf(len(passages), having) for word, having in Counter(chain(*said)).items()}
    total = sum(rarity.values()) or 1.0

    def place(number: int) -> tuple[bool, bool, float]:
        passage = passages[number]
        told = sum(rarity[word] for word in said[number]) / total
        return _shows_nothing(passage.chunk), _asks(passage.chunk), -(passage.ranked.score + TOLD * told)

    return [passages[number] for number in sorted(range(len(passages)), key=place)]


def _said(chunk: ChunkRecord, words: Sequence[str]) -> set[str]:
    """The stems of some words that a passage or its headings have, but for the title of its note."""
    lines = zip(chunk.text.split("\n"), chunk.kinds, strict=False)
    text = "\n".join((*chunk.heading_path, *(line for line, kind in lines if kind != LineKind.HEADING)))
    return set(_beginning(tuple(words)).findall(text.lower()))


@lru_cache(maxsize=100)
def _beginning(words: tuple[str, ...]) -> re.Pattern[str]:
    """A pattern for the stems of some words where a word begins with them; short ones must be whole words."""
    stems = sorted({stem(word.removesuffix("*")) for word in words}, key=len, reverse=True)
    found = "|".join(re.escape(part) + ("" if len(part) >= MIN_STEM else r"\b") for part in stems)
    return re.compile(rf"\b(?:{found})") if stems else re.compile(r"(?!)")


def _asks(chunk: ChunkRecord) -> bool:
    """Whether at least half of what a passage says are questions."""
    if "?" not in chunk.text:
        return False
    sentences = sentences_of(chunk)
    return 2 * sum(sentence.rstrip(' *_)"').endswith("?") for sentence in sentences) >= len(sentences)


def _shows_nothing(chunk: ChunkRecord) -> bool:
    """Whether a passage neither states anything nor has a table, a formula or code."""
    if set(chunk.kinds) & set(_SHOWING):
        return False
    lines = zip(chunk.text.split("\n"), chunk.kinds, strict=False)
    links = all("[" in line or "://" in line for line, kind in lines if kind in SAYING)  # far cheaper than the rest
    return links and not statements(chunk.text, chunk.kinds)
