"""Which notes bear on a topic: by their passages, by the note as a whole, and by the writer's links, folders and tags.
Pure.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from kb.models import NoteRecord
from kb.notes.links import link_targets

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from kb.index.arrays import FloatArray

SEEDS = 6  # the notes whose links and folders count
MARK_WEIGHT = 0.4  # of each kind of mark by which the writer relates notes: links, folders, tags
TAGS_COUNTED = 2  # of a note
MIN_SHARE = 0.45  # of the best note's relevance, for a note to bear on the topic
CORE_SHARE = 0.56  # of the best note's relevance, from which a note belongs to the core of an outline


def relevant_notes(
    notes: Sequence[NoteRecord],
    passage_scores: NDArray[np.float64],
    centroid_cosines: FloatArray,
    tag_scores: NDArray[np.float64],
    area_weights: Mapping[str, float],
    most: int,
) -> list[tuple[int, float]]:
    """The indices of at most `most` notes that bear on a topic, best first, with their share of the best relevance.

    `passage_scores` holds the search score of each note's best passage and `centroid_cosines` the cosine of each note's
    centroid with the topic, both `(views, len(notes))`, one row for each way to put the topic; `tag_scores` is
    `(len(notes),)`. A note gains from links to or from the `SEEDS` best ones (one step of spreading activation, divided
    by the square root of its number of links) and from sharing their folders. `area_weights` scales the result by area.
    """
    own = (_scaled(passage_scores) + _scaled(centroid_cosines)).mean(axis=0) / 2 + MARK_WEIGHT * tag_scores
    links = link_matrix(notes)
    seeds = np.argsort(-own, kind="stable")[:SEEDS]
    linked = links[:, seeds].toarray() @ own[seeds] / np.sqrt(links.sum(axis=1) + 1)
    nearby = folder_closeness(notes, seeds) @ own[seeds] / max(float(own[seeds].sum()), 1e-9)
    weights = np.array([area_weights[note.area] for note in notes])
    relevance = (own + MARK_WEIGHT * (linked + nearby - nearby.mean())) * weights
    order = np.argsort(-relevance, kind="stable")[:most]
    shares = relevance / max(float(relevance[order[0]]), 1e-9)
    return [(int(index), float(shares[index])) for index in order if shares[index] >= MIN_SHARE]


def tag_scores(notes: Sequence[NoteRecord], topic: str, stems: Callable[[str], Sequence[str]]) -> NDArray[np.float64]:
    """How much each note's tags say for a topic, `(len(notes),)`, at most 1.

    A tag counts if the topic contains all its stems, and by its idf as a share of the highest possible: the fewer notes
    have it, the more. The `TAGS_COUNTED` best tags of a note are added.
    """
    named = set(stems(topic))
    tags = [{tag.casefold() for tag in note.tags} for note in notes]
    having = Counter(tag for own in tags for tag in own)
    most = math.log(len(notes) + 1)
    weights = {
        tag: math.log((len(notes) + 1) / count) / most for tag, count in having.items() if named >= {*stems(tag)}
    }
    scores = np.array([sum(sorted(weights.get(tag, 0.0) for tag in own)[-TAGS_COUNTED:]) for own in tags])
    return np.asarray(scores / max(1.0, float(scores.max(initial=0.0))))


def folder_closeness(notes: Sequence[NoteRecord], seeds: Sequence[int] | NDArray[np.intp]) -> NDArray[np.float64]:
    """`(n, len(seeds))`: the length of the common folder path of a note and a seed, as a share of the longer path."""
    folders = [PurePosixPath(note.path).parent.parts for note in notes]
    return np.array([[_common(folder, folders[seed]) for seed in seeds] for folder in folders])


def _common(folder: tuple[str, ...], other: tuple[str, ...]) -> float:
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(folder, other, strict=False)))
    return same / max(len(folder), len(other), 1)


def link_matrix(notes: Sequence[NoteRecord]) -> csr_array:
    """The sparse, symmetric adjacency matrix `(n, n)` of the links between notes, whichever way they point."""
    from scipy.sparse import csr_array

    links = [(index, target) for index, targets in enumerate(link_targets(notes)) for target in targets]
    pairs = np.array(sorted({*links, *((target, index) for index, target in links)}), dtype=np.intp).reshape(-1, 2)
    return csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(notes), len(notes)))


def _scaled(scores: NDArray[np.floating]) -> NDArray[np.floating]:
    """The scores of each row, shifted and scaled to 0..1."""
    low, high = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    return np.asarray((scores - low) / np.maximum(high - low, 1e-9))
