"""Whether two sentences that are about the same thing can also claim the same of it. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from kb.outline.quoting.comparisons import are_opposite
from kb.search.query import query_words
from kb.search.snippets import stem

MANY_WORDS = 6  # of a sentence, for its words to tell whether another says the same
SAME_WORDS = 0.75  # of the words of two sentences, that both have
CONTAINED_WORDS = 0.9  # of the words of the shorter of two sentences, that the other one has too

_NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*(?![\w]*\])")
_NEGATED = re.compile(
    r"\b(?:not?|never|neither|nor|without|cannot|none|nothing|hardly|barely)\b|n[’']t\b", re.IGNORECASE
)


def can_agree(one: str, other: str) -> bool:
    """Whether two sentences do not contradict each other on their face: both or none of them deny something, if both
    have numbers they share one, and they make no opposite comparisons.
    """
    numbers, others = ({number.replace(",", "") for number in _NUMBER.findall(text)} for text in (one, other))
    if numbers and others and not numbers & others:
        return False
    return bool(_NEGATED.search(one)) == bool(_NEGATED.search(other)) and not are_opposite(one, other)


@lru_cache(maxsize=1_000)
def _words(text: str) -> frozenset[str]:
    """The stems of a text's words; each text is compared with many others."""
    return frozenset(stem(word) for word in query_words(text))


def are_worded_alike(one: str, other: str) -> bool:
    """Whether two sentences have nearly the same words, or the longer one nearly all of the other's, and can both be
    true.
    """
    first, second = _words(one), _words(other)
    shorter, shared = min(len(first), len(second)), len(first & second)
    alike = shared >= SAME_WORDS * len(first | second) or shared >= CONTAINED_WORDS * shorter
    return alike and shorter >= MANY_WORDS and can_agree(one, other)
