"""Evaluation: eval."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb import rooms
from kb.cli.parameters import JSON_OPTION, FilePath, NumberType, bundled
from kb.cli.session import knowledge_base, knowledge_base_with_progress
from kb.errors import QualityError

if TYPE_CHECKING:
    from kb.reports import Evaluation

FILE = FilePath(exists=True, dir_okay=False, path_type=Path)
FOLDER = FilePath(exists=True, file_okay=False, path_type=Path)
USAGE = "give GOLDEN.TOML, --beir DIR, --areas LABELS.JSONL with --root DIR, or --outline OUTLINES.JSONL"


@dataclass(frozen=True)
class Answers:
    """Where the known answers are: one of four, `root` belonging to `areas`."""

    golden: Path | None
    beir: Path | None
    areas: Path | None
    root: Path | None
    outlines: Path | None

    def require_one(self) -> None:
        """Raise `UsageError` unless it is exactly one."""
        if [self.golden, self.beir, self.areas, self.outlines].count(None) != 3 or bool(self.areas) != bool(self.root):
            raise click.UsageError(USAGE)


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
@bundled(
    "answers",
    Answers,
    click.argument("golden", type=FILE, metavar="[GOLDEN.TOML]", required=False),
    click.option("--beir", type=FOLDER, metavar="DIR", help="Measure search on a folder in BEIR format instead."),
    click.option("--areas", type=FILE, metavar="LABELS.JSONL", help="Measure the classifier on labelled notes."),
    click.option("--root", type=FOLDER, metavar="DIR", help="With --areas: the folder of the labelled notes."),
    click.option(
        "--outline",
        "outlines",
        type=FILE,
        metavar="OUTLINES.JSONL",
        help="Measure outlines on topics with known outlines.",
    ),
)
@click.option(
    "--fail-under",
    type=NumberType(),
    help="Fail if hybrid's nDCG@10, the classifier's macro-F1 or the outlines' soft F1 is below X.",
)
@JSON_OPTION
def eval_command(answers: Answers, fail_under: float | None, as_json: bool) -> int:
    """Measure search, the classifier or outlines on known answers.

    Search is measured by words alone, by meaning alone, and with three ways to
    combine both: reciprocal rank fusion, a weighted sum, and what kb search
    does. With --areas, the classifier is measured alone, ignoring front matter.
    With --outline, outlines are compared with three simple baselines: the best
    passages by note, under the notes' own headings, and in k-means clusters.

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
    OUTLINES.JSONL holds objects like
      {"topic": "attention on graphs", "sections": [
        {"heading": "Who attends to whom", "notes": ["notes/gat.md"]}]}
    each on one line.
    """
    answers.require_one()
    if answers.areas and answers.root:
        return _report_areas(answers.areas, answers.root, fail_under, as_json)
    if answers.outlines:
        _report_outlines(answers.outlines, fail_under, as_json)
    elif answers.beir:
        _report_search(_on_beir(answers.beir), fail_under, as_json)
    elif answers.golden:
        _report_search(_on_notebook(answers.golden), fail_under, as_json)
    return 0


def _on_notebook(golden: Path) -> Evaluation:
    with knowledge_base() as knowledge:
        return knowledge.evaluate(rooms.queries.load_golden(golden))


def _on_beir(folder: Path) -> Evaluation:
    with rooms.terminal.ProgressBar() as bar:
        opened = partial(rooms.knowledge.KnowledgeBase, create=True, notify=rooms.terminal.notice, progress=bar)
        return rooms.measure.evaluate_beir(folder, _cache("beir"), opened)


def _report_search(evaluation: Evaluation, fail_under: float | None, as_json: bool) -> None:
    rooms.terminal.print_report(evaluation, as_json, rooms.console_evaluation.print_evaluation)
    reached = next(system.ndcg_10 for system in evaluation.systems if system.mode == "hybrid")
    _require("hybrid's nDCG@10", reached, fail_under)


def _report_areas(labels: Path, root: Path, fail_under: float | None, as_json: bool) -> int:
    with (
        rooms.terminal.ProgressBar() as bar,
        rooms.knowledge.KnowledgeBase(
            _cache("areas"), create=True, notify=rooms.terminal.notice, progress=bar
        ) as knowledge,
    ):
        evaluation = knowledge.evaluate_areas(labels, root)
    for entry in evaluation.skipped:
        rooms.console_sync.print_skipped(entry)
    rooms.terminal.print_report(evaluation, as_json, rooms.console_evaluation.print_area_evaluation)
    _require("the classifier's macro-F1", evaluation.macro_f1, fail_under)
    return 3 if evaluation.skipped else 0


def _report_outlines(path: Path, fail_under: float | None, as_json: bool) -> None:
    with knowledge_base_with_progress() as knowledge:
        evaluation = knowledge.evaluate_outlines(path)
    rooms.terminal.print_report(evaluation, as_json, rooms.console_evaluation.print_outline_evaluation)
    reached = next(system.heading_f1 for system in evaluation.systems if system.system == "kb")
    _require("the outlines' soft F1", reached, fail_under)


def _cache(name: str) -> Path:
    """Where the vectors of what is measured stay for the next time."""
    import platformdirs

    return platformdirs.user_cache_path("kb") / name


def _require(name: str, reached: float, fail_under: float | None) -> None:
    if fail_under is not None and reached < fail_under:
        raise QualityError(f"{name} is {reached:.4f}, below {fail_under}")
