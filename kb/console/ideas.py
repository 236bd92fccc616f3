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
    parts = idea.parts
    out().print(Text.assemble(f"{rank:>2}  ", styled(idea.title, "bold")))
    mean = (
        f"ripe {idea.ripeness:.2f}: evidence {parts.evidence:.2f}, recency {parts.recency:.2f}, "
        f"questions {parts.questions:.2f}, novelty {parts.novelty:.2f}"
    )
    indented(Text.assemble(area_text(idea.area), "  ", mean))
    indented(styled("; ".join(idea.why)))
    if idea.nearest_post:
        new = idea.new_since_post
        indented(styled(f"new since that post: {', '.join(new)}" if new else "nothing new since that post"))
    indented(styled(", ".join(idea.notes), "dim"))
    out().print(Text.assemble(" " * INDENT, styled(idea.command, "green")), soft_wrap=True)  # so that it can be copied
