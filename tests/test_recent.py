"""Which vectors an encoder remembers."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import HashingEncoder
from numpy.typing import NDArray

from kb.index.encoder import recent
from kb.index.encoder.recent import SHORT, RecentVectors


class Embedding:
    """An encoder that counts what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.encoder = HashingEncoder()

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        self.asked += texts
        vectors = [self.encoder.encode_query(text) for text in texts]
        return np.array(vectors, dtype=np.float32).reshape(-1, self.encoder.dimensions)


def test_a_short_text_is_embedded_once() -> None:
    """Each text has its own vector in the order asked, whatever was asked before; only new texts are embedded."""
    embedding = Embedding()
    vectors = RecentVectors(embedding.embed)
    for texts in (["tides", "locks"], ["locks", "gauges", "tides", "gauges"], [], ["gauges"]):
        expected = [embedding.encoder.encode_query(text) for text in texts]
        assert np.array_equal(vectors.encode(texts), np.array(expected, dtype=np.float32).reshape(-1, 64))
    assert embedding.asked == ["tides", "locks", "gauges"]


def test_long_texts_and_old_ones_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A passage is not kept, nor are more texts than there is room for; those used last stay."""
    monkeypatch.setattr(recent, "KEPT", 2)
    embedding = Embedding()
    vectors = RecentVectors(embedding.embed)
    long = "tide " * SHORT
    for text in (long, long, "a", "b", "a", "c", "a", "b"):
        vectors.encode([text])
    assert embedding.asked == [long, long, "a", "b", "c", "b"]
