"""Tables of measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from rich.table import Table
from rich.text import Text

from kb.console.terminal import area_text, count, plain, print_table, say, shorten_path, styled
from kb.reports import Evaluation, Measures
from kb.search.snippets import shorten

if TYPE_CHECKING:
    from kb.evaluation.areas import AreaEvaluation
    from kb.evaluation.guided import GuidedMeasures
    from kb.evaluation.outlines import OutlineEvaluation

SHOWN_ERRORS = 10
GROUP_WIDTH, PATH_WIDTH = 40, 50


def print_evaluation(evaluation: Evaluation) -> None:
    """One row per ranking, with 95 % intervals; the best value of each measure is bold."""
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
    against = f"hybrid against {evaluation.best_other}: {ours - other:+.3f} nDCG@10, {_p(evaluation.p_value)}"
    say(f"{count(evaluation.queries, 'query', 'queries')}; {against}")


def _p(value: float) -> str:
    return f"p = {value:.3f}" if value >= 0.001 else "p < 0.001"


def _with_interval(system: Measures, name: str, bold: bool) -> Text:
    low, high = system.intervals[name]
    text = Text(f"{getattr(system, name):.3f}", style="bold" if bold else "")
    return text.append(f" {low:.2f}–{high:.2f}".replace("0.", "."), style="dim")


def print_area_evaluation(evaluation: AreaEvaluation) -> None:
    """The measures, then the confusion matrix, the accuracy per source, and the most confident wrong verdicts."""
    measures = {
        "macro-F1, three areas": evaluation.macro_f1_areas,
        "macro-F1, with outside": evaluation.macro_f1,
        "AUROC, inside against outside": evaluation.auroc,
        "expected calibration error": evaluation.calibration_error,
        "inside but held back": evaluation.held_back,
        "outside but let in": evaluation.let_in,
    }
    table = Table.grid(padding=(0, 2))
    for name, value in measures.items():
        table.add_row(name, styled("–" if value is None else f"{value:.3f}", "bold"))
    print_table(table)
    left_out = f" ({evaluation.mixed} mixed, not scored)" if evaluation.mixed else ""
    say(f"{count(evaluation.notes, 'note')}{left_out}; {evaluation.verdicts_per_second:,.0f} verdicts per second")
    _print_confusion(evaluation)
    _print_groups(evaluation)
    _print_errors(evaluation)


def _print_confusion(evaluation: AreaEvaluation) -> None:
    table = _titled("right", "label \\ verdict", *evaluation.confusion)
    for area, verdicts in evaluation.confusion.items():
        cells = [styled(str(number), "bold" if verdict == area else "") for verdict, number in verdicts.items()]
        table.add_row(area_text(area), *cells)
    print_table(table)


def _print_groups(evaluation: AreaEvaluation) -> None:
    table = _titled("right", "source", "notes", "right")
    for group in evaluation.groups:
        name = shorten_path(plain(group.group), GROUP_WIDTH)
        table.add_row(styled(name), str(group.notes), f"{group.accuracy:.3f}")
    print_table(table)


def _print_errors(evaluation: AreaEvaluation) -> None:
    """Nothing if every verdict is right."""
    if not evaluation.errors:
        return
    table = _titled("left", "wrong verdicts, most confident first", "label", "verdict", "")
    for error in evaluation.errors[:SHOWN_ERRORS]:
        path = shorten_path(plain(error.path), PATH_WIDTH)
        table.add_row(styled(path), area_text(error.gold), area_text(error.verdict), f"{error.confidence:.2f}")
    print_table(table)


def print_outline_evaluation(evaluation: OutlineEvaluation) -> None:
    """One row per system, the best value of each measure bold; then properties of our outlines, and the topics."""
    names = {
        "heading_f1": "soft F1",
        "heading_recall": "recall",
        "heading_precision": "precision",
        "nmi": "NMI",
        "purity": "purity",
        "tau": "tau",
        "notes_cited": "notes cited",
        "notes_searched": "search",
        "heading_support": "support",
    }
    table = Table.grid(padding=(0, 2))
    table.add_row("", *names.values(), style="dim")
    for measures in evaluation.systems:
        values = {name: getattr(measures, name) for name in names}
        best = {name: max(getattr(other, name) for other in evaluation.systems) for name in names}
        cells = [Text(f"{value:.3f}", style="bold" if value == best[name] else "") for name, value in values.items()]
        table.add_row(styled(measures.system), *cells)
    print_table(table)
    ours = evaluation.systems[-1]
    say(
        f"{count(evaluation.topics, 'topic')}, {evaluation.refused} with too little evidence; "
        f"{evaluation.seconds_each:.2f} s per outline"
    )
    say(f"citations that hold: at least {ours.citations_valid:.0%}; at most {count(ours.leftovers, 'leftover')}")
    say(
        f"points that cannot be read on their own: {ours.points_not_self_contained:.1%}; "
        f"said twice in an outline: at most {ours.repeated_points}"
    )
    say(f"highest similarity of two points {ours.nearest_points:.2f}, of two headings {ours.nearest_headings:.2f}")
    say(f"longest heading: {count(ours.longest_heading, 'word')}")
    _print_topics(evaluation)
    if evaluation.guided:
        _print_headings(evaluation.guided)


def _print_headings(guided: GuidedMeasures) -> None:
    table = _titled("right", "given heading", "notes cited", "search")
    for entry in sorted(guided.by_heading, key=lambda entry: entry.cited - entry.searched):
        name = shorten(plain(entry.heading), PATH_WIDTH)
        table.add_row(styled(name), f"{entry.cited:.3f}", f"{entry.searched:.3f}")
    table.add_row("", f"{guided.cited:.3f}", f"{guided.searched:.3f}")
    print_table(table)


def _print_topics(evaluation: OutlineEvaluation) -> None:
    table = _titled("right", "topic", "soft F1", "NMI", "notes cited")
    for topic in sorted(evaluation.by_topic, key=lambda entry: entry.heading_f1):
        name = shorten(plain(topic.topic), PATH_WIDTH)
        table.add_row(styled(name), f"{topic.heading_f1:.3f}", f"{topic.nmi:.3f}", f"{topic.notes_cited:.3f}")
    print_table(table)


def _titled(justify: Literal["left", "right"], *columns: str) -> Table:
    """A table after an empty line; `justify` holds for all columns but the first."""
    say("")
    table = Table.grid(padding=(0, 2))
    for number in range(len(columns)):
        table.add_column(justify=justify if number else "left")
    table.add_row(*columns, style="dim")
    return table
