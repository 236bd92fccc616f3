"""Going through the notes that wait for a decision: inbox."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kb import rooms
from kb.cli.filing.keys import END_OF_INPUT, next_key, single_keys
from kb.cli.finding.editor import start_editor
from kb.cli.parameters import JSON_OPTION
from kb.cli.session import knowledge_base
from kb.errors import KbError

if TYPE_CHECKING:
    from kb.knowledge import KnowledgeBase
    from kb.models import StoredArea
    from kb.reports import InboxNote

AREA_KEYS: dict[str, StoredArea] = {
    "m": "ml-systems",
    "g": "gnn",
    "l": "llm",
    "d": "detour",
    "x": "outside",
}


@click.command(
    "inbox",
    epilog="""\b
Examples:
  kb inbox
  kb inbox | cut -f 3
  kb inbox --json
""",
)
@JSON_OPTION
def inbox_command(as_json: bool) -> None:
    """Decide about the notes that kb is not sure of.

    These are the notes whose area is unsure, and those that are held back as
    outside the areas; in each group, the least certain come first. On a terminal
    they are shown one after the other, and one key files each: m, g or l under
    an area, d as a detour, x outside; s skips a note, o opens it, u takes the
    last decision back, q ends. Each decision is kept at that moment, as by kb
    file. Elsewhere the notes are listed.
    """
    with knowledge_base() as knowledge:
        inbox = knowledge.inbox()
        if as_json or not inbox.notes or not (sys.stdin.isatty() and sys.stdout.isatty()):
            rooms.terminal.print_report(inbox, as_json, rooms.console_inbox.print_inbox)
        else:
            _Walk(knowledge, inbox.notes).go()


class _Walk:
    """The way through the inbox, note after note."""

    def __init__(self, knowledge: KnowledgeBase, notes: tuple[InboxNote, ...]) -> None:
        self._knowledge = knowledge
        self._notes = notes
        self._filed: list[int] = []  # the numbers of the notes that were filed, to come back to

    def go(self) -> None:
        """Show the notes until the last is decided, skipped, or the writer ends."""
        with single_keys() as self._lines:
            self._show_all()
        rooms.console_inbox.print_end(len(self._filed), len(self._notes))

    def _show_all(self) -> None:
        number: int | None = 0
        while number is not None and number < len(self._notes):
            rooms.console_inbox.print_note(self._notes[number], number + 1, len(self._notes))
            number = self._next(number)

    def _next(self, number: int) -> int | None:
        """The number of the note to show after a key, or None to end."""
        while True:
            key = next_key()
            if key in ("q", END_OF_INPUT):
                return None
            if key == "s":
                return number + 1
            if key == "u" and self._filed:
                return self._take_back()
            if key == "o":
                with self._lines():
                    start_editor(self._knowledge.root / self._notes[number].path, 1)
                return number
            if key in AREA_KEYS:
                self._file(number, AREA_KEYS[key])
                return number + 1

    def _file(self, number: int, area: StoredArea) -> None:
        """File a note; one that cannot be filed is left for another time."""
        try:
            rooms.console_areas.print_filed(self._knowledge.file(self._notes[number].path, area))
        except KbError as error:
            rooms.terminal.complain(str(error))
        else:
            self._filed.append(number)

    def _take_back(self) -> int:
        number = self._filed.pop()
        rooms.console_areas.print_filed(self._knowledge.file(self._notes[number].path, None))
        return number
