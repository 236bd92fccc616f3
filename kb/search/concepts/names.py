"""Concepts that a text names in other words than their names: "serving LLMs cheaply", "predicting the links"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from kb.areas.concepts import Concepts, load_concepts
from kb.areas.texts import AreaTexts, area_texts
from kb.index.reader import IndexReader
from kb.models import Area
from kb.search.query import STOPWORDS, WORD
from kb.search.snippets import MIN_STEM, stem

LONGEST_RUN = 6  # words, with those between them; longer names are taken only as they are
_CLAUSE = re.compile(r"[^.,:;!?()]+")
_BEFORE_A_NOUN = frozenset({"about", "between", "for", "from", "in", "of", "on"})


class _Name(NamedTuple):
    """The stems of the words of one of a concept's names, without that of its area if it holds one, and the concept's
    number.
    """

    area: Area | None
    stems: tuple[str, ...]
    number: int


def named_otherwise(reader: IndexReader, text: str) -> list[int]:
    """The concepts of which a text has a name in another form: with other endings or what comes last in front
    ("predicting links" for link prediction), or the name of its area and all the other words in any order. One with
    fewer of them than another does not count.
    """
    areas = area_texts(reader)
    names = reader.cached("names of concepts", lambda: _Names(load_concepts(reader.settings.own_concepts), areas))
    found = [name for clause in _CLAUSE.findall(text) for name in _named_in(clause, areas, names)]
    return list(dict.fromkeys(name.number for name in found))


class _Names:
    """The names of concepts. Only those are read that have a word which begins like one that is asked for."""

    def __init__(self, concepts: Concepts, areas: AreaTexts) -> None:
        self._read = cache(lambda number, name: [*_read(concepts, areas, number, name)])
        self._beginning: dict[str, dict[tuple[int, str], None]] = {}
        for number in range(len(concepts.all)):
            for name in concepts.names(number):
                for word in name.lower().split():
                    self._beginning.setdefault(word[:MIN_STEM], {})[number, name] = None

    def like(self, words: Iterable[str]) -> Iterator[_Name]:
        """The names, in the order of their concepts, that may have the stem of one of some words."""
        alike = {named for word in words for named in self._beginning.get(word[:MIN_STEM], ())}
        for number, name in sorted(alike):
            yield from self._read(number, name)


def _named_in(clause: str, areas: AreaTexts, names: _Names) -> list[_Name]:
    in_areas, words = areas.named(clause), WORD.findall(areas.without_names(clause).lower())
    runs, stems = {*_runs(words)}, {stem(word) for word in words}
    found = [
        name
        for name in names.like(words)
        if (name.stems in runs if name.area is None else name.area in in_areas and stems.issuperset(name.stems))
    ]
    return [name for name in found if not any({*name.stems} < {*more.stems} for more in found)]


def _runs(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The stems of the words that stand next to each other in a text, as a name would have them: of a verb with its
    object, or a noun with what it is of, the first comes last.
    """
    for start, first in enumerate(words):
        for end in range(start + 2, min(start + LONGEST_RUN, len(words)) + 1):
            stems = tuple(stem(word) for word in words[start:end] if word not in STOPWORDS)
            if first in STOPWORDS or len(stems) < 2:
                continue
            if len(stems) == end - start:
                yield stems
            if first.endswith("ing") or words[start + 1] in _BEFORE_A_NOUN or (start and words[start - 1] == "to"):
                yield (*stems[1:], *stems[:1])


def _read(concepts: Concepts, areas: AreaTexts, number: int, name: str) -> Iterator[_Name]:
    """A name of a concept if it has several words, or that of its area and another one. Compounds, such as `ID-GNN`,
    are names of their own.
    """
    held, rest = areas.named(name), areas.without_names(name).split()
    stems = tuple(stem(word) for word in rest if word.lower() not in STOPWORDS)
    if not all(word.isalpha() for word in rest):
        return
    if held:
        yield from (_Name(area, stems, number) for area in held if area == concepts.all[number].area and stems)
    elif len(stems) > 1 and concepts.is_inside(number):
        yield _Name(None, stems, number)
