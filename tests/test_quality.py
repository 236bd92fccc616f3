"""How well the search answers the judged queries, with the real model."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import REPOSITORY

from kb.library import KnowledgeBase
from kb.models import Encoder


@pytest.mark.model
def test_hybrid_search(indexed_notes: Path, real_encoder: Encoder) -> None:
    """Hybrid search reaches its nDCG@10 on the judged queries, and is better than either side alone."""
    with KnowledgeBase(indexed_notes, encoder=real_encoder) as knowledge:
        table = knowledge.evaluate(REPOSITORY / "tests/golden.toml")
    values = {row.mode: row.ndcg_10 for row in table.systems}
    assert values["hybrid"] >= 0.68
    assert values["hybrid"] > max(values["lexical"], values["dense"])
