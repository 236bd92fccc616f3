"""Measures of a ranked list, against values computed by hand."""

from __future__ import annotations

import math
from statistics import pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.evaluation.metrics import bootstrap_interval, ndcg, randomisation_p, recall, reciprocal_rank

LOG2_3 = math.log2(3)


@pytest.mark.parametrize(
    ("ranked", "relevant", "depth", "value"),
    [
        ("abc", "a", 10, 1.0),
        ("bac", "a", 10, 1 / LOG2_3),
        ("xxa", "a", 10, 0.5),
        ("xab", "ab", 10, (1 / LOG2_3 + 0.5) / (1 + 1 / LOG2_3)),
        ("abc", "abc", 2, 1.0),
        ("xya", "a", 2, 0.0),
        ("axx", "ab", 10, 1 / (1 + 1 / LOG2_3)),
        ("abc", "", 10, 0.0),
        ("", "a", 10, 0.0),
    ],
)
def test_ndcg(ranked: str, relevant: str, depth: int, value: float) -> None:
    """nDCG discounts a hit at rank r by log2(r + 1) and divides by the best that could be had."""
    assert ndcg(list(ranked), set(relevant), depth) == pytest.approx(value)


@pytest.mark.parametrize(
    ("ranked", "relevant", "depth", "value"),
    [
        ("abc", "ac", 10, 1.0),
        ("abc", "ac", 2, 0.5),
        ("abc", "xyz", 3, 0.0),
        ("abc", "", 3, 0.0),
        ("abcd", "abz", 3, 2 / 3),
    ],
)
def test_recall(ranked: str, relevant: str, depth: int, value: float) -> None:
    """Recall is the share of the relevant documents among the first ones."""
    assert recall(list(ranked), set(relevant), depth) == pytest.approx(value)


@pytest.mark.parametrize(
    ("ranked", "relevant", "value"), [("abc", "a", 1.0), ("abc", "bc", 0.5), ("abc", "c", 1 / 3), ("abc", "x", 0.0)]
)
def test_reciprocal_rank(ranked: str, relevant: str, value: float) -> None:
    """The reciprocal rank looks at the first relevant document only."""
    assert reciprocal_rank(list(ranked), set(relevant)) == pytest.approx(value)


@given(st.permutations("abcdefghij"), st.sets(st.sampled_from("abcdefghij"), min_size=1), st.integers(1, 12))
def test_measures_are_shares(ranked: list[str], relevant: set[str], depth: int) -> None:
    """Every measure lies between 0 and 1, and the ideal order has an nDCG of 1."""
    values = (ndcg(ranked, relevant, depth), recall(ranked, relevant, depth), reciprocal_rank(ranked, relevant))
    assert all(0 <= value <= 1 + 1e-12 for value in values)
    assert ndcg(sorted(ranked, key=lambda name: name not in relevant), relevant, depth) == pytest.approx(1)


def test_interval_of_a_mean() -> None:
    """The interval holds the mean, is that of the normal theory for many values, and a point for equal ones."""
    values = [number % 10 / 10 for number in range(400)]
    low, high = bootstrap_interval(values)
    spread = 1.96 * pstdev(values) / math.sqrt(len(values))
    assert [low, high] == pytest.approx([0.45 - spread, 0.45 + spread], abs=0.004)
    assert bootstrap_interval([0.5] * 9) == (0.5, 0.5)


def test_p_value_of_a_difference() -> None:
    """All of five differences on one side come out so by chance twice in 32; equal systems never differ."""
    assert randomisation_p([1.0] * 5, [0.5] * 5) == pytest.approx(2 / 32, abs=0.01)
    assert randomisation_p([0.3, 0.9], [0.3, 0.9]) == 1.0
    ours = [0.5 + 0.1 * (number % 3) for number in range(60)]
    assert randomisation_p(ours, [0.5] * 60) < 0.001
    assert randomisation_p(ours, ours[::-1]) > 0.2
