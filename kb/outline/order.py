"""The order of sections: why and what first, then how, practice, evaluation, limits, outlook. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb.models import NoteRecord

Ranks = NDArray[np.float64]

NEARNESS_WEIGHT, STAGE_WEIGHT, AGE_WEIGHT, MODEL_WEIGHT = 1.0, 0.6, 0.6, 1.0
LIMITS = 4  # the stage from which on a section belongs at the end, whatever else speaks for it
MODEL_SHARPNESS = 20.0

# The order in which such a post runs, told by the words of a heading.
_STAGES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bwhy\b|\bwhat\b|motivat|problem|\bidea\b|intuition|histor|basics|definition|introduc|overview|big picture",
        r"\bhow\b|mechan|\blayer|algorithm|formula|architect|method|training|objective|loss|model|maths?\b|trick",
        r"system|serving|production|practice|pipeline|deploy|infrastructure|memory|scal|latency|cost|implementation",
        r"eval|result|benchmark|experiment|metric|measur|number|compar|ablation|judge",
        r"limit|fail|pitfall|caveat|hurt|break|wrong|trap|trade-?off|critici|when not|danger|bite|debt|debug",
        r"future|next|outlook|open (?:problem|question)|beyond|where it goes|conclusion",
    )
)
_ARXIV = re.compile(r"(?<!\d)(\d\d)(0[1-9]|1[0-2])\.\d{4,5}(?!\d)")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


@dataclass(frozen=True)
class Place:
    """What speaks for a section's place: its heading, its notes, and its mean vector `(dim,)`."""

    heading: str
    notes: Sequence[NoteRecord]
    centre: NDArray[np.float32]


def in_order(places: Sequence[Place], topic_vector: NDArray[np.float32], model: NDArray[np.float32]) -> list[int]:
    """Positions of sections as a post would have them.

    A section comes early that is near to the topic, whose heading speaks of beginnings, that rests on older work, and
    that is like an early part of `model`, the passages `(m, dim)` of a published post in their order, if there is one.
    """
    if not places:
        return []
    centres = np.array([place.centre for place in places])
    stages = [stage(place.heading) for place in places]
    columns = [
        (NEARNESS_WEIGHT, _ranks(-(centres @ topic_vector))),
        (STAGE_WEIGHT, _ranks(np.array([np.nan if found is None else found for found in stages]))),
        (AGE_WEIGHT, _ranks(np.array([_oldest(place.notes) for place in places]))),
    ]
    if len(model):
        columns.append((MODEL_WEIGHT, _ranks(_positions(centres, model))))
    late = np.sum([weight * ranks for weight, ranks in columns], axis=0)
    at_end = [found is not None and found >= LIMITS for found in stages]
    return sorted(range(len(places)), key=lambda index: (at_end[index], late[index], index))


def stage(heading: str) -> int | None:
    """The part of a post that a heading's words speak of, from 0; None where they tell nothing."""
    return next((number for number, pattern in enumerate(_STAGES) if pattern.search(heading)), None)


def _ranks(values: NDArray[np.floating]) -> Ranks:
    """Values to 0..1 by their rank, equal ones alike; in the middle what is not known."""
    known = ~np.isnan(values)
    ranks = np.full(len(values), 0.5)
    if known.sum() > 1:
        own = values[known]
        below, same = (own[:, None] > own).sum(axis=1), (own[:, None] == own).sum(axis=1)
        ranks[known] = (below + (same - 1) / 2) / (len(own) - 1)
    return ranks


def _positions(centres: NDArray[np.float32], model: NDArray[np.float32]) -> Ranks:
    """Where in a post the passages like each section stand, 0..1: the mean place, weighted by likeness."""
    weights = np.exp(MODEL_SHARPNESS * (centres @ model.T).astype(np.float64))
    return np.asarray(weights @ np.linspace(0, 1, len(model)) / weights.sum(axis=1))


def _oldest(notes: Sequence[NoteRecord]) -> float:
    """The mean year of the works that notes are about; NaN where none tells it."""
    years = [year for note in notes for year in [_year(note)] if year is not None]
    return float(np.mean(years)) if years else float("nan")


def _year(note: NoteRecord) -> float | None:
    """The year of the first source that tells one: by its arXiv id, or as a number in its address."""
    for source in note.sources:
        if found := _ARXIV.search(source):
            return 2000 + int(found[1]) + int(found[2]) / 12
        if found := _YEAR.search(source):
            return float(found[0])
    return None
