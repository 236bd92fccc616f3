"""`kb outline --pick`: the plan of an outline's sections in the user's editor."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import click

from kb.console.terminal import complain
from kb.errors import InputError, KbError
from kb.outline.picking import Plan, plan_text, read_plan
from kb.reports import Outline

PLAN = "outline-plan.txt"


def pick(outline: Outline, edit: Callable[[Path], int], headings_stay: bool = False) -> Plan:
    """Let the user edit the plan of an outline's sections. `edit` opens a file in an editor and returns the exit code.

    A plan that cannot be read is edited again if the user wants that. Raises `KbError` if they give up or the editor
    fails, and `InputError` for such a plan where standard input is not a terminal.
    """
    with tempfile.TemporaryDirectory(prefix="kb-") as folder:
        path = Path(folder) / PLAN
        path.write_text(plan_text(outline, headings_stay), encoding="utf-8")
        while True:
            if code := edit(path):
                raise KbError(f"the editor ended with exit code {code}; nothing was written")
            try:
                plan = read_plan(_text(path), outline, headings_stay)
            except InputError as error:
                _ask_to_edit_again(error)
                continue
            if not plan:
                raise KbError("the plan is empty; nothing was written")
            return plan


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except FileNotFoundError:  # the user deleted it
        return ""


def _ask_to_edit_again(error: InputError) -> None:
    """Raise `error` where nobody can answer, and `KbError` if the answer is no."""
    if not sys.stdin.isatty():
        raise error
    complain(str(error))
    if not click.confirm("edit the plan again?", default=True, err=True):
        raise KbError("nothing was written")
