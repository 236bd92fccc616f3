"""Verdicts and decisions."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from kb.console.sync import print_skipped
from kb.console.terminal import PathText, area_text, count, grid, notice, out, plain, print_table, say, styled
from kb.models import Evidence
from kb.reports import Classification, Filed, Move, Reclassification


def print_classification(verdict: Classification) -> None:
    """A verdict with its scores and its evidence."""
    head = Text.assemble(styled(verdict.path, "bold"), "  ", area_text(verdict.area), f"  {verdict.confidence:.2f}")
    notes = [f"also {verdict.also}"] if verdict.also else []
    notes += ["unsure"] if verdict.unsure else []
    notes += [f"by {verdict.decided_by}"] if verdict.decided_by != "classifier" else []
    out().print(head + (styled(f"  ({', '.join(notes)})", "yellow") if notes else Text()))
    scores = sorted(verdict.scores.items(), key=lambda entry: -entry[1])
    out().print(styled("  " + "  ".join(f"{area} {score:.2f}" for area, score in scores), "dim"))
    _print_evidence(verdict.evidence)


def print_filed(filed: Filed) -> None:
    """The area of a note before and after."""
    if filed.before == filed.area:
        say(f"{filed.path} is already filed under {filed.area}")
    else:
        out().print(Text.assemble(plain(filed.path), ": ", area_text(filed.before), " → ", area_text(filed.area)))


def print_reclassification(report: Reclassification) -> None:
    """One line per note that moves, with the strongest reason."""
    table = grid()
    for move in report.moved:
        where = area_text(move.before) + " → " + area_text(move.after)
        table.add_row(
            PathText(move.path),
            where,
            Text(f"{move.verdict.scores[move.verdict.area]:.2f}", justify="right"),
            styled(_reason(move), "dim"),
        )
    if report.moved:
        print_table(table)
    for entry in report.skipped:
        print_skipped(entry)
    verb = "moved" if report.applied else "would move"
    say(f"{count(len(report.moved), 'note')} {verb}, {report.unmoved} unchanged")
    if report.moved and not report.applied:
        notice("to move them, run `kb reclassify --apply`")


def _print_evidence(evidence: Iterable[Evidence]) -> None:
    table = Table.grid(padding=(0, 2))
    for entry in evidence:
        table.add_row(
            "  ",
            area_text(entry.toward),
            Text(f"{entry.weight:+.2f}", justify="right"),
            styled(entry.text),
            styled(f"line {entry.line}", "dim"),
        )
    print_table(table)


def _reason(move: Move) -> str:
    """The strongest reason for a move; an example that the writer filed comes before all others."""
    toward = "outside" if move.after in ("outside", "detour") else move.after
    reasons = [entry for entry in move.verdict.evidence if entry.toward == toward]
    return max(reasons, key=lambda entry: (entry.kind == "example", entry.weight)).text if reasons else ""
