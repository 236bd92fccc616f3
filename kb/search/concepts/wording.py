"""The words that the concepts of the areas are known by: which concepts have the words of a query."""

from __future__ import annotations

import hashlib
import math
import re
from functools import lru_cache

from kb.areas.concepts import Concepts
from kb.index.kept import kept
from kb.search.query import STOPWORDS
from kb.search.snippets import ENDINGS, stem

_WORD = re.compile(r"[^\W_]+")
KEPT_WORDS = 1_000  # whose concepts are kept as numbers: the words of most of them recur
_NAME_BYTES = 16  # of a digest in a file name, in hexadecimal


class Wording:
    """The concepts that are known by each word.

    `lines` holds a line for each stem, with the numbers of its concepts, and begins with a line's end. It is searched,
    not parsed: a query has few words.
    """

    def __init__(self, lines: str, count: int) -> None:
        self._lines = lines
        self._count = count
        self._concepts = lru_cache(maxsize=KEPT_WORDS)(self._read)

    def shares(self, text: str) -> dict[int, float]:
        """The share, 0..1, of the words of a text by which each concept is known, weighted by rarity (idf), by number.
        Concepts that are known by none of them are left out.
        """
        found = [self._concepts(word) for word in _stems(text)]
        total = sum(map(self._idf, found))
        shares: dict[int, float] = {}
        for numbers in found:
            for number in numbers:
                shares[number] = shares.get(number, 0.0) + self._idf(numbers) / total
        return shares

    def _read(self, word: str) -> list[int]:
        key = f"\n{word} "
        start = self._lines.find(key)
        if start < 0:
            return []
        start += len(key)
        return [int(number) for number in self._lines[start : self._lines.index("\n", start)].split()]

    def _idf(self, numbers: list[int]) -> float:
        return math.log(1 + (self._count - len(numbers) + 0.5) / (len(numbers) + 0.5))


def wording_of(concepts: Concepts) -> Wording:
    """The words of some concepts. Stemming takes a tenth of a second, so that they are kept."""
    digest = hashlib.sha256("\n".join([*sorted(STOPWORDS), *ENDINGS, concepts.digest]).encode()).hexdigest()[
        :_NAME_BYTES
    ]
    lines = kept(f"concepts/{digest}.words", lambda: _lines(concepts).encode())
    return Wording(str(lines, "utf-8"), len(concepts.all))


def _lines(concepts: Concepts) -> str:
    known: dict[str, dict[int, None]] = {}
    for text, number in concepts.texts:
        for word in _stems(text):
            known.setdefault(word, {})[number] = None
    return "\n" + "".join(f"{word} {' '.join(map(str, numbers))}\n" for word, numbers in sorted(known.items()))


def _stems(text: str) -> set[str]:
    return {stem(word) for word in _WORD.findall(text) if word.lower() not in STOPWORDS}
