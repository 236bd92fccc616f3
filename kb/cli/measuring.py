"""Measuring: eval."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.cli.session import JSON_OPTION, knowledge_base, patient_knowledge_base
from kb.errors import QualityError

if TYPE_CHECKING:
    from kb.reports import Evaluation


@click.command(
    "eval",
    epilog="""\b
Examples:
  kb eval golden.toml
  kb eval golden.toml --fail-under 0.65
  kb eval --beir datasets/scifact
  kb eval --areas labels.jsonl --root notes
  kb eval --outline outlines.jsonl
""",
)
@click.argument(
    "golden", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="[GOLDEN.TOML]", required=False
)
@click.option(
    "--beir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Measure on a folder in BEIR format instead.",
)
@click.option(
    "--areas",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="LABELS.JSONL",
    help="Measure the classifier on notes whose areas are known.",
)
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="With --areas: where the labelled notes are.",
)
@click.option(
    "--outline",
    "outlines",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="OUTLINES.JSONL",
    help="Measure outlines on topics whose outlines are known.",
)
@click.option(
    "--fail-under",
    type=float,
    metavar="X",
    help="Fail when hybrid's nDCG@10, the classifier's macro-F1, or the outlines' soft F1, is below X.",
)
@JSON_OPTION
def eval_command(
    golden: Path | None,
    beir: Path | None,
    areas: Path | None,
    root: Path | None,
    outlines: Path | None,
    fail_under: float | None,
    as_json: bool,
) -> int:
    """Measure search, the classifier or outlines, by known answers.

    Of search: words alone, meaning alone, and three ways to put both together,
    plain reciprocal rank fusion, a plain weighted sum, and what kb search does.
    With --areas, the classifier by itself, whatever the front matter says.
    With --outline, outlines beside three simple ways to make one: the best
    passages by note, by their own headings, and by k-means.

    \b
    GOLDEN.TOML holds tables like
      [[query]]
      text = "why do deep graph networks forget"
      relevant = ["notes/over-smoothing.md"]

    \b
    LABELS.JSONL holds lines like
      {"path": "gnn/gat.md", "area": "gnn"}
    with ml-systems, gnn, llm, outside, or mixed, which is not scored.

    \b
    OUTLINES.JSONL holds lines like
      {"topic": "attention on graphs", "sections": [
        {"heading": "Who attends to whom", "notes": ["notes/gat.md"]}]}
    each on one line.
    """
    if [golden, beir, areas, outlines].count(None) != 3 or (areas is None) != (root is None):
        raise click.UsageError(
            "give GOLDEN.TOML, --beir DIR, --areas LABELS.JSONL with --root DIR, or --outline OUTLINES.JSONL"
        )
    if areas and root:
        return _report_areas(areas, root, fail_under, as_json)
    if outlines:
        _report_outlines(outlines, fail_under, as_json)
    elif beir:
        _report_search(_on_beir(beir), fail_under, as_json)
    elif golden:
        _report_search(_on_notebook(golden), fail_under, as_json)
    return 0


def _on_notebook(golden: Path) -> Evaluation:
    with knowledge_base() as knowledge:
        return knowledge.evaluate(golden)


def _on_beir(folder: Path) -> Evaluation:
    from kb.console.terminal import ProgressBar, notice
    from kb.measuring import evaluate_beir

    with ProgressBar() as bar:
        return evaluate_beir(folder, notice, bar)


def _report_search(evaluation: Evaluation, fail_under: float | None, as_json: bool) -> None:
    from kb.console.measures import print_evaluation
    from kb.console.terminal import print_report

    print_report(evaluation, as_json, print_evaluation)
    reached = next(system.ndcg_10 for system in evaluation.systems if system.mode == "hybrid")
    _require("hybrid's nDCG@10", reached, fail_under)


def _report_areas(labels: Path, root: Path, fail_under: float | None, as_json: bool) -> int:
    from kb.console.measures import print_area_evaluation
    from kb.console.notes import print_skipped
    from kb.console.terminal import ProgressBar, notice, print_report
    from kb.measuring import evaluate_areas

    with ProgressBar() as bar:
        evaluation = evaluate_areas(labels, root, notice, bar)
    for entry in evaluation.skipped:
        print_skipped(entry)
    print_report(evaluation, as_json, print_area_evaluation)
    _require("the classifier's macro-F1", evaluation.macro_f1, fail_under)
    return 3 if evaluation.skipped else 0


def _report_outlines(path: Path, fail_under: float | None, as_json: bool) -> None:
    from kb.console.measures import print_outline_evaluation
    from kb.console.terminal import print_report

    with patient_knowledge_base() as knowledge:
        evaluation = knowledge.evaluate_outlines(path)
    print_report(evaluation, as_json, print_outline_evaluation)
    reached = next(system.heading_f1 for system in evaluation.systems if system.system == "kb")
    _require("the outlines' soft F1", reached, fail_under)


def _require(name: str, reached: float, fail_under: float | None) -> None:
    if fail_under is not None and reached < fail_under:
        raise QualityError(f"{name} is {reached:.4f}, below {fail_under}")
