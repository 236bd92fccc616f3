"""Which statements become the points of a section. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kb.cutoffs import SAME_POINT
from kb.outline.points import Candidate, Excerpt
from kb.outline.quoting.claims import are_worded_alike
from kb.outline.quoting.comparisons import are_opposite
from kb.outline.quoting.worth import gives_a_result
from kb.scale import Scale

MIN_POINTS_WITH_LEAD = 2  # of a section, for one of them to be kept for what leads its note
MAX_POINTS, MAX_POINTS_OF_MANY_NOTES = 5, 8
MIN_POINTS_OF_ONE_NOTE, MAX_POINTS_OF_ONE_NOTE = 3, 7  # of one that only touches a topic, and of one that is on it


def choose(
    ranked: Sequence[Candidate],
    excerpts: Sequence[Excerpt],
    chosen: Sequence[Candidate],
    scale: Scale,
    most: int | None = None,
) -> list[Candidate]:
    """The best of some candidates, given best first, that repeat neither each other nor those `chosen` before; at most
    `most`, by default more where more notes have some, and of one note the more, the more surely it is on the topic.

    Notes take turns: each note's best statement comes before any note's second. What the best note opens with is among
    them, and so is a result in numbers if the notes have one.
    """
    points: list[Candidate] = []
    taken = Counter[str]()
    by_turn: dict[int, list[Candidate]] = {}
    for entry in ranked:
        note = excerpts[entry.excerpt].note.id
        if not any(_repeats(entry, other, scale) for other in (*chosen, *points)):
            points.append(entry)
            by_turn.setdefault(taken[note], []).append(entry)
            taken[note] += 1
    if most is None and len(taken) > 1:
        most = max(MAX_POINTS, min(len(taken), MAX_POINTS_OF_MANY_NOTES))
    elif most is None:
        likely = max((excerpts[entry.excerpt].likely for entry in points), default=0.0)
        most = max(MIN_POINTS_OF_ONE_NOTE, int(MAX_POINTS_OF_ONE_NOTE * likely))
    in_turn = [entry for turn in sorted(by_turn) for entry in by_turn[turn]]
    return _with_result(_with_lead(in_turn, most, excerpts), in_turn, excerpts)


def _with_lead(points: Sequence[Candidate], most: int, excerpts: Sequence[Excerpt]) -> list[Candidate]:
    """The first of some points, with the best that leads the note of the first one in the place of the last if none of
    that note's does.
    """
    best = list(points[:most])
    own = [entry for entry in points if excerpts[entry.excerpt].note.id == excerpts[points[0].excerpt].note.id]
    lead = next((entry for entry in own if entry.leads), None)
    if lead is None or most < MIN_POINTS_WITH_LEAD or any(entry.leads for entry in best if entry in own):
        return best
    return [*(best[:-1] if len(best) == most else best), lead]


def _with_result(best: list[Candidate], points: Sequence[Candidate], excerpts: Sequence[Excerpt]) -> list[Candidate]:
    """Some chosen points, with the best of the other points of their notes that gives a result in numbers in the place
    of the last one that does not lead its note, if none of them does and there are several.
    """
    cited = {excerpts[entry.excerpt].note.id for entry in best}
    spare = [place for place, entry in enumerate(best) if place and not entry.leads]
    if not spare or any(gives_a_result(entry.statement.text) for entry in best):
        return best
    results = (
        entry for entry in points if excerpts[entry.excerpt].note.id in cited and gives_a_result(entry.statement.text)
    )
    result = next(results, None)
    return best if result is None else [*best[: spare[-1]], result, *best[spare[-1] + 1 :]]


def _repeats(entry: Candidate, other: Candidate, scale: Scale) -> bool:
    """Whether two candidates make the same claim, or one of them contains the other."""
    one, two = entry.statement.text, other.statement.text
    is_near = scale.sameness(float(entry.vector @ other.vector)) >= SAME_POINT
    return is_near or one in two or two in one or are_worded_alike(one, two)


def with_opposites(points: Sequence[Candidate], ranked: Sequence[Candidate]) -> list[Candidate]:
    """Points, each followed by the best candidate that makes the opposite comparison of the same two things."""
    found: list[Candidate] = []
    for point in points:
        opposite = next((entry for entry in ranked if are_opposite(entry.statement.text, point.statement.text)), None)
        found += [entry for entry in (point, opposite) if entry is not None and entry not in found]
    return found
