"""The manual on a terminal."""

from __future__ import annotations

from collections.abc import Mapping

import click
from rich.markdown import Markdown

from kb.console.terminal import grid, out, print_table, print_text, say

MAX_WIDTH = 100  # columns: longer lines are hard to read


def print_subjects(subjects: Mapping[str, str]) -> None:
    """The subjects that have a guide, a line each."""
    table = grid()
    for name, summary in subjects.items():
        table.add_row(f"kb help {name}", summary)
    print_table(table)
    if out().is_terminal:
        say("`kb COMMAND --help` shows the options of a command.", "dim")


def print_guide(text: str) -> None:
    """A guide: on a terminal set in type, page by page; else as it is."""
    console = out()
    if not console.is_terminal:
        print_text(text)
        return
    with console.capture() as captured:
        console.print(Markdown(text, code_theme="ansi_dark"), width=min(console.width, MAX_WIDTH))
    click.echo_via_pager(captured.get(), color=not console.no_color)
