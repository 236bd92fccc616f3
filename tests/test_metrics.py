"""Measures, against values computed by hand and those of the field's own tools."""

from __future__ import annotations

import math
from random import Random
from statistics import pstdev

import numpy as np
import pytest
import pytrec_eval
from conftest import SCALE
from hypothesis import given
from hypothesis import strategies as st

from kb.evaluation.metrics import (
    auroc,
    bootstrap_interval,
    calibration_error,
    confusion,
    kendall_tau,
    macro_f1,
    ndcg,
    normalised_mutual_information,
    purity,
    randomisation_p,
    recall,
    reciprocal_rank,
    soft_overlap,
)

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


def test_ranking_measures_are_those_of_trec_eval() -> None:
    """nDCG, recall and reciprocal rank of random rankings are what trec_eval computes, to 1e-9."""
    random = Random(0)
    names = [f"d{number}" for number in range(200)]
    ranked = {f"q{number}": random.sample(names, random.randint(1, 150)) for number in range(300)}
    relevant = {query: set(random.sample(names, random.randint(1, 30))) for query in ranked}
    judged = {query: dict.fromkeys(found, 1) for query, found in relevant.items()}
    runs = {query: {name: -float(rank) for rank, name in enumerate(order)} for query, order in ranked.items()}
    judge = pytrec_eval.RelevanceEvaluator(judged, {"ndcg_cut.10,100", "recall.10,100", "recip_rank"})
    for query, expected in judge.evaluate(runs).items():
        order, found = ranked[query], relevant[query]
        ours = {f"ndcg_cut_{depth}": ndcg(order, found, depth) for depth in (10, 100)}
        ours |= {f"recall_{depth}": recall(order, found, depth) for depth in (10, 100)}
        assert ours | {"recip_rank": reciprocal_rank(order, found)} == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("gold", "predicted", "value"),
    [
        ("ab", "ab", 1.0),
        ("ab", "ba", 0.0),
        ("aaab", "aaaa", (6 / 7 + 0) / 2),
        ("aabb", "abbb", (2 / 3 + 4 / 5) / 2),
        ("aa", "ac", (2 / 3 + 0) / 2),
    ],
)
def test_macro_f1(gold: str, predicted: str, value: float) -> None:
    """Every class that occurs counts the same, also one that is only predicted."""
    assert macro_f1(gold, predicted) == pytest.approx(value)


@pytest.mark.parametrize(
    ("positive", "negative", "value"),
    [
        ([0.9, 0.8], [0.1], 1.0),
        ([0.1], [0.8, 0.9], 0.0),
        ([0.5], [0.5], 0.5),
        ([0.7, 0.4], [0.5, 0.1], 3 / 4),
        ([0.7, 0.4], [0.4, 0.1], 3.5 / 4),
    ],
)
def test_auroc(positive: list[float], negative: list[float], value: float) -> None:
    """Of all pairs of a positive and a negative case, the share put the right way round; a tie is half a pair."""
    assert auroc(positive, negative) == pytest.approx(value)


def test_confusion() -> None:
    """Each class has a row of what it was taken for, in the order given, zeros included."""
    assert confusion("aab", "abb", "abc") == {
        "a": {"a": 1, "b": 1, "c": 0},
        "b": {"a": 0, "b": 1, "c": 0},
        "c": {"a": 0, "b": 0, "c": 0},
    }


CASES = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd"), st.integers(0, 9)), min_size=1)


@given(CASES)
def test_verdict_measures_are_those_of_scikit_learn(cases: list[tuple[str, str, int]]) -> None:
    """Confusion, macro-F1 and AUROC of any verdicts are what scikit-learn computes, ties and missing classes too."""
    from sklearn.metrics import confusion_matrix, f1_score, roc_auc_score

    gold, predicted, scores = (list(column) for column in zip(*cases, strict=True))
    assert macro_f1(gold, predicted) == pytest.approx(f1_score(gold, predicted, average="macro"), abs=1e-9)
    rows = [list(row.values()) for row in confusion(gold, predicted, "abcd").values()]
    assert rows == confusion_matrix(gold, predicted, labels=list("abcd")).tolist()
    positive = [score for name, score in zip(gold, scores, strict=True) if name == "a"]
    negative = [score for name, score in zip(gold, scores, strict=True) if name != "a"]
    if positive and negative:
        expected = roc_auc_score([name == "a" for name in gold], scores)
        assert auroc(positive, negative) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("confidences", "right", "value"),
    [
        ([1.0, 1.0], [True, True], 0.0),
        ([0.0], [False], 0.0),
        ([0.9, 0.9], [True, False], 0.4),
        ([0.55, 0.95], [True, False], (0.45 + 0.95) / 2),
        ([0.61, 0.69, 0.25], [True, False, False], (abs(0.65 - 0.5) * 2 + 0.25) / 3),
        ([0.5, 0.51], [True, False], (0.5 + 0.51) / 2),
    ],
)
def test_calibration_error(confidences: list[float], right: list[bool], value: float) -> None:
    """Over ten bins, each with its upper border, the distance of mean confidence from accuracy, by their cases."""
    assert calibration_error(confidences, right) == pytest.approx(value)


def test_soft_overlap() -> None:
    """Equal sets overlap in full, unlike ones not at all; half of a set is half its recall, said twice no more."""
    axes = np.eye(4, dtype=np.float32)
    assert soft_overlap(axes, axes, SCALE) == pytest.approx((1, 1))
    assert soft_overlap(axes[:2], axes[2:], SCALE) == pytest.approx((0, 0))
    assert soft_overlap(axes, axes[:2], SCALE) == pytest.approx((0.5, 1))
    assert soft_overlap(axes, axes[[0, 0, 1, 1]], SCALE) == pytest.approx((0.5, 1))
    assert soft_overlap(axes[:1], -axes[:1], SCALE) == pytest.approx((0, 0))


GROUPINGS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1)


@given(GROUPINGS)
def test_mutual_information_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    """The normalised mutual information of any groupings is what scikit-learn computes."""
    from sklearn.metrics import normalized_mutual_info_score

    gold, found = (list(column) for column in zip(*pairs, strict=True))
    expected = normalized_mutual_info_score(gold, found)
    assert normalised_mutual_information(gold, found) == pytest.approx(expected, abs=1e-7)


def test_purity() -> None:
    """Of each group the elements of its commonest gold group are right; nothing grouped is nothing right."""
    assert purity([(0, 5), (0, 5), (1, 5), (1, 6)]) == 3 / 4
    assert purity([]) == 0


def test_kendall_tau() -> None:
    """The same order gives 1, the reverse -1, and what has no order 0."""
    assert kendall_tau([0, 1, 2], [3, 5, 9]) == pytest.approx(1)
    assert kendall_tau([0, 1, 2], [3, 2, 1]) == pytest.approx(-1)
    assert kendall_tau([0, 1], [4, 4]) == kendall_tau([0], [1]) == kendall_tau([], []) == 0
