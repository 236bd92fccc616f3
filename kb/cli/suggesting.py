"""What to write next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kb.cli.session import AREA, JSON_OPTION, knowledge_base

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
@click.option("-n", "limit", default=6, show_default=True, type=click.IntRange(1, 1000), help="Ideas to show.")
@click.option("--area", "areas", multiple=True, type=AREA, help="Only notes of this area (may be repeated).")
@JSON_OPTION
def ideas_command(limit: int, areas: tuple[FiledArea, ...], as_json: bool) -> None:
    """Suggest what to write next: notes ripe for a post.

    Groups of notes that belong together, with enough in them, recent ones or
    open questions among them, and no post that said it before. Each comes with
    a working title of the notes' own words, why, and the command that starts it.
    """
    from kb.console.suggested import print_ideas
    from kb.console.terminal import print_report
    from kb.models import AREAS

    with knowledge_base() as knowledge:
        ideas = knowledge.ideas(tuple(dict.fromkeys(areas)) or AREAS, limit)
    print_report(ideas, as_json, print_ideas)
