"""`kb outline --pick`: dropping, ordering and renaming sections interactively."""

from __future__ import annotations

import sys

import click
from rich.table import Table
from rich.text import Text

from kb.console.terminal import complain, count, err, print_table, styled
from kb.errors import InputError
from kb.outline.picking import rearranged
from kb.reports import Outline

HELP = "d 2 4 drop, o 3 1 order, r 2 TEXT rename, u undo, ? points, Enter accept"


def pick(outline: Outline) -> Outline:
    """Let the user drop, order and rename sections until they accept; numbers are those last shown.

    Prompts go to standard error. Raises `InputError` if standard input is not a terminal.
    """
    if not sys.stdin.isatty():
        raise InputError("--pick needs a terminal; in scripts, use --drop, --order and --rename")
    before = [outline]
    _show(outline, points=False)
    while answer := click.prompt(HELP, default="", show_default=False, err=True).strip():
        try:
            if answer == "u":
                before = before[:-1] or before
            elif answer != "?":
                before.append(_answered(before[-1], answer))
        except InputError as error:
            complain(str(error))
            continue
        _show(before[-1], points=answer == "?")
    return before[-1]


def _answered(outline: Outline, answer: str) -> Outline:
    """The outline after one line of input."""
    verb, _, rest = answer.partition(" ")
    if verb == "r":
        number, _, text = rest.strip().partition(" ")
        return rearranged(outline, rename={_number(number): text})
    numbers = [_number(word) for word in rest.replace(",", " ").split()]
    if verb == "d" and numbers:
        return rearranged(outline, drop=numbers)
    if verb == "o" and numbers:
        return rearranged(outline, order=numbers)
    raise InputError(f"unknown command {answer!r}; use {HELP}")


def _number(word: str) -> int:
    if not word.isdecimal():
        raise InputError(f"{word!r} is not the number of a section")
    return int(word)


def _show(outline: Outline, points: bool) -> None:
    table = Table.grid(padding=(0, 2))
    for number, section in enumerate(outline.sections, 1):
        extent = f"{count(len(section.points), 'point')}, {count(len(section.notes), 'note')}"
        table.add_row(Text(str(number), justify="right"), styled(section.heading), styled(extent, "dim"))
        for point in section.points if points else ():
            table.add_row("", styled(point.text, "dim"), "")
    print_table(table, err())
