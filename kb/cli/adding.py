"""Notes in and out: init, add, sync, forget, pull."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kb.cli.session import (
    AREA,
    JSON_OPTION,
    YES_OPTION,
    Stopping,
    joined,
    knowledge_base,
    long_run,
    read_standard_input,
)

if TYPE_CHECKING:
    from kb.models import FiledArea
    from kb.reports import SyncReport

DONE_WITH_SKIPS = 3


@click.command("init")
def init_command() -> None:
    """Make this folder a notebook, with a commented kb.toml."""
    from kb.console.terminal import say
    from kb.knowledge import init

    say(f"wrote {init(click.get_current_context().find_root().obj)}; next: kb add your notes")


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
@click.option("--area", type=AREA, help="File these notes under an area, whatever they say.")
@click.option("--detour", is_flag=True, help="Take in notes outside the areas, as detours.")
@click.option("--posts", is_flag=True, help="These are your published posts.")
@click.option("--title", help="Title of the note read from standard input (PATH is -).")
@YES_OPTION
@JSON_OPTION
def add_command(
    paths: tuple[str, ...],
    area: FiledArea | None,
    detour: bool,
    posts: bool,
    title: str | None,
    yes: bool,
    as_json: bool,
) -> int:
    """File Markdown notes under their areas.

    PATH is a file, a folder, or - for standard input. Only what changed since
    the last time is embedded. Notes outside the three areas are reported and
    held back, unless --detour takes them in.
    """
    if ("-" in paths) != (title is not None) or ("-" in paths and len(paths) > 1):
        raise click.UsageError("standard input is added alone and needs a title: kb add - --title TITLE")
    with long_run(create=True) as (knowledge, stopping):
        if title is not None:
            report = knowledge.add_text(joined((title,)), read_standard_input(), area, detour, posts)
        else:
            report = knowledge.add(paths, area, detour, posts, allow_removal=yes)
    return _finish(report, as_json, stopping)


@click.command("sync")
@YES_OPTION
@JSON_OPTION
def sync_command(yes: bool, as_json: bool) -> int:
    """Look at every source again, and take in what changed.

    When more than ten notes and more than half of a source are gone, nothing is
    done unless --yes says that they shall go: a drive that is not mounted looks
    like that.
    """
    with long_run() as (knowledge, stopping):
        report = knowledge.sync(allow_removal=yes)
    return _finish(report, as_json, stopping)


@click.command("forget")
@click.argument("path")
@JSON_OPTION
def forget_command(path: str, as_json: bool) -> None:
    """Take a note, or a folder's notes, out of the index.

    The files stay as they are, and later syncs leave them out; `kb add` of the
    same path takes them in again. Nothing of their text stays in the index.
    """
    from kb.console.notes import print_forgotten
    from kb.console.terminal import print_report

    with knowledge_base() as knowledge:
        forgotten = knowledge.forget(path)
    print_report(forgotten, as_json, print_forgotten)


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

    The table [chroma] of kb.toml says where. Notes, vectors and full text come
    into this index, and searches need no file here. Pulling again brings what
    changed and drops what went.
    """
    from kb.console.pulled import print_pulled
    from kb.console.terminal import print_report

    with long_run() as (knowledge, stopping):
        pulled = knowledge.pull(allow_removal=yes)
    print_report(pulled, as_json, print_pulled)
    if stopping.signal:
        return 128 + stopping.signal
    return DONE_WITH_SKIPS if pulled.skipped else 0


def _finish(report: SyncReport, as_json: bool, stopping: Stopping) -> int:
    from kb.console.notes import print_sync
    from kb.console.terminal import notice, print_report

    print_report(report, as_json, print_sync)
    if stopping.signal:
        notice("stopped before the end; what is listed is in, run the same command to go on")
        return 128 + stopping.signal
    return DONE_WITH_SKIPS if report.skipped else 0
