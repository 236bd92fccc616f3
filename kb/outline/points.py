"""Which statements of a passage are worth quoting, and which of them to choose as points. Pure."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kb.cutoffs import (
    COMPARISON,
    DEFINITION,
    NUMBER,
    REFERS_BACK,
    SAME_POINT,
    TALKS_OF_THE_NOTE,
    TRADE_OFF,
    WITHOUT_VERB,
)
from kb.models import ChunkRecord, Encoder, NoteRecord, Statement
from kb.outline.quoting.comparisons import are_opposite
from kb.outline.quoting.labels import label
from kb.outline.quoting.pointers import pointer
from kb.outline.quoting.predicates import has_a_verb
from kb.outline.quoting.runs import runs
from kb.reports import Address, Point, Quoted
from kb.scale import Scale

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

MAX_EMBEDDED = 2  # statements of a passage
MAX_POINTS, MAX_POINTS_OF_ONE_NOTE, MAX_POINTS_OF_MANY_NOTES = 5, 4, 8

# What makes a statement more or less worth quoting: numbers, definitions, trade-offs and comparisons count for it;
# references to a sentence before it, and talk of the note or paper instead of the subject, count against it.
_WORTH = tuple(
    (re.compile(pattern, re.IGNORECASE), worth)
    for pattern, worth in (
        (r"\d", NUMBER),
        (r"^[\w\s-]{2,40}\b(?:is|are|means?) (?:a|an|the|any|how|when|what)\b", DEFINITION),
        (
            r"\b(?:but|while|whereas|instead|rather than|at the (?:price|cost) of|trade-?offs?|because|unless)\b",
            TRADE_OFF,
        ),
        (
            r"\b(?:faster|slower|better|worse|fewer|less|more|higher|lower|improves?|reduces?|beats?|outperforms?)\b",
            COMPARISON,
        ),
        (
            r"^(?:it|its|they|their|these|those|this|that|he|she|here|there|so|then|both|such|also|and|but|or)\b",
            REFERS_BACK,
        ),
        (r"^(?:see|cf|compare|related|via|my|i|we)\b|\b(?:this|one) note\b|https?://", TALKS_OF_THE_NOTE),
        (r"\b(?:the|our) (?:paper|authors?|document|study|research)\b", TALKS_OF_THE_NOTE),
        (r"^[^,;:.]{0,60}\b(?:it|they|them|their|its)\b", TALKS_OF_THE_NOTE),
    )
)

_ROLES = (
    (
        2,
        re.compile(
            r"\b(?:limit(?:s|ed|ation)?|caveats?|fails?|cannot|can't|does(?:n't| not) (?:help|work|scale)|breaks?"
            r"|hurts?|"
            r"drawbacks?|downsides?|at the (?:price|cost)|unless|weak spots?|trade-?offs?|struggles?|suffers?|biased|"
            r"risks?|dangers?|pitfalls?)\b",
            re.IGNORECASE,
        ),
    ),
    (1, re.compile(r"\d[\d.,]*\s*(?:%|×|x\b|[kKMGTB]i?B?\b|ms\b|s\b|times|points|percent|million|billion|thousand)")),
)


@dataclass(frozen=True)
class Excerpt:
    """A passage that may go into an outline, and its note. `share` is the note's relevance as a share of the best
    notes', `named` the share of the topic's subjects that a passage of the note names. Vectors are kept in a separate
    array, in the same order.
    """

    note: NoteRecord
    chunk: ChunkRecord
    share: float = 1.0
    named: float = 0.0


@dataclass(frozen=True)
class Candidate:
    """A statement that may become a point: the index of its excerpt, its score, and its unit vector `(dim,)`."""

    excerpt: int
    statement: Statement
    score: float
    vector: FloatArray


def rank_statements(
    excerpts: Sequence[Excerpt], vectors: FloatArray, aims: FloatArray, encoder: Encoder
) -> list[Candidate]:
    """The statements worth quoting, best first.

    The score is the mean relatedness to the excerpt's aim and to the statement's own passage, plus the worth of its
    words. `aims` is `(n, dim)`, or `(dim,)` for all excerpts. Of each passage only the `MAX_EMBEDDED` statements of
    highest worth are embedded.
    """
    aims = np.broadcast_to(aims, vectors.shape)
    found = [
        (index, statement)
        for index, entry in enumerate(excerpts)
        for statement in sorted(runs(entry.chunk), key=lambda statement: -_worth(statement))[:MAX_EMBEDDED]
    ]
    if not found:
        return []
    statement_vectors = encoder.encode([statement.text for _, statement in found])
    scored = []
    for (index, statement), vector in zip(found, statement_vectors, strict=True):
        cosine = float(vector @ aims[index] + vector @ vectors[index]) / 2
        scored.append(Candidate(index, statement, encoder.scale.relatedness(cosine) + _worth(statement), vector))
    return sorted(scored, key=lambda entry: -entry.score)


def _worth(statement: Statement) -> float:
    worth = sum(worth for pattern, worth in _WORTH if pattern.search(statement.text))
    return worth if has_a_verb(statement.text) else worth + WITHOUT_VERB


def choose(
    ranked: Sequence[Candidate],
    excerpts: Sequence[Excerpt],
    chosen: Sequence[Candidate],
    scale: Scale,
    most: int | None = None,
) -> list[Candidate]:
    """The best of some candidates, given best first, that repeat neither each other nor those `chosen` before; at most
    `most`, by default more where more notes have some.

    Notes take turns: each note's best statement comes before any note's second.
    """
    points: list[Candidate] = []
    taken = Counter[str]()
    by_turn: dict[int, list[Candidate]] = {}
    for entry in ranked:
        note = excerpts[entry.excerpt].note.id
        if not any(_repeats(entry, other, scale) for other in (*chosen, *points)):
            points.append(entry)
            by_turn.setdefault(taken[note], []).append(entry)
            taken[note] += 1
    if most is None:
        most = MAX_POINTS if len(taken) > 1 else MAX_POINTS_OF_ONE_NOTE
        most = max(most, min(len(taken), MAX_POINTS_OF_MANY_NOTES))
    in_turn = [entry for turn in sorted(by_turn) for entry in by_turn[turn]]
    return in_turn[:most]


def _repeats(entry: Candidate, other: Candidate, scale: Scale) -> bool:
    """Whether two candidates make the same claim, or one of them contains the other."""
    one, two = entry.statement.text, other.statement.text
    return one in two or two in one or scale.sameness(float(entry.vector @ other.vector)) >= SAME_POINT


def with_opposites(points: Sequence[Candidate], ranked: Sequence[Candidate]) -> list[Candidate]:
    """Points, each followed by the best candidate that makes the opposite comparison of the same two things."""
    found: list[Candidate] = []
    for point in points:
        opposite = next((entry for entry in ranked if are_opposite(entry.statement.text, point.statement.text)), None)
        found += [entry for entry in (point, opposite) if entry is not None and entry not in found]
    return found


def section_points(
    chosen: Sequence[Candidate], ranked: Sequence[Candidate], excerpts: Sequence[Excerpt], scale: Scale
) -> tuple[Point, ...]:
    """The points of a section in the order in which they are read.

    Points of one note stand together: claims, then numbers, then limits, each in the note's order; contradictions stand
    side by side. One table, formula or piece of code from the passages quoted follows the points of its note.
    """
    notes = list(dict.fromkeys(excerpts[entry.excerpt].note.id for entry in chosen))

    def place(entry: Candidate) -> tuple[int, int, int]:
        statement = entry.statement
        return notes.index(excerpts[entry.excerpt].note.id), role(statement.text), statement.start_line

    ordered = _side_by_side(sorted(chosen, key=place))
    points = [_point(entry, chosen, ranked, excerpts, scale) for entry in ordered]
    return tuple(_with_pointer(points, ordered, excerpts))


def role(text: str) -> int:
    """Whether a statement is a claim (0), gives numbers (1), or names limits (2)."""
    return next((number for number, pattern in _ROLES if pattern.search(text)), 0)


def _side_by_side(points: Sequence[Candidate]) -> list[Candidate]:
    """Points in their order, but each directly followed by those that contradict it."""
    ordered: list[Candidate] = []
    for point in points:
        opposites = [entry for entry in points if are_opposite(entry.statement.text, point.statement.text)]
        ordered += [entry for entry in (point, *opposites) if all(entry is not other for other in ordered)]
    return ordered


def _point(
    entry: Candidate,
    chosen: Sequence[Candidate],
    ranked: Sequence[Candidate],
    excerpts: Sequence[Excerpt],
    scale: Scale,
) -> Point:
    """A chosen candidate as a point, with where other notes say the same and what contradicts it."""
    own = excerpts[entry.excerpt]
    repeating: dict[str, Quoted] = {}
    for other in ranked:
        note = excerpts[other.excerpt].note
        if note.id != own.note.id and scale.sameness(float(entry.vector @ other.vector)) >= SAME_POINT:
            repeating.setdefault(note.id, _quoted(excerpts[other.excerpt], other.statement))
    opposites = (other for other in chosen if are_opposite(other.statement.text, entry.statement.text))
    return point_of(own, entry.statement).model_copy(
        update={
            "also": tuple(repeating.values()),
            "contradicts": tuple(address_of(excerpts[other.excerpt], other.statement) for other in opposites),
        }
    )


def _with_pointer(points: Sequence[Point], chosen: Sequence[Candidate], excerpts: Sequence[Excerpt]) -> list[Point]:
    """Points with the first table, formula or piece of code of the passages that they quote."""
    for index in dict.fromkeys(entry.excerpt for entry in chosen):
        found = pointer(excerpts[index].chunk)
        if found is None:
            continue
        kind, statement = found
        own = excerpts[index]
        pointing = point_of(own, statement).model_copy(
            update={"kind": kind, "label": label(own.note.title, own.chunk.heading_path, "")}
        )
        after = max(number for number, point in enumerate(points) if point.path == own.note.path) + 1
        return [*points[:after], pointing, *points[after:]]
    return list(points)


def point_of(excerpt: Excerpt, statement: Statement) -> Point:
    """A statement of an excerpt as a point, labelled if it does not name its subject, or continues its heading."""
    said = "" if statement.text[:1].islower() else statement.text
    subject = label(excerpt.note.title, excerpt.chunk.heading_path, said)
    return Point(**_quoted(excerpt, statement).model_dump(), label=subject)


def _quoted(excerpt: Excerpt, statement: Statement) -> Quoted:
    digest = hashlib.sha256(" ".join(statement.text.split()).encode()).hexdigest()
    return Quoted(**address_of(excerpt, statement).model_dump(), sha256=digest)


def address_of(excerpt: Excerpt, statement: Statement) -> Address:
    """A statement of an excerpt and where the note says it."""
    return Address(
        text=statement.text,
        path=excerpt.note.path,
        start_line=statement.start_line,
        end_line=statement.end_line,
    )
