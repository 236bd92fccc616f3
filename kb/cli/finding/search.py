"""Search."""

from __future__ import annotations

import datetime
import os
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb import rooms
from kb.cli.interactive import completion
from kb.cli.parameters import AREA, JSON_OPTION, MOST_NOTES, DateType, OneOf, WholeNumber, as_text, bundled
from kb.cli.session import knowledge_base, located, read_standard_input
from kb.errors import InputError

if TYPE_CHECKING:
    from kb.knowledge import KnowledgeBase
    from kb.models import FiledArea, Filter, Mode, NoteRecord
    from kb.reports import SearchResult

KINDS = {"note": ("note",), "post": ("post",), "all": ("note", "post", "outline")}


@dataclass(frozen=True)
class Restrictions:
    """Which notes may be found."""

    areas: tuple[FiledArea, ...]
    tags: tuple[str, ...]
    since: datetime.date | None
    until: datetime.date | None
    kind: str
    within: str | None

    def filter(self, knowledge: KnowledgeBase) -> Filter:
        """The same as a filter of the library. A note that is searched may be of any kind. Raises `InputError` for one
        that is held back, of which nothing is indexed.
        """
        paths = () if self.within is None else (_searchable(knowledge.find_note(as_text(self.within))),)
        tags = [as_text(tag) for tag in self.tags]
        values = {"areas": self.areas, "tags": tags, "since": self.since, "until": self.until}
        return rooms.models.Filter.model_validate(
            values | {"kinds": KINDS["all" if paths else self.kind], "paths": paths}
        )


@dataclass(frozen=True)
class Output:
    """What is done with the hits."""

    lines: bool
    open: int | None
    explain: bool
    batch: bool
    interactive: bool

    def is_interactive(self, query: tuple[str, ...], as_json: bool) -> bool:
        """Whether to search as the user types: on request, or where a terminal has no query."""
        if self.batch or self.lines or self.open is not None or as_json:
            return False
        return self.interactive or (not query and rooms.interactive_search.is_possible())

    def require_one(self, as_json: bool) -> None:
        """Raise `UsageError` for options that exclude each other."""
        given = {
            "-i": self.interactive,
            "-l": self.lines,
            "--open": self.open,
            "--batch": self.batch,
            "--json": as_json and not self.batch,
        }
        names = [name for name, value in given.items() if value]
        if len(names) > 1:
            raise click.UsageError(f"give either {' or '.join(names)}")
        if self.lines and self.explain:
            raise click.UsageError("give either -l or --explain")


class SearchCommand(click.Command):
    """The command, which tells a word to leave out from an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            excluded = next((word for word in given if re.fullmatch(r"-[^\W_]{2,}", word)), None)
            if excluded is None:
                raise
            hint = f"to leave out a word, quote the query: kb search 'QUERY {as_text(excluded)}'"
            raise click.UsageError(f"there is no option {as_text(excluded)}; {hint}", ctx) from error


@click.command(
    "search",
    cls=SearchCommand,
    epilog="""\b
Examples:
  kb search how do I cut serving latency
  kb search QLoRA --area llm --since 2024
  kb search '"message passing" infer* -molecules'
  kb search attention --kind all -n 20 --explain
  kb search "learning rate" --in qlora
  kb search KV cache --open 1
  vim -q <(kb search -l KV cache)
  kb search --batch --json < queries.txt
  kb search -i --area llm
""",
)
@click.argument("query", nargs=-1)
@click.option(
    "-n",
    "limit",
    type=WholeNumber(1, MOST_NOTES),
    help="Notes to show, weak hits included.  [default: 10 without weak ones]",
)
@bundled(
    "restrictions",
    Restrictions,
    click.option("--area", "areas", multiple=True, type=AREA, help="Only notes in this area (repeatable)."),
    click.option(
        "--tag",
        "tags",
        multiple=True,
        shell_complete=completion.tags,
        help="Only notes with this tag (repeatable; all must match).",
    ),
    click.option("--since", type=DateType(last=False), help="Only notes of this date or later."),
    click.option("--until", type=DateType(last=True), help="Only notes of this date or earlier."),
    click.option("--kind", type=OneOf(list(KINDS)), default="note", show_default=True, help="Kind of notes to search."),
    click.option(
        "--in",
        "within",
        metavar="NOTE",
        shell_complete=completion.notes,
        help="Only this note: its passages, best first.",
    ),
)
@click.option(
    "--mode",
    type=OneOf(["hybrid", "dense", "lexical"]),
    default="hybrid",
    show_default=True,
    help="Rank by meaning and words, by meaning, or by words.",
)
@bundled(
    "output",
    Output,
    click.option("-l", "--lines", is_flag=True, help="Print a line per hit, PATH:LINE: TEXT, for editors."),
    click.option("--open", type=WholeNumber(1, MOST_NOTES), help="Open hit N in your editor."),
    click.option("--explain", is_flag=True, help="Show how each score came about."),
    click.option("--batch", is_flag=True, help="Read a query per line from standard input; print JSON lines."),
    click.option("-i", "--interactive", is_flag=True, help="Search as you type; so does kb search on a terminal."),
)
@JSON_OPTION
def search_command(
    query: tuple[str, ...],
    limit: int | None,
    restrictions: Restrictions,
    mode: Mode,
    output: Output,
    as_json: bool,
) -> int:
    """Find notes by meaning and by words.

    In QUERY, "some words" must occur in a note as a phrase, infer* matches any
    word that begins with infer, and -word excludes notes with that word. In a
    query of more than ten words, quotes are ignored. A DATE is a day
    (2024-05-31 or 2024-5-31), a month (2024-05) or a year (2024).
    """
    output.require_one(as_json)
    if output.is_interactive(query, as_json):
        return rooms.interactive_search.search_interactively(as_text(*query), limit, restrictions.filter, mode)
    if output.batch == bool(query):
        raise click.UsageError("give a QUERY, or --batch and queries on standard input")
    with knowledge_base() as knowledge:
        search = _searching(knowledge, limit, restrictions, mode, output.explain)
        if output.batch:
            for line in read_standard_input().splitlines():
                if line.strip():
                    rooms.terminal.print_json(search(line.strip()))
            return 0
        result = search(as_text(*query))
        if not as_json:
            knowledge.remember("search", {hit.rank: (hit.path, hit.start_line) for hit in result.hits})
    if output.open is not None:
        return _open_hit(knowledge.root, result, output.open)
    console = rooms.console_search
    show = partial(console.print_hits, knowledge.root, restrictions.within)
    if output.lines:
        show = partial(console.print_lines, partial(_from_here, knowledge.root), restrictions.within)
    rooms.terminal.print_report(result, as_json, show)
    return 0


def _searching(
    knowledge: KnowledgeBase, limit: int | None, restrictions: Restrictions, mode: Mode, explain: bool
) -> Callable[[str], SearchResult]:
    """What searches for a query. Weak hits are wanted by those who give a limit, or name the note to search."""
    return partial(
        knowledge.search,
        limit=limit or rooms.knowledge.DEFAULT_LIMIT,
        filter=restrictions.filter(knowledge),
        mode=mode,
        explain=explain,
        weak=limit is not None or restrictions.within is not None,
    )


def _searchable(note: NoteRecord) -> str:
    """The path of a note that is indexed."""
    if note.area == "outside":
        taken = f"`kb file {shlex.quote(note.path)} detour` takes it in"
        raise InputError(f"{note.path} is held back as outside and not searched; {taken}")
    return note.path


def _open_hit(root: Path, result: SearchResult, number: int) -> int:
    """Open a hit in the editor, by its number. Raises `InputError` where there is none."""
    hit = next((hit for hit in result.hits if hit.rank == number), None)
    if hit is None:
        found = rooms.terminal.count(len(result.hits), "hit")
        raise InputError(f"there is no hit {number}; the search has {found}")
    return rooms.editor.start_editor(root / hit.path, hit.start_line)


def _from_here(root: Path, path: str) -> str:
    """The path of a note as seen from the working directory, where an editor looks for it."""
    return os.path.relpath(root / path, located("."))
