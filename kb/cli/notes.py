"""The notes of the index: list, show, open."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb import rooms
from kb.cli.parameters import JSON_OPTION, STORED_AREA
from kb.cli.session import knowledge_base
from kb.errors import ConfigError, KbError

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


def editor_command(path: Path, line: int) -> list[str]:
    """The command that opens a file at a line, by `VISUAL`, else `EDITOR`, else vi. Raises `ConfigError`."""
    named = (os.environ.get(name, "").strip() for name in ("VISUAL", "EDITOR"))
    value = next((command for command in named if command), "vi")
    try:
        command = shlex.split(value)
    except ValueError as error:
        raise ConfigError(f"VISUAL or EDITOR is {value!r}, which is not a command: {error}; set EDITOR") from error
    name = Path(command[0]).stem
    if name in ("code", "codium", "cursor"):
        return [*command, "--goto", f"{path}:{line}"]
    if name in ("subl", "zed", "hx"):
        return [*command, f"{path}:{line}"]
    return [*command, f"+{line}", str(path)]
