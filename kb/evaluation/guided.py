"""Compares the sections that fill a writer's own headings with what a search for each heading finds. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from kb.evaluation.written import GoldSection
from kb.models import Frozen


class FilledHeading(Frozen):
    """The shares, 0..1, of the notes that belong to a heading which its section cites, and which a search for it
    shows; that shows as many notes as the section cites, but no fewer than belong to it.
    """

    topic: str
    heading: str
    cited: float
    searched: float


class GuidedMeasures(Frozen):
    """The means over all headings that are given."""

    headings: int
    cited: float
    searched: float
    by_heading: tuple[FilledHeading, ...]


def filled_headings(
    topic: str, gold: Sequence[GoldSection], cited: Sequence[Sequence[str]], found: Mapping[str, Sequence[str]]
) -> list[FilledHeading]:
    """Each heading of a topic, given the notes that its section cites and the notes found for it, best first."""
    filled = []
    for section, own in zip(gold, cited, strict=True):
        right = set(section.notes)
        shown = found[section.heading][: max(len(own), len(right))]
        cited_share, searched_share = (len(right.intersection(notes)) / len(right) for notes in (own, shown))
        filled.append(FilledHeading(topic=topic, heading=section.heading, cited=cited_share, searched=searched_share))
    return filled


def guided_measures(filled: Sequence[FilledHeading]) -> GuidedMeasures | None:
    """The means over some headings; None without any."""
    if not filled:
        return None
    return GuidedMeasures(
        headings=len(filled),
        cited=fmean(entry.cited for entry in filled),
        searched=fmean(entry.searched for entry in filled),
        by_heading=tuple(filled),
    )
