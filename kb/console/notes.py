"""Notes, listed and shown."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from kb.console.terminal import HELD_BACK, area_text, grid, notice, out, path_text, print_table, print_text, styled
from kb.models import AreaVerdict
from kb.notes.prose import printable
from kb.reports import NoteDetail, NoteList


def print_list(notes: NoteList) -> None:
    """One line per note."""
    if not notes.notes:
        notice("there are no notes to list")
        return
    table = grid()
    for note in notes.notes:
        outside = note.area == "outside"
        flags = [note.kind] * (note.kind != "note") + ["unsure"] * note.unsure + ["pulled"] * note.remote
        flags += [f"nearest {note.nearest_area}"] * outside
        table.add_row(
            area_text(note.area),
            styled(str(note.date or "")),
            path_text(note.path),
            Text(f"{note.confidence:.2f}", justify="right"),
            styled(" ".join(flags), "yellow"),
        )
    print_table(table)
    if any(note.area == "outside" for note in notes.notes):
        notice(HELD_BACK)


def print_note(note: NoteDetail) -> None:
    """The properties of a note, then its text."""
    out().print(styled(note.title, "bold"))
    lines = [
        (
            "path",
            note.path
            + ("  (changed since the last sync)" if note.state == "changed" else "")
            + "  (pulled)" * note.remote,
        ),
        ("area", f"{note.area}  {_verdict_words(note.verdict)}"),
        ("date", str(note.date or "")),
        ("tags", ", ".join(note.tags)),
        ("authors", ", ".join(note.authors)),
        ("sources", ", ".join(note.sources)),
        ("links", ", ".join(note.links)),
        ("linked from", ", ".join(note.linked_from)),
        ("passages", str(note.chunks)),
    ]
    table = Table.grid(padding=(0, 2))
    for name, value in lines:
        if value:
            table.add_row(styled(name, "dim"), styled(value))
    print_table(table)
    print_text("\n" + printable(note.text).strip("\n") + "\n")


def _verdict_words(verdict: AreaVerdict) -> str:
    unsure = ", unsure" if verdict.unsure else ""
    also = f", also {verdict.also}" if verdict.also else ""
    return (
        f"(by {verdict.decided_by}; confidence {verdict.confidence:.2f}, runner-up {verdict.runner_up}{also}{unsure})"
    )
