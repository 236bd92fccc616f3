"""Putting meaning and words together, and grouping passages by note."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.search.ranking import (
    FEEDBACK_WEIGHT,
    NEAR_WEIGHT,
    PASSAGE_WEIGHT,
    TITLED_WEIGHT,
    WORD_WEIGHT,
    Ranked,
    Shares,
    agreement,
    best_of_notes,
    feedback_weight,
    fuse,
    group_by_note,
    reciprocal_ranks,
    repeated,
    weighted_sum,
    word_shares,
)

SCORES = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-1, 30, allow_nan=False), max_size=8)


def ids(ranked: list[Ranked]) -> list[str]:
    return [entry.id for entry in ranked]


def test_fuse_by_hand() -> None:
    """A score is how far a cosine stands out, and each kind of other evidence times its weight."""
    z_scores = {"a:1:0": 2.0, "b:2:0": 1.0, "b:3:0": -0.5}
    dense = {"a:1:0": 0.5, "b:2:0": 0.4, "b:3:0": 0.1}
    lexical = {"b:2:0": 4.0, "b:3:0": 2.0}
    shares = word_shares(z_scores, lexical, words={"a": 5.0, "b": 10.0}, near={"b": 3.0}, titled={"a": 0.5}, copies={})
    ranked = fuse(z_scores, shares, dense, lexical)
    scores = {
        "a:1:0": 2.0 + WORD_WEIGHT / 2 + TITLED_WEIGHT * 0.5,
        "b:2:0": 1.0 + WORD_WEIGHT + PASSAGE_WEIGHT + NEAR_WEIGHT,
        "b:3:0": -0.5 + WORD_WEIGHT + PASSAGE_WEIGHT / 2 + NEAR_WEIGHT,
    }
    assert {entry.id: entry.score for entry in ranked} == pytest.approx(scores)
    assert ids(ranked) == sorted(scores, key=lambda chunk: -scores[chunk])
    best = ranked[0]
    assert best == Ranked("b:2:0", best.score, dense=0.4, lexical=4.0, z_score=1.0, shares=Shares(1.0, 1.0, 1.0))
    assert [entry.id for entry in ranked if entry.lexical is None] == ["a:1:0"]


@given(SCORES, SCORES, SCORES)
def test_fuse_ranks_every_candidate_once(
    meaning: dict[str, float], words: dict[str, float], near: dict[str, float]
) -> None:
    """Every chunk that has a z-score comes once, best first, whatever the words say."""
    z_scores = {f"{note}:digest-{note}:0": score for note, score in meaning.items()}
    ranked = fuse(z_scores, word_shares(z_scores, {}, words, near, {}, {}), {}, {})
    assert sorted(ids(ranked)) == sorted(z_scores)
    assert [entry.score for entry in ranked] == sorted((entry.score for entry in ranked), reverse=True)


def test_boilerplate_is_weighed_down() -> None:
    """A passage that three or more notes have word for word falls behind one that stands a little lower."""
    z_scores = {"a:same:0": 2.0, "b:own:0": 1.5}
    for copies, first in ((4, "b:own:0"), (2, "a:same:0")):
        ranked = fuse(z_scores, word_shares(z_scores, {}, {}, {}, {}, {"a:same:0": copies}), {}, {})
        assert ranked[0].id == first
    assert repeated(["a:1:0", "b:1:0", "c:1:0", "a:2:0", "a:2:1", "a:2:2"]) == [["a:1:0", "b:1:0", "c:1:0"]]


def test_agreement_of_two_sides() -> None:
    """Agreement is the share of common notes among the ten best of each side."""
    first = {str(number): float(-number) for number in range(20)}
    second = {str(number): float(-abs(number - 7)) for number in range(20)}
    assert agreement(first, first) == 1
    assert agreement(first, second) == 0.7
    assert agreement(first, {}) == 0


def test_feedback_is_for_sides_that_disagree() -> None:
    """The more meaning and words agree, the less a query moves."""
    weights = [feedback_weight(agreed / 10) for agreed in range(11)]
    assert weights == sorted(weights, reverse=True)
    assert (weights[0], weights[-1]) == (FEEDBACK_WEIGHT, 0)


def test_plain_recipes_by_hand() -> None:
    """Reciprocal ranks count ranks from 1 with k = 60; the weighted sum divides each side by its best."""
    dense, lexical = {"a": 0.8, "b": 0.4}, {"b": 10.0, "c": 5.0}
    assert reciprocal_ranks(dense, lexical) == pytest.approx({"a": 1 / 61, "b": 1 / 62 + 1 / 61, "c": 1 / 62})
    assert weighted_sum(dense, lexical, 0.6) == pytest.approx({"a": 0.6, "b": 0.7, "c": 0.2})


def test_group_by_note() -> None:
    """Notes come in the order of their best passage, each with its best passages and no more than asked for."""
    order = ("a:1:0", "b:1:0", "a:2:0", "a:3:0", "b:2:0")
    groups = group_by_note([Ranked(id, -float(place), None, None) for place, id in enumerate(order)], passages=2)
    assert [ids(group) for group in groups] == [["a:1:0", "a:2:0"], ["b:1:0", "b:2:0"]]
    assert best_of_notes({"a:1:0": 0.2, "a:2:0": 0.9, "b:1:0": -1}) == {"a": 0.9, "b": -1}
