"""What was written when an outline went to a file, and how such a file fares later."""

from __future__ import annotations

from collections import Counter
from typing import get_args

from rich.table import Table
from rich.text import Text

from kb.console.terminal import count, notice, print_table, say, styled
from kb.reports import Address, Check, CheckedCitation, CitationState, Outline, Update

STATE_STYLES = {"moved": "yellow", "changed": "red", "gone": "red"}
VERBS = {"holds": "hold"}  # of several


def print_written(outline: Outline, path: str) -> None:
    """The sections of an outline, and what to know besides."""
    say(f"wrote {path}")
    table = Table.grid(padding=(0, 2))
    for number, section in enumerate(outline.sections, 1):
        mark = " (generated)" if section.generated else ""
        extent = f"{count(len(section.points), 'point')}, {count(len(section.notes), 'note')}"
        table.add_row(Text(str(number), justify="right"), styled(section.heading + mark), styled(extent, "dim"))
    print_table(table)
    say(
        f"{count(len(outline.references), 'reference')}, {count(len(outline.open_questions), 'open question')}, "
        f"{len(outline.leftovers)} left over"
    )
    for post in outline.covered_before:
        date = f"{post.date}, " if post.date else ""
        notice(f"you wrote on this before: {post.title} ({post.path}, {date}similarity {post.similarity:.2f})")
        for point in post.points:
            notice(f"already made at {_address(point.said)}: {point.text}")


def print_check(check: Check) -> None:
    """A line for each citation that does not hold, with what to do, and the counts."""
    table = Table.grid(padding=(0, 2))
    for citation in check.citations:
        if citation.state != "holds":
            table.add_row(
                Text(f"line {citation.line}", justify="right"),
                styled(_address(citation)),
                styled(citation.state, STATE_STYLES[citation.state]),
                styled(_advice(citation)),
            )
    if table.row_count:
        print_table(table)
    counts = Counter(citation.state for citation in check.citations)
    states = (f"{counts[state]} {_of_many(state, counts[state])}" for state in get_args(CitationState) if counts[state])
    say(f"{count(len(check.citations), 'citation')}: {', '.join(states)}")


def print_update(update: Update) -> None:
    """The sections that got something new."""
    sections = Counter((point.section, point.new_section) for point in update.added)
    if not sections:
        say(f"nothing new for {update.path}")
        return
    say(f"updated {update.path}")
    table = Table.grid(padding=(0, 2))
    for (heading, new), points in sections.items():
        table.add_row(
            Text(f"+{points}", justify="right"), styled(heading or "(no heading)"), "new section" if new else ""
        )
    print_table(table)


def _of_many(state: str, number: int) -> str:
    return VERBS.get(state, state) if number != 1 else state


def _advice(citation: CheckedCitation) -> str:
    if citation.moved_to:
        return f"write {_address(citation.moved_to)}"
    if citation.state == "changed":
        return "the note no longer says this: read it, then reword or delete the point"
    return "the note is gone: bring it back, or delete the point"


def _address(place: Address | CheckedCitation) -> str:
    lines = f"{place.start_line}-{place.end_line}" if place.end_line != place.start_line else str(place.start_line)
    return f"{place.path}:{lines}"
