"""Passages -> ordered, labelled sections with quoted points. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kb.models import NoteRecord
from kb.outline.headings import headings
from kb.outline.order import Place, in_order
from kb.outline.points import Candidate, Encode, Evidence, Vectors, address_of, choose, point_of, rank_statements
from kb.reports import Address, Section

SAME_PASSAGE = 0.95
NO_MODEL: Vectors = np.empty((0, 0), dtype=np.float32)
OWN_NOTE = 1.0  # how much of a note's mean vector is added to its passages before they are clustered
MIN_SECTIONS, MAX_SECTIONS = 3, 8
MIN_POINTS = 2  # of a section, where there are sections enough
CORE_SHARE = 0.56
MIN_CORE_NOTES = 6
JOINS = 0.5  # the cosine with a section's centre from which a passage of another note joins it
MAX_LEFTOVERS = 12


@dataclass(frozen=True)
class Skeleton:
    """The sections of an outline, and what was relevant and found no place."""

    sections: tuple[Section, ...]
    leftovers: tuple[Address, ...]


@dataclass(frozen=True)
class _Draft:
    """A section to be: its heading, its passages, and the statements chosen of them."""

    heading: str
    cluster: list[int]
    points: list[Candidate]


def build_sections(
    evidence: Sequence[Evidence],
    vectors: Vectors,
    topic_vector: Vectors,
    encode: Encode,
    wanted: int | None = None,
    model: Vectors = NO_MODEL,
) -> Skeleton:
    """Cluster passages into sections, quote the most telling statements of each, label and order them.

    `evidence` comes best first, `vectors` is `(len(evidence), dim)`, `topic_vector` `(dim,)`, all of length 1. `model`
    holds the passages of a published post on the subject in their order, `(m, dim)`, whose order is followed.
    """
    distinct = _distinct(vectors, SAME_PASSAGE)
    evidence, vectors = [evidence[index] for index in distinct], vectors[distinct]
    clusters = _groups(evidence, vectors, wanted)
    ranked = rank_statements(evidence, vectors, topic_vector, encode)
    drafts: list[_Draft] = []
    for name, cluster in zip(headings(clusters, evidence, vectors, topic_vector, encode), clusters, strict=True):
        said = [point for draft in drafts for point in draft.points]
        points = choose([entry for entry in ranked if entry.evidence in cluster], evidence, said) if name else []
        if points:
            drafts.append(_Draft(name, cluster, points))
    rich = [draft for draft in drafts if len(draft.points) >= MIN_POINTS]
    drafts = rich if len(rich) >= (wanted or MIN_SECTIONS) else drafts
    sections = [_section(draft.heading, draft.points, evidence) for draft in drafts]
    places = [
        Place(draft.heading, _notes([evidence[index] for index in draft.cluster]), vectors[draft.cluster].mean(axis=0))
        for draft in drafts
    ]
    chosen = [point for draft in drafts for point in draft.points]
    order = in_order(places, topic_vector, model)
    return Skeleton(tuple(sections[index] for index in order), _leftovers(ranked, chosen, evidence))


def _distinct(vectors: Vectors, same: float) -> list[int]:
    """Rows that are not nearly the same as an earlier one."""
    kept: list[int] = []
    for index in range(len(vectors)):
        if not kept or float((vectors[kept] @ vectors[index]).max()) < same:
            kept.append(index)
    return kept


def _within_notes(evidence: Sequence[Evidence], vectors: Vectors) -> Vectors:
    """Vectors less a part of their note's mean: passages should meet by what they say, not by whose they are."""
    notes = np.array([entry.note.id for entry in evidence])
    shifted = vectors.copy()
    for note in set(notes):
        rows = notes == note
        shifted[rows] += OWN_NOTE * vectors[rows].mean(axis=0)
    lengths = np.linalg.norm(shifted, axis=1, keepdims=True)
    return np.asarray(shifted / np.maximum(lengths, 1e-9), dtype=np.float32)


def _groups(evidence: Sequence[Evidence], vectors: Vectors, wanted: int | None) -> list[list[int]]:
    """Clusters of the passages of notes that are to the point; one of another note joins the cluster it is near to,
    or none.
    """
    near = _within_notes(evidence, vectors)
    core = _core(evidence)
    notes = len({evidence[index].note.id for index in core})
    count = min(len(core), wanted or max(MIN_SECTIONS, min(MAX_SECTIONS, notes)))
    clusters = [[core[row] for row in rows] for rows in _clusters(near[core] * _weights(evidence, core), count)]
    centres = np.stack([near[cluster].mean(axis=0) for cluster in clusters])
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    for index in sorted({*range(len(evidence))} - {*core}):
        cosines = centres @ vectors[index]
        if cosines.max() >= JOINS:
            clusters[int(cosines.argmax())].append(index)
    return clusters


def _weights(evidence: Sequence[Evidence], core: Sequence[int]) -> Vectors:
    """Lengths for the passages' vectors `(len(core), 1)`: what is most to the point is divided most finely."""
    return np.array([[evidence[index].share] for index in core], dtype=np.float32)


def _core(evidence: Sequence[Evidence]) -> list[int]:
    """The passages of the notes to the point: those near the best one's relevance, and in any case the best few."""
    order = list(dict.fromkeys(entry.note.id for entry in evidence))
    core = {entry.note.id for entry in evidence if entry.share >= CORE_SHARE} | {*order[:MIN_CORE_NOTES]}
    return [index for index, entry in enumerate(evidence) if entry.note.id in core]


def _clusters(vectors: Vectors, count: int) -> list[list[int]]:
    """Agglomerative clusters (Ward linkage on unit vectors), the one with the best passage first."""
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(vectors) < 2:
        return [list(range(len(vectors)))]
    labels = fcluster(linkage(vectors, method="ward"), t=count, criterion="maxclust")
    groups = [[index for index, label in enumerate(labels) if label == name] for name in sorted(set(labels))]
    return sorted(groups, key=min)


def _notes(evidence: Sequence[Evidence]) -> list[NoteRecord]:
    return list({entry.note.id: entry.note for entry in evidence}.values())


def _section(heading: str, points: Sequence[Candidate], evidence: Sequence[Evidence]) -> Section:
    in_order = sorted(points, key=lambda entry: (entry.evidence, entry.statement.start_line))
    return Section(
        heading=heading,
        points=tuple(point_of(evidence[entry.evidence], entry.statement) for entry in in_order),
        notes=tuple(dict.fromkeys(evidence[entry.evidence].note.path for entry in in_order)),
    )


def _leftovers(
    candidates: Sequence[Candidate], chosen: Sequence[Candidate], evidence: Sequence[Evidence]
) -> tuple[Address, ...]:
    """The best statement of each passage that no section quotes."""
    used = {entry.evidence for entry in chosen}
    left: list[Address] = []
    for entry in candidates:
        if entry.evidence not in used and len(left) < MAX_LEFTOVERS:
            used.add(entry.evidence)
            left.append(address_of(evidence[entry.evidence], entry.statement))
    return tuple(left)
