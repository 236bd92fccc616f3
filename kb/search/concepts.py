"""What a query asks for in the terms of the areas, and which notes treat it.

A concept is looked up in the full text by its names, as phrases. A query in other words than the notes thereby finds
what it describes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from kb.areas.concepts import Concepts, concept_vectors, load_concepts
from kb.areas.judge import area_texts
from kb.areas.reading import ReadConcept, best_of_concepts, mixture, read
from kb.index.arrays import unit_rows
from kb.index.reader import IndexReader
from kb.models import Area
from kb.search.query import STOPWORDS, Query, match_expression, query_words
from kb.search.words import NoteWeights, idf, note_weight

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

READING_WEIGHT = 0.75  # of the mixture of concepts, as against the query's own vector
CONCEPT_WEIGHT = 1.0  # of a concept's name, as against a word of the query
TITLE_FACTOR = 2.0  # of a note that is named after the concept, or tagged with it
MOST_CHUNKS = 3_000  # that have a concept; one that more of them have says little, and takes long to look up


class Treatment(NamedTuple):
    """The chunks that have a concept's names, by number, with their notes; and the notes named after it."""

    chunks: Mapping[int, str]
    titled: frozenset[str]


@dataclass(frozen=True)
class Reading:
    """The concepts that a query asks for, by name with their weights; the mixture of their vectors `(dim,)`, None where
    there are none; and the weight of each concept in each note.
    """

    concepts: Mapping[str, float] = field(default_factory=dict)
    vector: FloatArray | None = None
    weights: NoteWeights = field(default_factory=dict)

    def moved(self, vector: FloatArray) -> FloatArray:
        """The vector `(dim,)` of the query, moved towards the concepts."""
        return vector if self.vector is None else unit_rows(vector + READING_WEIGHT * self.vector)


class Subject(NamedTuple):
    """What a query is about: its text and words without the names of areas, and the areas that it names."""

    text: str
    words: tuple[str, ...]
    areas: tuple[Area, ...]


def subject_of(reader: IndexReader, query: Query) -> Subject:
    """What a query is about. One that only names areas is about these."""
    texts = reader.cached("area texts", lambda: area_texts(reader))
    areas = texts.named(query.text)
    rest = texts.without_names(query.text) if areas else query.text
    words = tuple(word for word in query_words(rest) if word not in STOPWORDS)
    return Subject(rest, words, areas) if areas and words else Subject(query.text, query.words, areas)


def read_concepts(reader: IndexReader, text: str, subject: Subject, vector: FloatArray) -> Reading:
    """What a query asks for; `vector` `(dim,)` is that of its text."""
    concepts = load_concepts(reader.settings.concepts)
    vectors = concept_vectors(reader, concepts)
    described = vector if subject.text == text else reader.encoder.encode_query(subject.text)
    relatedness = best_of_concepts(concepts, reader.encoder.scale.relatedness(vectors @ described))
    treatments = _Treatments(reader, concepts)
    asked = read(concepts, subject.text, relatedness, lambda number: bool(treatments[number].chunks))
    if not asked:
        return Reading()
    return Reading(
        {concepts.all[entry.number].name: entry.weight for entry in asked},
        mixture(concepts, vectors, {entry.number: entry.weight for entry in asked}),
        _weights(reader, concepts, treatments, asked),
    )


class _Treatments:
    """The notes that treat each concept, looked up once for each state of the index."""

    def __init__(self, reader: IndexReader, concepts: Concepts) -> None:
        self._reader = reader
        self._concepts = concepts
        self._known: dict[int, Treatment] = reader.cached("treatments", dict)

    def __getitem__(self, number: int) -> Treatment:
        if number not in self._known:
            self._known[number] = self._look_up(number)
        return self._known[number]

    def _look_up(self, number: int) -> Treatment:
        full_text = self._reader.catalog.full_text
        names = match_expression(self._concepts.names(number))
        if full_text.frequency(names, MOST_CHUNKS + 1) > MOST_CHUNKS:
            return Treatment({}, frozenset())
        return Treatment(full_text.matching(names), frozenset(full_text.matching(f"title : ({names})").values()))


def _weights(
    reader: IndexReader, concepts: Concepts, treatments: _Treatments, asked: Sequence[ReadConcept]
) -> NoteWeights:
    """The weight of each concept in each note that has it: BM25+ over the passages that have it, times its own."""
    sizes = reader.cached("sizes", reader.catalog.sizes)
    mean = reader.cached("mean size", reader.catalog.mean_size) or 1.0
    weights: NoteWeights = {}
    for entry in asked:
        treatment = treatments[entry.number]
        rarity = idf(reader.chunk_count, len(treatment.chunks))
        counts: dict[str, int] = {}
        for note in treatment.chunks.values():
            counts[note] = counts.get(note, 0) + 1
        for note, count in counts.items():
            weight = note_weight(rarity, count, sizes.get(note, mean) / mean) * (
                TITLE_FACTOR if note in treatment.titled else 1.0
            )
            weights.setdefault(note, {})[concepts.all[entry.number].name] = CONCEPT_WEIGHT * entry.weight * weight
    return weights
