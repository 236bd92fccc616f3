"""Comparisons that sentences make, and whether two of them are opposite. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

# A quality, and the words for more and for less of it.
_QUALITIES = (
    ("speed", "faster|quicker", "slower"),
    ("worth", "better|superior", "worse|inferior"),
    ("level", "higher", "lower"),
    ("size", "larger|bigger|longer", "smaller|shorter"),
    ("price", "costlier|dearer|pricier", "cheaper"),
    ("strength", "stronger", "weaker"),
    ("ease", "easier|simpler", "harder"),
    ("number", "more", "fewer|less"),
)
_VERBS = (("beats?|outperforms?|surpass(?:es)?|wins? (?:over|against)", 1), ("underperforms?|loses? to|trails?", -1))
_NUMBER = "number"
REMEMBERED = 2_000  # texts: an outline compares each of its statements with all others

_ADJECTIVES = {
    word: (quality, sign)
    for quality, more, less in _QUALITIES
    for words, sign in ((more, 1), (less, -1))
    for word in words.split("|")
}
_THAN = re.compile(
    rf"(?P<left>[^,;:.]{{2,80}}?)\b(?P<word>{'|'.join(_ADJECTIVES)})\b(?P<what>[^,;:.]{{0,40}}?)\bthan\b"
    r"(?P<right>[^,;:.]{2,80})",
    re.IGNORECASE,
)
_VERB = re.compile(
    rf"(?P<left>[^,;:.]{{2,80}}?)\b(?P<word>{'|'.join(words for words, _ in _VERBS)})\b(?P<right>[^,;:.]{{2,80}})",
    re.IGNORECASE,
)
_MARK = re.compile(rf"\b(?:than|{'|'.join(words for words, _ in _VERBS)})\b", re.IGNORECASE)
_NOT = re.compile(r"\b(?:not|never|no)\b|n't\b", re.IGNORECASE)
_NAME = re.compile(r"\b(?:[A-Za-z]*[A-Z\d][\w-]*[A-Z\d][\w-]*|[A-Z][a-z]+(?:[A-Z]\w*)?)\b")
_CONDITION = re.compile(r"\b(?:on|with|for|in|at|under|when|if)\b")
_NO_NAMES = "The A An In On For With At By When While If As Since Although But And Our We Its This"
_NO_NAME = frozenset(_NO_NAMES.split())
_SAME_SIDE = 0.5  # the Jaccard index of the names on two sides that mean the same


class Comparison(NamedTuple):
    """That what `left` names has more (`sign` 1) or less (-1) of a quality than what `right` names."""

    left: frozenset[str]
    right: frozenset[str]
    quality: str
    sign: int


@lru_cache(maxsize=REMEMBERED)
def comparisons(text: str) -> tuple[Comparison, ...]:
    """The comparisons of two named things in a text."""
    if not _MARK.search(text):  # far cheaper than the patterns below
        return ()
    return tuple(found for found in _found(text) if found.left and found.right and found.left != found.right)


def _found(text: str) -> Iterator[Comparison]:
    for match in _THAN.finditer(text):
        quality, sign = _ADJECTIVES[match["word"].casefold()]
        if quality == _NUMBER:
            quality = " ".join(match["what"].casefold().split()) or _NUMBER
        yield Comparison(_names(match["left"]), _names(match["right"]), quality, _signed(sign, match["left"]))
    for match in _VERB.finditer(text):
        sign = next(sign for words, sign in _VERBS if re.fullmatch(words, match["word"], re.IGNORECASE))
        yield Comparison(_names(match["left"]), _names(match["right"]), "worth", _signed(sign, match["left"]))


def _signed(sign: int, left: str) -> int:
    return -sign if _NOT.search(left) else sign


def _names(side: str) -> frozenset[str]:
    """The names on a side of a comparison, without those of its conditions ("on Cora")."""
    parts = [part for part in _CONDITION.split(side) if part.strip()]
    return frozenset(name.casefold() for part in parts[:1] for name in _NAME.findall(part) if name not in _NO_NAME)


def are_opposite(first: str, second: str) -> bool:
    """Whether two texts compare the same two things and come to opposite results."""
    return any(_are_opposite(one, other) for one in comparisons(first) for other in comparisons(second))


def _are_opposite(one: Comparison, other: Comparison) -> bool:
    if one.quality != other.quality:
        return False
    if _same(one.left, other.left) and _same(one.right, other.right):
        return one.sign != other.sign
    return _same(one.left, other.right) and _same(one.right, other.left) and one.sign == other.sign


def _same(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _SAME_SIDE * len(one | other)
