"""The vectors of short texts that an encoder was asked for last: an outline asks for many of them again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

KEPT = 4_096  # vectors, of 1.5 KB each
SHORT = 500  # characters, as the statements of an outline have; passages have their vectors in the catalog


class RecentVectors:
    """Embeds texts, and remembers the vectors of short ones. Threads may share it; `embed` must give a text the same
    vector in any company.
    """

    def __init__(self, embed: Callable[[list[str]], FloatArray]) -> None:
        self._embed = embed
        self._kept: OrderedDict[str, FloatArray] = OrderedDict()
        self._lock = threading.Lock()

    def encode(self, texts: list[str]) -> FloatArray:
        """The vectors `(len(texts), dim)` of some texts."""
        import numpy as np

        with self._lock:
            known = {text: self._kept[text] for text in texts if text in self._kept}
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            known |= zip(missing, self._embed(missing), strict=True)
        self._keep(known.items())
        return np.stack([known[text] for text in texts]) if texts else self._embed([])

    def _keep(self, vectors: Iterable[tuple[str, FloatArray]]) -> None:
        with self._lock:
            for text, vector in vectors:
                if len(text) <= SHORT:
                    self._kept[text] = vector.copy()  # of a row, which would keep all rows in memory
                    self._kept.move_to_end(text)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
