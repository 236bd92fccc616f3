"""Which groups of notes are ripe for a post. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from kb.cutoffs import COHESION, COVERED, LINK_WEIGHT, UNCOVERED
from kb.ideas.linkage import average_linkage
from kb.ideas.titles import Wording
from kb.index.arrays import cosines, unit_rows
from kb.models import FiledArea, NoteRecord
from kb.scale import Scale

if TYPE_CHECKING:
    from scipy.cluster.hierarchy import ClusterNode
    from scipy.sparse import csr_array

    from kb.index.arrays import FloatArray

MIN_NOTES, MAX_NOTES = 3, 6  # of a group
RECENT_DAYS = 60
Offer = TypeVar("Offer")
ENOUGH_NOTES, ENOUGH_PASSAGES, ENOUGH_QUESTIONS = 5, 20, 3  # for the full score


@dataclass(frozen=True)
class Material:
    """What ideas know of a note: its words, and how many passages and open questions it has."""

    note: NoteRecord
    wording: Wording
    passages: int
    questions: int

    @property
    def date(self) -> datetime.date | None:
        """The date of the note; that of its file says when it was copied."""
        return self.note.date


@dataclass(frozen=True)
class Ripeness:
    """How ripe a group is for a post: four parts, each 0..1, and the counts behind them."""

    evidence: float
    recency: float
    questions: float
    novelty: float
    passages: int
    recent_notes: int
    open_questions: int

    @property
    def score(self) -> float:
        """The mean of the parts."""
        return (self.evidence + self.recency + self.questions + self.novelty) / 4


@dataclass(frozen=True)
class RipeGroup:
    """A group of an area's notes, how ripe it is, the writer's post that covers most of it, if any does, and the notes
    of which that says nothing.
    """

    area: FiledArea
    notes: tuple[Material, ...]
    ripeness: Ripeness
    nearest_post: NoteRecord | None
    similarity: float
    uncovered: tuple[str, ...] = ()

    def new_since_post(self) -> tuple[str, ...]:
        """The paths of the notes that are newer than the nearest post, or of which it says nothing."""
        post = self.nearest_post
        if post is None:
            return ()
        newer = {entry.note.path for entry in self.notes if entry.date and post.date and entry.date > post.date}
        return tuple(entry.note.path for entry in self.notes if entry.note.path in newer | {*self.uncovered})


def groups(means: FloatArray, links: csr_array, scale: Scale) -> list[list[int]]:
    """Disjoint groups of `MIN_NOTES` to `MAX_NOTES` notes, as indices; notes without a group are left out.

    The notes, by the means of their passages' vectors `(n, dim)` less the mean of all, are clustered by average
    linkage; `links` is the sparse adjacency matrix `(n, n)` of their links. The groups are the
    largest branches of the tree that are neither too large nor less cohesive than `COHESION`.
    """
    from scipy.cluster.hierarchy import to_tree

    if len(means) < MIN_NOTES:
        return []
    own = unit_rows(means - means.mean(axis=0))
    tree = to_tree(average_linkage(own, LINK_WEIGHT * links))
    return [sorted(branch) for branch in _branches(tree, means, scale) if len(branch) >= MIN_NOTES]


def _branches(tree: ClusterNode, means: FloatArray, scale: Scale) -> Iterator[list[int]]:
    """The members of the largest branches that are small and cohesive enough, from left to right."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        members = node.pre_order() if node.get_count() <= MAX_NOTES else []
        if members and _cohesion(means[members], scale) >= COHESION:
            yield members
        elif not node.is_leaf():
            waiting += [node.get_right(), node.get_left()]


def _cohesion(means: FloatArray, scale: Scale) -> float:
    """The mean relatedness to the others of the note that is least like them; 0 for a single one."""
    related = scale.relatedness(cosines(means, means, scale))
    others = related.sum(axis=1) - np.diag(related)
    return float(others.min()) / max(len(related) - 1, 1)


def ripeness(group: Sequence[Material], today: datetime.date, nearest_post: float) -> Ripeness:
    """How ripe a group is. `nearest_post` is the relatedness of the post that covers most of it, 0 without posts."""
    passages = sum(entry.passages for entry in group)
    questions = sum(entry.questions for entry in group)
    recent = sum(entry.date is not None and (today - entry.date).days <= RECENT_DAYS for entry in group)
    covered = (nearest_post - UNCOVERED) / (COVERED - UNCOVERED)
    return Ripeness(
        evidence=(min(len(group) / ENOUGH_NOTES, 1) + min(passages / ENOUGH_PASSAGES, 1)) / 2,
        recency=recent / len(group),
        questions=min(questions / ENOUGH_QUESTIONS, 1),
        novelty=1 - min(max(covered, 0), 1),
        passages=passages,
        recent_notes=recent,
        open_questions=questions,
    )


def reasons(group: RipeGroup) -> tuple[str, ...]:
    """Why a group is ripe, in short phrases."""
    counts, post = group.ripeness, group.nearest_post
    recent = f"{counts.recent_notes} of them from the last {RECENT_DAYS} days"
    newest = max((entry.date for entry in group.notes if entry.date), default=None)
    dated = f"the newest from {newest}" if newest else "undated"
    questions = f"{counts.open_questions} open question{'' if counts.open_questions == 1 else 's'}"
    date = f" ({post.date})" if post and post.date else ""
    return (
        f"{len(group.notes)} notes with {counts.passages} passages",
        recent if counts.recent_notes else dated,
        *([questions] if counts.open_questions else []),
        f"nearest post: {post.path}{date}, {group.similarity:.2f}" if post else "no post on it yet",
    )


def in_turn(
    ripe: Mapping[FiledArea, Sequence[RipeGroup]], offered: Callable[[RipeGroup], Offer | None]
) -> Iterator[Offer]:
    """What is offered of the groups of all areas, each sorted by score: the areas take turns, that of the ripest group
    offered first. `offered` returns None for a group that is passed over.
    """
    queues = []
    for groups_of_area in ripe.values():
        rest = ((group, offer) for group in groups_of_area if (offer := offered(group)))
        queues += [(first, rest) for first in islice(rest, 1)]
    queues.sort(key=lambda queue: -queue[0][0].ripeness.score)
    for turn in zip_longest(*(chain([first], rest) for first, rest in queues)):
        yield from (entry[1] for entry in turn if entry)
