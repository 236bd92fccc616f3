"""Models, and what changing one did."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from kb.console.sync import print_skipped
from kb.console.terminal import count, print_table, say, styled
from kb.reports import ListedModel, ModelChange, ModelList, Quality


def print_models(models: ModelList) -> None:
    """A table of encoders and one of rerankers, with the source of their nDCG."""
    for role, listed, source in (
        ("encoder", models.encoders, models.encoder_source),
        ("reranker", models.rerankers, models.reranker_source),
    ):
        _print_table(role, listed)
        say(f"nDCG@10: {source}", "dim")
    say("* in use, + on this machine", "dim")


def _print_table(role: str, models: Sequence[ListedModel]) -> None:
    numbers = ("MB", "dim", "window", "nDCG") if role == "encoder" else ("MB", "nDCG")
    table = Table.grid(padding=(0, 1), pad_edge=False)
    for name in ("", role, *numbers, "licence", "language"):
        table.add_column(styled(name, "dim"), justify="right" if name in numbers else "left")
    table.add_row(*(column.header for column in table.columns))
    for model in models:
        figures = (model.megabytes, model.dimensions, model.window) if role == "encoder" else (model.megabytes,)
        mark = "*" if model.in_use else "+" if model.on_this_machine else " "
        cells = (mark, model.name, *figures, model.ndcg, model.licence, model.languages)
        table.add_row(*(styled("" if cell is None else str(cell)) for cell in cells))
    print_table(table)


def print_change(change: ModelChange) -> None:
    """The model before and after, and how searching changed."""
    for entry in change.skipped:
        print_skipped(entry)
    none = "the model that comes with kb" if change.role == "encoder" else "none"
    before, after = change.before or none, change.after or none
    if not change.used:
        say(f"interrupted; the {change.role} is still {before}")
        return
    say(f"{change.role}: {after}" + (f" (was: {before})" if before != after else ""))
    if change.role == "encoder":
        embedded = f"{count(change.embedded_chunks, 'passage')} embedded in {change.seconds:.1f} s"
        say(f"{count(change.notes, 'note')}; {count(change.dimensions or 0, 'dimension')}; {embedded}")
    if change.quality_before and change.quality_after:
        _print_quality(change.quality_before, change.quality_after)


def _print_quality(before: Quality, after: Quality) -> None:
    changes = (
        f"{name} {old:.3f} → {new:.3f}"
        for name, old, new in (
            ("nDCG@10", before.ndcg_10, after.ndcg_10),
            ("recall@10", before.recall_10, after.recall_10),
            ("MRR", before.mrr, after.mrr),
        )
    )
    say(f"golden.toml, {count(after.queries, 'query', 'queries')}: {', '.join(changes)}")
