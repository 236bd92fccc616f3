"""What a query asks for in the terms of the areas.

A query in other words than the notes thereby finds what it describes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from kb.areas.concepts import load_concepts
from kb.areas.reading import ReadConcept, best_of_concepts, leaning, likeness_of_concepts, mixture, read
from kb.areas.texts import area_texts
from kb.cutoffs import AVOIDED
from kb.index.arrays import products, unit_rows
from kb.index.reader import IndexReader
from kb.models import Area
from kb.search.concepts.names import named_otherwise
from kb.search.concepts.treatments import Treatments
from kb.search.concepts.untreated import Untreated
from kb.search.concepts.wanted import Wanted, wanted_of
from kb.search.query import STOPWORDS, Query, query_words
from kb.search.words import NoteWeights

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

READING_WEIGHT = 0.6  # of what is read in a query, as against its own vector
CONCEPT_WEIGHT = 1.0  # of a concept's name, as against a word of the query
RARITY_SHARE = 0.5  # of a concept's rarity that counts for the share of a query that a note has: its words count too


@dataclass(frozen=True)
class Reading:
    """The concepts that a query asks for, by name with their weights; the mixture of their vectors `(dim,)`, with that
    of the query without the names of areas, None where nothing is read; the weight of each concept in each note; how
    like the query the concept is that a note is named after, times its weight, by note; and how rare each concept is,
    compared with a word of the query. `untreated` are the concepts that it names and no note does.
    """

    concepts: Mapping[str, float] = field(default_factory=dict)
    vector: FloatArray | None = None
    weights: NoteWeights = field(default_factory=dict)
    titled: Mapping[str, float] = field(default_factory=dict)
    rarity: Mapping[str, float] = field(default_factory=dict)
    untreated: Sequence[Untreated] = ()

    def moved(self, vector: FloatArray) -> FloatArray:
        """The vector `(dim,)` of the query, moved towards the concepts."""
        return vector if self.vector is None else unit_rows(vector + READING_WEIGHT * self.vector)


class Subject(NamedTuple):
    """What a query is about: the text that it wants and its words, both without the names of areas; what it wants with
    these names; the areas, and all their names.
    """

    text: str
    words: tuple[str, ...]
    wanted: Wanted
    areas: tuple[Area, ...] = ()
    area_names: tuple[str, ...] = ()


def subject_of(reader: IndexReader, query: Query) -> Subject:
    """What a query is about. One that only names areas is about these."""
    wanted = wanted_of(load_concepts(reader.settings.own_concepts), query.text)
    texts = reader.cached("area texts", lambda: area_texts(reader))
    areas = texts.singled_out(query.text)
    names = tuple(name for area in areas for name in texts.areas[area].names)
    rest = texts.without_names(query.text) if names else query.text
    words = tuple(word for word in query_words(rest) if word not in STOPWORDS)
    if names and words:
        return Subject(texts.without_names(wanted.text) or wanted.text, words, wanted, areas, names)
    return Subject(wanted.text, query.words, wanted)


def read_concepts(
    reader: IndexReader, treatments: Treatments, subject: Subject, described: FloatArray, answered: float = -math.inf
) -> list[ReadConcept]:
    """The concepts that a query asks for; `described` `(dim,)` is the vector of its subject, and `answered` the
    relatedness of the passage nearest to it, where that is to count.
    """
    concepts = treatments.concepts
    relatedness = reader.encoder.scale.relatedness(products(treatments.vectors, described))
    named = {concepts.all[number].area for number in concepts.named(subject.text) if concepts.is_inside(number)}
    about = named | set(subject.areas)
    best = leaning(concepts, best_of_concepts(concepts, relatedness), about)
    shares = treatments.wording.shares(subject.text)
    likeness = leaning(concepts, likeness_of_concepts(concepts, relatedness, shares), about)
    areas = {number for name in subject.area_names for number in concepts.named(name)}
    text, avoided, instead = subject.wanted
    otherwise = named_otherwise(reader, text)

    def is_treated(number: int) -> bool:
        return treatments.is_treated(reader, number)

    found = read(concepts, text, best, likeness, is_treated, areas, otherwise, answered)
    first = (ReadConcept(number, 1.0, "instead", likeness[number], best[number]) for number in instead)
    others = (entry for entry in found if entry.number not in avoided and entry.number not in instead)
    return [*(entry for entry in first if is_treated(entry.number)), *others]


def reading_of(
    reader: IndexReader,
    treatments: Treatments,
    asked: Sequence[ReadConcept],
    described: FloatArray | None = None,
    avoided: Iterable[int] = (),
) -> Reading:
    """What concepts that a query asks for add to it, and those to be `avoided` take from it; `described` `(dim,)` is
    the vector of its subject, where that is not all of the query. A note need not have what the query may describe
    beside what it names.
    """
    if not asked:
        return Reading()
    names = {entry.number: treatments.concepts.all[entry.number].name for entry in asked}
    weights: NoteWeights = {}
    titled: dict[str, float] = {}
    rarity: dict[str, float] = {}
    has_names = any(entry.how == "named" for entry in asked)
    for entry in asked:
        treatment = treatments.of(reader, entry.number)
        if entry.how != "described" or not has_names:
            rarity[names[entry.number]] = RARITY_SHARE * entry.weight * treatment.rarity
        for note, weight in treatment.notes.items():
            weights.setdefault(note, {})[names[entry.number]] = CONCEPT_WEIGHT * entry.weight * weight
        for note in treatment.titled:
            titled[note] = max(entry.weight * entry.likeness, titled.get(note, 0.0))
    for number in avoided:
        titled = dict.fromkeys(treatments.of(reader, number).titled, AVOIDED) | titled
    mixed = mixture(treatments.concepts, treatments.vectors, {entry.number: entry.weight for entry in asked})
    vector = mixed if described is None else mixed + described
    return Reading({names[entry.number]: entry.weight for entry in asked}, vector, weights, titled, rarity)
