"""The areas of notes: classify, file, reclassify."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kb import rooms
from kb.cli.parameters import JSON_OPTION, STORED_AREA
from kb.cli.session import knowledge_base

if TYPE_CHECKING:
    from kb.models import StoredArea


@click.command("classify")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@JSON_OPTION
def classify_command(paths: tuple[str, ...], as_json: bool) -> int:
    """Show the area of each note and why; nothing is stored."""
    skipped = False
    with knowledge_base() as knowledge:
        for verdict in knowledge.classify(paths):
            if isinstance(verdict, rooms.reports.Skipped):
                rooms.console_sync.print_skipped(verdict)
                skipped = True
            else:
                rooms.terminal.print_report(verdict, as_json, rooms.console_areas.print_classification)
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
@click.option("--undo", is_flag=True, help="Withdraw your decision about this note.")
@JSON_OPTION
def file_command(note: str, area: StoredArea | None, undo: bool, as_json: bool) -> None:
    """File a note under an area of your choice.

    The decision is kept in kb.decisions.toml and overrides every other verdict.
    """
    if undo == (area is not None):
        raise click.UsageError("give either an AREA or --undo")
    with knowledge_base() as knowledge:
        filed = knowledge.file(note, area)
    rooms.terminal.print_report(filed, as_json, rooms.console_areas.print_filed)


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
    """Show which notes would be filed elsewhere now.

    Notes keep their verdicts until --apply moves them, even after you filed
    other notes or edited kb.toml. Notes that you filed yourself never move.
    """
    with knowledge_base() as knowledge:
        report = knowledge.reclassify(apply)
    rooms.terminal.print_report(report, as_json, rooms.console_areas.print_reclassification)
    return 3 if report.skipped else 0
