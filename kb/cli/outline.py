"""Outlines: drafted, checked, updated, published."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb import rooms
from kb.cli.finding.editor import start_editor
from kb.cli.interactive import completion
from kb.cli.parameters import (
    AREA,
    JSON_OPTION,
    DateType,
    FilePath,
    OneOf,
    TextType,
    WholeNumber,
    as_text,
    bundled,
)
from kb.cli.session import knowledge_base
from kb.errors import InputError

if TYPE_CHECKING:
    import datetime

    from kb.models import FiledArea
    from kb.outline.post.citations import Citations
    from kb.reports import Outline

POST = FilePath(exists=True, dir_okay=False)
STDERR = 2
FOR_POSTS = ("check", "update", "dry_run", "as_json")  # the options that --check and --update allow
STANDARD_OUTPUT = "-"
NOT_FOR_FILLING = ("sections", "headings", "template", "no_llm")


@dataclass(frozen=True)
class Draft:
    """What to draft, and where to write it."""

    areas: tuple[FiledArea, ...]
    sections: int | None
    headings: tuple[str, ...]
    words: int | None
    template: str
    citations: Citations
    output: str | None
    no_llm: bool
    force: bool
    pick: bool

    @property
    def file(self) -> str | None:
        """The file to write; none for standard output, which `-` names."""
        return None if self.output == STANDARD_OUTPUT else self.output


@click.command(
    "outline",
    epilog="""\b
Examples:
  kb outline "over-smoothing in graph networks"
  kb outline "serving large language models" -o drafts/serving.md
  kb outline "two-tower retrieval" --template plain --citations none
  kb outline "serving LLMs" --section "KV cache" --section Batching
  kb outline "graph attention" --words 1500
  kb outline --fill drafts/serving.md -o drafts/serving-filled.md
  kb outline --check drafts/serving.md
  kb outline --update drafts/serving.md --dry-run
  kb outline --update drafts/serving.md
  kb outline "graph attention" --pick -o drafts/attention.md
""",
)
@click.argument("topic", nargs=-1)
@bundled(
    "draft",
    Draft,
    click.option("--area", "areas", multiple=True, type=AREA, help="Only notes in this area (repeatable)."),
    click.option(
        "--sections", type=WholeNumber(1, 12), help="Number of sections, at most 12 (default: as many as fit)."
    ),
    click.option(
        "--section", "headings", multiple=True, type=TextType(), metavar="TEXT", help="A heading of yours (repeatable)."
    ),
    click.option("--words", type=WholeNumber(100), help="Length of the post in words, at least 100."),
    click.option(
        "--template",
        default="jekyll",
        show_default=True,
        metavar="NAME|FILE",
        shell_complete=completion.templates,
        help="Format: jekyll, hugo, plain, or a Jinja file.",
    ),
    click.option(
        "--citations",
        default="comment",
        show_default=True,
        type=OneOf(["comment", "footnote", "none"]),
        help="Addresses as HTML comments, as footnotes, or left out.",
    ),
    click.option("-o", "--output", type=FilePath(), metavar="FILE", help="Write to FILE; - is standard output."),
    click.option("--no-llm", is_flag=True, help="Do not use the language model that kb.toml names."),
    click.option("--force", is_flag=True, help="Replace FILE if it exists."),
    click.option("--pick", is_flag=True, help="Reorder, drop and rename sections in your editor first."),
)
@click.option("--fill", type=POST, metavar="FILE", help="Put points under the headings of a draft of yours.")
@click.option("--check", type=POST, metavar="FILE", help="Verify the citations of a written outline.")
@click.option("--update", type=POST, metavar="FILE", help="Add new points to a written outline.")
@click.option("--dry-run", is_flag=True, help="With --update: print the new lines, and write nothing.")
@JSON_OPTION
@click.pass_context
def outline_command(
    context: click.Context,
    topic: tuple[str, ...],
    draft: Draft,
    fill: str | None,
    check: str | None,
    update: str | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Draft the skeleton of a post from your notes.

    Every point is quoted from a note, with its address. --section gives the
    headings, in order, and --fill takes them from a draft that you began: each
    gets the points that fit it best, and what you wrote stays as it is. On a
    terminal the sections are shown, with -o or a pipe the post is written.
    --words N makes about N/250 sections, with a point for every 50 words.

    --check reports the citations that no longer hold, each with what the note
    says now; --update adds new points and leaves your own text alone. `kb
    publish` makes the finished draft a post.

    --pick opens a list of the sections in your editor: move, delete and reword
    its lines. With --fill, only the headings that you leave get points.

    A language model that kb.toml names may group the points, and propose
    headings, their order and summaries; what it wrote is marked as generated.
    """
    files = (fill, check, update)
    if [bool(topic) and fill is None, *(file is not None for file in files)].count(True) != 1:
        raise click.UsageError("give a TOPIC, --fill FILE, --check FILE or --update FILE")
    if dry_run and update is None:
        raise click.UsageError("--dry-run needs --update FILE")
    if topic and fill is None:
        return _draft(as_text(*topic), draft, as_json)
    if fill is not None:
        _refuse_options(context, NOT_FOR_FILLING, "has no effect with --fill, which takes the headings of FILE")
        return _fill(fill, as_text(*topic), draft, as_json)
    _refuse_draft_options(context)
    return _check(check, as_json) if check is not None else _update(str(update), dry_run, as_json)


def _draft(topic: str, draft: Draft, as_json: bool) -> int:
    _require_place(draft)
    if draft.headings and draft.sections:
        raise click.UsageError("--sections has no effect with --section: there are as many as you name")
    if len({*draft.headings}) < len(draft.headings):
        raise click.UsageError("a --section is given twice; name each heading once")
    with knowledge_base() as knowledge:
        outline = knowledge.outline(
            topic, draft.areas, draft.sections, llm=not draft.no_llm, headings=draft.headings, words=draft.words
        )
        if draft.pick:
            outline = rooms.picking.planned(outline, rooms.console_picking.pick(outline, _edit))
        text = knowledge.render(outline, draft.template, draft.citations)
        if draft.file:
            knowledge.write(draft.file, text, overwrite=draft.force)
    _print(outline, text, draft.output, as_json)
    return 0


def _fill(file: str, topic: str, draft: Draft, as_json: bool) -> int:
    _require_place(draft)
    with knowledge_base() as knowledge:
        outline, text = knowledge.fill(file, topic or None, draft.areas, draft.words, draft.citations)
        if draft.pick:
            plan = rooms.console_picking.pick(outline, _edit, headings_stay=True)
            outline = rooms.picking.emptied(outline, plan)
            text = knowledge.filled(file, outline, draft.citations)
        if draft.file:
            knowledge.write(draft.file, text, overwrite=draft.force)
    _print(outline, text, draft.output, as_json)
    return 0


def _require_place(draft: Draft) -> None:
    """Raise `InputError` where the outline cannot be written, before the user takes the trouble to edit its plan."""
    if draft.pick and draft.file and not draft.force and Path(draft.file).exists():
        raise InputError(f"{draft.file} exists; choose another name, or --force to replace it")


def _edit(path: Path) -> int:
    """Open a plan in the editor, which writes to standard error where standard output takes the result."""
    return start_editor(path, 1, stdout=None if sys.stdout.isatty() else STDERR)


def _print(outline: Outline, text: str, output: str | None, as_json: bool) -> None:
    """An outline as it was asked for: as JSON, as a tree on a terminal or where it was written to a file, else, and
    where `-` is given for the file, the text of the post.
    """
    if as_json:
        rooms.terminal.print_json(outline)
        rooms.console_outline.print_notices(outline)
    elif output != STANDARD_OUTPUT and (output or rooms.terminal.out().is_terminal):
        rooms.console_outline.print_tree(outline, output)
    else:
        rooms.terminal.print_text(text)
        rooms.console_outline.print_notices(outline)


def _refuse_draft_options(context: click.Context) -> None:
    """A written outline records the options that it was drafted with: giving them again has no effect."""
    options = {option.name for option in context.command.params} - {*FOR_POSTS}
    _refuse_options(context, options, "needs a TOPIC; it has no effect with --check or --update")


def _refuse_options(context: click.Context, names: Collection[str | None], reason: str) -> None:
    for option in context.command.params:
        given = context.get_parameter_source(option.name or "") is click.core.ParameterSource.COMMANDLINE
        if given and option.name in names:
            raise click.UsageError(f"{option.opts[0]} {reason}")


def _check(file: str, as_json: bool) -> int:
    with knowledge_base() as knowledge:
        checked = knowledge.check_outline(file)
    rooms.terminal.print_report(checked, as_json, rooms.console_outline.print_check)
    return 0 if checked.ok else 3


def _update(file: str, dry_run: bool, as_json: bool) -> int:
    with knowledge_base() as knowledge:
        updated = knowledge.update_outline(file, dry_run)
    rooms.terminal.print_report(updated, as_json, rooms.console_outline.print_update)
    return 0


@click.command(
    "publish",
    epilog="""\b
Examples:
  kb publish drafts/serving.md
  kb publish drafts/serving.md -o content/posts/serving.md
  kb publish drafts/serving.md --date 2025-03-08 --force
""",
)
@click.argument("file", type=POST)
@click.option(
    "-o",
    "--output",
    type=FilePath(dir_okay=False),
    metavar="FILE",
    help="Write to FILE (default: the folder of your newest post, or posts/).",
)
@click.option(
    "--date", type=DateType(last=False), metavar="DATE", help="Date of the post (default: today, or as published)."
)
@click.option("--force", is_flag=True, help="Publish also a plain note, or if citations fail, and replace FILE.")
@JSON_OPTION
def publish_command(file: str, output: str | None, date: datetime.date | None, force: bool, as_json: bool) -> int:
    """Make a written outline a post.

    Writes a clean copy to a new file: without the comments that kb wrote, with
    numbered references, and with `kind: post` and the date in its front matter.
    Footnotes that cite notes become links to the list of references. Your own
    text stays as it is, and so does the draft. The copy is added to the
    notebook as a post. Nothing is written if citations no longer hold.
    """
    with knowledge_base() as knowledge:
        published = knowledge.publish(file, output, date, force)
    rooms.terminal.print_report(published, as_json, rooms.console_outline.print_published)
    return 3 if published.refused else 0
