"""The manual."""

from __future__ import annotations

import click

from kb import rooms


@click.command(
    "help",
    epilog="""\b
Examples:
  kb help
  kb help outline
  kb help inside > inside.md
""",
)
@click.argument("subject", required=False)
def help_command(subject: str | None) -> None:
    """Show the guide to a subject, or the list of guides.

    A command is a subject too: its guide is the one that explains it. Into a
    pipe, a guide is printed as Markdown.
    """
    guides, console = rooms.guides, rooms.console_manual
    if subject is None:
        console.print_subjects(guides.SUBJECTS)
    else:
        console.print_guide(guides.read_guide(subject))
