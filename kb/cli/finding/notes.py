"""The notes of the index: list, show, open."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import click

from kb import rooms
from kb.cli.finding.editor import start_editor
from kb.cli.interactive import completion
from kb.cli.parameters import JSON_OPTION, STORED_AREA, DateType, OneOf, as_text, bundled
from kb.cli.session import knowledge_base
from kb.notes.words import name_of

if TYPE_CHECKING:
    from kb.models import Kind, StoredArea
    from kb.reports import ListedNote


@dataclass(frozen=True)
class Narrowing:
    """Which notes are listed."""

    tags: tuple[str, ...]
    since: datetime.date | None
    unsure: bool
    outside: bool
    unlinked: bool

    def holds(self, note: ListedNote) -> bool:
        """Whether a note is listed, if its area and kind are."""
        tagged = all(_has_tag(note, name_of(as_text(tag).lower().lstrip("#"))) for tag in self.tags)
        recent = self.since is None or (note.date is not None and note.date >= self.since)
        return tagged and recent and not (self.unlinked and note.linked)


def _has_tag(note: ListedNote, tag: str) -> bool:
    return any(own == tag or own.startswith(f"{tag}/") for own in note.tags)


ORDERS: dict[str, Callable[[ListedNote], tuple[object, ...]]] = {
    "path": lambda note: (note.path,),
    "title": lambda note: (note.title.casefold(), note.path),
    "date": lambda note: (-note.date.toordinal() if note.date else 0, note.path),
    "area": lambda note: (rooms.models.STORED_AREAS.index(note.area), note.path),
    "links": lambda note: (-note.linked, note.path),
}


@click.command(
    "list",
    epilog="""\b
Examples:
  kb list --area gnn --sort date
  kb list --tag serving --since 2025
  kb list --no-links
  kb list --unsure --paths | xargs -n 1 kb open
""",
)
@click.option("--area", "areas", multiple=True, type=STORED_AREA, help="Only notes in this area (repeatable).")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=OneOf(["note", "post", "outline"]),
    help="Only this kind of notes (repeatable).",
)
@bundled(
    "narrowing",
    Narrowing,
    click.option(
        "--tag",
        "tags",
        multiple=True,
        shell_complete=completion.tags,
        help="Only notes with this tag (repeatable; all must match).",
    ),
    click.option("--since", type=DateType(last=False), help="Only notes of this date or later."),
    click.option("--unsure", is_flag=True, help="Only notes whose area is unsure."),
    click.option("--outside", is_flag=True, help="Only notes held back as outside the areas."),
    click.option("--no-links", "unlinked", is_flag=True, help="Only notes that no link connects with another."),
)
@click.option("--sort", type=OneOf([*ORDERS]), default="path", show_default=True, help="Order of the notes.")
@click.option("--paths", is_flag=True, help="Print paths alone, for pipes.")
@JSON_OPTION
def list_command(
    areas: tuple[StoredArea, ...],
    kinds: tuple[Kind, ...],
    narrowing: Narrowing,
    sort: str,
    paths: bool,
    as_json: bool,
) -> None:
    """List the notes with their areas.

    The newest, or those with most links, come first if you sort by these.
    """
    if paths and as_json:
        raise click.UsageError("give either --paths or --json")
    if narrowing.outside and areas:
        raise click.UsageError("give either --area or --outside")
    areas = ("outside",) if narrowing.outside else areas
    if narrowing.unsure and areas == ("outside",):
        raise click.UsageError("notes that are held back are never unsure; leave out --unsure")
    with knowledge_base() as knowledge:
        found = knowledge.list(areas, kinds, narrowing.unsure)
        if narrowing.tags:
            knowledge.check_tags([as_text(tag) for tag in narrowing.tags])
        notes = sorted(filter(narrowing.holds, found.notes), key=ORDERS[sort])
        if not (paths or as_json):
            knowledge.remember("list", {number: (note.path, 1) for number, note in enumerate(notes, 1)})
    console = rooms.console_notes
    show = console.print_paths if paths else console.print_list
    rooms.terminal.print_report(
        found.model_copy(update={"notes": tuple(notes)}), as_json, partial(show, knowledge.root)
    )


@click.command(
    "show",
    epilog="""\b
Examples:
  kb show over-smoothing
  kb show 2
  kb show notes/lora.md:42
  kb show notes/lora.md --raw > lora.md
""",
)
@click.argument("note", metavar="NOTE|PATH:LINE", shell_complete=completion.notes)
@click.option("--raw", is_flag=True, help="Print the file as it is, and nothing else.")
@JSON_OPTION
def show_command(note: str, raw: bool, as_json: bool) -> None:
    """Show a note: its area and why, its links, its text.

    NOTE is a path, a file name without its extension, a title, or a number of
    the last search, related or list. On a terminal, the text is set in type, and
    a number such as :42 is the line at which a passage begins. Of an address
    such as notes/lora.md:42-48, the passage is shown in which the lines are.
    """
    if raw and as_json:
        raise click.UsageError("give either --raw or --json")
    with knowledge_base() as knowledge:
        detail = knowledge.show(note)
    if raw:
        rooms.terminal.print_text(detail.text)
        return
    show = rooms.console_notes.print_note
    if detail.start_line is not None:
        show = rooms.console_notes.print_passage
    elif rooms.terminal.out().is_terminal and not as_json:
        show = rooms.console_text.print_typeset
    rooms.terminal.print_report(detail, as_json, partial(show, knowledge.root))


@click.command(
    "open",
    epilog="""\b
Examples:
  kb open over-smoothing
  kb open notes/lora.md:42
  kb open 2
""",
)
@click.argument("address", metavar="NOTE|PATH:LINE", shell_complete=completion.notes)
def open_command(address: str) -> int:
    """Open a note in $VISUAL or $EDITOR, at a line.

    NOTE may be a number of the last search, related or list: the editor opens
    the note at the passage that was found.
    """
    return open_note(address)


def open_note(address: str) -> int:
    """Open a note in the editor, at the line of its address; returns the exit code of the editor. Raises `KbError`."""
    with knowledge_base() as knowledge:
        path, line = knowledge.locate(address)
    return start_editor(path, line)
