"""Notes into the index and out of it: add, sync, forget, pull."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import click

from kb import rooms
from kb.cli.parameters import AREA, JSON_OPTION, YES_OPTION, as_text, bundled
from kb.cli.session import Stopping, knowledge_base, long_run, read_standard_input
from kb.errors import OutsideError

if TYPE_CHECKING:
    from kb.models import FiledArea
    from kb.reports import SyncReport

DONE_WITH_SKIPS = 3
VERBOSE_OPTION = click.option("-v", "--verbose", is_flag=True, help="List every note.")


@dataclass(frozen=True)
class Flags:
    """How to file the notes of an add."""

    area: FiledArea | None
    detour: bool
    posts: bool


@click.command(
    "add",
    epilog="""\b
Examples:
  kb add notes/
  kb add ~/papers/dlrm.md --area ml-systems
  kb add notes/recipe.md --detour
  pbpaste | kb add - --title "Ideas on caching"
""",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@bundled(
    "flags",
    Flags,
    click.option("--area", type=AREA, help="Area of these notes, unless their front matter names one."),
    click.option("--detour", is_flag=True, help="Also add notes outside the areas, as detours."),
    click.option("--posts", is_flag=True, help="Mark these as posts that you have published."),
)
@click.option("--title", help="Title of the note on standard input, instead of its heading.")
@VERBOSE_OPTION
@YES_OPTION
@JSON_OPTION
def add_command(
    paths: tuple[str, ...], flags: Flags, title: str | None, verbose: bool, yes: bool, as_json: bool
) -> int:
    """Add notes to the notebook, each filed under its area.

    PATH is a Markdown file, a folder, or - for standard input. Adding a path
    again embeds only what changed. Notes outside the three areas are reported
    and held back; --detour adds them anyway. Of more than ten notes, a table
    tells how many went to each area.
    """
    if (title is not None and "-" not in paths) or ("-" in paths and len(paths) > 1):
        raise click.UsageError("standard input must be the only PATH: kb add - --title TITLE")
    try:
        with long_run(create=True) as (knowledge, stopping):
            if "-" in paths:
                named = None if title is None else as_text(title)
                report = knowledge.add_text(named, read_standard_input(), flags.area, flags.detour, flags.posts)
            else:
                report = knowledge.add(paths, flags.area, flags.detour, flags.posts, allow_removal=yes)
    except OutsideError as error:
        _print(cast("SyncReport", error.report), as_json, verbose)
        raise
    return _finish(report, as_json, verbose, stopping)


@click.command("sync")
@VERBOSE_OPTION
@YES_OPTION
@JSON_OPTION
def sync_command(verbose: bool, yes: bool, as_json: bool) -> int:
    """Bring the index up to date with all sources.

    If more than ten notes, and more than half of a source, are missing, nothing
    changes, because a drive may not be mounted. Confirm with --yes that they
    shall leave the index.
    """
    with long_run() as (knowledge, stopping):
        report = knowledge.sync(allow_removal=yes)
    return _finish(report, as_json, verbose, stopping)


@click.command("forget")
@click.argument("path")
@JSON_OPTION
def forget_command(path: str, as_json: bool) -> None:
    """Remove a note, or a folder's notes, from the index.

    The files stay where they are, and later syncs skip them; to undo this, add
    the path again. No text of the notes remains in the index.
    """
    with knowledge_base() as knowledge:
        forgotten = knowledge.forget(path)
    rooms.terminal.print_report(forgotten, as_json, rooms.console_sync.print_forgotten)


@click.command(
    "pull",
    epilog="""\b
Examples:
  kb pull
  kb pull --notebook ~/reading
""",
)
@YES_OPTION
@JSON_OPTION
def pull_command(yes: bool, as_json: bool) -> int:
    """Fetch the notes that another machine keeps on a server.

    The [chroma] table of kb.toml names the server. Notes, vectors and full text
    are copied into this index, so that searches need no note files here.
    Pulling again fetches what changed and drops what was removed.
    """
    with long_run() as (knowledge, stopping):
        pulled = knowledge.pull(allow_removal=yes)
    rooms.terminal.print_report(pulled, as_json, rooms.console_sync.print_pulled)
    if stopping.signal:
        return 128 + stopping.signal
    return DONE_WITH_SKIPS if pulled.skipped else 0


def _print(report: SyncReport, as_json: bool, verbose: bool) -> None:
    console = rooms.console_sync
    rooms.terminal.print_report(report, as_json, lambda shown: console.print_sync(shown, verbose))


def _finish(report: SyncReport, as_json: bool, verbose: bool, stopping: Stopping) -> int:
    _print(report, as_json, verbose)
    if stopping.signal:
        rooms.terminal.notice("interrupted; the notes listed are in the index, run the same command again to continue")
        return 128 + stopping.signal
    return DONE_WITH_SKIPS if report.skipped else 0
