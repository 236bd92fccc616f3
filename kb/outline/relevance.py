"""Which notes bear on a topic: by their passages, by their whole, and by the writer's own links. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from kb.models import NoteRecord
from kb.notes.links import link_targets

Scores = NDArray[np.float64]

SEEDS = 6  # the notes whose links and folders count
MARK_WEIGHT = 0.4  # of each way in which the writer marked what belongs together: links, folders, tags
TAGS_COUNTED = 2  # of a note
MIN_SHARE = 0.45  # of the best note's relevance


def relevant_notes(
    notes: Sequence[NoteRecord],
    passage_scores: Scores,
    centroid_cosines: NDArray[np.floating],
    tag_scores: Scores,
    leaning: Mapping[str, float],
    most: int,
) -> list[tuple[int, float]]:
    """Positions of the notes that bear on a topic, best first, at most `most`, with their share of the best one's
    relevance.

    `passage_scores` holds the best fused score of each note's passages, `centroid_cosines` the cosine of its mean
    vector with the topic, both `(views, len(notes))`, a row for each way to see the topic; `tag_scores` what the tags
    say, `(len(notes),)`. A note also gains from links to or
    from the best ones (one step of spreading activation, divided by the square root of its number of links) and from
    lying in their folders; `leaning` weighs its area.
    """
    own = (_scaled(passage_scores) + _scaled(centroid_cosines)).mean(axis=0) / 2 + MARK_WEIGHT * tag_scores
    links = link_matrix(notes)
    seeds = np.argsort(-own, kind="stable")[:SEEDS]
    gained = links[:, seeds] @ own[seeds] / np.sqrt(links.sum(axis=1) + 1)
    beside = folder_closeness(notes, seeds) @ own[seeds] / max(float(own[seeds].sum()), 1e-9)
    areas = np.array([leaning[note.area] for note in notes])
    relevance = (own + MARK_WEIGHT * (gained + beside - beside.mean())) * areas
    order = np.argsort(-relevance, kind="stable")[:most]
    shares = relevance / max(float(relevance[order[0]]), 1e-9)
    return [(int(index), float(shares[index])) for index in order if shares[index] >= MIN_SHARE]


def tag_scores(notes: Sequence[NoteRecord], topic: str, stems: Callable[[str], Sequence[str]]) -> Scores:
    """`(len(notes),)`, at most 1: how much the tags of each note that a topic names, in whatever form, tell of it.

    A tag tells the more the fewer notes have it: idf, as a share of that of a tag of one note. Two tags count.
    """
    named = set(stems(topic))
    tags = [{tag.casefold() for tag in note.tags} for note in notes]
    having = Counter(tag for own in tags for tag in own)
    most = math.log(len(notes) + 1)
    telling = {
        tag: math.log((len(notes) + 1) / count) / most for tag, count in having.items() if named >= {*stems(tag)}
    }
    scores = np.array([sum(sorted(telling.get(tag, 0.0) for tag in own)[-TAGS_COUNTED:]) for own in tags])
    return np.asarray(scores / max(1.0, float(scores.max(initial=0.0))))


def folder_closeness(notes: Sequence[NoteRecord], seeds: Sequence[int] | NDArray[np.intp]) -> Scores:
    """`(n, len(seeds))`: the share of their folders, counted from the top, that a note and a seed have in common."""
    folders = [PurePosixPath(note.path).parent.parts for note in notes]
    return np.array([[_common(folder, folders[seed]) for seed in seeds] for folder in folders])


def _common(folder: tuple[str, ...], other: tuple[str, ...]) -> float:
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(folder, other, strict=False)))
    return same / max(len(folder), len(other), 1)


def link_matrix(notes: Sequence[NoteRecord]) -> Scores:
    """`(n, n)` with 1 where one of two notes links to the other."""
    matrix = np.zeros((len(notes), len(notes)))
    for index, targets in enumerate(link_targets(notes)):
        for target in targets:
            matrix[index, target] = matrix[target, index] = 1
    return matrix


def _scaled(scores: NDArray[np.floating]) -> Scores:
    """The scores of each row moved and stretched to 0..1."""
    low, high = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    return np.asarray((scores - low) / np.maximum(high - low, 1e-9))
