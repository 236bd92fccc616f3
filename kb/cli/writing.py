"""The outline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kb.cli.session import AREA, JSON_OPTION, joined, knowledge_base

if TYPE_CHECKING:
    from kb.models import FiledArea


@click.command(
    "outline",
    epilog="""\b
Examples:
  kb outline "over-smoothing in graph networks"
  kb outline "serving large language models" -o drafts/serving.md
  kb outline "two-tower retrieval" --template plain --sections 4
""",
)
@click.argument("topic", nargs=-1, required=True)
@click.option("--area", "areas", multiple=True, type=AREA, help="Only notes of this area (may be repeated).")
@click.option("--sections", type=click.IntRange(1, 12), help="How many sections; as many as fit by default.")
@click.option(
    "--template", default="jekyll", show_default=True, metavar="NAME|FILE", help="jekyll, hugo, plain, or a Jinja file."
)
@click.option("-o", "--output", metavar="FILE", help="Write to a file instead of standard output.")
@click.option("--no-llm", is_flag=True, help="Leave out the language model that kb.toml names.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@JSON_OPTION
def outline_command(
    topic: tuple[str, ...],
    areas: tuple[FiledArea, ...],
    sections: int | None,
    template: str,
    output: str | None,
    no_llm: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Lay out the skeleton of a post from your notes.

    Every point is quoted from a note and carries its address. A language model
    that kb.toml names ([outline] llm) may propose names, order and summaries;
    what it wrote is marked as generated.
    """
    from kb.console.outlines import print_written
    from kb.console.terminal import print_json, print_text

    with knowledge_base() as knowledge:
        outline = knowledge.outline(joined(topic), areas, sections, llm=not no_llm)
        text = knowledge.render(outline, template)
        if output:
            knowledge.write(output, text, overwrite=force)
    if as_json:
        print_json(outline)
    elif output:
        print_written(outline, output)
    else:
        print_text(text)
