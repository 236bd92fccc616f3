"""Which groups of notes are ripe for a post. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kb.models import FiledArea, NoteRecord
from kb.outline.titles import Wording

if TYPE_CHECKING:
    from scipy.cluster.hierarchy import ClusterNode

Matrix = NDArray[np.float32]

MIN_NOTES, MAX_NOTES = 3, 6
MIN_LIKENESS = 0.3  # mean cosine of a note with the others of its group
LINKED = 0.1  # what a link adds to the cosine of two notes
RECENT_DAYS = 60
ENOUGH_NOTES, ENOUGH_PASSAGES, ENOUGH_QUESTIONS = 5, 20, 3
UNCOVERED, COVERED = 0.35, 0.65  # the likeness of a post that says nothing, or all, of what a group says


@dataclass(frozen=True)
class Material:
    """A note as ideas see it: its words, and how many passages and open questions it has."""

    note: NoteRecord
    wording: Wording
    passages: int
    questions: int

    @property
    def date(self) -> datetime.date:
        """The day in front matter, else that of the last change."""
        return self.note.date or datetime.date.fromtimestamp(self.note.mtime_ns / 1e9)


@dataclass(frozen=True)
class Ripeness:
    """What speaks for a post, each part 0..1, the mean of which is the score; and the counts behind it."""

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
class Group:
    """Notes of an area that belong together, how ripe they are, and the own post nearest to them, if any is near."""

    area: FiledArea
    notes: tuple[Material, ...]
    ripeness: Ripeness
    nearest_post: NoteRecord | None
    similarity: float


def groups(centroids: Matrix, links: NDArray[np.float64]) -> list[list[int]]:
    """Positions of notes that belong together, `MIN_NOTES` to `MAX_NOTES` in a group; the others are left out.

    Average linkage of unit vectors `(n, dim)` less what all have in common; `links` is `(n, n)`, 1 where one of two
    notes links to the other. The largest branches of the tree that are small and close enough are the groups.
    """
    from scipy.cluster.hierarchy import linkage, to_tree
    from scipy.spatial.distance import squareform

    if len(centroids) < MIN_NOTES:
        return []
    cosines = centroids @ centroids.T
    own = centroids - centroids.mean(axis=0)
    own /= np.maximum(np.linalg.norm(own, axis=1, keepdims=True), 1e-9)
    distances = 2 - own @ own.T - LINKED * links
    np.fill_diagonal(distances, 0)
    tree = to_tree(linkage(squareform(distances, checks=False), method="average"))
    return [sorted(branch) for branch in _branches(tree, cosines) if len(branch) >= MIN_NOTES]


def _branches(tree: ClusterNode, cosines: Matrix) -> Iterator[list[int]]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        members = node.pre_order()
        if len(members) <= MAX_NOTES and _loosest(cosines[np.ix_(members, members)]) >= MIN_LIKENESS:
            yield members
        elif not node.is_leaf():
            waiting += [node.get_right(), node.get_left()]


def _loosest(cosines: Matrix) -> float:
    """The mean cosine with the others of the note that is least like them."""
    others = cosines.sum(axis=1) - np.diag(cosines)
    return float(others.min()) / max(len(cosines) - 1, 1)


def ripeness(group: Sequence[Material], today: datetime.date, nearest_post: float) -> Ripeness:
    """How ripe a group is. `nearest_post` is how much of what it says the nearest own post says, as a cosine."""
    passages = sum(entry.passages for entry in group)
    questions = sum(entry.questions for entry in group)
    recent = sum((today - entry.date).days <= RECENT_DAYS for entry in group)
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


def reasons(group: Group) -> tuple[str, ...]:
    """Why a group is ripe, in short phrases."""
    counts, post = group.ripeness, group.nearest_post
    recent = f"{counts.recent_notes} of them from the last {RECENT_DAYS} days"
    newest = f"the newest from {max(entry.date for entry in group.notes)}"
    questions = f"{counts.open_questions} open question{'' if counts.open_questions == 1 else 's'}"
    date = f" ({post.date})" if post and post.date else ""
    return (
        f"{len(group.notes)} notes with {counts.passages} passages",
        recent if counts.recent_notes else newest,
        *([questions] if counts.open_questions else []),
        f"nearest post: {post.path}{date}, {group.similarity:.2f}" if post else "no post on it yet",
    )


def in_turn(ripe: Mapping[FiledArea, Sequence[Group]]) -> Iterator[Group]:
    """The groups of all areas, the ripest of each first, area after area in order of their ripest."""
    areas = sorted((area for area in ripe if ripe[area]), key=lambda area: -ripe[area][0].ripeness.score)
    for turn in zip_longest(*(ripe[area] for area in areas)):
        yield from (group for group in turn if group)
