"""What was written when an outline went to a file."""

from __future__ import annotations

from kb.console.terminal import notice, say
from kb.reports import Outline


def print_written(outline: Outline, path: str) -> None:
    """The sections of an outline, and what to know besides."""
    say(f"wrote {path}")
    for number, section in enumerate(outline.sections, 1):
        say(f"{number:>2}  {section.heading}  ({len(section.points)} points from {len(section.notes)} notes)")
    say(
        f"    {len(outline.references)} references, {len(outline.open_questions)} open questions, "
        f"{len(outline.leftovers)} left over"
    )
    for post in outline.covered_before:
        notice(f"you wrote on this before: {post.title} ({post.path}, similarity {post.similarity:.2f})")
