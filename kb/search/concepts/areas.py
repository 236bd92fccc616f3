"""Concepts that are named by an area and another word: "serving LLMs cheaply" names LLM serving."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kb.areas.concepts import Concepts, load_concepts
from kb.areas.texts import AreaTexts, area_texts
from kb.index.reader import IndexReader
from kb.models import Area
from kb.search.query import STOPWORDS, query_words
from kb.search.snippets import stem


class _Name(NamedTuple):
    """The area that one of a concept's names holds, the stems of its other words, and the concept's number."""

    area: Area
    others: frozenset[str]
    number: int


def named_with_area(reader: IndexReader, text: str) -> list[int]:
    """The concepts of which a text has a name in any order and form: the name of its area, and all the other words.
    One with fewer of them than another does not count.
    """
    areas = area_texts(reader)
    named = areas.named(text)
    if not named:
        return []
    words = {stem(word) for word in query_words(areas.without_names(text))}
    concepts = load_concepts(reader.settings.own_concepts)
    names = reader.cached("names with areas", lambda: [*_names(concepts, areas)])
    found = [name for name in names if name.area in named and name.others <= words]
    return list(dict.fromkeys(name.number for name in found if not any(name.others < more.others for more in found)))


def _names(concepts: Concepts, areas: AreaTexts) -> Iterator[_Name]:
    """The names of concepts that hold that of their area. Compounds, such as `ID-GNN`, are names of their own."""
    for number, concept in enumerate(concepts.all):
        for name in concepts.names(number):
            rest = areas.without_names(name).split()
            others = frozenset(stem(word) for word in rest if word.lower() not in STOPWORDS)
            for area in areas.named(name):
                if area == concept.area and others and all(word.isalpha() for word in rest):
                    yield _Name(area, others, number)
