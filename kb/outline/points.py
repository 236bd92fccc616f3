"""Which statements of a passage are worth quoting, and which of them to choose as points. Pure."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kb.cutoffs import (
    COMPARISON,
    DEFINITION,
    NUMBER,
    REFERS_BACK,
    SAME_POINT,
    TALKS_OF_THE_NOTE,
    TRADE_OFF,
)
from kb.models import Chunk, ChunkRecord, Encoder, LineKind, NoteRecord, Statement
from kb.notes.statements import statements
from kb.outline.questions import asks, is_question
from kb.reports import Address, Point
from kb.scale import Scale

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

MAX_EMBEDDED = 2  # statements of a passage
MAX_POINTS, MAX_POINTS_OF_ONE_NOTE, MAX_POINTS_OF_MANY_NOTES = 5, 4, 6
MIN_POINT_LENGTH, MAX_POINT_LENGTH = 40, 320

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
        (
            r"^(?:see|cf|compare|related|via|my|i)\b|\b(?:this|one) note\b|https?://|\bthe (?:paper|authors?)\b",
            TALKS_OF_THE_NOTE,
        ),
    )
)
_SENTENCE_END = re.compile(r"[.!?…。！？][\"')\]”’]*$")
# Headings of parts that list, thank or license, and state nothing about the subject.
_APPARATUS = re.compile(
    r"(?:\d+[.)]?\s+)?(?:references?|bibliography|works cited|citations?|cite this\b.*|how to cite\b.*|reading list|"
    r"further reading|see also|related (?:notes|links|posts)|links|sources|table of contents|contents|toc|changelog|"
    r"acknowledge?ments?|licen[cs]e|参考文献|参考资料|参考|延伸阅读|致谢|目录)\W*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Excerpt:
    """A passage that may go into an outline, and its note. `share` is the note's relevance as a share of the best
    note's. Vectors are kept in a separate array, in the same order.
    """

    note: NoteRecord
    chunk: ChunkRecord
    share: float = 1.0


@dataclass(frozen=True)
class Candidate:
    """A statement that may become a point: the index of its excerpt, its score, and its unit vector `(dim,)`."""

    excerpt: int
    statement: Statement
    score: float
    vector: FloatArray


def quotable(chunk: Chunk | ChunkRecord) -> list[Statement]:
    """The statements of a passage that can be points: no fragments, lead-ins, questions or lists of references."""
    heading = chunk.heading_path[-1] if chunk.heading_path else ""
    if asks(heading) or _APPARATUS.fullmatch(heading):
        return []
    return [
        entry
        for entry in statements(chunk.text, chunk.kinds, chunk.start_line)
        if MIN_POINT_LENGTH <= len(entry.text) <= MAX_POINT_LENGTH
        and not entry.text.endswith(":")
        and not is_question(entry.text)
        and not _is_part(entry, chunk)
    ]


def _is_part(statement: Statement, chunk: Chunk | ChunkRecord) -> bool:
    """Whether a displayed formula begins or ends the sentence of a statement."""
    kinds = chunk.kinds
    above = kinds[: statement.start_line - chunk.start_line].rstrip(LineKind.BLANK)
    below = kinds[statement.end_line - chunk.start_line + 1 :].lstrip(LineKind.BLANK)
    leads_in = below.startswith(LineKind.MATH) and not _SENTENCE_END.search(statement.text)
    return leads_in or (above.endswith(LineKind.MATH) and statement.text[0].islower())


def rank_statements(
    excerpts: Sequence[Excerpt], vectors: FloatArray, topic_vector: FloatArray, encoder: Encoder
) -> list[Candidate]:
    """The statements worth quoting, best first.

    The score is the mean relatedness to the topic and to the statement's own passage, plus the worth of its words. Of
    each passage only the `MAX_EMBEDDED` statements of highest worth are embedded.
    """
    found = [
        (index, statement)
        for index, entry in enumerate(excerpts)
        for statement in sorted(quotable(entry.chunk), key=lambda statement: -_worth(statement))[:MAX_EMBEDDED]
    ]
    if not found:
        return []
    statement_vectors = encoder.encode([statement.text for _, statement in found])
    scored = []
    for (index, statement), vector in zip(found, statement_vectors, strict=True):
        cosine = float(vector @ topic_vector + vector @ vectors[index]) / 2
        scored.append(Candidate(index, statement, encoder.scale.relatedness(cosine) + _worth(statement), vector))
    return sorted(scored, key=lambda entry: -entry.score)


def _worth(statement: Statement) -> float:
    return sum(worth for pattern, worth in _WORTH if pattern.search(statement.text))


def choose(
    ranked: Sequence[Candidate], excerpts: Sequence[Excerpt], chosen: Sequence[Candidate], scale: Scale
) -> list[Candidate]:
    """The best of some candidates, given best first, that repeat neither each other nor those `chosen` before.

    Notes take turns: each note's best statement comes before any note's second.
    """
    points: list[Candidate] = []
    taken = Counter[str]()
    by_turn: dict[int, list[Candidate]] = {}
    for entry in ranked:
        note = excerpts[entry.excerpt].note.id
        if all(scale.sameness(float(entry.vector @ other.vector)) < SAME_POINT for other in (*chosen, *points)):
            points.append(entry)
            by_turn.setdefault(taken[note], []).append(entry)
            taken[note] += 1
    most = MAX_POINTS if len(taken) > 1 else MAX_POINTS_OF_ONE_NOTE
    in_turn = [entry for turn in sorted(by_turn) for entry in by_turn[turn]]
    return in_turn[: max(most, min(len(taken), MAX_POINTS_OF_MANY_NOTES))]


def point_of(excerpt: Excerpt, statement: Statement) -> Point:
    """A statement of an excerpt as a point."""
    digest = hashlib.sha256(" ".join(statement.text.split()).encode()).hexdigest()
    return Point(**address_of(excerpt, statement).model_dump(), sha256=digest)


def address_of(excerpt: Excerpt, statement: Statement) -> Address:
    """A statement of an excerpt and where the note says it."""
    return Address(
        text=statement.text,
        path=excerpt.note.path,
        start_line=statement.start_line,
        end_line=statement.end_line,
    )
