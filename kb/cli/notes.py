"""The notes of the index: list, show, open."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import click

from kb import rooms
from kb.cli.editor import editor_command
from kb.cli.parameters import JSON_OPTION, STORED_AREA
from kb.cli.session import knowledge_base
from kb.errors import KbError

if TYPE_CHECKING:
    from kb.models import Kind, StoredArea


@click.command("list")
@click.option("--area", "areas", multiple=True, type=STORED_AREA, help="Only notes in this area (repeatable).")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(["note", "post", "outline"]),
    help="Only this kind of notes (repeatable).",
)
@click.option("--unsure", is_flag=True, help="Only notes whose area is uncertain.")
@click.option("--outside", is_flag=True, help="Only notes held back as outside the areas.")
@JSON_OPTION
def list_command(
    areas: tuple[StoredArea, ...], kinds: tuple[Kind, ...], unsure: bool, outside: bool, as_json: bool
) -> None:
    """List the notes with their areas."""
    with knowledge_base() as knowledge:
        notes = knowledge.list(("outside",) if outside else areas, kinds, unsure)
    rooms.terminal.print_report(notes, as_json, rooms.console_notes.print_list)


@click.command("show")
@click.argument("note")
@JSON_OPTION
def show_command(note: str, as_json: bool) -> None:
    """Show a note: its area and why, its links, its text.

    NOTE is a path, a file name without its extension, or a title.
    """
    with knowledge_base() as knowledge:
        detail = knowledge.show(note)
    rooms.terminal.print_report(detail, as_json, rooms.console_notes.print_note)


@click.command("open")
@click.argument("address", metavar="NOTE|PATH:LINE")
def open_command(address: str) -> int:
    """Open a note in $VISUAL or $EDITOR, at a line."""
    with knowledge_base() as knowledge:
        path, line = knowledge.locate(address)
    command = editor_command(path, line)
    try:
        code = subprocess.run(command, check=False).returncode
    except OSError as error:
        raise KbError(f"the editor {command[0]!r} cannot be started: {error.strerror}; set EDITOR") from error
    return code if code >= 0 else 128 - code
