"""Decisions, listed and taken back."""

from __future__ import annotations

import shlex

from rich.text import Text

from kb.console.sync import print_skipped
from kb.console.terminal import PathText, area_text, grid, notice, out, plain, print_table, print_text, styled
from kb.reports import Decision, DecisionLog, Undone

ACT_STYLES = {"filed": "", "withdrawn": "yellow", "forgotten": "red", "remembered": "green", "flagged": ""}
ACT_WORDS = {"flagged": "added", "remembered": "added again"}


def print_log(log: DecisionLog) -> None:
    """One line per decision; into a pipe its date, act, path and area, separated by tabs."""
    if not log.decisions:
        notice("no decisions yet; `kb inbox` goes through the notes that need one, and `kb file NOTE AREA` makes one")
    elif not out().is_terminal:
        for decision in log.decisions:
            fields = (_date(decision), _act(decision), plain(decision.path), _said(decision).plain)
            print_text("\t".join(fields).rstrip("\t") + "\n")
    else:
        table = grid()
        for decision in log.decisions:
            act = styled(_act(decision), ACT_STYLES[decision.act])
            table.add_row(styled(_date(decision), "dim"), act, PathText(decision.path), _said(decision))
        print_table(table)


def print_undone(undone: Undone) -> None:
    """What was taken back, where the notes are filed now, and what to run next."""
    for decision in undone.decisions:
        line = Text.assemble("taken back: ", _act(decision), " ", plain(decision.path))
        said = _said(decision)
        out().print(line + Text(" ") + said if said else line, soft_wrap=True)
    for path, area in undone.areas.items():
        now = " is held back as " if area == "outside" else " is filed under "
        out().print(Text.assemble(plain(path), now, area_text(area)), soft_wrap=True)
    for entry in undone.skipped:
        print_skipped(entry)
    for path in undone.unindexed:
        notice(f"to take its notes in again, run `kb add {shlex.quote(path)}`")
    notice("`kb log` lists the decisions that are left")


def _date(decision: Decision) -> str:
    """The local date and time; a hyphen where there is none."""
    return f"{decision.at.astimezone():%Y-%m-%d %H:%M}" if decision.at else "-"


def _act(decision: Decision) -> str:
    return ACT_WORDS.get(decision.act, decision.act)


def _said(decision: Decision) -> Text:
    """The area, the one before, and the flags of a decision."""
    said = area_text(decision.area) if decision.area else Text()
    if decision.before:
        said.append(f"{' ' if said else ''}(was {decision.before})", style="dim")
    flags = ["as detours"] * decision.detour + ["as posts"] * decision.posts
    return said + styled(f"{' ' if said else ''}{' and '.join(flags)}") if flags else said
