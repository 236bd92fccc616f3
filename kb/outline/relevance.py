"""Which notes bear on a topic: those that a search for it finds, and those like the best of them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from kb.cutoffs import WELL_COVERED
from kb.index.arrays import centred, unit_rows
from kb.models import NoteRecord
from kb.notes.links import link_targets

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from kb.index.arrays import FloatArray

SEEDS = 4  # the notes that the others are compared with
FACET_WEIGHT = 0.8  # of what a search for one facet of the topic finds
PART_WEIGHT = 0.7  # of what a search for a part of a concept of the topic finds
DENSITY_WEIGHT = 2.0  # z-scores, for a note all of whose passages name all subjects of the topic
BEST = 3  # notes that the others are measured by; one alone, such as one named like the topic, may stand far above all
MIN_SHARE = 0.34  # of the mean relevance of the best notes, for a note to bear on the topic
MANY = 4  # passages, of which one would name what the note is about
SURE_SHARE = 0.8  # from which a note bears on the topic whatever it names
FOUND_SHARE, NEAR_SHARE = 0.6, 0.85  # of the best relevance and of the best relatedness, for both together to be enough
HALF = 0.5  # the least share of a note where none names what the topic is about
FAR_SHARE = 0.5  # of the best relatedness with a topic that is well covered, below which a part is far from it


def relevant_notes(
    views: NDArray[np.float64],
    facets: NDArray[np.float64],
    note_means: FloatArray,
    densities: NDArray[np.float64],
    area_weights: NDArray[np.float64],
    most: int,
) -> list[tuple[int, float]]:
    """The indices of at most `most` notes that bear on a topic, best first, with their share of the mean relevance of
    the `BEST` ones.

    `views` `(views, n)` and `facets` `(facets, n)` hold the search score of each note's best passage: for the topic as
    a whole, in all the ways to put it, and, weighted, for its facets and for what belongs to its concepts. `note_means`
    `(n, dim)` are the means of the notes' vectors. The z-score of a note's likeness to the `SEEDS` best ones is added
    (pseudo-relevance feedback, Rocchio 1971): a note that one view ranks high by accident has few like it among the
    others. `densities` `(n,)`, 0..1, say how much of each note names the topic, which adds to its rank. `area_weights`
    `(n,)` scale the result.
    """
    own = views.mean(axis=0)
    if len(facets):
        own = np.maximum(own, facets.max(axis=0))
    relevance = (own + _likeness(own, note_means)) * area_weights
    best = float(np.sort(relevance)[-BEST:].mean())
    if best <= 0:
        return []
    rank = relevance + DENSITY_WEIGHT * densities * area_weights
    order = np.argsort(-rank, kind="stable")[:most]
    bearing = order[rank[order] >= MIN_SHARE * rank[order[:BEST]].mean()]
    return [(int(index), float(relevance[index]) / best) for index in bearing]


def without_strays(
    shares: Mapping[str, float], silent: Collection[str], parts: Collection[str], related: Mapping[str, float]
) -> dict[str, float]:
    """What bears on a topic, with its share, without what is there for want of better: notes and parts of notes, by id.

    A note of `MANY` passages that is `silent`, as it names neither a subject of the topic nor what is part of one, is
    about something else. What one of the `parts` is about may be named elsewhere in its note. Where anything is so
    `related` to the topic that this is `WELL_COVERED`, a part that is far less so is about something else; where
    nothing is, the topic is put in other words than the notes.
    """
    best = max((related[id] for id in shares), default=0.0)
    nearest = FAR_SHARE * best if best >= WELL_COVERED else 0.0
    return {
        id: share for id, share in shares.items() if id not in silent and (id not in parts or related[id] >= nearest)
    }


def _likeness(scores: NDArray[np.float64], note_means: FloatArray) -> NDArray[np.float64]:
    """The z-score of each note's cosine with the mean of the best ones, which count by their scores."""
    notes = centred(note_means, note_means.mean(axis=0))
    seeds = np.argsort(-scores, kind="stable")[:SEEDS]
    weights = np.exp(scores[seeds] - scores[seeds].max())
    cosines = (notes @ unit_rows(weights @ notes[seeds])).astype(np.float64)
    z_scores: NDArray[np.float64] = (cosines - cosines.mean()) / max(float(cosines.std()), 1e-9)
    return z_scores


def link_matrix(notes: Sequence[NoteRecord]) -> csr_array:
    """The sparse, symmetric adjacency matrix `(n, n)` of the links between notes, whichever way they point."""
    from scipy.sparse import csr_array

    links = [(index, target) for index, targets in enumerate(link_targets(notes)) for target in targets]
    pairs = np.array(sorted({*links, *((target, index) for index, target in links)}), dtype=np.intp).reshape(-1, 2)
    return csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(notes), len(notes)))
