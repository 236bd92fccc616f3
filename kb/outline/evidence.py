"""The evidence for a topic: the notes that bear on it, and their best passages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from kb.index.arrays import means
from kb.index.freshness import current_notes
from kb.index.reader import IndexReader
from kb.models import FiledArea, Filter
from kb.notes.links import link_targets
from kb.outline.parts import Part, parts_of
from kb.outline.points import Excerpt
from kb.outline.relevance import FACET_WEIGHT, MANY, PART_WEIGHT, SURE_SHARE, relevant_notes, without_strays
from kb.outline.topics.coverage import bears, notes_naming, require_evidence
from kb.outline.topics.naming import Naming, naming_of
from kb.outline.topics.topic import Topic
from kb.search.concepts.treatments import treatments
from kb.search.find import find

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

MAX_NOTES = 20  # or parts of notes
MAX_PASSAGES = 6  # of each


def gather(reader: IndexReader, topic: Topic, areas: tuple[FiledArea, ...]) -> tuple[list[Excerpt], FloatArray]:
    """The passages that bear on a topic, those of the best note first, and their vectors `(n, dim)`.

    Where too few notes bear on it by what they say, those that name it do. Raises `EvidenceError` where the notes of
    the areas say too little about the topic.
    """
    filter = Filter(areas=areas)
    passages, passing = reader.passages(), reader.passing(filter).notes
    related = reader.encoder.scale.relatedness(passages.cosines(topic.vector))
    notes = reader.catalog.notes_by_id(passing & passages.rows.keys())
    parts = parts_of(reader, notes)
    nearest = [float(related[list(part.rows)].max()) for part in parts]
    naming: set[str] = set() if bears(topic, nearest) else notes_naming(reader, topic, notes)
    require_evidence(topic, nearest, naming)
    parts = [part for part in parts if not naming or part.note.id in naming]
    named = naming_of(reader, topic.subjects, {part.note.id for part in parts})
    shares = shares_of(reader, topic, filter, parts, named)
    bearing = [part for part in parts if part.id in shares]
    if not naming:
        shares = _on_topic(reader, topic, bearing, shares, named)
    return _excerpts(reader, topic, bearing, shares, named)


def _excerpts(
    reader: IndexReader, topic: Topic, parts: Sequence[Part], shares: Mapping[str, float], named: Naming
) -> tuple[list[Excerpt], FloatArray]:
    """The best passages of those parts that have a share, and their vectors."""
    passages, to_the_point = reader.passages(), reader.passages().cosines(topic.aim)
    by_id = {part.id: part for part in parts}
    current = {note.id for note in current_notes(reader, [by_id[id].note for id in shares])}
    taken = [
        (part, row)
        for part in map(by_id.__getitem__, shares)
        if part.note.id in current
        for row in sorted(part.rows, key=lambda row: -to_the_point[row])[:MAX_PASSAGES]
    ]
    chunks = reader.catalog.chunks(passages.ids[row] for _, row in taken)
    excerpts = [
        Excerpt(part.note, chunks[passages.ids[row]], shares[part.id], _named(part, named), part=part.number)
        for part, row in taken
    ]
    return excerpts, passages.matrix[[row for _, row in taken]]


def _named(part: Part, named: Naming) -> float:
    """The share of a topic's subjects that a whole note names. What a long one names, each of its parts need not."""
    return 0.0 if part.number else named.shares.get(part.note.id, 0.0)


def _density(part: Part, named: Naming) -> float:
    """How much of a whole note names a topic, 0 for one of few passages."""
    return named.densities.get(part.note.id, 0.0) if _is_whole(part) else 0.0


def _is_whole(part: Part) -> bool:
    """Whether it is a note that is long enough to name what it is about."""
    return not part.number and len(part.rows) >= MANY


def _on_topic(
    reader: IndexReader, topic: Topic, parts: Sequence[Part], shares: Mapping[str, float], named: Naming
) -> dict[str, float]:
    """The shares without those of parts that are about something else than the topic."""
    passages, encoder = reader.passages(), reader.encoder
    aims = np.stack([topic.vector, topic.aim, *map(encoder.encode_query, (*topic.views, *topic.facets))])
    nearest = {part.id: float((passages.matrix[list(part.rows)] @ aims.T).max()) for part in parts}
    related = {id: encoder.scale.relatedness(cosine) for id, cosine in nearest.items()}
    knowing = {*named.bearing, *(_linked_with_the_best(parts, shares, named) & named.shares.keys())}
    silent = {part.id for part in parts if _is_whole(part) and part.note.id not in knowing} if named.bearing else ()
    return without_strays(shares, silent, {part.id for part in parts if part.number}, related)


def _linked_with_the_best(parts: Sequence[Part], shares: Mapping[str, float], named: Naming) -> set[str]:
    """The notes that are linked, whichever way, with one that surely bears on a topic or is named after its concept."""
    best = {part.note.id for part in parts if shares[part.id] > SURE_SHARE or part.note.id in named.titled}
    notes = list({part.note.id: part.note for part in parts}.values())
    links = [(note.id, notes[to].id) for note, found in zip(notes, link_targets(notes), strict=True) for to in found]
    return {one for link in links for one, other in (link, link[::-1]) if other in best}


def shares_of(
    reader: IndexReader, topic: Topic, filter: Filter, parts: Sequence[Part], named: Naming
) -> dict[str, float]:
    """The ids of those parts that bear on a topic, the best first, with their share of the best ones' relevance."""
    passages, weights = reader.passages(), topic.weights()
    names = [treatments(reader).concepts.all[number].name for number in topic.parts]
    views, facets, smaller = (
        np.array([_passage_scores(reader, text, filter, parts) for text in texts]).reshape(-1, len(parts))
        for texts in (topic.views, topic.facets, names)
    )
    relevant = relevant_notes(
        views,
        np.concatenate([FACET_WEIGHT * facets, PART_WEIGHT * smaller]),
        means(passages.matrix, [part.rows for part in parts]),
        np.array([_density(part, named) for part in parts]),
        np.array([weights[part.note.area] for part in parts]),
        MAX_NOTES,
    )
    return {parts[index].id: share for index, share in relevant}


def _passage_scores(reader: IndexReader, view: str, filter: Filter, parts: Sequence[Part]) -> list[float]:
    """The search score of each part's best passage, 0 where the search does not return the part."""
    row_of = reader.passages().row_of
    scores = {row_of[entry.id]: entry.score for entry in find(reader, view, filter, "hybrid").ranked}
    return [max((scores[row] for row in part.rows if row in scores), default=0.0) for part in parts]
