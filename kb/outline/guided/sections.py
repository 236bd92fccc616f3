"""The writer's own headings -> a section for each: the points that speak of it, each under the heading it fits best."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from kb.cutoffs import ANSWERING, ASKED, FOUND
from kb.models import Encoder, Statement
from kb.outline.guided.found import Evidence
from kb.outline.points import (
    Asks,
    Candidate,
    rank_statements,
    section_points,
)
from kb.outline.quoting.choosing import MAX_POINTS, MAX_POINTS_OF_MANY_NOTES, choose, with_opposites
from kb.outline.sections import Skeleton, leftovers
from kb.reports import Section

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kb.index.arrays import FloatArray

MIN_SHARE = 0.5  # of what is asked for, that the best statement says, for the others to say some of it too
NEAR_THE_BEST = 0.75  # of what the best statement for a heading has, for another to be under it as well


@dataclass(frozen=True)
class _Claims:
    """The statements of some evidence, best first, and how well each answers each heading: `(statements, headings)`, 0
    for what is not on the heading.
    """

    found: Evidence
    ranked: Sequence[Candidate]
    answers: NDArray[np.float64]

    def note(self, index: int) -> str:
        """The note of a statement."""
        return self.found.excerpts[self.ranked[index].excerpt].note.id


def guided_sections(found: Evidence, headings: Sequence[str], encoder: Encoder, most: int | None) -> Skeleton:
    """A section for each of the writer's headings, in their order, without points where nothing fits; and what fits
    none of them. `most` is the number of points that a section has at most.
    """
    ranked = rank_statements(found.excerpts, found.vectors, _nearest_aims(found), encoder, _asks(found))
    claims = _Claims(found, ranked, _answers(found, ranked, encoder))
    chosen: list[Candidate] = []
    sections = []
    for heading, ours in zip(headings, _assigned(claims, most), strict=True):
        several = len({found.excerpts[entry.excerpt].note.id for entry in ours}) > 1
        limit = most or (MAX_POINTS_OF_MANY_NOTES if several else MAX_POINTS)
        own = with_opposites(choose(ours, found.excerpts, chosen, encoder.scale, limit), ours)
        chosen += own
        points = section_points(own, ranked, found.excerpts, encoder.scale, heading)
        sections.append(Section(heading=heading, points=points, notes=tuple(dict.fromkeys(p.path for p in points))))
    unfit_first = sorted(ranked, key=lambda entry: bool(found.fits[entry.excerpt].any()))
    return Skeleton(tuple(sections), leftovers(unfit_first, chosen, found.excerpts))


def _asks(found: Evidence) -> list[Asks]:
    """For each heading, how much a statement says of what it asks for, in a passage that fits it."""

    def answer(heading: int, index: int, statement: Statement) -> float:
        return found.share(heading, index, statement) if found.fits[index, heading] > 0 else 0.0

    return [partial(answer, heading) for heading in range(len(found.asked))]


def _nearest_aims(found: Evidence) -> FloatArray:
    """The vector `(n, dim)` of the heading that each passage fits best, of the topic for one that fits none."""
    best = np.where(found.fits.max(axis=1) > 0, found.fits.argmax(axis=1), len(found.aims) - 1)
    return np.asarray(found.aims[best])


def _answers(found: Evidence, ranked: Sequence[Candidate], encoder: Encoder) -> NDArray[np.float64]:
    """How well each statement answers each heading `(statements, headings)`: the relatedness of it and its passage,
    and the share of what is asked for that it says. 0 for one of a passage that does not fit the heading, or far from
    as good as the best.
    """
    if not ranked:
        return np.zeros((0, len(found.asked)))
    headings = range(len(found.asked))
    shares = np.array([[found.share(h, entry.excerpt, entry.statement) for h in headings] for entry in ranked])
    rows = [entry.excerpt for entry in ranked]
    between: FloatArray = (np.stack([entry.vector for entry in ranked]) + found.vectors[rows]) / np.float32(2)
    answers = encoder.scale.relatedness(between @ found.aims[:-1].T).astype(np.float64) + ASKED * shares
    fit_shares = found.fits[rows] / np.maximum(found.fits.max(axis=0), 1e-9)
    answers += FOUND * fit_shares
    says_it = shares[answers.argmax(axis=0), headings] >= MIN_SHARE
    strict = says_it | [asked.is_strict for asked in found.asked]
    fits = (found.fits[rows] > 0) & (answers >= ANSWERING) & ((shares > 0) | ~strict)
    answers[~fits] = 0.0
    answers[answers < NEAR_THE_BEST * answers.max(axis=0)] = 0.0
    return answers


def _assigned(claims: _Claims, most: int | None) -> list[list[Candidate]]:
    """The statements for each heading, those of the note that answers it best first; none is under two headings.

    At first each heading takes a statement of its best note, those with the fewest to choose from before the others;
    then always the one that its next note answers best. Of what is left, each statement goes to the heading that it
    answers best.
    """
    notes = [_best_of_notes(claims, column) for column in claims.answers.T]
    waiting = [sorted(own, key=own.__getitem__) for own in notes]
    room = [most or MAX_POINTS_OF_MANY_NOTES] * len(notes)
    taken: dict[int, int] = {}

    def next_answer(heading: int) -> float:
        return notes[heading][waiting[heading][-1]]

    def take(heading: int) -> None:
        best = _next_best(claims, taken, heading, waiting[heading])
        if best is not None:
            taken[best] = heading
            room[heading] -= 1

    for heading in np.argsort((claims.answers > 0).sum(axis=0), kind="stable"):
        take(int(heading))
    while turn := [heading for heading, own in enumerate(waiting) if own and room[heading]]:
        take(max(turn, key=next_answer))
    for index in range(len(claims.ranked)):
        if index not in taken and claims.answers[index].max() > 0:
            taken[index] = int(claims.answers[index].argmax())
    return [
        _in_order(claims, heading, own, notes[heading]) for heading, own in enumerate(_by_heading(taken, len(notes)))
    ]


def _by_heading(taken: Mapping[int, int], count: int) -> list[list[int]]:
    """The indices that are taken for each of some headings."""
    return [[index for index, own in taken.items() if own == heading] for heading in range(count)]


def _in_order(claims: _Claims, heading: int, indices: Sequence[int], notes: Mapping[str, float]) -> list[Candidate]:
    """Statements, those of the note that answers a heading best first."""

    def place(index: int) -> tuple[float, float]:
        return -notes[claims.note(index)], -claims.answers[index, heading] - claims.ranked[index].worth

    return [claims.ranked[index] for index in sorted(indices, key=place)]


def _next_best(claims: _Claims, taken: Collection[int], heading: int, waiting: list[str]) -> int | None:
    """The index of the statement that answers a heading best, of the last note that has one left among those waiting,
    which are removed up to that one.
    """
    while waiting:
        note = waiting.pop()
        free = [
            index
            for index, answer in enumerate(claims.answers[:, heading])
            if answer > 0 and index not in taken and claims.note(index) == note
        ]
        if free:
            return max(free, key=lambda index: float(claims.answers[index, heading]) + claims.ranked[index].worth)
    return None


def _best_of_notes(claims: _Claims, answers: NDArray[np.float64]) -> dict[str, float]:
    """The best answer of each note that has one."""
    best: dict[str, float] = {}
    for index, answer in enumerate(answers):
        if answer > 0:
            best[claims.note(index)] = max(best.get(claims.note(index), 0.0), float(answer))
    return best
