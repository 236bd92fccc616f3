"""Finds the terms of the areas in a text by one dictionary lookup per word. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

_TOKEN = re.compile(r"[^\W_]+|[.,;:!?|]\s|[()]|\n\s*\n")  # words, and punctuation that no term spans
_VERSION = re.compile(r"\d+(?:\w{1,2})?$")
_SHORTEST_STEM = 2


class TermMatch(NamedTuple):
    """How often a term occurs in a text, and the index of the token at which it first does."""

    times: int
    first_token: int


class _Entry(NamedTuple):
    """A term of the lexicon: its index, its words after the first, and whether case matters."""

    term: int
    rest: tuple[str, ...]
    case_sensitive: bool


class _Candidates(NamedTuple):
    """The terms that a word may begin: the index of the one-word term (-1 if none), and longer terms by second word."""

    single: int
    longer: dict[str, list[_Entry]]


class _CandidateCache(dict[str, _Candidates | None]):
    """The candidates of every word seen so far. For most words that is None, so that they cost one lookup."""

    def __init__(self, find: Callable[[str], _Candidates | None]) -> None:
        self._find = find

    def __missing__(self, token: str) -> _Candidates | None:
        candidates = self[token] = self._find(token)
        return candidates


class Lexicon:
    """Terms to look up in texts.

    A term in lower case matches in any case, one with a capital letter only as written. A plural s or a version number
    may follow it. `*` at either end of a term stands for the rest of a word.
    """

    def __init__(self, terms: Sequence[str]) -> None:
        self._by_first_word: dict[str, list[_Entry]] = {}
        self._affixes: list[tuple[str, str, _Entry]] = []  # prefix or "", suffix or "", term
        for index, text in enumerate(terms):
            words = [token for token in _TOKEN.findall(text) if token[0].isalnum()]
            if not words:
                continue
            entry = _Entry(index, tuple(words[1:]), text != text.lower())
            if text.startswith("*") or text.endswith("*"):
                prefix, suffix = words[0] if text.endswith("*") else "", words[0] if text[0] == "*" else ""
                self._affixes.append((prefix, suffix, entry))
            else:
                self._by_first_word.setdefault(words[0], []).append(entry)
        self._candidates = _CandidateCache(self._find_candidates)

    def find(self, text: str) -> dict[int, TermMatch]:
        """The terms that occur in a text, by index. Of terms that begin at the same word, the longest is found."""
        found: dict[int, TermMatch] = {}
        for index, position in self._matches(_TOKEN.findall(text)):
            before = found.get(index)
            found[index] = TermMatch(before.times + 1, before.first_token) if before else TermMatch(1, position)
        return found

    def offset(self, text: str, token: int) -> int:
        """The character offset of a token of a text."""
        return next(islice(_TOKEN.finditer(text), token, None)).start()

    def _matches(self, tokens: Sequence[str]) -> Iterator[tuple[int, int]]:
        """The index of each term that occurs and the token at which it begins; matches do not overlap."""
        end = 0
        looked_up = enumerate(map(self._candidates.__getitem__, tokens))
        for position, candidates in [(place, found) for place, found in looked_up if found is not None]:
            if position < end:
                continue
            longest = _longest(candidates, tokens, position) if candidates.longer else None
            if longest:
                yield longest.term, position
                end = position + 1 + len(longest.rest)
            elif candidates.single >= 0:
                yield candidates.single, position

    def _find_candidates(self, token: str) -> _Candidates | None:
        entries = {entry.term: entry for entry in self._beginning_with(token)}
        if not entries:
            return None
        longer: dict[str, list[_Entry]] = {}
        for entry in sorted(entries.values(), key=lambda entry: -len(entry.rest)):
            if entry.rest:
                second = entry.rest[0].lower()
                for word in (second, f"{second}s") if len(entry.rest) == 1 else (second,):
                    longer.setdefault(word, []).append(entry)
        return _Candidates(next((entry.term for entry in entries.values() if not entry.rest), -1), longer)

    def _beginning_with(self, token: str) -> Iterator[_Entry]:
        """The terms of which a token may be the first word."""
        for form in _forms(token):
            for key in dict.fromkeys((form, form.lower())):
                yield from (
                    entry for entry in self._by_first_word.get(key, ()) if key == form or not entry.case_sensitive
                )
            for prefix, suffix, entry in self._affixes:
                word = form if entry.case_sensitive else form.lower()
                if (prefix and word.startswith(prefix)) or (suffix and word.endswith(suffix)):
                    yield entry


def _longest(candidates: _Candidates, tokens: Sequence[str], position: int) -> _Entry | None:
    """The longest term of several words at a position."""
    if position + 1 >= len(tokens):
        return None
    for entry in candidates.longer.get(tokens[position + 1].lower(), ()):
        words = tokens[position + 1 : position + 1 + len(entry.rest)]
        if not entry.case_sensitive:
            words = [word.lower() for word in words]
        *before, last = words
        if (*before, last.removesuffix("s")) == (*entry.rest[:-1], entry.rest[-1].removesuffix("s")):
            return entry
    return None


def _forms(token: str) -> Iterator[str]:
    """A word as written, without a plural s, and without a version number."""
    yield token
    if token.endswith("s") and len(token) > _SHORTEST_STEM:
        yield token[:-1]
    stem = _VERSION.sub("", token)
    if stem != token and len(stem) > _SHORTEST_STEM:
        yield stem
