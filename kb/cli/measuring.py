"""Measuring: eval."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.cli.session import JSON_OPTION, knowledge_base
from kb.errors import QualityError

if TYPE_CHECKING:
    from kb.reports import Evaluation


@click.command("eval")
@click.argument(
    "golden", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="[GOLDEN.TOML]", required=False
)
@click.option(
    "--beir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Measure on a folder in BEIR format instead.",
)
@click.option("--fail-under", type=float, metavar="X", help="Fail when hybrid's nDCG@10 is below X.")
@JSON_OPTION
def eval_command(golden: Path | None, beir: Path | None, fail_under: float | None, as_json: bool) -> None:
    """Measure search with queries whose answers are known.

    Words alone, meaning alone, and three ways to put both together: plain
    reciprocal rank fusion, a plain weighted sum, and what kb search does.

    \b
    GOLDEN.TOML holds tables like
      [[query]]
      text = "why do deep graph networks forget"
      relevant = ["notes/over-smoothing.md"]

    \b
    Examples:
      kb eval golden.toml
      kb eval golden.toml --fail-under 0.65
      kb eval --beir datasets/scifact
    """
    from kb.console.measures import print_evaluation
    from kb.console.terminal import print_report

    if golden and not beir:
        with knowledge_base() as knowledge:
            evaluation = knowledge.evaluate(golden)
    elif beir and not golden:
        evaluation = _on_beir(beir)
    else:
        raise click.UsageError("give either GOLDEN.TOML or --beir DIR")
    print_report(evaluation, as_json, print_evaluation)
    reached = next(system.ndcg_10 for system in evaluation.systems if system.mode == "hybrid")
    if fail_under is not None and reached < fail_under:
        raise QualityError(f"hybrid's nDCG@10 is {reached:.4f}, below {fail_under}")


def _on_beir(folder: Path) -> Evaluation:
    from kb.console.terminal import ProgressBar, notice
    from kb.library.measuring import evaluate_beir

    with ProgressBar() as bar:
        return evaluate_beir(folder, notice, bar)
