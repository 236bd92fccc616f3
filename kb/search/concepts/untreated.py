"""Concepts that a query names and no note does: what is searched for in their place, and which words say nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import NamedTuple

from kb.index.reader import IndexReader
from kb.search.concepts.names import named_otherwise
from kb.search.concepts.treatments import Treatments
from kb.search.query import match_expression, query_words
from kb.search.snippets import stem

SHOWN_RELATED = 3  # concepts that stand in for those that no note names


class Untreated(NamedTuple):
    """A concept that a query names and no note does: its name, the stems of the words by which the query names it, but
    for those that name something else that notes do, and the concepts related to it that notes name.
    """

    name: str
    stems: frozenset[str]
    related: tuple[str, ...]


def untreated_in(reader: IndexReader, treatments: Treatments, text: str) -> tuple[Untreated, ...]:
    """The concepts that a text names and no note does."""
    concepts = treatments.concepts

    def is_treated(number: int) -> bool:
        return treatments.is_treated(reader, number)

    said = {stem(word): word for word in query_words(text)}

    def untreated(number: int) -> Untreated:
        names = ({*map(stem, query_words(name))} for name in concepts.names(number))
        own = set().union(*(stems for stems in names if stems <= said.keys()))
        stems = frozenset(stem for stem in own if not any(map(is_treated, concepts.named(said[stem]))))
        related = (other for other in concepts.relatives(number) if concepts.is_inside(other) and is_treated(other))
        return Untreated(concepts.all[number].name, stems, tuple(concepts.all[other].name for other in related))

    named = dict.fromkeys([*concepts.named(text), *named_otherwise(reader, text)])
    return tuple(untreated(number) for number in named if concepts.is_inside(number) and not is_treated(number))


def meaning_words(reader: IndexReader, words: Sequence[str], untreated: Iterable[Untreated]) -> list[str]:
    """Some words of a query without those that belong to the name of an untreated concept, where one of these is in no
    note: a note that has "reduce" but not "hallucinations" says nothing on "reduce hallucinations".
    """
    unsaid: set[str] = set()
    for concept in untreated:
        own = [word for word in words if stem(word) in concept.stems]
        if not all(reader.catalog.full_text.frequency(match_expression([word]), 1) for word in own):
            unsaid.update(own)
    return [word for word in words if word not in unsaid]


def tell_untreated(reader: IndexReader, concepts: Sequence[Untreated]) -> None:
    """Tell of the concepts that a query names and no note does, where something related to them is searched for."""
    related = dict.fromkeys(chain.from_iterable(concept.related for concept in concepts))
    if related:
        names = " or ".join(repr(concept.name) for concept in concepts if concept.related)
        reader.notify(f"no note names {names}; related and searched for: {', '.join(islice(related, SHOWN_RELATED))}")
