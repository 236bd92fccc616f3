"""What the clusters of the map are called: the concepts that their notes name. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

from kb.areas.concepts import Concepts
from kb.models import NoteRecord
from kb.outline.naming.titles import subject

MIN_SHARE = 0.2  # of a cluster's notes that must name a concept by which it is called
SEVERAL = 2  # notes that must
SECOND = 0.7  # of the weight of the first concept that a second one must have


def named_concepts(note: NoteRecord, opening: str, concepts: Concepts, vague: Callable[[str], bool]) -> tuple[str, ...]:
    """The concepts that the title, the tags or the opening of a note names, without those that are no more than an
    area.
    """
    found = concepts.named(". ".join((note.title, *(tag.replace("-", " ") for tag in note.tags), opening)))
    names = (concepts.all[number].name for number in found if concepts.is_inside(number))
    return tuple(name for name in names if not vague(name))


def labels(clusters: Sequence[Sequence[int]], named: Sequence[tuple[str, ...]], titles: Sequence[str]) -> list[str]:
    """A name for each cluster of notes, given as numbers, the most central first: the concepts that most of its notes
    and few others name, or else the subject of its most central note's title, in quotation marks.
    """
    everywhere = Counter(name for names in named for name in names)
    taken: set[str] = set()
    found = []
    for cluster in clusters:
        chosen = [name for name in _distinctive(cluster, named, everywhere) if name not in taken][:2]
        taken.update(chosen)
        found.append(", ".join(chosen) or (f"“{subject(titles[cluster[0]])}”" if cluster else ""))
    return found


def _distinctive(cluster: Sequence[int], named: Sequence[tuple[str, ...]], everywhere: Counter[str]) -> list[str]:
    """The concepts by which a cluster can be called, by how many of its notes name each, times its rarity."""
    counts = Counter(name for number in cluster for name in named[number])
    weights = {
        name: count * math.log(1 + len(named) / everywhere[name])
        for name, count in counts.items()
        if count >= SEVERAL and count >= MIN_SHARE * len(cluster)
    }
    best = max(weights.values(), default=0.0)
    return sorted((name for name in weights if weights[name] >= SECOND * best), key=lambda name: (-weights[name], name))
