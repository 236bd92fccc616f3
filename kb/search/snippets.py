"""What to show of a passage, and which words in it to mark. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from kb.search.query import WORD

LENGTH = 240
MIN_STEM = 4
# Passages, and sentences of these, that are compared with the query by meaning, and characters of each: 1.7 ms each.
EMBEDDED_PASSAGES, MOST_EMBEDDED, EMBEDDED_LENGTH = 3, 6, 120

Cosines = Callable[[list[str]], Sequence[float]]  # of some sentences with the query

_PART = re.compile(r"\w+")
_POINTING = re.compile(
    r"\W*(?:(?:and|also|but)\s+)?(?:(?:see|cf)\b|(?:compare|contrast)\s+(?:with|to)\b|(?:more|details?)\s+(?:in|on|at)\b)"
    r"|\W*for\b[^.;:]{1,80},\s+see\b",
    re.IGNORECASE,
)
ENDINGS = (
    *("ingly", "edly", "abilities", "ability", "able", "ments", "ment"),
    *("ations", "ation", "ating", "ated", "ates", "ate", "ions", "ion", "ings", "ing"),
    *("ies", "ed", "es", "ers", "er", "s", "e", "y"),
)


def snippets(
    passages: Sequence[Sequence[str]], words: Sequence[str], cosines: Cosines | None = None, length: int = LENGTH
) -> list[str]:
    """A snippet of at most `length` characters for each passage, given as its sentences.

    It begins with the sentence that has the most of the query's words, or else with the first; in the first
    `EMBEDDED_PASSAGES`, with the one nearest to the query by `cosines`, which is called at most once, for at most
    `MOST_EMBEDDED` sentences. No snippet begins with a sentence that only points elsewhere if another states something.
    """
    stating = [_stating(sentences) for sentences in passages]
    starts = [_most_words(sentences, among, words) for sentences, among in zip(passages, stating, strict=True)]
    undecided = [
        (number, index)
        for number, among in enumerate(stating[:EMBEDDED_PASSAGES])
        if starts[number] is None and len(among) > 1
        for index in among
    ][:MOST_EMBEDDED]
    if cosines and undecided:
        found = cosines([passages[number][index][:EMBEDDED_LENGTH] for number, index in undecided])
        nearest_last = sorted(zip(found, undecided, strict=True), key=lambda entry: (entry[0], -entry[1][1]))
        for _, (number, index) in nearest_last:
            starts[number] = index
    return [
        _excerpt(sentences, among[0] if start is None else start, words, length)
        for sentences, among, start in zip(passages, stating, starts, strict=True)
    ]


def _stating(sentences: Sequence[str]) -> list[int]:
    """The sentences that do more than point elsewhere, as `See kv-cache for how it grows.` does; all, if none does."""
    stating = [index for index, sentence in enumerate(sentences) if not _POINTING.match(sentence)]
    return stating or list(range(len(sentences)))


def _most_words(sentences: Sequence[str], among: Sequence[int], words: Sequence[str]) -> int | None:
    """The sentence with the most of some words, and then the one followed by the most; None where none has any."""
    found = [{stem(sentence[start:end]) for start, end in marks(sentence, words)} for sentence in sentences]
    if not any(found[index] for index in among):
        return None
    return max(among, key=lambda index: (len(found[index]), len(set().union(*found[index : index + 2])), -index))


def _excerpt(sentences: Sequence[str], start: int, words: Sequence[str], length: int) -> str:
    """As many whole sentences from one on as fit; of a long one a part."""
    text = _around_first_mark(sentences[start], words, length)
    for sentence in sentences[start + 1 :]:
        if len(text) + 1 + len(sentence) > length:
            break
        text += " " + sentence
    return text


def _around_first_mark(sentence: str, words: Sequence[str], length: int) -> str:
    """A sentence, or the part of a long one that contains the first of some words."""
    if len(sentence) <= length:
        return sentence
    places = marks(sentence, words)
    if not places or places[0][1] < length:
        return shorten(sentence, length)
    begin = sentence.rfind(" ", 0, max(places[0][0] - length // 3, 1)) + 1
    return shorten("…" + sentence[begin:], length)


def shorten(text: str, length: int) -> str:
    """A text cut between words, with an ellipsis, if it is longer than `length`."""
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def marks(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Character ranges `[start, end)` of a query's words, also as parts of compounds; endings are ignored."""
    whole, parts, prefixes = _stems(tuple(words))
    lower = text.lower()
    if not any(part in lower for part in (*whole, *parts, *prefixes)):
        return []
    found = []
    for match in WORD.finditer(text):
        own = stem(match[0])
        if own in whole or own in parts or match[0].lower().startswith(prefixes):
            found.append(match.span())
            continue
        if match[0].isalnum():
            continue
        for part in _PART.finditer(match[0]):
            if stem(part[0]) in parts:
                found.append((match.start() + part.start(), match.start() + part.end()))
    return found


@lru_cache(maxsize=100)
def _stems(words: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str], tuple[str, ...]]:
    """The stems of some words and of their parts, and the prefixes among them (`infer*`)."""
    prefixes = tuple(word[:-1].lower() for word in words if word.endswith("*"))
    complete = [word for word in words if not word.endswith("*")]
    whole = frozenset(stem(word) for word in complete)
    parts = frozenset(stem(part) for word in complete for part in _PART.findall(word))
    return whole, parts, prefixes


@lru_cache(maxsize=10_000)
def stem(word: str) -> str:
    """A word without its most common English endings: good enough for marking; ranking uses FTS5's stems."""
    lower = word.lower()
    for ending in ENDINGS:
        if lower.endswith(ending) and len(lower) - len(ending) >= MIN_STEM:
            return lower.removesuffix(ending)
    return lower
