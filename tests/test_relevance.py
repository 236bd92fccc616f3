"""Which notes bear on a topic."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from kb.outline.relevance import relevant_notes, without_strays

AXES = np.eye(6, dtype=np.float32)
NONE = np.empty((0, 6))
UNNAMED = np.zeros(6)


def ranked(
    views: list[list[float]],
    facets: NDArray[np.float64] = NONE,
    means: NDArray[np.float32] = AXES,
    weights: NDArray[np.float64] | None = None,
    most: int = 6,
    densities: NDArray[np.float64] = UNNAMED,
) -> list[int]:
    """The notes that bear on a topic, best first."""
    area_weights = np.ones(len(means)) if weights is None else weights
    return [index for index, _ in relevant_notes(np.array(views), facets, means, densities, area_weights, most)]


def test_notes_like_the_best_ones_bear_on_the_topic() -> None:
    """Of two notes that a search finds alike, the one that resembles the best ones comes first, and the other may not
    bear on the topic at all.
    """
    means = AXES.copy()
    means[5] = (2 * AXES[0] + AXES[1] + AXES[5]) / 4
    found = ranked([[5.0, 5.0, 0.0, 0.0, 2.0, 2.0]], means=means)
    assert found[2] == 5
    assert 4 not in found


def test_views_of_a_topic_count_alike() -> None:
    """A note that is best for one way to put the topic is as good as one that is best for the other."""
    shares = relevant_notes(
        np.array([[8.0, 0.0, 0, 0, 0, 0], [0.0, 8.0, 0, 0, 0, 0]]), NONE, AXES, UNNAMED, np.ones(6), 6
    )
    assert shares[0][1] == pytest.approx(shares[1][1])


def test_a_facet_brings_its_notes() -> None:
    """A note that only a facet of the topic finds bears on it."""
    views = [[9.0, 8.0, 0.0, 0.0, 0.0, 0.0]]
    facet = np.array([[0.0, 0.0, 9.0, 0.0, 0.0, 0.0]])
    assert 2 not in ranked(views)
    assert 2 in ranked(views, facet)


def test_areas_weigh_and_the_number_is_limited() -> None:
    """A note of another area than the topic's counts less, and no more notes than asked for are returned."""
    even = [[8.0, 8.0, 0.0, 0.0, 0.0, 0.0]]
    assert ranked(even, weights=np.array([0.7, 1, 1, 1, 1, 1]))[0] == 1
    assert len(ranked([[9.0] * 6], most=2)) == 2


def test_nothing_found_is_nothing_relevant() -> None:
    """Where a search finds nothing, no note bears on the topic."""
    assert ranked([[0.0] * 6], means=AXES[:1].repeat(6, axis=0)) == []


def test_what_names_the_topic_more_comes_first() -> None:
    """Of two notes that a search finds alike, the one more of whose passages name the topic comes first."""
    even = [[8.0, 8.0, 0.0, 0.0, 0.0, 0.0]]
    assert ranked(even)[0] == 0
    assert ranked(even, densities=np.array([0.2, 0.6, 0, 0, 0, 0]))[0] == 1


@pytest.mark.parametrize(("silent", "kept"), [(True, False), (False, True)])
def test_a_note_that_never_names_the_topic_is_a_stray(silent: bool, kept: bool) -> None:
    """A note that names nothing of the topic is left out, however relevant."""
    found = without_strays({"one": 1.0, "other": 0.9}, {"other"} if silent else (), (), {"one": 2.4, "other": 0.1})
    assert ("other" in found) == kept
    assert found["one"] == 1.0


@pytest.mark.parametrize(
    ("best", "related", "is_part", "kept"),
    [(2.4, 1.0, True, False), (2.4, 1.6, True, True), (2.4, 1.0, False, True), (1.2, 0.1, True, True)],
    ids=["far", "near", "whole", "in other words"],
)
def test_a_part_about_something_else_is_a_stray(best: float, related: float, is_part: bool, kept: bool) -> None:
    """Where notes cover a topic well, a part of a note that is far from it is left out; where none does, the topic is
    in other words than the notes, and all stay.
    """
    parts = {"other"} if is_part else set[str]()
    found = without_strays({"one": 1.0, "other": 0.4}, (), parts, {"one": best, "other": related})
    assert ("other" in found) == kept
