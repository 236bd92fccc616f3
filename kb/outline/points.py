"""What of a passage is worth quoting, and which statements to choose. Pure."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb.models import ChunkRecord, NoteRecord, Statement
from kb.notes.prose import statements
from kb.reports import Address, Point

Vectors = NDArray[np.float32]
Encode = Callable[[list[str]], Vectors]

SAME_POINT = 0.88
MOST_READ = 2  # statements of a passage that are embedded
MAX_POINTS, MAX_POINTS_OF_ONE_NOTE, MOST_POINTS = 5, 4, 6
MIN_POINT_LENGTH, MAX_POINT_LENGTH = 40, 320

_QUESTION = re.compile(r"\?$|^(?:TODO|FIXME|Q|Question)\b\s*:", re.IGNORECASE)
# Cheap, before a passage is parsed; emphasis may stand around what asks.
_MAY_ASK = re.compile(r"\?(?![^\W_])|\b(?:TODO|FIXME|Q|Question)\b[\s*_`~]*:", re.IGNORECASE)
_QUESTION_HEADING = re.compile(r"\b(?:open )?questions?\b|\bto ?do\b|\bunknowns?\b", re.IGNORECASE)
# What makes a statement more or less worth quoting: numbers, definitions, trade-offs and results; what leans on the
# sentence before it, and what speaks of the note or paper instead of its subject.
_WORTH = tuple(
    (re.compile(pattern, re.IGNORECASE), worth)
    for pattern, worth in (
        (r"\d", 0.05),
        (r"^[\w\s-]{2,40}\b(?:is|are|means?) (?:a|an|the|any|how|when|what)\b", 0.04),
        (r"\b(?:but|while|whereas|instead|rather than|at the (?:price|cost) of|trade-?offs?|because|unless)\b", 0.03),
        (
            r"\b(?:faster|slower|better|worse|fewer|less|more|higher|lower|improves?|reduces?|beats?|outperforms?)\b",
            0.03,
        ),
        (r"^(?:it|its|they|their|these|those|this|that|he|she|here|there|so|then|both|such|also|and|but|or)\b", -0.12),
        (r"^(?:see|cf|compare|related|via|my|i)\b|\b(?:this|one) note\b|https?://|\bthe (?:paper|authors?)\b", -0.06),
    )
)


@dataclass(frozen=True)
class Evidence:
    """A passage that may go into an outline, with the note it is from; its vector is kept beside, in order.

    `share` is the note's relevance as a share of the best note's.
    """

    note: NoteRecord
    chunk: ChunkRecord
    share: float = 1.0


@dataclass(frozen=True)
class Candidate:
    """A statement that may become a point: the passage it is of, how telling it is, and its vector `(dim,)`."""

    evidence: int
    statement: Statement
    score: float
    vector: Vectors


def open_questions(chunk: ChunkRecord) -> list[Statement]:
    """The questions and TODOs of a passage."""
    if not _MAY_ASK.search(chunk.text):
        return []
    return [entry for entry in statements(chunk.text, chunk.start_line) if _QUESTION.search(entry.text)]


def asks(heading: str) -> bool:
    """Whether a heading stands over questions and plans, not over what is known."""
    return bool(_QUESTION_HEADING.search(heading))


def quotable(chunk: ChunkRecord) -> list[Statement]:
    """The statements of a passage that can be points: neither fragments nor lead-ins nor questions."""
    if chunk.heading_path and asks(chunk.heading_path[-1]):
        return []
    return [
        entry
        for entry in statements(chunk.text, chunk.start_line)
        if MIN_POINT_LENGTH <= len(entry.text) <= MAX_POINT_LENGTH
        and not entry.text.endswith(":")
        and not _QUESTION.search(entry.text)
    ]


def rank_statements(
    evidence: Sequence[Evidence], vectors: Vectors, topic_vector: Vectors, encode: Encode
) -> list[Candidate]:
    """The statements worth quoting, best first, each scored by its closeness to the topic and to its own passage."""
    found = [
        (index, statement)
        for index, entry in enumerate(evidence)
        for statement in sorted(quotable(entry.chunk), key=lambda statement: -_worth(statement))[:MOST_READ]
    ]
    if not found:
        return []
    statement_vectors = encode([statement.text for _, statement in found])
    scored = []
    for (index, statement), vector in zip(found, statement_vectors, strict=True):
        score = float(vector @ topic_vector + vector @ vectors[index]) / 2
        scored.append(Candidate(index, statement, score + _worth(statement), vector))
    return sorted(scored, key=lambda entry: -entry.score)


def _worth(statement: Statement) -> float:
    """What the words of a statement alone say for quoting it."""
    return sum(worth for pattern, worth in _WORTH if pattern.search(statement.text))


def choose(ranked: Sequence[Candidate], evidence: Sequence[Evidence], chosen: Sequence[Candidate]) -> list[Candidate]:
    """The best candidates, spread over notes, none saying what an earlier one said.

    `ranked` comes best first. Each note's best comes before any note's second, as far as there is room.
    """
    points: list[Candidate] = []
    rounds = Counter[str]()
    by_round: dict[int, list[Candidate]] = {}
    for entry in ranked:
        note = evidence[entry.evidence].note.id
        if all(float(entry.vector @ other.vector) < SAME_POINT for other in (*chosen, *points)):
            points.append(entry)
            by_round.setdefault(rounds[note], []).append(entry)
            rounds[note] += 1
    most = MAX_POINTS if len(rounds) > 1 else MAX_POINTS_OF_ONE_NOTE
    in_rounds = [entry for number in sorted(by_round) for entry in by_round[number]]
    return in_rounds[: max(most, min(len(rounds), MOST_POINTS))]


def point_of(entry: Evidence, statement: Statement) -> Point:
    """A statement of a passage as a point."""
    address = address_of(entry, statement)
    digest = hashlib.sha256(" ".join(statement.text.split()).encode()).hexdigest()
    return Point(**address.model_dump(), sha256=digest)


def address_of(entry: Evidence, statement: Statement) -> Address:
    """A statement of a passage, and where it stands."""
    return Address(
        text=statement.text,
        path=entry.note.path,
        start_line=statement.start_line,
        end_line=statement.end_line,
    )
