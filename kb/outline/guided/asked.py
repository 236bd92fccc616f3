"""What a heading of the writer's asks for within a topic: concepts, words, or a side of the topic; and whether a
statement is on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from kb.areas.concepts import Concepts, of_areas
from kb.areas.texts import area_texts
from kb.cutoffs import ASKED_CLEARLY
from kb.index.reader import IndexReader
from kb.outline.guided.facets import Facet, facets_of, telling_words
from kb.outline.topics.subjects import stems_of_names
from kb.outline.topics.topic import Topic
from kb.search.concepts.names import named_otherwise
from kb.search.concepts.reading import read_concepts, subject_of
from kb.search.concepts.treatments import treatments
from kb.search.find import as_in_notes, read_query
from kb.search.query import WORD
from kb.search.snippets import stem

MIN_WEIGHT = 0.3  # of a concept that a heading describes, both alone and within its topic, for it to ask for that


@dataclass(frozen=True)
class Asked:
    """What a heading asks for: one of some concepts, by number, or its `words`, by their stems; or `facets`, sides of
    the topic, and nothing else. `is_described` says that it names none of the concepts, but describes them.
    """

    heading: str
    concepts: frozenset[int]
    words: frozenset[str]
    facets: Sequence[Facet]
    known: Concepts
    is_described: bool = False

    @property
    def is_strict(self) -> bool:
        """Whether only what says something of it is on the heading, however near the rest: it asks for a side of the
        topic, is a single word, or is the name of a concept.
        """
        is_name = bool(self.concepts) and not self.is_described and not self.words
        return bool(self.facets) or len(self.words) == 1 or is_name

    def share(self, text: str, title: str, headings: Sequence[str], opens: bool) -> float:
        """How much of what is asked for a text says, or the title and headings that it stands under, 0..1. `opens` says
        that it is of the passage that opens a note.
        """
        if self.facets:
            return float(any(facet.is_told(text, headings, opens) for facet in self.facets))
        whole = " | ".join([title, *headings, text])
        names_one = not self.concepts.isdisjoint(self.known.named(whole))
        if names_one and self.is_described:
            return 1.0
        asked = len(self.words) + (bool(self.concepts) and not self.is_described)
        return (len(self.words & _stems(whole)) + names_one) / asked if asked else 0.0


def read_heading(reader: IndexReader, topic: Topic, heading: str, plain: str, within: str) -> Asked:
    """What a heading asks for, which is put `plain` and `within` its topic."""
    known = treatments(reader).concepts
    facets = facets_of(heading, topic.text)
    words = frozenset(map(stem, telling_words(heading, topic.text)))
    if facets:
        return Asked(heading, frozenset(), words, facets, known)
    on_topic = {subject.concept for subject in topic.subjects if subject.concept is not None}
    by_name = {*known.named(heading), *named_otherwise(reader, heading)}
    named = by_name - of_areas(known, area_texts(reader)) - on_topic
    words -= stems_of_names(known, by_name)
    described = set() if named else _described(reader, plain, ASKED_CLEARLY) & _described(reader, within) - on_topic
    return Asked(
        heading, frozenset(_with_relatives(known, named, described) - on_topic), words, (), known, bool(described)
    )


def _described(reader: IndexReader, text: str, least: float = 0.0) -> set[int]:
    """The concepts that a text asks for, to which it is at least so related."""
    asked = as_in_notes(reader, read_query(text))
    known = treatments(reader)
    found = read_concepts(reader, known, subject_of(reader, asked), reader.encoder.encode_query(asked.text))
    return {entry.number for entry in found if entry.weight >= MIN_WEIGHT and entry.relatedness >= least}


def _with_relatives(known: Concepts, named: set[int], described: set[int]) -> set[int]:
    """Concepts with their parts, and what is described also with what serves the same purpose."""
    parts = chain.from_iterable(map(known.parts, named | described))
    return {*named, *described, *parts, *chain.from_iterable(map(known.alternatives, described))}


def _stems(text: str) -> set[str]:
    return {stem(part) for match in WORD.finditer(text) for part in (match[0], *match[0].split("-"))}
