"""Looking at what is there: list, show, open, status."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kb.cli.session import JSON_OPTION, STORED_AREA, knowledge_base

if TYPE_CHECKING:
    from kb.models import Kind, StoredArea


@click.command("list")
@click.option("--area", "areas", multiple=True, type=STORED_AREA, help="Only this area (may be repeated).")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(["note", "post", "outline"]), help="Only this kind.")
@click.option("--unsure", is_flag=True, help="Only notes whose area is uncertain.")
@click.option("--outside", is_flag=True, help="Only notes held back as outside the areas.")
@JSON_OPTION
def list_command(
    areas: tuple[StoredArea, ...], kinds: tuple[Kind, ...], unsure: bool, outside: bool, as_json: bool
) -> None:
    """List the notes with their areas."""
    from kb.console.notes import print_list
    from kb.console.terminal import print_report

    with knowledge_base() as knowledge:
        notes = knowledge.list(("outside",) if outside else areas, kinds, unsure)
    print_report(notes, as_json, print_list)


@click.command("show")
@click.argument("note")
@JSON_OPTION
def show_command(note: str, as_json: bool) -> None:
    """Show a note: its area and why, its links, its text.

    NOTE is a path, a file name without its ending, or a title.
    """
    from kb.console.notes import print_note
    from kb.console.terminal import print_report

    with knowledge_base() as knowledge:
        detail = knowledge.show(note)
    print_report(detail, as_json, print_note)


@click.command("open")
@click.argument("address", metavar="NOTE|PATH:LINE")
def open_command(address: str) -> int:
    """Open a note in $VISUAL or $EDITOR, at a line."""
    import subprocess

    from kb.errors import KbError
    from kb.notebook import editor_command

    with knowledge_base() as knowledge:
        path, line = knowledge.locate(address)
    command = editor_command(path, line)
    try:
        code = subprocess.run(command, check=False).returncode
    except OSError as error:
        raise KbError(f"the editor {command[0]!r} cannot be started: {error.strerror}; set EDITOR") from error
    return code if code >= 0 else 128 - code


@click.command("status")
@JSON_OPTION
def status_command(as_json: bool) -> None:
    """Show the balance of the areas, and what changed."""
    from kb.console.notes import print_status
    from kb.console.terminal import print_report

    with knowledge_base() as knowledge:
        status = knowledge.status()
    print_report(status, as_json, print_status)
