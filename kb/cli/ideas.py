"""Ideas for the next post."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kb import rooms
from kb.cli.parameters import AREA, JSON_OPTION, MOST_NOTES, WholeNumber
from kb.cli.session import knowledge_base

if TYPE_CHECKING:
    from kb.models import FiledArea


@click.command(
    "ideas",
    epilog="""\b
Examples:
  kb ideas
  kb ideas --area gnn -n 3
  kb ideas --json
""",
)
@click.option("-n", "limit", default=6, show_default=True, type=WholeNumber(1, MOST_NOTES), help="Ideas to show.")
@click.option("--area", "areas", multiple=True, type=AREA, help="Only notes in this area (repeatable).")
@JSON_OPTION
def ideas_command(limit: int, areas: tuple[FiledArea, ...], as_json: bool) -> None:
    """Suggest what to write about next.

    An idea is a group of notes that belong together and hold enough material,
    some of them recent or with open questions, that no post of yours covers
    yet. It comes with a working title in the notes' own words, the reasons, and
    the command that drafts it.
    """
    with knowledge_base() as knowledge:
        ideas = knowledge.ideas(tuple(dict.fromkeys(areas)) or rooms.models.AREAS, limit)
    rooms.terminal.print_report(ideas, as_json, rooms.console_outline.print_ideas)
