"""Passages -> ordered, labelled sections with quoted points. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb.ingest.prose import statements
from kb.models import ChunkRecord, NoteRecord, Statement
from kb.reports import Address, Point, Section

Vectors = NDArray[np.float32]
Encode = Callable[[list[str]], Vectors]

SAME_PASSAGE = 0.95
SAME_POINT = 0.88
SAME_HEADING = 0.75
OWN_SUBJECT = 0.2  # how much of a note's mean vector is taken off its passages before they are clustered
MIN_SECTIONS, MAX_SECTIONS = 3, 8
MAX_POINTS, MAX_POINTS_A_NOTE = 5, 2
MIN_POINT_LENGTH, MAX_POINT_LENGTH = 40, 320
MAX_HEADING_WORDS = 9
TITLE_HANDICAP = 0.15
MAX_LEFTOVERS = 12
NUMBER_BONUS = 0.05

_QUESTION = re.compile(r"\?$|^(?:TODO|FIXME|Q|Question)\b\s*:", re.IGNORECASE)
_ASKING = re.compile(r"\?|\b(?:TODO|FIXME|Q|Question)\b\s*:", re.IGNORECASE)
_QUESTION_HEADING = re.compile(r"\b(?:open )?questions?\b|\bto ?do\b|\bunknowns?\b", re.IGNORECASE)
_GENERIC_HEADING = re.compile(
    r"^(?:introduction|overview|summary|notes?|tl;?dr|references?|links?|table of contents|see also|conclusions?|"
    r"closing thoughts|background|further reading|misc|the idea|setup|open questions?|questions?|todo)\b[\s:.]*$",
    re.IGNORECASE,
)
# The order in which such a post runs, told by the words of a heading.
_STAGES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bwhy\b|\bwhat\b|motivat|problem|\bidea\b|intuition|history|basics|definition",
        r"\bhow\b|mechan|\blayer|algorithm|formula|architect|method|training|objective|loss|model|maths?\b|trick",
        r"system|serving|production|practice|pipeline|deploy|infrastructure|memory|scal|latency|cost|implementation",
        r"eval|result|benchmark|experiment|metric|measur|number|compar|ablation",
        r"limit|fail|pitfall|caveat|hurt|break|wrong|trap|trade-?off|critici|when not|danger|bite",
        r"future|next|outlook|open|beyond|where it goes",
    )
)


@dataclass(frozen=True)
class Evidence:
    """A passage that may go into an outline, with the note it is from; its vector is kept beside, in order."""

    note: NoteRecord
    chunk: ChunkRecord


@dataclass(frozen=True)
class Skeleton:
    """The sections of an outline, and what was relevant and found no place."""

    sections: tuple[Section, ...]
    leftovers: tuple[Address, ...]


@dataclass(frozen=True)
class _Candidate:
    evidence: int
    statement: Statement
    score: float
    vector: Vectors


def build_sections(
    evidence: Sequence[Evidence], vectors: Vectors, topic_vector: Vectors, encode: Encode, wanted: int | None = None
) -> Skeleton:
    """Cluster passages into sections, quote the most telling statements of each, label and order them.

    `evidence` comes best first, `vectors` is `(len(evidence), dim)`, `topic_vector` `(dim,)`, all of length 1.
    """
    kept = _distinct(vectors, SAME_PASSAGE)
    evidence, vectors = [evidence[index] for index in kept], vectors[kept]
    clusters = _clusters(_beyond_own_subject(evidence, vectors), _section_count(len(evidence), wanted))
    candidates = _candidates(evidence, vectors, topic_vector, encode)
    chosen: list[_Candidate] = []
    drafts: list[tuple[list[int], list[_Candidate]]] = []
    for cluster in clusters:
        points = _choose([entry for entry in candidates if entry.evidence in cluster], evidence, chosen)
        if points:
            chosen.extend(points)
            drafts.append((cluster, points))
    headings = _headings([cluster for cluster, _ in drafts], evidence, vectors, encode)
    sections = [_section(heading, points, evidence) for heading, (_, points) in zip(headings, drafts, strict=True)]
    order = sorted(range(len(sections)), key=lambda index: (_stage(sections[index].heading), min(drafts[index][0])))
    return Skeleton(tuple(sections[index] for index in order), _leftovers(candidates, chosen, evidence))


def open_questions(chunk: ChunkRecord) -> list[Statement]:
    """The questions and TODOs of a passage."""
    if not _ASKING.search(chunk.text):
        return []
    return [entry for entry in statements(chunk.text, chunk.start_line) if _QUESTION.search(entry.text)]


def is_generic(heading: str) -> bool:
    """Whether a heading could stand in any note, or announces questions."""
    return bool(_GENERIC_HEADING.match(heading) or _QUESTION_HEADING.search(heading))


def _distinct(vectors: Vectors, same: float) -> list[int]:
    """Rows that are not nearly the same as an earlier one."""
    kept: list[int] = []
    for index in range(len(vectors)):
        if not kept or float((vectors[kept] @ vectors[index]).max()) < same:
            kept.append(index)
    return kept


def _beyond_own_subject(evidence: Sequence[Evidence], vectors: Vectors) -> Vectors:
    """Vectors less a part of their note's mean: passages should meet by what they say, not by whose they are."""
    notes = np.array([entry.note.id for entry in evidence])
    shifted = vectors.copy()
    for note in set(notes):
        rows = notes == note
        shifted[rows] -= OWN_SUBJECT * vectors[rows].mean(axis=0)
    lengths = np.linalg.norm(shifted, axis=1, keepdims=True)
    return np.asarray(shifted / np.maximum(lengths, 1e-9), dtype=np.float32)


def _section_count(passages: int, wanted: int | None) -> int:
    return min(passages, wanted or max(MIN_SECTIONS, min(MAX_SECTIONS - 2, round(passages / 7))))


def _clusters(vectors: Vectors, count: int) -> list[list[int]]:
    """Agglomerative clusters (Ward linkage on unit vectors), the one with the best passage first."""
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(vectors) < 2:
        return [list(range(len(vectors)))]
    labels = fcluster(linkage(vectors, method="ward"), t=count, criterion="maxclust")
    groups = [[index for index, label in enumerate(labels) if label == name] for name in sorted(set(labels))]
    return sorted(groups, key=min)


def _candidates(
    evidence: Sequence[Evidence], vectors: Vectors, topic_vector: Vectors, encode: Encode
) -> list[_Candidate]:
    """Statements worth quoting, each scored by its closeness to the topic and to its own passage."""
    found = [
        (index, statement)
        for index, entry in enumerate(evidence)
        for statement in statements(entry.chunk.text, entry.chunk.start_line)
        if _worth_quoting(entry.chunk, statement)
    ]
    if not found:
        return []
    statement_vectors = encode([statement.text for _, statement in found])
    candidates = []
    for (index, statement), vector in zip(found, statement_vectors, strict=True):
        score = float(vector @ topic_vector + vector @ vectors[index]) / 2
        score += NUMBER_BONUS * bool(re.search(r"\d", statement.text))
        candidates.append(_Candidate(index, statement, score, vector))
    return sorted(candidates, key=lambda entry: -entry.score)


def _worth_quoting(chunk: ChunkRecord, statement: Statement) -> bool:
    if not MIN_POINT_LENGTH <= len(statement.text) <= MAX_POINT_LENGTH or statement.text.endswith(":"):
        return False
    return not _QUESTION.search(statement.text) and not (
        chunk.heading_path and _QUESTION_HEADING.search(chunk.heading_path[-1])
    )


def _choose(
    candidates: Sequence[_Candidate], evidence: Sequence[Evidence], chosen: Sequence[_Candidate]
) -> list[_Candidate]:
    """The best candidates, spread over notes, none saying what an earlier one said."""
    points: list[_Candidate] = []
    a_note: dict[str, int] = {}
    several_notes = len({evidence[entry.evidence].note.id for entry in candidates}) > 1
    for entry in candidates:
        note = evidence[entry.evidence].note.id
        if len(points) == MAX_POINTS:
            break
        if several_notes and a_note.get(note, 0) == MAX_POINTS_A_NOTE:
            continue
        if all(float(entry.vector @ other.vector) < SAME_POINT for other in (*chosen, *points)):
            points.append(entry)
            a_note[note] = a_note.get(note, 0) + 1
    return points


def _headings(
    clusters: Sequence[list[int]], evidence: Sequence[Evidence], vectors: Vectors, encode: Encode
) -> list[str]:
    """For each cluster the heading or title of its notes that is nearest to its centre and not yet taken."""
    options = [_options([evidence[index] for index in cluster]) for cluster in clusters]
    names = list(dict.fromkeys(name for option in options for name in option))
    encoded = dict(zip(names, encode(names), strict=True)) if names else {}
    headings: list[str] = []
    for cluster, option in zip(clusters, options, strict=True):
        centre = vectors[cluster].mean(axis=0)
        ordered = sorted(option, key=lambda name: option[name] - float(encoded[name] @ centre))
        free = [name for name in ordered if all(_unlike(encoded[name], encoded[taken]) for taken in headings)]
        headings.append((free or [name for name in ordered if name not in headings] or ordered)[0])
    return headings


def _unlike(heading: Vectors, other: Vectors) -> bool:
    return float(heading @ other) < SAME_HEADING


def _options(cluster: Sequence[Evidence]) -> dict[str, float]:
    """Names that a cluster could have, each with a handicap: a title speaks for one note, not for several."""
    handicap = TITLE_HANDICAP if len({entry.note.id for entry in cluster}) > 1 else 0.0
    options: dict[str, float] = {}
    for entry in cluster:
        for name in entry.chunk.heading_path:
            if not is_generic(name):
                options.setdefault(_short(name), 0.0)
        options.setdefault(_short(entry.note.title), handicap)
    return options


def _short(name: str) -> str:
    """A name of few words: what stands before a colon, or its first words."""
    words = name.strip(" :.").split()
    if len(words) <= MAX_HEADING_WORDS:
        return " ".join(words)
    head = name.split(":")[0].split()
    return " ".join(head if len(head) <= MAX_HEADING_WORDS else words[:MAX_HEADING_WORDS])


def _stage(heading: str) -> int:
    return next((number for number, pattern in enumerate(_STAGES) if pattern.search(heading)), 1)


def _section(heading: str, points: Sequence[_Candidate], evidence: Sequence[Evidence]) -> Section:
    in_order = sorted(points, key=lambda entry: (entry.evidence, entry.statement.start_line))
    return Section(
        heading=heading,
        points=tuple(_point(evidence[entry.evidence], entry.statement) for entry in in_order),
        notes=tuple(dict.fromkeys(evidence[entry.evidence].note.path for entry in in_order)),
    )


def _point(entry: Evidence, statement: Statement) -> Point:
    return Point(
        text=statement.text,
        path=entry.note.path,
        start_line=statement.start_line,
        end_line=statement.end_line,
        sha256=hashlib.sha256(" ".join(statement.text.split()).encode()).hexdigest(),
    )


def _leftovers(
    candidates: Sequence[_Candidate], chosen: Sequence[_Candidate], evidence: Sequence[Evidence]
) -> tuple[Address, ...]:
    """The best statement of each passage that no section quotes."""
    used = {entry.evidence for entry in chosen}
    left: list[Address] = []
    for entry in candidates:
        if entry.evidence not in used and len(left) < MAX_LEFTOVERS:
            used.add(entry.evidence)
            place = evidence[entry.evidence]
            left.append(
                Address(
                    text=entry.statement.text,
                    path=place.note.path,
                    start_line=entry.statement.start_line,
                    end_line=entry.statement.end_line,
                )
            )
    return tuple(left)
