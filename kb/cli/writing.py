"""The outline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kb.cli.session import AREA, JSON_OPTION, joined, knowledge_base

if TYPE_CHECKING:
    from kb.models import FiledArea
    from kb.outline.post.citations import Citations
    from kb.reports import Outline

POST = click.Path(exists=True, dir_okay=False)
FOR_POSTS = ("check", "update", "as_json")  # what stands with --check or --update


class NumbersType(click.ParamType[tuple[int, ...]]):
    """Numbers with commas between them."""

    name = "numbers"

    def convert(
        self, value: str | tuple[int, ...], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        try:
            return tuple(int(number) for number in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is no list of numbers such as 3,1,2", param, ctx)


class NamingType(click.ParamType[tuple[int, str]]):
    """A number and a text with an equals sign between them."""

    name = "naming"

    def convert(
        self, value: str | tuple[int, str], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, str]:
        if isinstance(value, tuple):
            return value
        number, sign, text = value.partition("=")
        if not sign or not number.strip().isdecimal():
            self.fail(f"{value!r} is not like 2=TEXT", param, ctx)
        return int(number), joined((text,))


@click.command(
    "outline",
    epilog="""\b
Examples:
  kb outline "over-smoothing in graph networks"
  kb outline "serving large language models" -o drafts/serving.md
  kb outline "two-tower retrieval" --template plain --citations none
  kb outline --check drafts/serving.md
  kb outline --update drafts/serving.md
  kb outline "graph attention" --pick -o drafts/attention.md
  kb outline "graph attention" --drop 4 --order 2,1 --rename "1=Who attends"
""",
)
@click.argument("topic", nargs=-1)
@click.option("--area", "areas", multiple=True, type=AREA, help="Only notes of this area (may be repeated).")
@click.option("--sections", type=click.IntRange(1, 12), help="How many sections; as many as fit by default.")
@click.option(
    "--template", default="jekyll", show_default=True, metavar="NAME|FILE", help="jekyll, hugo, plain, or a Jinja file."
)
@click.option(
    "--citations",
    default="comment",
    show_default=True,
    type=click.Choice(["comment", "footnote", "none"]),
    help="Addresses as HTML comments, as footnotes, or left out.",
)
@click.option("-o", "--output", metavar="FILE", help="Write to a file instead of standard output.")
@click.option("--no-llm", is_flag=True, help="Leave out the language model that kb.toml names.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@click.option("--pick", is_flag=True, help="Drop, order and rename sections at the terminal first.")
@click.option("--drop", multiple=True, type=int, metavar="N", help="Without section N (may be repeated).")
@click.option("--order", type=NumbersType(), default=(), metavar="N,N", help="These sections first, in this order.")
@click.option(
    "--rename",
    multiple=True,
    type=NamingType(),
    metavar="N=TEXT",
    help="Another heading for section N (may be repeated).",
)
@click.option("--check", type=POST, metavar="FILE", help="Verify the citations of a written outline.")
@click.option("--update", type=POST, metavar="FILE", help="Add new points to a written outline.")
@JSON_OPTION
@click.pass_context
def outline_command(
    context: click.Context,
    topic: tuple[str, ...],
    areas: tuple[FiledArea, ...],
    sections: int | None,
    template: str,
    citations: Citations,
    output: str | None,
    no_llm: bool,
    force: bool,
    pick: bool,
    drop: tuple[int, ...],
    order: tuple[int, ...],
    rename: tuple[tuple[int, str], ...],
    check: str | None,
    update: str | None,
    as_json: bool,
) -> int:
    """Lay out the skeleton of a post from your notes.

    Every point is quoted from a note and carries its address. --check says
    which of them no longer stand in the notes; --update adds what is new and
    leaves your own text as it is. The numbers of --drop, --order and --rename
    are those of the sections without them. A language model that kb.toml
    names may propose names, order and summaries; they are marked as generated.
    """
    from kb.console.picking import pick as picked
    from kb.outline.picking import rearranged

    if [bool(topic), check is not None, update is not None].count(True) != 1:
        raise click.UsageError("give a TOPIC, or --check FILE, or --update FILE")
    if check or update:
        _require_alone(context)
        return _check(check, as_json) if check else _update(str(update), as_json)
    with knowledge_base() as knowledge:
        outline = knowledge.outline(joined(topic), areas, sections, llm=not no_llm)
        outline = rearranged(outline, drop, order, dict(rename))
        if pick:
            outline = picked(outline)
        text = knowledge.render(outline, template, citations)
        if output:
            knowledge.write(output, text, overwrite=force)
    _print(outline, text, output, as_json)
    return 0


def _print(outline: Outline, text: str, output: str | None, as_json: bool) -> None:
    from kb.console.outlines import print_written
    from kb.console.terminal import print_json, print_text

    if as_json:
        print_json(outline)
    elif output:
        print_written(outline, output)
    else:
        print_text(text)


def _require_alone(context: click.Context) -> None:
    """What a written outline was asked to be, it remembers: such options mean nothing beside it."""
    for option in context.command.params:
        given = context.get_parameter_source(option.name or "") is click.core.ParameterSource.COMMANDLINE
        if given and option.name not in FOR_POSTS:
            raise click.UsageError(f"{option.opts[0]} is for a TOPIC; --check and --update take a FILE alone")


def _check(file: str, as_json: bool) -> int:
    from kb.console.outlines import print_check
    from kb.console.terminal import print_report

    with knowledge_base() as knowledge:
        checked = knowledge.check_outline(file)
    print_report(checked, as_json, print_check)
    return 0 if checked.ok else 3


def _update(file: str, as_json: bool) -> int:
    from kb.console.outlines import print_update
    from kb.console.terminal import print_report

    with knowledge_base() as knowledge:
        updated = knowledge.update_outline(file)
    print_report(updated, as_json, print_update)
    return 0
