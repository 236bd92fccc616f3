"""Notes into the index and out of it: add, sync, forget, pull."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import click

from kb import rooms
from kb.cli.interactive import completion
from kb.cli.parameters import AREA, JSON_OPTION, YES_OPTION, OneOf, as_text, bundled
from kb.cli.session import Stopping, knowledge_base, long_run, read_standard_bytes, read_standard_input
from kb.console import streams
from kb.errors import OutsideError

if TYPE_CHECKING:
    from kb.knowledge import KnowledgeBase
    from kb.models import FiledArea
    from kb.reports import Captured, SyncReport

DONE_WITH_SKIPS = 3
VERBOSE_OPTION = click.option("-v", "--verbose", is_flag=True, help="List every note.")


@dataclass(frozen=True)
class Flags:
    """How to file the notes of an add."""

    area: FiledArea | None
    detour: bool
    posts: bool


@dataclass(frozen=True)
class How:
    """What to make of an argument that is no note yet."""

    title: str | None
    format: str | None
    full: bool
    template: bool
    collection: str | None
    allow_private: bool


@click.command(
    "add",
    epilog="""\b
Examples:
  kb add notes/
  kb add ~/papers/dlrm.md --area ml-systems
  kb add notes/recipe.md --detour
  kb add https://example.org/post arXiv:2405.04434 paper.pdf
  pbpaste | kb add - --title "Ideas on caching"
""",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", shell_complete=completion.paths)
@bundled(
    "flags",
    Flags,
    click.option("--area", type=AREA, help="Area of these notes, unless their front matter names one."),
    click.option("--detour", is_flag=True, help="Also add notes outside the areas, as detours."),
    click.option("--posts", is_flag=True, help="Mark these as posts that you have published."),
)
@bundled(
    "how",
    How,
    click.option("--title", help="Title of the note on standard input, instead of its heading."),
    click.option("--from", "format", type=OneOf(["html"]), help="Format of standard input, if not Markdown."),
    click.option("--full", is_flag=True, help="Take the whole text of a paper, not only what it is about."),
    click.option("--template", is_flag=True, help="Give a captured note headings for what you think of it."),
    click.option("--collection", help="Take only this collection of Zotero (kb add zotero)."),
    click.option("--allow-private", is_flag=True, help="Fetch from addresses of your own network too."),
)
@VERBOSE_OPTION
@YES_OPTION
@JSON_OPTION
def add_command(paths: tuple[str, ...], flags: Flags, how: How, verbose: bool, yes: bool, as_json: bool) -> int:
    """Add notes to the notebook, each filed under its area.

    PATH is a Markdown file, a folder, or - for standard input. Adding a path
    again embeds only what changed. Notes outside the three areas are reported
    and held back; --detour adds them anyway. Of more than ten notes, a table
    tells how many went to each area.

    What is no note yet becomes one under notes/: the address of a web page, an
    arXiv id or DOI, a PDF, a BibTeX file, an export of highlights, a notebook,
    an HTML or text file, or what your reference manager holds: zotero. See
    `kb help capture`.
    """
    described = how.title is not None or how.format is not None
    if (described and "-" not in paths) or ("-" in paths and len(paths) > 1):
        raise click.UsageError("standard input must be the only PATH: kb add - --title TITLE")
    if how.collection is not None and "zotero" not in paths:
        raise click.UsageError("--collection is one of Zotero: kb add zotero --collection NAME")
    try:
        with long_run(create=True) as (knowledge, stopping):
            report = _add(knowledge, paths, flags, how, yes)
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
    should leave the index.
    """
    with long_run() as (knowledge, stopping):
        report = knowledge.sync(allow_removal=yes)
    return _finish(report, as_json, verbose, stopping)


@click.command("forget")
@click.argument("path", shell_complete=completion.notes)
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


def _add(knowledge: KnowledgeBase, paths: tuple[str, ...], flags: Flags, how: How, yes: bool) -> SyncReport:
    """Add what the arguments name: a text, sources, or what is captured."""
    title = as_text(how.title) if how.title is not None else None
    if "-" in paths and not how.format:
        return knowledge.add_text(title, read_standard_input(), flags.area, flags.detour, flags.posts)
    if "-" not in paths and not any(map(knowledge.captures, paths)):
        return knowledge.add(paths, flags.area, flags.detour, flags.posts, allow_removal=yes)
    given = [rooms.taking.Given(read_standard_bytes(), f".{how.format}", title)] if how.format else []
    return knowledge.capture(
        given or paths,
        flags.area,
        flags.detour,
        flags.posts,
        full=how.full,
        template=how.template,
        collection=how.collection,
        allow_private=how.allow_private,
        allow_removal=yes,
        confirm=_takes_as_detour,
    )


def _takes_as_detour(captured: Captured) -> bool:
    """Ask whether to take in what lies outside the areas; where there is no one to ask, it is held back."""
    if not (streams.stdin().isatty() and streams.stderr().isatty()):
        return False
    question = f"{captured.title} lies outside the areas (nearest {captured.nearest_area}); add it as a detour?"
    return click.confirm(question, err=True)


def _print(report: SyncReport, as_json: bool, verbose: bool) -> None:
    console = rooms.console_sync
    rooms.terminal.print_report(report, as_json, lambda shown: console.print_sync(shown, verbose))


def _finish(report: SyncReport, as_json: bool, verbose: bool, stopping: Stopping) -> int:
    _print(report, as_json, verbose)
    if stopping.signal:
        rooms.terminal.notice("interrupted: the notes listed are in the index; run the same command again to continue")
        return 128 + stopping.signal
    return DONE_WITH_SKIPS if report.skipped else 0
