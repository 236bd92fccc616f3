"""The order of sections: motivation and basics, methods, practice, evaluation, limits, outlook. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kb.cutoffs import EXAMPLE_SHARPNESS
from kb.models import NoteRecord
from kb.scale import Scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kb.index.arrays import FloatArray

NO_EXAMPLE: FloatArray = np.empty((0, 0), dtype=np.float32)  # the vectors of an example post that does not exist
TOPIC_WEIGHT, STAGE_WEIGHT, AGE_WEIGHT, EXAMPLE_WEIGHT = 1.5, 0.6, 1.0, 1.0
MIN_BASE_SHARE = 0.6  # of a section's relevance, for one that it builds on to come before it
LIMITS = 4  # the stage from which on a section belongs at the end, whatever its other ranks

# The stages of a post, recognised by the words of a heading.
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


def _no_bases(concept: int) -> Collection[int]:
    return ()


@dataclass(frozen=True)
class Place:
    """What decides where a section goes: its heading, its notes, the relevance of the best of these as a share of that
    of the outline's best note, its mean vector `(dim,)`, and the concepts that its notes are named after.
    """

    heading: str
    notes: Sequence[NoteRecord]
    share: float
    centre: FloatArray
    concepts: frozenset[int] = frozenset()


def in_order(
    places: Sequence[Place],
    example: FloatArray,
    scale: Scale,
    bases: Callable[[int], Collection[int]] = _no_bases,
    asked: Sequence[int] = (),
) -> list[int]:
    """The indices of sections in the order in which a post would have them.

    A section comes early when its notes are the most relevant, when its heading names an early stage, when it draws on
    older works, and when it resembles an early part of the example post: `example` holds the vectors `(m, dim)` of that
    post's passages in their order, or is `NO_EXAMPLE`. Each criterion ranks the sections; weighted ranks are added.
    A section comes after those on whose concepts it builds: `bases` gives the concepts that one builds on, of which
    those that the topic names, `asked`, count however relevant they are. Sections on these come in the topic's order:
    "from GCN to GAT" begins with GCN.
    """
    if not places:
        return []
    centres = np.array([place.centre for place in places])
    stages = [stage(place.heading) for place in places]
    columns = [
        (TOPIC_WEIGHT, _ranks(-np.array([place.share for place in places]))),
        (STAGE_WEIGHT, _ranks(np.array([np.nan if found is None else found for found in stages]))),
        (AGE_WEIGHT, _ranks(np.array([_mean_year(place.notes) for place in places]))),
    ]
    if len(example):
        columns.append((EXAMPLE_WEIGHT, _ranks(_positions(centres, example, scale))))
    late = np.sum([weight * ranks for weight, ranks in columns], axis=0)
    at_end = [found is not None and found >= LIMITS for found in stages]
    ranked = sorted(range(len(places)), key=lambda index: (at_end[index], late[index], index))
    return _bases_first(
        ranked, [_bases(place, places, bases, asked) | _named_before(place, places, asked) for place in places]
    )


def _bases(
    place: Place, places: Sequence[Place], bases: Callable[[int], Collection[int]], asked: Collection[int]
) -> set[int]:
    """The indices of the sections that one builds on. What has less to do with the topic can be read later."""
    needed = {base for concept in place.concepts for base in bases(concept)} - place.concepts
    return {
        index
        for index, other in enumerate(places)
        if needed & other.concepts
        and (needed & other.concepts & {*asked} or other.share >= MIN_BASE_SHARE * place.share)
    }


def _named_before(place: Place, places: Sequence[Place], asked: Sequence[int]) -> set[int]:
    """The indices of the sections on concepts that the topic names before the first one of a section's own."""
    first = next((position for position, concept in enumerate(asked) if concept in place.concepts), 0)
    return {index for index, other in enumerate(places) if other.concepts & {*asked[:first]}}


def _bases_first(ranked: Sequence[int], needed: Sequence[set[int]]) -> list[int]:
    """Sections as `ranked`, but each right after those that it needs if these rank lower. Sections that need one
    another stay as they rank.
    """
    ordered: dict[int, None] = {}

    def put(index: int) -> None:
        for base in (other for other in ranked if other in needed[index] and other not in ordered):
            if index not in _all_needed(base, needed):
                put(base)
        ordered.setdefault(index)

    for index in ranked:
        put(index)
    return list(ordered)


def _all_needed(section: int, needed: Sequence[set[int]]) -> set[int]:
    """What a section needs, and what these need in turn."""
    found: set[int] = set()
    waiting = [section]
    while waiting:
        more = needed[waiting.pop()] - found
        found |= more
        waiting += more
    return found


def stage(heading: str) -> int | None:
    """The number, from 0, of the first stage that a heading's words name; None if they name none."""
    return next((number for number, pattern in enumerate(_STAGES) if pattern.search(heading)), None)


def without_stages(heading: str) -> str:
    """A heading without the words that name a stage."""
    return " ".join(word for word in heading.split() if stage(word) is None)


def _ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Values as ranks 0..1; ties share their mean rank, and NaN gets 0.5."""
    known = ~np.isnan(values)
    ranks = np.full(len(values), 0.5)
    if known.sum() > 1:
        own = values[known]
        below, same = (own[:, None] > own).sum(axis=1), (own[:, None] == own).sum(axis=1)
        ranks[known] = (below + (same - 1) / 2) / (len(own) - 1)
    return ranks


def _positions(centres: FloatArray, example: FloatArray, scale: Scale) -> NDArray[np.float64]:
    """Where in the example post the passages like each section are, 0..1: their mean position, weighted by a softmax
    of their relatedness.
    """
    weights = np.exp(EXAMPLE_SHARPNESS * scale.relatedness(centres @ example.T).astype(np.float64))
    return np.asarray(weights @ np.linspace(0, 1, len(example)) / weights.sum(axis=1))


def _mean_year(notes: Sequence[NoteRecord]) -> float:
    """The mean year of the works that notes are about; NaN if none is known."""
    years = [year for note in notes for year in [_year(note)] if year is not None]
    return float(np.mean(years)) if years else float("nan")


def _year(note: NoteRecord) -> float | None:
    """The year of the first source that has an arXiv id or a year in its address."""
    for source in note.sources:
        if found := _ARXIV.search(source):
            return 2000 + int(found[1]) + int(found[2]) / 12
        if found := _YEAR.search(source):
            return float(found[0])
    return None
