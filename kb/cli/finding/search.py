"""Search."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import click

from kb import rooms
from kb.cli.parameters import AREA, JSON_OPTION, DateType, as_text, bundled
from kb.cli.session import knowledge_base, read_standard_input

if TYPE_CHECKING:
    from kb.models import FiledArea, Filter, Mode

KINDS = {"note": ("note",), "post": ("post",), "all": ("note", "post", "outline")}


@dataclass(frozen=True)
class Restrictions:
    """Which notes may be found."""

    areas: tuple[FiledArea, ...]
    tags: tuple[str, ...]
    since: datetime.date | None
    until: datetime.date | None
    kind: str

    def filter(self) -> Filter:
        """The same as a filter of the library."""
        tags = [as_text(tag) for tag in self.tags]
        values = {"areas": self.areas, "tags": tags, "since": self.since, "until": self.until}
        return rooms.models.Filter.model_validate(values | {"kinds": KINDS[self.kind]})


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
  kb search --batch --json < queries.txt
""",
)
@click.argument("query", nargs=-1)
@click.option(
    "-n",
    "limit",
    type=click.IntRange(1, 1000),
    help="Notes to show, weak hits included.  [default: 10 without weak ones]",
)
@bundled(
    "restrictions",
    Restrictions,
    click.option("--area", "areas", multiple=True, type=AREA, help="Only notes in this area (repeatable)."),
    click.option("--tag", "tags", multiple=True, help="Only notes with this tag (repeatable; all must match)."),
    click.option("--since", type=DateType(last=False), help="Only notes of this date or later."),
    click.option("--until", type=DateType(last=True), help="Only notes of this date or earlier."),
    click.option(
        "--kind", type=click.Choice(list(KINDS)), default="note", show_default=True, help="Kind of notes to search."
    ),
)
@click.option(
    "--mode",
    type=click.Choice(["hybrid", "dense", "lexical"]),
    default="hybrid",
    show_default=True,
    help="Rank by meaning and words, by meaning, or by words.",
)
@click.option("--explain", is_flag=True, help="Show how each score came about.")
@click.option("--batch", is_flag=True, help="Read a query per line from standard input; print JSON lines.")
@JSON_OPTION
def search_command(
    query: tuple[str, ...],
    limit: int | None,
    restrictions: Restrictions,
    mode: Mode,
    explain: bool,
    batch: bool,
    as_json: bool,
) -> None:
    """Find notes by meaning and by words.

    In QUERY, "some words" must occur in a note as a phrase, infer* matches any
    word that begins with infer, and -word excludes notes with that word. In a
    query of more than ten words, quotes are ignored. A DATE is a day
    (2024-05-31 or 2024-5-31), a month (2024-05) or a year (2024).
    """
    if batch == bool(query):
        raise click.UsageError("give a QUERY, or --batch and queries on standard input")
    filter = restrictions.filter()
    with knowledge_base() as knowledge:
        search = partial(
            knowledge.search,
            limit=limit or rooms.knowledge.DEFAULT_LIMIT,
            filter=filter,
            mode=mode,
            explain=explain,
            weak=limit is not None,
        )
        if batch:
            for line in read_standard_input().splitlines():
                if line.strip():
                    rooms.terminal.print_json(search(line.strip()))
            return
        result = search(as_text(*query))
        if not as_json:
            knowledge.remember("search", ((hit.path, hit.start_line) for hit in result.hits))
    rooms.terminal.print_report(result, as_json, partial(rooms.console_search.print_hits, knowledge.root))
