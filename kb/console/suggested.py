"""What could be written next."""

from __future__ import annotations

from rich.padding import Padding
from rich.text import Text

from kb.console.terminal import area_text, count, notice, out, styled
from kb.reports import Idea, Ideas

INDENT = 4


def print_ideas(ideas: Ideas) -> None:
    """Each idea with why it is ripe, its notes, and the command that starts it."""
    if not ideas.ideas:
        notice(
            f"no idea: of {count(ideas.notes, 'note')} no three belong together closely enough for a post; add notes"
        )
    for rank, idea in enumerate(ideas.ideas, 1):
        _print_idea(rank, idea)


def _print_idea(rank: int, idea: Idea) -> None:
    out().print(Text.assemble(f"{rank:>2}  ", styled(idea.title, "bold")))
    _indented(Text.assemble(f"{idea.ripeness:.2f}  ", area_text(idea.area), "  ", styled("; ".join(idea.why))))
    _indented(styled(", ".join(idea.notes), "dim"))
    out().print(Text.assemble(" " * INDENT, styled(idea.command, "green")), soft_wrap=True)  # to be copied whole


def _indented(text: Text) -> None:
    out().print(Padding(text, (0, 0, 0, INDENT), expand=False))
