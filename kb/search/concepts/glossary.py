"""The concepts of the areas for the user: what a query asks for, what each is, and which notes treat it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kb.areas.reading import ReadConcept
from kb.index.reader import IndexReader
from kb.models import VerdictArea
from kb.reports import ConceptList, DescribedConcept
from kb.search.concepts.reading import read_concepts, subject_of
from kb.search.concepts.treatments import Treatments, treatments
from kb.search.dense import relatedness_of_nearest
from kb.search.find import as_in_notes, read_query


def concepts_of(reader: IndexReader, query: str) -> ConceptList:
    """The concepts that a query asks for. Raises `InputError` for a query that is empty or too long."""
    asked = as_in_notes(reader, read_query(query))
    reader.require_current_encoder()
    known, subject = treatments(reader), subject_of(reader, asked)
    vector = reader.encoder.encode_query(subject.text)
    read = read_concepts(reader, known, subject, vector, relatedness_of_nearest(reader, vector))
    numbers = {entry.number for entry in read}
    named = (number for number in known.concepts.named(subject.text) if known.concepts.is_inside(number))
    untreated = [ReadConcept(number, 0.0, "named") for number in named if number not in numbers]
    paths = reader.cached("paths", reader.catalog.paths)
    described = (
        _described(reader, known, entry.number, paths).model_copy(
            update={"weight": round(entry.weight, 4), "how": entry.how}
        )
        for entry in [*read, *untreated]
    )
    return ConceptList(query=query, concepts=tuple(described))


def all_concepts(reader: IndexReader, areas: Sequence[VerdictArea]) -> ConceptList:
    """All concepts of some areas, or all that kb knows."""
    known, paths = treatments(reader), reader.cached("paths", reader.catalog.paths)
    wanted = (number for number, concept in enumerate(known.concepts.all) if not areas or concept.area in areas)
    return ConceptList(query=None, concepts=tuple(_described(reader, known, number, paths) for number in wanted))


def _described(reader: IndexReader, known: Treatments, number: int, paths: Mapping[str, str]) -> DescribedConcept:
    concepts = known.concepts
    concept, treatment = concepts.all[number], known.of(reader, number)

    def names(numbers: Sequence[int]) -> tuple[str, ...]:
        return tuple(concepts.all[other].name for other in numbers)

    return DescribedConcept(
        concept=concept.name,
        area=concept.area,
        aliases=concept.aliases,
        definition=concept.definition,
        part_of=names(concepts.wholes(number)),
        parts=names(concepts.parts(number)),
        builds_on=names(concepts.prerequisites(number)),
        leads_to=names(concepts.dependents(number)),
        alternatives=names(concepts.alternatives(number)),
        notes=tuple(
            paths[note] for note in sorted(treatment.notes, key=lambda note: (-treatment.notes[note], paths[note]))
        ),
        everywhere=treatment.everywhere,
    )
