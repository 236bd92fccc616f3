"""How much of their wording two texts share, word order included. Pure.

The two measures are those of Broder, "On the resemblance and containment of documents" (1997), over fingerprints of all
runs of five words (his shingles).
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from typing import TypeAlias

Runs: TypeAlias = "array[int]"

RUN = 5  # words
RESEMBLANCE = 0.5  # from which two notes are near-identical: Broder et al. 1997 group web pages by it
CONTAINMENT = 0.7  # from which the shorter of two passages is near-identical to a part of the longer
MIN_RUNS = 12  # of a passage: shorter ones repeat by chance

_WORD = re.compile(r"\w+")


def word_runs(text: str) -> Runs:
    """Fingerprints of the distinct runs of five words of a text, sorted; a shorter text is a single run.

    They are hashes of strings, which differ between processes: compare them, and do not store them.
    """
    words = _WORD.findall(text.lower())
    width = min(RUN, len(words))
    return _sorted(map(hash, zip(*(words[start:] for start in range(width)), strict=False)))


def joined_runs(passages: Iterable[Runs]) -> Runs:
    """The runs of a note, from those of its passages."""
    return _sorted(run for runs in passages for run in runs)


def resemblance(first: Runs, second: Runs) -> float:
    """The share of all runs of two texts that both have (Jaccard index), 0..1."""
    common = _common(first, second)
    return common / max(len(first) + len(second) - common, 1)


def containment(first: Runs, second: Runs) -> float:
    """The share of the runs of the shorter text that the longer one has too, 0..1."""
    return _common(first, second) / max(min(len(first), len(second)), 1)


def _sorted(runs: Iterable[int]) -> Runs:
    return array("q", sorted({*runs}))


def _common(first: Runs, second: Runs) -> int:
    return len({*first}.intersection(second))
