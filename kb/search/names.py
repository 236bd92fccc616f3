"""The notes that a query names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from kb.index.reader import IndexReader
from kb.notes.naming import name_of_file
from kb.search.query import NAME, name_key, possible_names, query_words

PART = 0.5  # of a name's words, which name it if they are in their order
MANY, TELLING = 4, 3  # words that name a note wherever its name has them, and how many of these are no stopwords
FEW = 3  # notes that may have a query in their names; what more have is a subject, not a name


def named(reader: IndexReader, text: str) -> frozenset[str]:
    """The notes, by id, that a query names by title, alias or file name, or by enough words of one of these; of a
    title also the part before a colon.
    """
    names: _Names = reader.cached("notes by name", lambda: _Names(reader.catalog.names()))
    return frozenset(names.whole(text) or names.part(text))


class _Names:
    """What notes may be called: title, path and aliases, by the notes' ids."""

    def __init__(self, names: Mapping[str, tuple[str, ...]]) -> None:
        self._notes: dict[str, set[str]] = defaultdict(set)
        self._with_word: dict[str, set[str]] = defaultdict(set)  # names, by each of their words
        for note, called in names.items():
            for key in _keys(*called):
                self._notes[key].add(note)
                for word in key.split():
                    self._with_word[word].add(key)

    def whole(self, text: str) -> set[str]:
        """The notes of which a text is, or contains, a name."""
        return {note for key in possible_names(text) for note in self._notes.get(key, ())}

    def part(self, text: str) -> set[str]:
        """The notes of which a text is a part of a name; none if that is so of many."""
        words = name_key(text).split()
        if len(words) < NAME:
            return set()
        are_many = len(words) >= MANY and len(query_words(" ".join(words))) >= TELLING
        names = set.intersection(*(self._with_word.get(word, set()) for word in words))
        notes = {note for name in names if are_many or _is_part(words, name.split()) for note in self._notes[name]}
        return notes if len(notes) <= FEW else set()


def _keys(title: str, path: str, *aliases: str) -> Iterator[str]:
    for name in (title, title.split(": ")[0], name_of_file(path), *aliases):
        if key := name_key(name):
            yield key


def _is_part(words: list[str], name: list[str]) -> bool:
    """Whether some words are in a name in their order, and make up enough of it."""
    rest = iter(name)
    return len(words) >= PART * len(name) and all(word in rest for word in words)
