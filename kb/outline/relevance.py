"""Which notes bear on a topic: by their passages, by their whole, and by the writer's own links. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from kb.models import NoteRecord
from kb.search.links import link_targets

Scores = NDArray[np.float64]

SEEDS = 8  # the notes whose links count
LINK_WEIGHT = 0.4
FOLDER_WEIGHT = 0.4
MIN_SHARE = 0.5  # of the best note's relevance


def relevant_notes(
    notes: Sequence[NoteRecord],
    passage_scores: Scores,
    centroid_cosines: Scores,
    leaning: Mapping[str, float],
    most: int,
) -> list[tuple[int, float]]:
    """Positions of the notes that bear on a topic, best first, at most `most`, with their share of the best one's
    relevance.

    `passage_scores` holds the best fused score of each note's passages, `centroid_cosines` the cosine of its mean
    vector with the topic, both `(len(notes),)`. A note also gains from links to or from the best ones (one step of
    spreading activation, divided by the square root of its number of links); `leaning` weighs its area.
    """
    own = (_scaled(passage_scores) + _scaled(centroid_cosines)) / 2
    links = link_matrix(notes)
    seeds = np.argsort(-own, kind="stable")[:SEEDS]
    gained = links[:, seeds] @ own[seeds] / np.sqrt(links.sum(axis=1) + 1)
    beside = folder_closeness(notes, seeds) @ own[seeds] / max(float(own[seeds].sum()), 1e-9)
    relevance = (own + LINK_WEIGHT * gained + FOLDER_WEIGHT * (beside - beside.mean())) * np.array(
        [leaning[note.area] for note in notes]
    )
    order = np.argsort(-relevance, kind="stable")[:most]
    shares = relevance / max(float(relevance[order[0]]), 1e-9)
    return [(int(index), float(shares[index])) for index in order if shares[index] >= MIN_SHARE]


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


def _scaled(scores: Scores) -> Scores:
    """Scores moved and stretched to 0..1."""
    low, high = float(scores.min()), float(scores.max())
    return (scores - low) / (high - low) if high > low else np.zeros_like(scores)
