"""The evidence for a topic: the notes that bear on it, and their best passages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from kb.index.arrays import means
from kb.index.freshness import current_notes
from kb.index.reader import IndexReader
from kb.models import FiledArea, Filter, NoteRecord, note_of
from kb.outline.points import Excerpt
from kb.outline.relevance import FACET_WEIGHT, RELATIVE_WEIGHT, relevant_notes, without_strays
from kb.outline.topics.coverage import bears, notes_naming, require_evidence
from kb.outline.topics.subjects import shares_named
from kb.outline.topics.topic import Topic
from kb.search.concepts.treatments import treatments
from kb.search.find import find

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

MAX_NOTES = 20
MAX_PASSAGES = 6  # of a note


def gather(reader: IndexReader, topic: Topic, areas: tuple[FiledArea, ...]) -> tuple[list[Excerpt], FloatArray]:
    """The passages that bear on a topic, those of the best note first, and their vectors `(n, dim)`.

    Where too few notes bear on it by what they say, those that name it do. Raises `EvidenceError` where the notes of
    the areas say too little about the topic.
    """
    filter = Filter(areas=areas)
    passages, passing = reader.passages(), reader.passing(filter).notes
    related = reader.encoder.scale.relatedness(passages.cosines(topic.vector))
    to_the_point = passages.cosines(topic.aim)
    rows_of = {id: rows for id, rows in passages.rows.items() if id in passing}
    nearest = [float(related[rows].max()) for rows in rows_of.values()]
    naming: set[str] = set() if bears(topic, nearest) else notes_naming(reader, topic, rows_of)
    require_evidence(topic, nearest, naming)
    known = reader.catalog.notes_by_id(rows_of)
    shares = shares_of(reader, topic, filter, [known[id] for id in naming or rows_of])
    named = shares_named(reader, topic.subjects)
    shares = shares if naming else _on_topic(reader, topic, shares, named)
    rows = [
        row
        for note in current_notes(reader, [known[id] for id in shares])
        for row in sorted(rows_of[note.id], key=lambda row: -to_the_point[row])[:MAX_PASSAGES]
    ]
    chunks = reader.catalog.chunks(passages.ids[row] for row in rows)
    taken = [chunks[passages.ids[row]] for row in rows]
    excerpts = [
        Excerpt(known[chunk.note_id], chunk, shares[chunk.note_id], named.get(chunk.note_id, 0.0)) for chunk in taken
    ]
    return excerpts, passages.matrix[rows]


def _on_topic(
    reader: IndexReader, topic: Topic, shares: Mapping[str, float], named: Mapping[str, float]
) -> dict[str, float]:
    """Notes with their shares, without those that are about something else than the topic."""
    passages, encoder = reader.passages(), reader.encoder
    aims = np.stack([topic.vector, topic.aim, *map(encoder.encode_query, (*topic.views, *topic.facets))])
    nearest = {note: float((passages.matrix[passages.rows[note]] @ aims.T).max()) for note in shares}
    related = {note: encoder.scale.relatedness(cosine) for note, cosine in nearest.items()}
    return without_strays(shares, related, named)


def shares_of(reader: IndexReader, topic: Topic, filter: Filter, notes: Sequence[NoteRecord]) -> dict[str, float]:
    """The ids of the notes that bear on a topic, the best first, with their share of the best ones' relevance."""
    passages, weights = reader.passages(), topic.weights()
    relatives = [treatments(reader).concepts.all[number].name for number in topic.relatives]
    views, facets, parts = (
        np.array([_passage_scores(reader, text, filter, notes) for text in texts]).reshape(-1, len(notes))
        for texts in (topic.views, topic.facets, relatives)
    )
    relevant = relevant_notes(
        views,
        np.concatenate([FACET_WEIGHT * facets, RELATIVE_WEIGHT * parts]),
        means(passages.matrix, [passages.rows[note.id] for note in notes]),
        np.array([weights[note.area] for note in notes]),
        MAX_NOTES,
    )
    return {notes[index].id: share for index, share in relevant}


def _passage_scores(reader: IndexReader, view: str, filter: Filter, notes: Sequence[NoteRecord]) -> list[float]:
    """The search score of each note's best passage, 0 where the search does not return the note."""
    ranked = find(reader, view, filter, "hybrid").ranked
    best = {note_of(entry.id): entry.score for entry in reversed(ranked)}
    return [best.get(note.id, 0.0) for note in notes]
