"""What connects notes: tags, links."""

from __future__ import annotations

import click

from kb import rooms
from kb.cli.parameters import JSON_OPTION, as_text
from kb.cli.session import knowledge_base


@click.command(
    "tags",
    epilog="""\b
Examples:
  kb tags
  kb tags | sort -t "$(printf '\\t')" -k 2 -n
  kb list --tag serving
""",
)
@JSON_OPTION
def tags_command(as_json: bool) -> None:
    """List the tags, and how many notes have each.

    A tag such as graphs/gnn is shown below graphs, and counts for it, as it does
    for kb list --tag.
    """
    with knowledge_base() as knowledge:
        tags = knowledge.tags()
    rooms.terminal.print_report(tags, as_json, rooms.console_linked.print_tags)


@click.command(
    "links",
    epilog="""\b
Examples:
  kb links gcn
  kb links notes/lora.md --json
""",
)
@click.argument("note")
@JSON_OPTION
def links_command(note: str, as_json: bool) -> None:
    """Show what a note links to, and what links to it.

    Links that lead to no note are listed last. Each has the address of the line
    that it is written on.
    """
    with knowledge_base() as knowledge:
        links = knowledge.links(as_text(note))
    rooms.terminal.print_report(links, as_json, rooms.console_linked.print_links)
