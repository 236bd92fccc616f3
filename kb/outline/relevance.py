"""Which notes bear on a topic: by their passages, by their whole, and by the writer's own links. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kb.models import NoteRecord
from kb.search.links import link_targets

Scores = NDArray[np.float64]

SEEDS = 8  # the notes whose links count
LINK_WEIGHT = 0.4
MIN_SHARE = 0.5  # of the best note's relevance


def relevant_notes(
    notes: Sequence[NoteRecord],
    passage_scores: Scores,
    centroid_cosines: Scores,
    leaning: Mapping[str, float],
    most: int,
) -> list[int]:
    """Positions of the notes that bear on a topic, best first, at most `most`.

    `passage_scores` holds the best fused score of each note's passages, `centroid_cosines` the cosine of its mean
    vector with the topic, both `(len(notes),)`. A note also gains from links to or from the best ones (one step of
    spreading activation, divided by the square root of its number of links); `leaning` weighs its area.
    """
    own = (_scaled(passage_scores) + _scaled(centroid_cosines)) / 2
    links = link_matrix(notes)
    seeds = np.argsort(-own, kind="stable")[:SEEDS]
    gained = links[:, seeds] @ own[seeds] / np.sqrt(links.sum(axis=1) + 1)
    relevance = (own + LINK_WEIGHT * gained) * np.array([leaning[note.area] for note in notes])
    order = np.argsort(-relevance, kind="stable")[:most]
    return [int(index) for index in order if relevance[index] >= MIN_SHARE * relevance[order[0]]]


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
