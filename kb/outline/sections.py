"""Passages -> ordered sections with a heading and quoted points. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from kb.areas.concepts import Concepts
from kb.cutoffs import CLOSE, SAME_PASSAGE
from kb.index.arrays import cosines
from kb.models import Encoder, NoteRecord
from kb.outline.headings import headings
from kb.outline.naming.titles import subject
from kb.outline.order import NO_EXAMPLE, Place, in_order
from kb.outline.points import Candidate, Excerpt, address_of, rank_statements, section_points
from kb.outline.quoting.choosing import choose, with_opposites
from kb.outline.relevance import SURE_SHARE
from kb.reports import Address, Section
from kb.scale import Scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kb.index.arrays import FloatArray

NOTE_WEIGHT = 1.0  # of a note's mean vector, which is added to each of its passages before they are clustered
MIN_SECTIONS, MAX_SECTIONS = 2, 8
FEW_SECTIONS = 4  # that fewer notes than that are divided into
MIN_POINTS = 2  # of a section
FAR_SECTION = 1 / 3  # of the relatedness of the point nearest to the topic, below which a section is far from it
MAX_LEFTOVERS = 12
NO_CONCEPTS = Concepts(())


@dataclass(frozen=True)
class Skeleton:
    """The sections of an outline, and relevant statements that no section quotes."""

    sections: tuple[Section, ...]
    leftovers: tuple[Address, ...]


@dataclass(frozen=True)
class _Draft:
    """A section in the making: its cluster of passages, the statements chosen from them, and its heading."""

    cluster: list[int]
    points: list[Candidate]
    heading: str = ""


def build_sections(
    excerpts: Sequence[Excerpt],
    vectors: FloatArray,
    topic_vector: FloatArray,
    encoder: Encoder,
    wanted: int | None = None,
    example: FloatArray = NO_EXAMPLE,
    concepts: Concepts = NO_CONCEPTS,
    most: int | None = None,
    topic: str = "",
) -> Skeleton:
    """Cluster passages into sections, name them, quote the best statements of each, and order them.

    `excerpts` come best first; `vectors` is `(len(excerpts), dim)` and `topic_vector` `(dim,)`, of length 1. `wanted`
    is the number of sections, by default one that suits the notes. `example` holds the vectors `(m, dim)` of an example
    post's passages, whose order is followed. `concepts` say what builds on what, and name what several notes treat.
    `most` is the number of points that a section has at most. No section is named like the `topic`.
    """
    scale = encoder.scale
    distinct = _distinct(vectors, scale)
    excerpts, vectors = [excerpts[index] for index in distinct], vectors[distinct]
    ranked = rank_statements(excerpts, vectors, topic_vector, encoder)
    clusters = _rich(_clusters(excerpts, vectors, wanted, scale), ranked, vectors)
    drafts = _on_topic(_drafts(clusters, ranked, excerpts, scale, most), excerpts, topic_vector, scale)
    spoken_for = [_of_cited(draft, excerpts) for draft in drafts]
    quoted = [[excerpts[point.excerpt].passage_of(point.statement) for point in draft.points] for draft in drafts]
    names = headings(spoken_for, excerpts, vectors, topic_vector, encoder, concepts, topic, quoted)
    drafts = [replace(draft, heading=name) for draft, name in zip(drafts, names, strict=True) if name]
    places = [_place(draft, excerpts, vectors, concepts) for draft in drafts]
    asked = concepts.named(topic)
    ordered = [drafts[index] for index in in_order(places, example, scale, _bases_of(concepts, asked), asked)]
    sections = tuple(_section(draft, ranked, excerpts, scale) for draft in ordered)
    return Skeleton(sections, leftovers(ranked, [point for draft in drafts for point in draft.points], excerpts))


def _bases_of(concepts: Concepts, asked: Collection[int]) -> Callable[[int], list[int]]:
    """What a concept builds on, and what of it a topic names that it is part of: first the thing, then its parts."""
    return lambda concept: [*concepts.bases(concept), *(whole for whole in concepts.wholes(concept) if whole in asked)]


def _place(draft: _Draft, excerpts: Sequence[Excerpt], vectors: FloatArray, concepts: Concepts) -> Place:
    cited = [excerpts[index] for index in sorted({point.excerpt for point in draft.points})]
    named = frozenset(number for entry in cited for number in concepts.named(subject(entry.note.title))[:1])
    share = max(entry.share for entry in cited)
    return Place(draft.heading, _notes(cited), share, vectors[draft.cluster].mean(axis=0), named)


def _distinct(vectors: FloatArray, scale: Scale) -> list[int]:
    """The rows that are not nearly equal to an earlier one."""
    kept: list[int] = []
    for index in range(len(vectors)):
        if not kept or scale.sameness(float((vectors[kept] @ vectors[index]).max())) < SAME_PASSAGE:
            kept.append(index)
    return kept


def _clusters(excerpts: Sequence[Excerpt], vectors: FloatArray, wanted: int | None, scale: Scale) -> list[list[int]]:
    """Clusters of passages, each on one subject."""
    near = _towards_notes(excerpts, vectors)
    shares = np.array([entry.share for entry in excerpts], dtype=np.float64)
    notes = len({entry.source for entry in excerpts})
    count = min(len(excerpts), wanted or min(MAX_SECTIONS, max(notes, FEW_SECTIONS)))
    grouped = _ward(_distances(near, shares, scale), count)
    divided = [own for cluster in grouped for own in _of_one_subject(cluster, excerpts, near, scale)]
    best = sorted(divided, key=lambda cluster: -max(excerpts[index].share for index in cluster))[:count]
    return sorted(best, key=min)


def _of_one_subject(
    cluster: Sequence[int], excerpts: Sequence[Excerpt], near: FloatArray, scale: Scale
) -> Iterator[list[int]]:
    """A cluster without the notes that are far from its most relevant one, with which they are for want of a place of
    their own, and each of these.
    """
    rows: dict[tuple[str, int], list[int]] = {}
    for index in cluster:
        rows.setdefault(excerpts[index].source, []).append(index)
    centres = np.stack([near[own].mean(axis=0) for own in rows.values()])
    related = scale.relatedness(cosines(centres, centres[:1], scale)[:, 0])
    yield sorted(index for own, value in zip(rows.values(), related, strict=True) if value >= CLOSE for index in own)
    yield from (own for own, value in zip(rows.values(), related, strict=True) if value < CLOSE)


def _towards_notes(excerpts: Sequence[Excerpt], vectors: FloatArray) -> FloatArray:
    """The mean of each vector and the mean of its note, so that the passages of one note tend to stay together."""
    sources = [entry.source for entry in excerpts]
    moved = vectors.copy()
    for source in dict.fromkeys(sources):
        rows = [index for index, own in enumerate(sources) if own == source]
        moved[rows] += NOTE_WEIGHT * vectors[rows].mean(axis=0)
    return moved / np.float32(1 + NOTE_WEIGHT)


def _distances(near: FloatArray, shares: NDArray[np.float64], scale: Scale) -> NDArray[np.float64]:
    """The distances `(n, n)` of directions `(n, dim)` as vectors whose squared lengths are `shares`: longer ones are
    farther apart, so that the notes most to the point are divided most finely.
    """
    products = np.sqrt(np.outer(shares, shares)) * scale.distinct(cosines(near, near, scale))
    return np.sqrt(np.maximum(shares[:, np.newaxis] + shares - 2 * products, 0))


def _ward(distances: NDArray[np.float64], count: int) -> list[list[int]]:
    """At most `count` clusters of the rows of a matrix of distances (Ward's linkage), ordered by their first row."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if len(distances) < 2:
        return [list(range(len(distances)))]
    labels = fcluster(linkage(squareform(distances, checks=False), method="ward"), t=count, criterion="maxclust")
    clusters = [[index for index, label in enumerate(labels) if label == name] for name in sorted(set(labels))]
    return sorted(clusters, key=min)


def _rich(clusters: Sequence[list[int]], ranked: Sequence[Candidate], vectors: FloatArray) -> list[list[int]]:
    """Clusters of which each has statements for `MIN_POINTS` points: poorer ones join the nearest other one."""
    statements = Counter(entry.excerpt for entry in ranked)
    rich = [list(cluster) for cluster in clusters]
    while len(rich) > MIN_SECTIONS:
        poor = min(rich, key=lambda cluster: sum(statements[index] for index in cluster))
        if sum(statements[index] for index in poor) >= MIN_POINTS:
            break
        rich.remove(poor)
        centres = np.stack([vectors[cluster].mean(axis=0) for cluster in rich])
        nearest = int((centres @ vectors[poor].mean(axis=0)).argmax())
        rich[nearest] = sorted({*rich[nearest], *poor})
    return sorted(rich, key=min)


def _drafts(
    clusters: Sequence[list[int]],
    ranked: Sequence[Candidate],
    excerpts: Sequence[Excerpt],
    scale: Scale,
    most: int | None,
) -> list[_Draft]:
    """The clusters that have points that no earlier cluster makes."""
    drafts: list[_Draft] = []
    for cluster in clusters:
        said = [point for draft in drafts for point in draft.points]
        ours = [entry for entry in ranked if entry.excerpt in cluster]
        points = with_opposites(choose(ours, excerpts, said, scale, most), ours)
        if points:
            drafts.append(_Draft(cluster, points))
    return drafts


def _of_cited(draft: _Draft, excerpts: Sequence[Excerpt]) -> list[int]:
    """The passages of a draft's cluster that are of the notes which its points cite."""
    cited = {excerpts[point.excerpt].note.id for point in draft.points}
    return [index for index in draft.cluster if excerpts[index].note.id in cited]


def _on_topic(
    drafts: Sequence[_Draft], excerpts: Sequence[Excerpt], topic_vector: FloatArray, scale: Scale
) -> list[_Draft]:
    """The sections without those that are far from a topic to which others are close, if no note that was judged as a
    whole, or surely bears on the topic, has its only section there. What else such a note says is beside the topic.
    """
    related = [scale.relatedness(max(float(point.vector @ topic_vector) for point in draft.points)) for draft in drafts]
    best = max(related, default=0.0)
    far = FAR_SECTION * best if best >= CLOSE else 0.0
    quoted = [[excerpts[point.excerpt] for point in draft.points] for draft in drafts]
    cited = [{entry.note.id for entry in own if entry.is_judged or entry.share > SURE_SHARE} for own in quoted]
    near = {note for notes, value in zip(cited, related, strict=True) if value >= far for note in notes}
    return [
        draft for draft, notes, value in zip(drafts, cited, related, strict=True) if value >= far or not notes <= near
    ]


def _notes(excerpts: Sequence[Excerpt]) -> list[NoteRecord]:
    return list({entry.note.id: entry.note for entry in excerpts}.values())


def _section(draft: _Draft, ranked: Sequence[Candidate], excerpts: Sequence[Excerpt], scale: Scale) -> Section:
    points = section_points(draft.points, ranked, excerpts, scale, draft.heading)
    return Section(heading=draft.heading, points=points, notes=tuple(dict.fromkeys(point.path for point in points)))


def leftovers(
    ranked: Sequence[Candidate], chosen: Sequence[Candidate], excerpts: Sequence[Excerpt]
) -> tuple[Address, ...]:
    """The best statement of each passage that no section quotes, at most `MAX_LEFTOVERS`."""
    used = {entry.excerpt for entry in chosen}
    left: list[Address] = []
    for entry in ranked:
        if entry.excerpt not in used and len(left) < MAX_LEFTOVERS:
            used.add(entry.excerpt)
            left.append(address_of(excerpts[entry.excerpt], entry.statement))
    return tuple(left)
