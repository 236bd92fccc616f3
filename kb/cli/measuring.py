"""Measuring: eval."""

from __future__ import annotations

from pathlib import Path

import click

from kb.cli.session import JSON_OPTION, knowledge_base


@click.command("eval")
@click.argument("golden", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="GOLDEN.TOML")
@JSON_OPTION
def eval_command(golden: Path, as_json: bool) -> None:
    """Measure search with queries whose answers you know.

    \b
    GOLDEN.TOML holds tables like
      [[query]]
      text = "why do deep graph networks forget"
      relevant = ["notes/over-smoothing.md"]
    """
    from kb.console.measures import print_evaluation
    from kb.console.terminal import print_report

    with knowledge_base() as knowledge:
        evaluation = knowledge.evaluate(golden)
    print_report(evaluation, as_json, print_evaluation)
