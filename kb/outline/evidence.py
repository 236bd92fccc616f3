"""The evidence for a topic: the notes that bear on it, and their best passages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kb.errors import EvidenceError
from kb.index.arrays import means
from kb.index.freshness import current_notes
from kb.index.reader import IndexReader
from kb.models import FiledArea, Filter
from kb.notes.links import link_targets
from kb.outline.naming.own_titles import with_own_titles
from kb.outline.parts import Part, is_a_map, parts_of
from kb.outline.points import Excerpt
from kb.outline.relevance import (
    FACET_WEIGHT,
    FAR_SHARE,
    FOUND_SHARE,
    HALF,
    MANY,
    NEAR_SHARE,
    PART_WEIGHT,
    SURE_SHARE,
    relevant_notes,
    without_strays,
)
from kb.outline.topics.coverage import bears, notes_naming, require_evidence
from kb.outline.topics.naming import Naming, naming_of
from kb.outline.topics.topic import Topic
from kb.search.concepts.treatments import treatments
from kb.search.find import find
from kb.search.fuse import evidence
from kb.search.ranking import Ranking

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kb.index.arrays import FloatArray

MAX_NOTES = 20  # or parts of notes
MAX_PASSAGES = 6  # of each
MOST_FOUND = 64  # searches that are remembered: those for a topic, its facets and parts


def gather(reader: IndexReader, topic: Topic, areas: tuple[FiledArea, ...]) -> tuple[list[Excerpt], FloatArray]:
    """The passages that bear on a topic, those of the best note first, and their vectors `(n, dim)`.

    Where too few notes bear on it by what they say, those that name it do. Raises `EvidenceError` where the notes of
    the areas say too little about the topic.
    """
    filter = Filter(areas=areas)
    passages, passing = reader.passages(), reader.passing(filter).notes
    related = reader.encoder.scale.relatedness(passages.cosines(topic.vector))
    if topic.is_described:
        related = np.maximum(related, reader.encoder.scale.relatedness(passages.cosines(topic.aim)))
    notes = reader.catalog.notes_by_id(passing & passages.rows.keys())
    parts = parts_of(reader, notes)
    nearest = [float(related[list(part.rows)].max()) for part in parts]
    naming: set[str] = set() if bears(topic, nearest) else notes_naming(reader, topic, notes)
    require_evidence(topic, nearest, naming)
    parts = [part for part in parts if not naming or part.note.id in naming]
    named = naming_of(reader, topic.subjects, {part.note.id for part in parts}, topic.described)
    scores = _scores(reader, topic, filter, parts)
    shares = _shares(reader, topic, parts, scores, named)
    bearing = _without_maps(reader, [part for part in parts if part.id in shares])
    told = {part.id for part in bearing}
    shares = {id: share for id, share in shares.items() if id in told}
    if not naming:
        whole = _shares(reader, topic, parts, scores._replace(others=scores.others[:0]), named)
        sure = {id for id, share in whole.items() if share > SURE_SHARE}
        shares = _on_topic(reader, topic, bearing, shares, sure, named)
    excerpts, vectors = _excerpts(reader, topic, [part for part in bearing if part.id in shares], shares)
    if not excerpts:
        raise EvidenceError(f"too little evidence for {topic.text!r}: no note is on all of it; broaden the topic")
    return excerpts, vectors


def _excerpts(
    reader: IndexReader, topic: Topic, parts: Sequence[Part], shares: Mapping[str, float]
) -> tuple[list[Excerpt], FloatArray]:
    """The best passages of some parts, and their vectors."""
    passages, to_the_point = reader.passages(), reader.passages().cosines(topic.aim)
    likely = _likely(reader, topic, parts)
    by_id = {part.id: part for part in parts}
    current = {note.id for note in current_notes(reader, [by_id[id].note for id in shares])}
    taken = [
        (part, row)
        for part in map(by_id.__getitem__, shares)
        if part.note.id in current
        for row in sorted(part.rows, key=lambda row: -to_the_point[row])[:MAX_PASSAGES]
    ]
    chunks = reader.catalog.chunks(passages.ids[row] for _, row in taken)
    notes = with_own_titles(reader, {part.note.id: part.note for part, _ in taken})
    excerpts = [
        Excerpt(
            notes[part.note.id],
            chunks[passages.ids[row]],
            shares[part.id],
            likely[part.id],
            part=part.number,
            is_judged=_is_whole(part),
        )
        for part, row in taken
    ]
    return excerpts, passages.matrix[[row for _, row in taken]]


def _likely(reader: IndexReader, topic: Topic, parts: Sequence[Part]) -> dict[str, float]:
    """The probability, by id, that a search gives each part: for a topic in any way to put it or, weighted, for a facet
    of it or what belongs to its concepts.
    """
    asked = dict.fromkeys(_parts_named(reader, topic), PART_WEIGHT) | dict.fromkeys(topic.facets, FACET_WEIGHT)
    asked |= dict.fromkeys((topic.text, *topic.views), 1.0)
    ids, notes = reader.passages().ids, {part.note.id for part in parts}
    likely: dict[str, float] = {}
    for text, weight in asked.items():
        for entry in evidence(reader, _found(reader, text, Filter()), notes).values():
            for id, probability in entry.probabilities().items():
                likely[id] = max(weight * probability, likely.get(id, 0.0))
    return {part.id: max((likely.get(ids[row], 0.0) for row in part.rows), default=0.0) for part in parts}


def _parts_named(reader: IndexReader, topic: Topic) -> list[str]:
    """The names of what belongs to the concepts of a topic."""
    return [treatments(reader).concepts.all[number].name for number in topic.parts]


def _without_maps(reader: IndexReader, parts: Sequence[Part]) -> list[Part]:
    """Parts without those that mostly lead to others, which say more on what they mention."""
    chunks, row_of = reader.catalog.chunks_of({part.note.id for part in parts}), reader.passages().row_of

    def texts(part: Part) -> list[str]:
        own = {*part.rows}
        return [chunk.text for chunk in chunks[part.note.id] if row_of.get(chunk.id) in own]

    return [part for part in parts if not is_a_map(texts(part))]


def _density(part: Part, named: Naming) -> float:
    """How much of a whole note names a topic, 0 for one of few passages."""
    return named.densities.get(part.note.id, 0.0) if _is_whole(part) else 0.0


def _is_whole(part: Part) -> bool:
    """Whether it is a note that is long enough to name what it is about."""
    return not part.number and len(part.rows) >= MANY


def _on_topic(
    reader: IndexReader,
    topic: Topic,
    parts: Sequence[Part],
    shares: Mapping[str, float],
    sure: Collection[str],
    named: Naming,
) -> dict[str, float]:
    """The shares without those of parts that are about something else than the topic; `sure` are the parts that a
    search for the whole topic finds as well as any.
    """
    passages, encoder = reader.passages(), reader.encoder
    aims = np.stack([topic.vector, topic.aim, *map(encoder.encode_query, (*topic.views, *topic.facets))])
    nearest = {part.id: float((passages.matrix[list(part.rows)] @ aims.T).max()) for part in parts}
    related = {id: encoder.scale.relatedness(cosine) for id, cosine in nearest.items()}
    kept = _bearing(topic, parts, shares, sure, named, related)
    silent = {part.id for part in parts if _is_whole(part) and part.id not in kept}
    return without_strays(shares, silent, {part.id for part in parts if part.number}, related)


def _bearing(
    topic: Topic,
    parts: Sequence[Part],
    shares: Mapping[str, float],
    sure: Collection[str],
    named: Naming,
    related: Mapping[str, float],
) -> set[str]:
    """The parts that bear on a topic: of notes that name what it is about, or mention it and are `sure`; and those that
    such notes link to, if they mention it or are near to it; and what is nearly as relevant and as near as any. Where
    no note names it, what is half as relevant as the best.
    """
    if not named.bearing:
        sure = {id for id, share in shares.items() if share >= HALF}
        return {*sure, *_linked_from(parts, sure)}
    sure = {part.id for part in parts if part.id in sure and part.note.id in named.mentioning}
    best = {*sure, *(part.id for part in parts if part.note.id in named.titled)}
    near = FAR_SHARE * max(related.values())
    linked = {
        part.id
        for part in parts
        if part.id in _linked_from(parts, best) and (part.note.id in named.mentioning or related[part.id] >= near)
    }
    bearing = linked | {part.id for part in parts if part.note.id in named.bearing}
    nearest = NEAR_SHARE * max(related.values())
    bearing |= {id for id, share in shares.items() if share >= FOUND_SHARE and related[id] >= nearest}
    return {*sure, *(part.id for part in parts if part.id in bearing and topic.within in {None, part.note.area})}


def _linked_from(parts: Sequence[Part], best: Collection[str]) -> set[str]:
    """The parts of notes that the best ones link to: what these refer to belongs to what they are about, while any note
    may mention them in passing.
    """
    notes = list({part.note.id: part.note for part in parts}.values())
    from_best = {part.note.id for part in parts if part.id in best}
    targets = link_targets(notes)
    linked = {notes[to].id for note, found in zip(notes, targets, strict=True) if note.id in from_best for to in found}
    return {part.id for part in parts if part.note.id in linked}


class _Scores(NamedTuple):
    """The search scores of each part's best passage: `(views, n)` for the topic as a whole in all ways to put it, and
    `(m, n)`, weighted, for its facets and what belongs to its concepts.
    """

    views: NDArray[np.float64]
    others: NDArray[np.float64]


def _scores(reader: IndexReader, topic: Topic, filter: Filter, parts: Sequence[Part]) -> _Scores:
    views, facets, smaller = (
        np.array([_passage_scores(reader, text, filter, parts) for text in texts]).reshape(-1, len(parts))
        for texts in (topic.views, topic.facets, _parts_named(reader, topic))
    )
    return _Scores(views, np.concatenate([FACET_WEIGHT * facets, PART_WEIGHT * smaller]))


def shares_of(
    reader: IndexReader, topic: Topic, filter: Filter, parts: Sequence[Part], named: Naming
) -> dict[str, float]:
    """The ids of those parts that bear on a topic, the best first, with their share of the best ones' relevance."""
    return _shares(reader, topic, parts, _scores(reader, topic, filter, parts), named)


def _shares(
    reader: IndexReader, topic: Topic, parts: Sequence[Part], scores: _Scores, named: Naming
) -> dict[str, float]:
    passages, weights = reader.passages(), topic.weights()
    relevant = relevant_notes(
        *scores,
        means(passages.matrix, [part.rows for part in parts]),
        np.array([_density(part, named) for part in parts]),
        np.array([weights[part.note.area] for part in parts]),
        MAX_NOTES,
    )
    return {parts[index].id: share for index, share in relevant}


def _passage_scores(reader: IndexReader, view: str, filter: Filter, parts: Sequence[Part]) -> list[float]:
    """The search score of each part's best passage, 0 where the search does not return the part."""
    row_of = reader.passages().row_of
    scores = {row_of[entry.id]: entry.score for entry in _found(reader, view, filter).ranked}
    return [max((scores[row] for row in part.rows if row in scores), default=0.0) for part in parts]


def _found(reader: IndexReader, text: str, filter: Filter) -> Ranking:
    """What a search finds for a topic or something of it, which is asked several times."""
    return reader.cached(
        "found", lambda: find(reader, text, filter, "hybrid"), (text, filter, reader.exact), MOST_FOUND
    )
