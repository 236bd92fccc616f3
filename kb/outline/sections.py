"""Passages -> ordered sections with a heading and quoted points. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kb.index.arrays import unit_rows
from kb.models import NoteRecord
from kb.outline.headings import headings
from kb.outline.order import NO_EXAMPLE, Place, in_order
from kb.outline.points import Candidate, Encode, Excerpt, address_of, choose, point_of, rank_statements
from kb.outline.relevance import CORE_SHARE
from kb.reports import Address, Section

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

SAME_PASSAGE = 0.95  # the cosine from which two passages say the same
NOTE_WEIGHT = 1.0  # of a note's mean vector, which is added to each of its passages before they are clustered
MIN_SECTIONS, MAX_SECTIONS = 3, 8
MIN_POINTS = 2  # of a section, where there are enough sections
MIN_CORE_NOTES = 6
JOIN_COSINE = 0.5  # with a cluster's centre, from which a passage outside the core joins the cluster
MAX_LEFTOVERS = 12


@dataclass(frozen=True)
class Skeleton:
    """The sections of an outline, and relevant statements that no section quotes."""

    sections: tuple[Section, ...]
    leftovers: tuple[Address, ...]


@dataclass(frozen=True)
class _Draft:
    """A section in the making: its heading, its cluster of passages, and the statements chosen from them."""

    heading: str
    cluster: list[int]
    points: list[Candidate]


def build_sections(
    excerpts: Sequence[Excerpt],
    vectors: FloatArray,
    topic_vector: FloatArray,
    encode: Encode,
    wanted: int | None = None,
    example: FloatArray = NO_EXAMPLE,
) -> Skeleton:
    """Cluster passages into sections, name them, quote the best statements of each, and order them.

    `excerpts` come best first; `vectors` is `(len(excerpts), dim)` and `topic_vector` `(dim,)`, of length 1. `wanted`
    is the number of sections, by default one that suits the notes. `example` holds the vectors `(m, dim)` of an example
    post's passages, whose order is followed.
    """
    distinct = _distinct(vectors, SAME_PASSAGE)
    excerpts, vectors = [excerpts[index] for index in distinct], vectors[distinct]
    clusters = _clusters(excerpts, vectors, wanted)
    names = headings(clusters, excerpts, vectors, topic_vector, encode)
    ranked = rank_statements(excerpts, vectors, topic_vector, encode)
    drafts = _drafts(clusters, names, ranked, excerpts, wanted or MIN_SECTIONS)
    places = [
        Place(draft.heading, _notes([excerpts[index] for index in draft.cluster]), vectors[draft.cluster].mean(axis=0))
        for draft in drafts
    ]
    ordered = [drafts[index] for index in in_order(places, topic_vector, example)]
    sections = tuple(_section(draft.heading, draft.points, excerpts) for draft in ordered)
    return Skeleton(sections, _leftovers(ranked, [point for draft in drafts for point in draft.points], excerpts))


def _distinct(vectors: FloatArray, same: float) -> list[int]:
    """The rows that are not nearly equal to an earlier one."""
    kept: list[int] = []
    for index in range(len(vectors)):
        if not kept or float((vectors[kept] @ vectors[index]).max()) < same:
            kept.append(index)
    return kept


def _clusters(excerpts: Sequence[Excerpt], vectors: FloatArray, wanted: int | None) -> list[list[int]]:
    """Clusters of the core's passages. A passage outside the core joins the nearest cluster if it is close enough."""
    near = _towards_notes(excerpts, vectors)
    core = _core(excerpts)
    shares = np.array([[excerpts[index].share] for index in core], dtype=np.float32)
    notes = len({excerpts[index].note.id for index in core})
    count = min(len(core), wanted or max(MIN_SECTIONS, min(MAX_SECTIONS, notes)))
    # Longer vectors are farther apart: the notes most to the point are divided most finely.
    clusters = [[core[row] for row in rows] for rows in _ward(near[core] * shares, count)]
    centres = unit_rows(np.stack([near[cluster].mean(axis=0) for cluster in clusters]))
    for index in sorted({*range(len(excerpts))} - {*core}):
        cosines = centres @ vectors[index]
        if cosines.max() >= JOIN_COSINE:
            clusters[int(cosines.argmax())].append(index)
    return clusters


def _towards_notes(excerpts: Sequence[Excerpt], vectors: FloatArray) -> FloatArray:
    """Unit vectors moved towards the mean of their note, so that the passages of one note tend to stay together."""
    notes = np.array([entry.note.id for entry in excerpts])
    moved = vectors.copy()
    for note in set(notes):
        rows = notes == note
        moved[rows] += NOTE_WEIGHT * vectors[rows].mean(axis=0)
    return unit_rows(moved)


def _core(excerpts: Sequence[Excerpt]) -> list[int]:
    """The passages of the core notes: those of a relevance near the best one's, and in any case the first few."""
    order = list(dict.fromkeys(entry.note.id for entry in excerpts))
    core = {entry.note.id for entry in excerpts if entry.share >= CORE_SHARE} | {*order[:MIN_CORE_NOTES]}
    return [index for index, entry in enumerate(excerpts) if entry.note.id in core]


def _ward(vectors: FloatArray, count: int) -> list[list[int]]:
    """At most `count` clusters of the rows (Ward's linkage), ordered by their first row."""
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(vectors) < 2:
        return [list(range(len(vectors)))]
    labels = fcluster(linkage(vectors, method="ward"), t=count, criterion="maxclust")
    clusters = [[index for index, label in enumerate(labels) if label == name] for name in sorted(set(labels))]
    return sorted(clusters, key=min)


def _drafts(
    clusters: Sequence[list[int]],
    names: Sequence[str],
    ranked: Sequence[Candidate],
    excerpts: Sequence[Excerpt],
    enough: int,
) -> list[_Draft]:
    """The clusters that have a name and points that no earlier cluster makes; without thin ones if `enough` remain."""
    drafts: list[_Draft] = []
    for name, cluster in zip(names, clusters, strict=True):
        said = [point for draft in drafts for point in draft.points]
        points = choose([entry for entry in ranked if entry.excerpt in cluster], excerpts, said) if name else []
        if points:
            drafts.append(_Draft(name, cluster, points))
    rich = [draft for draft in drafts if len(draft.points) >= MIN_POINTS]
    return rich if len(rich) >= enough else drafts


def _notes(excerpts: Sequence[Excerpt]) -> list[NoteRecord]:
    return list({entry.note.id: entry.note for entry in excerpts}.values())


def _section(heading: str, points: Sequence[Candidate], excerpts: Sequence[Excerpt]) -> Section:
    ordered = sorted(points, key=lambda entry: (entry.excerpt, entry.statement.start_line))
    return Section(
        heading=heading,
        points=tuple(point_of(excerpts[entry.excerpt], entry.statement) for entry in ordered),
        notes=tuple(dict.fromkeys(excerpts[entry.excerpt].note.path for entry in ordered)),
    )


def _leftovers(
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
