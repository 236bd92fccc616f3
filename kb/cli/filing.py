"""Areas: classify, file, reclassify."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kb.cli.session import JSON_OPTION, STORED_AREA, knowledge_base

if TYPE_CHECKING:
    from kb.models import StoredArea


@click.command("classify")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@JSON_OPTION
def classify_command(paths: tuple[str, ...], as_json: bool) -> int:
    """Show which area notes belong to and why; nothing is stored."""
    from kb.console.notes import print_classification, print_skipped
    from kb.console.terminal import print_report
    from kb.reports import Skipped

    skipped = False
    with knowledge_base() as knowledge:
        for verdict in knowledge.classify(paths):
            if isinstance(verdict, Skipped):
                print_skipped(verdict)
                skipped = True
            else:
                print_report(verdict, as_json, print_classification)
    return 3 if skipped else 0


@click.command(
    "file",
    epilog="""\b
Examples:
  kb file notes/hnsw.md ml-systems
  kb file recipe detour
  kb file recipe --undo
""",
)
@click.argument("note")
@click.argument("area", required=False, type=STORED_AREA)
@click.option("--undo", is_flag=True, help="Take back what you decided for this note.")
@JSON_OPTION
def file_command(note: str, area: StoredArea | None, undo: bool, as_json: bool) -> None:
    """File a note under an area yourself.

    The decision is kept in kb.decisions.toml and wins over every other verdict.
    """
    from kb.console.notes import print_filed
    from kb.console.terminal import print_report

    if undo == (area is not None):
        raise click.UsageError("name an area, or --undo")
    with knowledge_base() as knowledge:
        filed = knowledge.file(note, area)
    print_report(filed, as_json, print_filed)


@click.command(
    "reclassify",
    epilog="""\b
Examples:
  kb reclassify
  kb reclassify --apply
""",
)
@click.option("--apply", is_flag=True, help="Move the notes.")
@JSON_OPTION
def reclassify_command(apply: bool, as_json: bool) -> int:
    """Show which notes would be filed elsewhere today.

    Verdicts stay as they were given until then, whatever you filed or changed
    in kb.toml since. Notes that you filed yourself stay where they are.
    """
    from kb.console.notes import print_reclassification
    from kb.console.terminal import print_report

    with knowledge_base() as knowledge:
        report = knowledge.reclassify(apply)
    print_report(report, as_json, print_reclassification)
    return 3 if report.skipped else 0
