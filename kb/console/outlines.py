"""What was written when an outline went to a file."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from kb.console.terminal import count, notice, print_table, say, styled
from kb.reports import Outline


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
        notice(f"you wrote on this before: {post.title} ({post.path}, similarity {post.similarity:.2f})")
