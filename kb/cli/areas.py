"""The areas of notes, and their concepts: classify, file, reclassify, concepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kb import rooms
from kb.cli.interactive import completion
from kb.cli.parameters import JSON_OPTION, STORED_AREA, VERDICT_AREA, as_text
from kb.cli.session import knowledge_base

if TYPE_CHECKING:
    from kb.models import StoredArea, VerdictArea


@click.command("classify")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", shell_complete=completion.paths)
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
@click.argument("note", shell_complete=completion.notes)
@click.argument("area", required=False, metavar="[AREA]", type=STORED_AREA)
@click.option("--undo", is_flag=True, help="Withdraw your decision about this note.")
@JSON_OPTION
def file_command(note: str, area: StoredArea | None, undo: bool, as_json: bool) -> None:
    """File a note under an area of your choice.

    AREA is ml-systems, gnn or llm; detour for a note that you want although it
    belongs to none of these; or outside, to hold it back. The decision is kept
    in kb.decisions.toml and overrides every other verdict. NOTE may be a number
    of the last search, related or list.
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


@click.command(
    "concepts",
    epilog="""\b
Examples:
  kb concepts answering each request for less money
  kb concepts "KV cache" --json
  kb concepts --area gnn
""",
)
@click.argument("query", nargs=-1)
@click.option("--area", "areas", multiple=True, type=VERDICT_AREA, help="List this area's concepts (repeatable).")
@click.option("--all", "every", is_flag=True, help="List the concepts of all areas.")
@JSON_OPTION
def concepts_command(query: tuple[str, ...], areas: tuple[VerdictArea, ...], every: bool, as_json: bool) -> None:
    """Show the concepts that a query asks for, and the notes on them.

    Each concept has a weight, by which it counts in a search, and the way it was
    read: named or described by the query, a part of a named one, or related to
    one that no note treats. Without a QUERY, this counts the concepts that kb
    knows in each area; kb.toml can add your own.
    """
    if sum(map(bool, (query, areas, every))) > 1:
        raise click.UsageError("give only one of QUERY, --area and --all")
    with knowledge_base() as knowledge:
        report = knowledge.concepts(as_text(*query) if query else None, areas)
    printer = (
        rooms.console_concepts.print_concepts if query or areas or every else rooms.console_concepts.print_overview
    )
    rooms.terminal.print_report(report, as_json, printer)
