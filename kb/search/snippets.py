"""The part of a passage to show, and what in it to mark. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kb.ingest.prose import clean, statements

LENGTH = 240
MIN_STEM = 4


def snippet(passage: str, words: Sequence[str], length: int = LENGTH) -> str:
    """The sentences of a passage with the most of the query's words, cleaned, at most `length` characters."""
    sentences = [statement.text for statement in statements(passage)] or [clean(passage)]
    scores = [len(_found(sentence, words)) for sentence in sentences]
    start = max(range(len(sentences)), key=lambda index: (sum(scores[index : index + 2]), -index))
    text = sentences[start]
    for sentence in sentences[start + 1 :]:
        if len(text) + 1 + len(sentence) > length:
            break
        text += " " + sentence
    return shorten(text, length)


def shorten(text: str, length: int) -> str:
    """A text cut at a word, with an ellipsis where something was cut."""
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def marks(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Character ranges `[start, end)` of the words of a text that a query asked for, endings set aside."""
    stems = {_stem(word) for word in words}
    return [match.span() for match in re.finditer(r"\w+(?:[.\-/+#]\w+)*", text) if _stem(match[0]) in stems]


def _found(text: str, words: Sequence[str]) -> set[str]:
    return {_stem(text[start:end]) for start, end in marks(text, words)}


def _stem(word: str) -> str:
    """A word without its commonest English endings; good enough to mark, the ranking does not use it."""
    lower = word.lower()
    for ending in ("ingly", "edly", "ations", "ation", "ings", "ing", "ies", "ed", "es", "ers", "er", "s", "e", "y"):
        if lower.endswith(ending) and len(lower) - len(ending) >= MIN_STEM:
            return lower.removesuffix(ending)
    return lower
