"""Search."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import click

from kb.cli.session import AREA, JSON_OPTION, DateType, joined, knowledge_base, read_standard_input

if TYPE_CHECKING:
    from kb.models import FiledArea, Mode


@click.command(
    "search",
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
@click.option("-n", "limit", default=10, show_default=True, type=click.IntRange(1, 1000), help="Notes to show.")
@click.option("--area", "areas", multiple=True, type=AREA, help="Only this area (may be repeated).")
@click.option("--tag", "tags", multiple=True, help="Only notes with this tag (may be repeated: all of them).")
@click.option("--since", type=DateType(last=False), help="Only notes of this date or later.")
@click.option("--until", type=DateType(last=True), help="Only notes of this date or earlier.")
@click.option(
    "--kind", type=click.Choice(["note", "post", "all"]), default="note", show_default=True, help="What to find."
)
@click.option(
    "--mode",
    type=click.Choice(["hybrid", "dense", "lexical"]),
    default="hybrid",
    show_default=True,
    help="By meaning and words, by meaning, by words.",
)
@click.option("--explain", is_flag=True, help="Show what made each score.")
@click.option("--batch", is_flag=True, help="Read one query a line from standard input; print JSON lines.")
@JSON_OPTION
def search_command(
    query: tuple[str, ...],
    limit: int,
    areas: tuple[FiledArea, ...],
    tags: tuple[str, ...],
    since: datetime.date | None,
    until: datetime.date | None,
    kind: str,
    mode: Mode,
    explain: bool,
    batch: bool,
    as_json: bool,
) -> None:
    """Find notes by meaning and by words.

    In QUERY, "exact words" must stand in a note as they are, infer* finds what
    begins so, and -word leaves out the notes that have it. In a query of more
    than ten words quotes are emphasis.
    """
    from kb.console.hits import print_hits
    from kb.console.terminal import print_json, print_report
    from kb.models import Filter

    if batch == bool(query):
        raise click.UsageError("give a query, or --batch and queries on standard input")
    kinds = {"note": ("note",), "post": ("post",), "all": ("note", "post", "outline")}[kind]
    filter = Filter.model_validate(
        {"areas": areas, "tags": [joined((tag,)) for tag in tags], "since": since, "until": until, "kinds": kinds}
    )
    with knowledge_base() as knowledge:
        if batch:
            for line in read_standard_input().splitlines():
                if line.strip():
                    print_json(knowledge.search(line.strip(), limit, filter, mode, explain))
            return
        result = knowledge.search(joined(query), limit, filter, mode, explain)
    print_report(result, as_json, print_hits)
