"""Fusing both sides of a search and grouping passages by note."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.search.ranking import DENSE_WEIGHT, Ranked, fuse, group_by_note, is_good_match

SCORES = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-1, 30, allow_nan=False), max_size=8)


def ids(ranked: list[Ranked]) -> list[str]:
    return [entry.id for entry in ranked]


def test_fuse_by_hand() -> None:
    """A score is the weighted sum of both sides, each divided by its best."""
    ranked = fuse({"a": 0.8, "b": 0.4}, {"b": 10.0, "c": 5.0}, dense_weight=0.6)
    assert [(entry.id, round(entry.score, 6)) for entry in ranked] == [("b", 0.7), ("a", 0.6), ("c", 0.2)]
    assert ranked[0] == Ranked("b", ranked[0].score, dense=0.4, lexical=10.0, dense_share=0.5, lexical_share=1.0)
    assert (ranked[1].lexical, ranked[2].dense) == (None, None)


@pytest.mark.parametrize(
    ("dense", "lexical", "weight", "order"),
    [
        ({"a": 0.9, "b": 0.1}, {"b": 9.0}, 1.0, ["a", "b"]),
        ({"a": 0.9, "b": 0.1}, {"b": 9.0}, 0.0, ["b", "a"]),
        ({"b": 0.5, "a": 0.5}, {}, DENSE_WEIGHT, ["a", "b"]),
        ({"a": -0.2, "b": -0.1}, {}, DENSE_WEIGHT, ["a", "b"]),
        ({}, {"a": 1.0, "b": 2.0}, DENSE_WEIGHT, ["b", "a"]),
        ({}, {}, DENSE_WEIGHT, []),
    ],
)
def test_fuse_order(dense: dict[str, float], lexical: dict[str, float], weight: float, order: list[str]) -> None:
    """Either side alone is enough, a negative cosine counts for nothing, and ties go by id."""
    assert ids(fuse(dense, lexical, weight)) == order


@given(SCORES, SCORES, st.floats(0, 1))
def test_fuse_is_bounded(dense: dict[str, float], lexical: dict[str, float], weight: float) -> None:
    """Every chunk of either side comes once, best first, with a score of 0 to 1 that its shares explain."""
    ranked = fuse(dense, lexical, weight)
    assert sorted(ids(ranked)) == sorted({*dense, *lexical})
    scores = [entry.score for entry in ranked]
    assert scores == sorted(scores, reverse=True)
    for entry in ranked:
        assert -1e-9 <= entry.score <= 1 + 1e-9
        assert entry.score == pytest.approx(weight * entry.dense_share + (1 - weight) * entry.lexical_share)


def test_group_by_note() -> None:
    """Notes come in the order of their best passage, each with its best passages and no more than asked for."""
    ranked = fuse({"a:1": 0.9, "b:1": 0.8, "a:2": 0.7, "a:3": 0.6, "b:2": 0.5}, {})
    groups = group_by_note(ranked, passages=2)
    assert [ids(group) for group in groups] == [["a:1", "a:2"], ["b:1", "b:2"]]


@pytest.mark.parametrize(
    ("dense", "lexical", "lexical_only", "good"),
    [
        ({"a": 0.6}, {}, False, True),
        ({"a": 0.05}, {}, False, False),
        ({"a": 0.05}, {"a": 3.0}, False, False),
        ({"a": 0.25}, {"b": 3.0}, False, True),
        ({"a": 0.25}, {}, False, False),
        ({}, {"a": 0.1}, True, True),
        ({}, {}, True, False),
        ({}, {}, False, False),
    ],
)
def test_good_match(dense: dict[str, float], lexical: dict[str, float], lexical_only: bool, good: bool) -> None:
    """A match is good by meaning, by words that meaning does not contradict, or by words where only they were asked."""
    assert is_good_match(dense, lexical, lexical_only) is good
