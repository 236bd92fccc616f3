from pathlib import Path

import pytest

from kb.library import KnowledgeBase
from kb.models import Encoder


@pytest.mark.model
def test_search(indexed_notes: Path, real_encoder: Encoder) -> None:
    """x."""
    with KnowledgeBase(indexed_notes, encoder=real_encoder) as k:
        assert k.search("graph").hits
