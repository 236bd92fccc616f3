"""What a query asks for in the terms of the areas.

A query in other words than the notes thereby finds what it describes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from kb.areas.reading import ReadConcept, best_of_concepts, leaning, mixture, read
from kb.areas.texts import area_texts
from kb.index.arrays import products, unit_rows
from kb.index.reader import IndexReader
from kb.models import Area
from kb.search.concepts.names import named_otherwise
from kb.search.concepts.treatments import Treatments
from kb.search.query import STOPWORDS, Query, query_words
from kb.search.words import NoteWeights

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

READING_WEIGHT = 0.75  # of the mixture of concepts, as against the query's own vector
CONCEPT_WEIGHT = 1.0  # of a concept's name, as against a word of the query


@dataclass(frozen=True)
class Reading:
    """The concepts that a query asks for, by name with their weights; the mixture of their vectors `(dim,)`, None where
    there are none; the weight of each concept in each note; and how related the query is to the concept that a note is
    named after, by note.
    """

    concepts: Mapping[str, float] = field(default_factory=dict)
    vector: FloatArray | None = None
    weights: NoteWeights = field(default_factory=dict)
    titled: Mapping[str, float] = field(default_factory=dict)

    def moved(self, vector: FloatArray) -> FloatArray:
        """The vector `(dim,)` of the query, moved towards the concepts."""
        return vector if self.vector is None else unit_rows(vector + READING_WEIGHT * self.vector)


class Subject(NamedTuple):
    """What a query is about: its text and words without the names of areas, these areas, and all their names."""

    text: str
    words: tuple[str, ...]
    areas: tuple[Area, ...] = ()
    area_names: tuple[str, ...] = ()


def subject_of(reader: IndexReader, query: Query) -> Subject:
    """What a query is about. One that only names areas is about these."""
    texts = reader.cached("area texts", lambda: area_texts(reader))
    areas = texts.named(query.text)
    names = tuple(name for area in areas for name in texts.areas[area].names)
    rest = texts.without_names(query.text) if names else query.text
    words = tuple(word for word in query_words(rest) if word not in STOPWORDS)
    return Subject(rest, words, areas, names) if names and words else Subject(query.text, query.words)


def read_concepts(
    reader: IndexReader, treatments: Treatments, text: str, subject: Subject, vector: FloatArray
) -> list[ReadConcept]:
    """The concepts that a query asks for; `vector` `(dim,)` is that of its text."""
    described = vector if subject.text == text else reader.encoder.encode_query(subject.text)
    concepts = treatments.concepts
    relatedness = reader.encoder.scale.relatedness(products(treatments.vectors, described))
    named = {concepts.all[number].area for number in concepts.named(subject.text) if concepts.is_inside(number)}
    best = leaning(concepts, best_of_concepts(concepts, relatedness), named | set(subject.areas))
    areas = {number for name in subject.area_names for number in concepts.named(name)}
    return read(
        concepts, text, best, lambda number: treatments.is_treated(reader, number), areas, named_otherwise(reader, text)
    )


def reading_of(reader: IndexReader, treatments: Treatments, asked: Sequence[ReadConcept]) -> Reading:
    """What concepts that a query asks for add to it."""
    if not asked:
        return Reading()
    names = {entry.number: treatments.concepts.all[entry.number].name for entry in asked}
    weights: NoteWeights = {}
    titled: dict[str, float] = {}
    for entry in asked:
        treatment = treatments.of(reader, entry.number)
        for note, weight in treatment.notes.items():
            weights.setdefault(note, {})[names[entry.number]] = CONCEPT_WEIGHT * entry.weight * weight
        for note in treatment.titled:
            titled[note] = max(entry.relatedness, titled.get(note, 0.0))
    return Reading(
        {names[entry.number]: entry.weight for entry in asked},
        mixture(treatments.concepts, treatments.vectors, {entry.number: entry.weight for entry in asked}),
        weights,
        titled,
    )
