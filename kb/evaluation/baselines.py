"""Three simple ways to lay out passages, which an outline is measured against. Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kb.outline.points import Evidence, point_of, quotable
from kb.reports import Point, Section

MOST_SECTIONS, MOST_POINTS = 8, 5
CLUSTERS = 6
LABEL_WORDS = 3

_WORD = re.compile(r"[a-z][a-z-]{2,}")


def flat(evidence: Sequence[Evidence]) -> list[Section]:
    """The best passages grouped by note, under the notes' titles; `evidence` comes best first."""
    return _grouped(evidence, [entry.note.title for entry in evidence])


def own_headings(evidence: Sequence[Evidence]) -> list[Section]:
    """The best passages under the headings that stand over them, in the order in which they were found."""
    return _grouped(evidence, [(entry.chunk.heading_path or (entry.note.title,))[-1] for entry in evidence])


def k_means(evidence: Sequence[Evidence], vectors: NDArray[np.float32]) -> list[Section]:
    """Clusters of the passages by their unit vectors `(len(evidence), dim)`, largest first, each labelled with the
    words of highest tf-idf.
    """
    from scipy.cluster.vq import kmeans2

    if not evidence:
        return []
    _, labels = kmeans2(vectors, min(CLUSTERS, len(evidence)), minit="++", seed=0)
    texts = [" ".join(entry.chunk.text for entry in _of(evidence, labels, name)) for name in range(CLUSTERS)]
    names = dict(enumerate(_telling_words(texts)))
    sections = _grouped(evidence, [names[int(label)] for label in labels])
    return sorted(sections, key=lambda section: -len(section.points))


def _of(evidence: Sequence[Evidence], labels: NDArray[np.int32], name: int) -> list[Evidence]:
    return [entry for entry, label in zip(evidence, labels, strict=True) if label == name]


def _telling_words(texts: Sequence[str]) -> list[str]:
    """For each text its words of highest tf-idf (Spärck Jones 1972), the texts being all there is."""
    counts = [Counter(_WORD.findall(text.lower())) for text in texts]
    having = Counter(word for count in counts for word in count)
    return [
        " ".join(
            sorted(count, key=lambda word: (-count[word] * math.log(len(texts) / having[word]), word))[:LABEL_WORDS]
        )
        for count in counts
    ]


def _grouped(evidence: Sequence[Evidence], headings: Sequence[str]) -> list[Section]:
    """A section for each heading, with the first statement of each of its passages."""
    points: dict[str, list[Point]] = {}
    for entry, heading in zip(evidence, headings, strict=True):
        own = points.setdefault(heading, [])
        first = next(iter(quotable(entry.chunk)), None)
        if first is not None and len(own) < MOST_POINTS:
            own.append(point_of(entry, first))
    sections = [
        Section(heading=heading, points=tuple(own), notes=tuple(dict.fromkeys(point.path for point in own)))
        for heading, own in points.items()
        if own
    ]
    return sections[:MOST_SECTIONS]
