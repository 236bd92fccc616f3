"""The dense side of a search: cosines of the chunks nearest to a vector, over Chroma or an exact scan."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from kb.library.workspace import Workspace
from kb.models import FILED_AREAS, Filter, note_of

SCAN_BELOW = 0.3  # the share of passing notes below which an exact scan beats asking Chroma for more and dropping most


def nearest(workspace: Workspace, vector: NDArray[np.float32], filter: Filter, limit: int) -> dict[str, float]:
    """Cosines of the `limit` chunks nearest to a unit vector `(dim,)` among those of the notes that a filter lets
    through, by chunk id.
    """
    passing = workspace.passing(filter)
    if not passing.notes:
        return {}
    if passing.share_of_areas < SCAN_BELOW:
        return _scan(workspace, vector, passing.notes, limit)
    wanted = math.ceil(limit / passing.share_of_areas)
    while True:
        found = workspace.nearest(vector, filter.areas or FILED_AREAS, wanted)
        kept = {id: cosine for id, cosine in found.items() if note_of(id) in passing.notes}
        if len(kept) >= limit or len(found) < wanted:
            return dict(sorted(kept.items(), key=lambda entry: -entry[1])[:limit])
        wanted *= 2


def cosines(ids: Sequence[str], matrix: NDArray[np.float32], vector: NDArray[np.float32]) -> dict[str, float]:
    """Cosines of a unit vector `(dim,)` with unit rows `(len(ids), dim)`, by their ids."""
    return dict(zip(ids, (matrix @ vector).tolist(), strict=True)) if ids else {}


def _scan(workspace: Workspace, vector: NDArray[np.float32], passing: Collection[str], limit: int) -> dict[str, float]:
    """The nearest by comparing with every chunk that passes."""
    passages = workspace.passages()
    rows = [row for note in passing for row in passages.rows.get(note, ())]
    if not rows:
        return {}
    found = passages.matrix[rows] @ vector
    return {passages.ids[rows[index]]: float(found[index]) for index in np.argsort(-found, kind="stable")[:limit]}
