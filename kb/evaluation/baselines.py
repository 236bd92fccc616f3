"""Three simple ways to arrange passages, the baselines for outlines. Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kb.outline.points import Excerpt, point_of
from kb.outline.quoting.runs import runs
from kb.reports import Point, Section

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kb.index.arrays import FloatArray

MAX_SECTIONS, MAX_POINTS = 8, 5
CLUSTERS = 6
LABEL_WORDS = 3

_WORD = re.compile(r"[a-z][a-z-]{2,}")


def flat(excerpts: Sequence[Excerpt]) -> list[Section]:
    """Passages, given best first, grouped by note under the notes' titles."""
    return _grouped(excerpts, [entry.note.title for entry in excerpts])


def own_headings(excerpts: Sequence[Excerpt]) -> list[Section]:
    """Passages, given best first, grouped by the heading above them."""
    return _grouped(excerpts, [(entry.chunk.heading_path or (entry.note.title,))[-1] for entry in excerpts])


def k_means(excerpts: Sequence[Excerpt], vectors: FloatArray) -> list[Section]:
    """Clusters of passages by their unit vectors `(n, dim)`, largest first, labelled with words of highest tf-idf."""
    from scipy.cluster.vq import kmeans2

    if not excerpts:
        return []
    _, labels = kmeans2(vectors, min(CLUSTERS, len(excerpts)), minit="++", seed=0)
    texts = [" ".join(entry.chunk.text for entry in _of(excerpts, labels, name)) for name in range(CLUSTERS)]
    names = dict(enumerate(_telling_words(texts)))
    sections = _grouped(excerpts, [names[int(label)] for label in labels])
    return sorted(sections, key=lambda section: -len(section.points))


def _of(excerpts: Sequence[Excerpt], labels: NDArray[np.int32], name: int) -> list[Excerpt]:
    return [entry for entry, label in zip(excerpts, labels, strict=True) if label == name]


def _telling_words(texts: Sequence[str]) -> list[str]:
    """The words of highest tf-idf of each text (Spärck Jones 1972), with the texts themselves as the corpus."""
    counts = [Counter(_WORD.findall(text.lower())) for text in texts]
    having = Counter(word for count in counts for word in count)
    return [
        " ".join(
            sorted(count, key=lambda word: (-count[word] * math.log(len(texts) / having[word]), word))[:LABEL_WORDS]
        )
        for count in counts
    ]


def _grouped(excerpts: Sequence[Excerpt], headings: Sequence[str]) -> list[Section]:
    """A section for each distinct heading, with the first statement of each of its passages."""
    points: dict[str, list[Point]] = {}
    for entry, heading in zip(excerpts, headings, strict=True):
        own = points.setdefault(heading, [])
        first = next(iter(runs(entry.chunk)), None)
        if first is not None and len(own) < MAX_POINTS:
            own.append(point_of(entry, first))
    sections = [
        Section(heading=heading, points=tuple(own), notes=tuple(dict.fromkeys(point.path for point in own)))
        for heading, own in points.items()
        if own
    ]
    return sections[:MAX_SECTIONS]
