"""The words of a text that speak for a side: found by looking each word up, not by trying every term. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

_TOKEN = re.compile(r"[^\W_]+|[.,;:!?|]\s|[()]|\n\s*\n")  # words, and what no term reaches across
_VERSION = re.compile(r"\d+(?:\w{1,2})?$")
_SHORTEST_STEM = 2


class Found(NamedTuple):
    """How often a term occurs in a text, and the number of the token at which it first does."""

    times: int
    first: int


class _Term(NamedTuple):
    """A term's words after the first; `number` is its place in the lexicon, `exact` says that capitals count."""

    rest: tuple[str, ...]
    number: int
    exact: bool


class _Beginning(NamedTuple):
    """What a word may begin: the term that it is by itself (-1 for none), and longer ones by their second word."""

    alone: int
    longer: dict[str, list[_Term]]


class _Seen(dict[str, _Beginning | None]):
    """What each word seen so far may begin: nearly all of them nothing, which costs one look."""

    def __init__(self, read: Callable[[str], _Beginning | None]) -> None:
        self._read = read

    def __missing__(self, token: str) -> _Beginning | None:
        beginning = self[token] = self._read(token)
        return beginning


class Lexicon:
    """Terms to be looked up in texts. One in lower case is found in any case, one with a capital letter only as
    written; a plural s or a version number may follow, and `*` at either end stands for the rest of a word.
    """

    def __init__(self, terms: Sequence[str]) -> None:
        self._first: dict[str, list[_Term]] = {}
        self._open: list[tuple[str, str, _Term]] = []
        for index, text in enumerate(terms):
            words = [token for token in _TOKEN.findall(text) if token[0].isalnum()]
            if not words:
                continue
            term = _Term(tuple(words[1:]), index, text != text.lower())
            if text.startswith("*") or text.endswith("*"):
                self._open.append((words[0] if text.endswith("*") else "", words[0] if text[0] == "*" else "", term))
            else:
                self._first.setdefault(words[0], []).append(term)
        self._seen = _Seen(self._beginning)

    def find(self, text: str) -> dict[int, Found]:
        """The terms that occur, by index; at one place the longest counts."""
        found: dict[int, Found] = {}
        for index, position in self._matches(_TOKEN.findall(text)):
            before = found.get(index)
            found[index] = Found(before.times + 1, before.first) if before else Found(1, position)
        return found

    def place(self, text: str, token: int) -> int:
        """The character at which a token of a text begins."""
        return next(islice(_TOKEN.finditer(text), token, None)).start()

    def _matches(self, tokens: Sequence[str]) -> Iterator[tuple[int, int]]:
        end = 0
        beginnings = enumerate(map(self._seen.__getitem__, tokens))
        for position, beginning in [(place, begun) for place, begun in beginnings if begun is not None]:
            if position < end:
                continue
            term = _longest(beginning, tokens, position) if beginning.longer else None
            if term:
                yield term.number, position
                end = position + 1 + len(term.rest)
            elif beginning.alone >= 0:
                yield beginning.alone, position

    def _beginning(self, token: str) -> _Beginning | None:
        found: dict[int, _Term] = {}
        for form in _forms(token):
            for key in dict.fromkeys((form, form.lower())):
                for term in self._first.get(key, ()):
                    if key == form or not term.exact:
                        found.setdefault(term.number, term)
            for prefix, suffix, term in self._open:
                word = form if term.exact else form.lower()
                if (prefix and word.startswith(prefix)) or (suffix and word.endswith(suffix)):
                    found.setdefault(term.number, term)
        if not found:
            return None
        longer: dict[str, list[_Term]] = {}
        for term in sorted(found.values(), key=lambda term: -len(term.rest)):
            if term.rest:
                second = term.rest[0].lower()
                for word in (second, f"{second}s") if len(term.rest) == 1 else (second,):
                    longer.setdefault(word, []).append(term)
        return _Beginning(next((term.number for term in found.values() if not term.rest), -1), longer)


def _longest(beginning: _Beginning, tokens: Sequence[str], position: int) -> _Term | None:
    """The longest term of several words that stands here."""
    if position + 1 >= len(tokens):
        return None
    for term in beginning.longer.get(tokens[position + 1].lower(), ()):
        words = tokens[position + 1 : position + 1 + len(term.rest)]
        if not term.exact:
            words = [word.lower() for word in words]
        *before, last = words
        if (*before, last.removesuffix("s")) == (*term.rest[:-1], term.rest[-1].removesuffix("s")):
            return term
    return None


def _forms(token: str) -> Iterator[str]:
    """A word as written, without its plural s, and without its version number."""
    yield token
    if token.endswith("s") and len(token) > _SHORTEST_STEM:
        yield token[:-1]
    stem = _VERSION.sub("", token)
    if stem != token and len(stem) > _SHORTEST_STEM:
        yield stem
