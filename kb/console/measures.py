"""Findings of the doctor, and tables of measures."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from kb.console.terminal import plain, print_table, say, styled
from kb.reports import Diagnosis, Evaluation


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
    """A row a search mode, the best of each measure in bold."""
    table = Table.grid(padding=(0, 2))
    names = ("ndcg_10", "recall_10", "mrr")
    table.add_row("", *(Text(name, justify="right") for name in ("nDCG@10", "recall@10", "MRR")), style="dim")
    best = {name: max(getattr(system, name) for system in evaluation.systems) for name in names}
    for system in evaluation.systems:
        values = {name: getattr(system, name) for name in names}
        cells = [
            Text(f"{value:.3f}", style="bold" if value == best[name] else "", justify="right")
            for name, value in values.items()
        ]
        table.add_row(styled(plain(system.mode)), *cells)
    print_table(table)
    say(f"{evaluation.queries} queries")
