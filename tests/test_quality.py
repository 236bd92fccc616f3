"""How well the search answers the judged queries, and whether it says when nothing does, with the real model."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from conftest import REPOSITORY

from kb.evaluation.queries import load_golden
from kb.knowledge import KnowledgeBase
from kb.models import Encoder

REACHED = 0.85  # nDCG@10 of hybrid search on the judged queries; 0.02 less is a loss to look into


@pytest.mark.model
def test_hybrid_search(indexed_notes: Path, real_encoder: Encoder) -> None:
    """Hybrid search keeps its nDCG@10 on the judged queries, and is better than each other way to rank."""
    with KnowledgeBase(indexed_notes, encoder=real_encoder) as knowledge:
        table = knowledge.evaluate(load_golden(REPOSITORY / "tests/golden.toml"))
    values = {row.mode: row.ndcg_10 for row in table.systems}
    assert values.pop("hybrid") > max(REACHED - 0.02, *values.values())


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.parametrize("step", [2, pytest.param(1, marks=pytest.mark.torture)])
def test_good_matches(indexed_notes: Path, real_encoder: Encoder, step: int) -> None:
    """Nearly every judged query has a good match, and nearly no nonsense or far-away query has."""
    golden = tomllib.loads((REPOSITORY / "tests/golden.toml").read_text())["query"]
    nonsense = (REPOSITORY / "tests/nonsense.txt").read_text().splitlines()
    meant = [query["text"] for query in golden]
    asked = {True: meant[::step], False: [line for line in nonsense if line.strip("# ")][::step]}
    with KnowledgeBase(indexed_notes, encoder=real_encoder) as knowledge:
        share = {
            wanted: sum(knowledge.search(query, limit=1).good_match is wanted for query in queries) / len(queries)
            for wanted, queries in asked.items()
        }
    assert share[True] >= 0.97
    assert share[False] >= 0.95
