"""Which statements of a passage are worth quoting, and which of them to choose as points. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from kb.cutoffs import OPENING, SAME_POINT, SUBJECT_DEFINED
from kb.models import ChunkRecord, Encoder, NoteRecord, Statement
from kb.outline.quoting.comparisons import are_opposite
from kb.outline.quoting.labels import label, names, needs_a_label
from kb.outline.quoting.pointers import pointer
from kb.outline.quoting.runs import runs
from kb.outline.quoting.worth import (
    LEAD,
    SUBJECT,
    begins_with_prose,
    is_in_opening,
    opens,
    role,
    says_what_it_is,
    worth,
)
from kb.reports import Address, Point, Quoted
from kb.scale import Scale

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

MAX_EMBEDDED = 2  # statements of a passage

Asks = Callable[[int, Statement], float]  # how far a statement of an excerpt, by its index, answers something; 0..1


@dataclass(frozen=True)
class Excerpt:
    """A passage that may go into an outline, and its note. `share` is the note's relevance as a share of the best
    notes', `likely` the probability that a search for the topic gives it. `opening` is the passage that opens the
    note, if an outline would not have it otherwise. `part` counts the parts of a note that is divided, from 1, and
    `is_judged` says that the note was chosen for what all of it names. Vectors are kept in a separate array, in the
    same order.
    """

    note: NoteRecord
    chunk: ChunkRecord
    share: float = 1.0
    likely: float = 1.0
    opening: ChunkRecord | None = None
    part: int = 0
    is_judged: bool = False

    @property
    def source(self) -> tuple[str, int]:
        """The note that the passage is of, and the number of its part where the note is divided."""
        return self.note.id, self.part

    def passage_of(self, statement: Statement) -> ChunkRecord:
        """The passage that a statement stands in."""
        within = self.chunk.start_line <= statement.start_line <= self.chunk.end_line
        return self.chunk if within or self.opening is None else self.opening


@dataclass(frozen=True)
class Candidate:
    """A statement that may become a point: the index of its excerpt, its score, and its unit vector `(dim,)`. `leads`
    says that it opens its note, or defines what that is about. `worth` is what is in the score for its words and place.
    """

    excerpt: int
    statement: Statement
    score: float
    vector: FloatArray
    leads: bool = False
    worth: float = 0.0


@dataclass(frozen=True)
class _Statement:
    """A statement of an excerpt, what its words and its place are worth, and whether it leads its note."""

    excerpt: int
    statement: Statement
    worth: float
    leads: bool


def rank_statements(
    excerpts: Sequence[Excerpt],
    vectors: FloatArray,
    aims: FloatArray,
    encoder: Encoder,
    asked: Sequence[Asks] = (),
) -> list[Candidate]:
    """The statements worth quoting, best first.

    The score is the mean relatedness to the aim of its excerpt and to its passage, plus its worth. `aims` is `(n, dim)`
    or, for all, `(dim,)`. Embedded are the `MAX_EMBEDDED` statements of each passage of highest worth, and as many that
    answer best what is `asked`.
    """
    aims = np.broadcast_to(aims, vectors.shape)
    found = [
        statement
        for index, entry in enumerate(excerpts)
        for statement in _best(list(_weighed(index, entry)), [partial(asks, index) for asks in asked])
    ]
    if not found:
        return []
    statement_vectors = encoder.encode([entry.statement.text for entry in found])
    scored = []
    for entry, vector in zip(found, statement_vectors, strict=True):
        cosine = float(vector @ aims[entry.excerpt] + vector @ vectors[entry.excerpt]) / 2
        score = encoder.scale.relatedness(cosine) + entry.worth
        scored.append(Candidate(entry.excerpt, entry.statement, score, vector, entry.leads, entry.worth))
    return sorted(scored, key=lambda entry: -entry.score)


def _best(found: Sequence[_Statement], asked: Sequence[Callable[[Statement], float]]) -> list[_Statement]:
    """The statements of a passage that are worth most, for themselves or as answers to what is asked."""
    by_worth = sorted(range(len(found)), key=lambda place: -found[place].worth)
    best = dict.fromkeys(by_worth[:MAX_EMBEDDED])
    for asks in asked:
        answers = {place: answer for place in by_worth if (answer := asks(found[place].statement)) > 0}
        best |= dict.fromkeys(sorted(answers, key=lambda place: -answers[place] - found[place].worth)[:MAX_EMBEDDED])
    return [found[place] for place in best]


def _weighed(index: int, excerpt: Excerpt) -> Iterator[_Statement]:
    """What can be quoted of an excerpt, and of the passage that opens its note how it does."""
    title, headings = excerpt.note.title, excerpt.chunk.heading_path
    found = _quotable(excerpt.chunk, title)
    first = _opening(excerpt.chunk, title, found)
    for statement in found:
        is_first = first is not None and statement.text.startswith(first.text)
        opens_note = excerpt.chunk.position == 0
        defining = says_what_it_is([title, *headings], statement.text, opens_note)
        place = OPENING * sqrt(excerpt.share) if is_first else SUBJECT_DEFINED if defining else 0.0
        leads = is_first or says_what_it_is([title], statement.text, opens_note)
        yield _Statement(index, statement, worth(statement.text) + place, leads)
    if excerpt.opening and (first := _opening(excerpt.opening, title, _quotable(excerpt.opening, title))):
        yield _Statement(index, first, worth(first.text) + OPENING * sqrt(excerpt.share), leads=True)


def _quotable(chunk: ChunkRecord, title: str) -> list[Statement]:
    """What can be quoted of a passage: what names its subject, or has a label that does."""
    is_labelled = bool(label(title, chunk.heading_path, ""))
    return [statement for statement in runs(chunk) if is_labelled or not needs_a_label(statement.text)]


def _opening(chunk: ChunkRecord, title: str, found: Sequence[Statement]) -> Statement | None:
    """The statement that opens a note, one that names what its title does if there is any; where the first sentence
    cannot be quoted, the next of its paragraph that can.
    """
    opening = [statement for statement in found if opens(chunk, title, statement.text)]
    naming = (statement for statement in opening if not label(title, (), statement.text))
    following = (statement for statement in found if begins_with_prose(chunk) and is_in_opening(chunk, statement.text))
    return next(chain(naming, opening, following), None)


def section_points(
    chosen: Sequence[Candidate], ranked: Sequence[Candidate], excerpts: Sequence[Excerpt], scale: Scale, heading: str
) -> tuple[Point, ...]:
    """The points of a section in the order in which they are read.

    The notes that the heading is named after come first. Points of one note stand together: what its subject is, what
    else leads it, then claims, numbers and limits, each in the note's order; contradictions stand side by side. One
    table, formula or piece of code from the passages quoted follows the points of its note.
    """
    cited = {excerpts[entry.excerpt].note.id: excerpts[entry.excerpt].note for entry in chosen}
    notes = sorted(cited, key=lambda note: not names(heading, cited[note].title))

    def place(entry: Candidate) -> tuple[int, int, int]:
        statement, note = entry.statement, excerpts[entry.excerpt].note
        opens_note = excerpts[entry.excerpt].passage_of(statement).position == 0
        lead = SUBJECT if says_what_it_is([note.title], statement.text, opens_note) else LEAD
        return notes.index(note.id), lead if entry.leads else role(statement.text), statement.start_line

    ordered = _side_by_side(sorted(chosen, key=place))
    points = [_point(entry, chosen, ranked, excerpts, scale) for entry in ordered]
    return tuple(_with_pointer(points, ordered, excerpts))


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
    """A statement of an excerpt as a point, labelled if it does not name its subject."""
    said = "" if needs_a_label(statement.text) else statement.text
    subject = label(excerpt.note.title, excerpt.passage_of(statement).heading_path, said)
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
