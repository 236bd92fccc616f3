"""The part of a passage to show, and what in it to mark. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from kb.notes.prose import clean, statements
from kb.search.query import WORD

LENGTH = 240
MIN_STEM = 4

Nearest = Callable[[Sequence[str]], int]

_PART = re.compile(r"\w+")
_ENDINGS = ("ingly", "edly", "ations", "ation", "ings", "ing", "ies", "ed", "es", "ers", "er", "s", "e", "y")


def snippet(passage: str, words: Sequence[str], nearest: Nearest | None = None, length: int = LENGTH) -> str:
    """The sentences of a passage with the most of the query's words, cleaned, at most `length` characters.

    Where it has none of them, the sentences from the one that `nearest` picks by meaning.
    """
    sentences = [statement.text for statement in statements(passage)] or [clean(passage)]
    found = [_found(sentence, words) for sentence in sentences]
    start = max(
        range(len(sentences)),
        key=lambda index: (len(found[index]), len(set().union(*found[index : index + 2])), -index),
    )
    if nearest and len(sentences) > 1 and not any(found):
        start = nearest(sentences)
    text = _around_first_mark(sentences[start], words, length)
    for sentence in sentences[start + 1 :]:
        if len(text) + 1 + len(sentence) > length:
            break
        text += " " + sentence
    return text


def _around_first_mark(sentence: str, words: Sequence[str], length: int) -> str:
    """A sentence, or of a long one the part in which the first of the words stands."""
    places = marks(sentence, words)
    if len(sentence) <= length or not places or places[0][1] < length:
        return shorten(sentence, length)
    begin = sentence.rfind(" ", 0, max(places[0][0] - length // 3, 1)) + 1
    return shorten("…" + sentence[begin:], length)


def shorten(text: str, length: int) -> str:
    """A text cut at a word, with an ellipsis where something was cut."""
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def marks(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Character ranges `[start, end)` of a query's words and of the parts of compounds, endings set aside."""
    whole, parts, begun, any_of_them = _stems(tuple(words))
    if not any_of_them.search(text.lower()):
        return []
    found = []
    for match in WORD.finditer(text):
        stem = _stem(match[0])
        if stem in whole or stem in parts or match[0].lower().startswith(begun):
            found.append(match.span())
            continue
        if match[0].isalnum():
            continue
        for part in _PART.finditer(match[0]):
            if _stem(part[0]) in parts:
                found.append((match.start() + part.start(), match.start() + part.end()))
    return found


@lru_cache(maxsize=100)
def _stems(words: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str], tuple[str, ...], re.Pattern[str]]:
    """The stems of some words and of their parts, the beginnings among them (`infer*`), and a pattern without which a
    text has none of all these.
    """
    begun = tuple(word[:-1].lower() for word in words if word.endswith("*"))
    complete = [word for word in words if not word.endswith("*")]
    whole = frozenset(_stem(word) for word in complete)
    parts = frozenset(_stem(part) for word in complete for part in _PART.findall(word))
    return whole, parts, begun, re.compile("|".join(map(re.escape, sorted({*whole, *parts, *begun}))) or r"(?!)")


def _found(text: str, words: Sequence[str]) -> set[str]:
    return {_stem(text[start:end]) for start, end in marks(text, words)}


@lru_cache(maxsize=10_000)
def _stem(word: str) -> str:
    """A word without its commonest English endings; good enough to mark, the ranking does not use it."""
    lower = word.lower()
    for ending in _ENDINGS:
        if lower.endswith(ending) and len(lower) - len(ending) >= MIN_STEM:
            return lower.removesuffix(ending)
    return lower
