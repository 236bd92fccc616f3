"""Ideas for the next post."""

from __future__ import annotations

from rich.text import Text

from kb.console.terminal import INDENT, area_text, count, indented, notice, out, styled
from kb.reports import Idea, Ideas


def print_ideas(ideas: Ideas) -> None:
    """Each idea with the reasons, its notes, and the command that drafts it."""
    if not ideas.ideas:
        notice(f"no ideas: among {count(ideas.notes, 'note')}, no three are similar enough for a post; add more notes")
    for rank, idea in enumerate(ideas.ideas, 1):
        _print_idea(rank, idea)


def _print_idea(rank: int, idea: Idea) -> None:
    out().print(Text.assemble(f"{rank:>2}  ", styled(idea.title, "bold")))
    indented(Text.assemble(f"{idea.ripeness:.2f}  ", area_text(idea.area), "  ", styled("; ".join(idea.why))))
    indented(styled(", ".join(idea.notes), "dim"))
    out().print(Text.assemble(" " * INDENT, styled(idea.command, "green")), soft_wrap=True)  # so that it can be copied
