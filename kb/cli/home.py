"""Where to begin: what `kb` without a command shows, and the manual."""

from __future__ import annotations

import click

from kb import rooms
from kb.cli.interactive import completion
from kb.cli.session import named_notebook
from kb.notebook import find_notebook, is_notebook

IDEAS = 3


def show_home() -> None:
    """Say how to begin where there is no notebook; else what it holds, and the command for each thing to do."""
    root = find_notebook(named_notebook())
    if root is None or not is_notebook(root):
        rooms.console_care.print_beginning()
        return
    # What would be a notice here has a line of its own.
    with rooms.knowledge.KnowledgeBase(root) as knowledge:
        ideas = knowledge.ideas(rooms.models.AREAS, IDEAS)
        rooms.console_care.print_home(knowledge.status(), ideas, knowledge.drafts())


@click.command(
    "help",
    epilog="""\b
Examples:
  kb help
  kb help outline
  kb help inside > inside.md
""",
)
@click.argument("subject", required=False, shell_complete=completion.guides)
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
