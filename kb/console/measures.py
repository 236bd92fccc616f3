"""Findings of the doctor, and tables of measures."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from kb.console.terminal import plain, print_table, say, styled
from kb.reports import Diagnosis, Evaluation, Measures


def print_diagnosis(diagnosis: Diagnosis) -> None:
    """Each finding with what mends it."""
    if diagnosis.ok:
        say("the index is sound")
    for finding in diagnosis.findings:
        style = "red" if finding.severity == "error" else "yellow"
        say(
            f"{finding.severity}  {finding.check}: {finding.message}" + (f" ({finding.path})" if finding.path else ""),
            style,
        )
        say(f"  mend: {finding.repair}")


def print_evaluation(evaluation: Evaluation) -> None:
    """A row a way to rank, with 95 % intervals, the best of each measure in bold."""
    table = Table.grid(padding=(0, 2))
    names = {"ndcg_10": "nDCG@10", "recall_10": "recall@10", "recall_100": "recall@100", "mrr": "MRR"}
    table.add_row("", *names.values(), style="dim")
    best = {name: max(getattr(system, name) for system in evaluation.systems) for name in names}
    for system in evaluation.systems:
        cells = [_with_interval(system, name, getattr(system, name) == best[name]) for name in names]
        table.add_row(styled(plain(system.mode)), *cells)
    print_table(table)
    ours, other = (
        next(system.ndcg_10 for system in evaluation.systems if system.mode == name)
        for name in ("hybrid", evaluation.best_other)
    )
    against = f"hybrid against {evaluation.best_other}: {ours - other:+.3f} nDCG@10, p = {evaluation.p_value:.3f}"
    say(f"{evaluation.queries} queries; {against}")


def _with_interval(system: Measures, name: str, bold: bool) -> Text:
    low, high = system.intervals[name]
    text = Text(f"{getattr(system, name):.3f}", style="bold" if bold else "")
    return text.append(f" {low:.2f}–{high:.2f}".replace("0.", "."), style="dim")
