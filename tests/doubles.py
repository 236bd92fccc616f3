"""What stands in for slow parts in tests and in the programs that they start, which need no pytest."""

from __future__ import annotations

import hashlib
import re
from contextlib import closing
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.care import probe
from kb.cutoffs import ORTHOGONAL
from kb.notebook import open_notebook
from kb.opening import open_index
from kb.scale import Scale

# Those of the default model, for encoders that know no meaning.
SCALE = Scale(unrelated=-ORTHOGONAL / (1 - ORTHOGONAL), deviation=0.1, related=0.3567)
CENTRED_SCALE = Scale(unrelated=0.0096, deviation=0.1, related=0.2853)


@cache
def hashed(word: str) -> tuple[int, int]:
    """A number from 0 to 255 and a sign."""
    digest = hashlib.sha256(word.encode()).digest()
    return digest[0], 1 if digest[1] % 2 else -1


@cache  # the phrases of the areas are embedded for every new notebook
def bag(text: str, dimensions: int) -> NDArray[np.float32]:
    """The words of a text hashed into some dimensions, a unit vector."""
    vector = np.zeros(dimensions, dtype=np.float32)
    for word in re.findall(r"\w+", text.lower()):
        place, sign = hashed(word)
        vector[place % dimensions] += sign
    vector /= float(np.linalg.norm(vector)) or 1.0
    vector.setflags(write=False)
    return vector


class HashingEncoder:
    """A bag of words hashed into 64 dimensions: deterministic, and blind to meaning."""

    fingerprint = "hashing"
    dimensions = 64
    max_tokens = 64
    scale = SCALE
    centred_scale = CENTRED_SCALE

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def count_tokens(self, text: str) -> int:
        return len(re.findall(r"\S+", text))

    def reads(self, text: str) -> bool:
        return True

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        self.embedded.extend(texts)
        return np.stack([self.encode_query(text) for text in texts])

    def encode_query(self, text: str) -> NDArray[np.float32]:
        return bag(text, self.dimensions)


def probe_here(root: Path, full: bool) -> list[str]:
    """What the doctor asks Chroma in a process of its own, asked in this one."""
    with closing(open_index(open_notebook(root), None, lambda line: None)) as index, index.reader() as reader:
        return list(probe.problems(reader, full))
