"""Notes compared with one another: related, duplicates."""

from __future__ import annotations

from functools import partial

import click

from kb import rooms
from kb.cli.interactive import completion
from kb.cli.parameters import JSON_OPTION, MOST_NOTES, WholeNumber
from kb.cli.session import knowledge_base, knowledge_base_with_progress


@click.command(
    "related",
    epilog="""\b
Examples:
  kb related over-smoothing
  kb related notes/lora.md -n 20
  kb related 2
  kb related "Why deep GNNs forget" --json
""",
)
@click.argument("note", shell_complete=completion.notes)
@click.option("-n", "limit", default=10, show_default=True, type=WholeNumber(1, MOST_NOTES), help="Notes to show.")
@JSON_OPTION
def related_command(note: str, limit: int, as_json: bool) -> None:
    """Find the notes and posts related to a note.

    Notes are related if they have similar passages, or if one links to the
    other. NOTE is a path, a file name without its extension, a title, or a
    number of the last search, related or list.
    """
    with knowledge_base() as knowledge:
        notes = knowledge.related(note, limit)
        if not as_json:
            places = [(other.path, other.theirs.start_line) for other in notes.notes]
            knowledge.remember("related", dict(enumerate(places, 1)))
    rooms.terminal.print_report(notes, as_json, partial(rooms.console_comparison.print_related, knowledge.root))


@click.command(
    "duplicates",
    epilog="""\b
Examples:
  kb duplicates
  kb duplicates --json
""",
)
@JSON_OPTION
def duplicates_command(as_json: bool) -> None:
    """List notes and passages that nearly repeat each other.

    These are notes that share at least half of their five-word runs, and
    passages of which one contains the other. To share a subject is not enough.
    """
    with knowledge_base_with_progress() as knowledge:
        found = knowledge.duplicates()
    rooms.terminal.print_report(found, as_json, rooms.console_comparison.print_duplicates)
