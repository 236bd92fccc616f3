"""How long embedding takes."""

from __future__ import annotations

import time
from collections.abc import Sequence

from kb.models import Encoder

SAMPLE = 32  # texts
MAX_SECONDS = 100  # that are not told in minutes


def embedding_time(encoder: Encoder, texts: Sequence[str], count: int) -> float:
    """The seconds that an encoder takes for `count` texts, by the time that it takes for some of `texts`."""
    sample = list(texts[:: max(1, -(-len(texts) // SAMPLE))])
    if not sample:
        return 0.0
    encoder.encode(sample[:1])  # loads the model
    started = time.monotonic()
    encoder.encode(sample)
    return (time.monotonic() - started) / len(sample) * count


def spoken(seconds: float) -> str:
    """A duration as a reader is told it."""
    return f"{max(seconds, 1):.0f} s" if seconds < MAX_SECONDS else f"{seconds / 60:.0f} min"
