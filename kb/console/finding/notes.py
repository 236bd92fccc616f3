"""Notes, listed and shown."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table
from rich.text import Text

from kb.console.terminal import (
    HELD_BACK,
    area_text,
    grid,
    linked,
    notice,
    out,
    plain,
    print_table,
    print_text,
    shared_widths,
    shorten_path,
    styled,
)
from kb.models import AreaVerdict
from kb.notes.naming import address_of
from kb.notes.prose import printable
from kb.reports import ListedNote, NoteDetail, NoteList

DATE_WIDTH = len("2026-01-31")
PROPERTY_WIDTH = len("linked from") + len("  ")
GAP = "  "


def print_list(root: Path, notes: NoteList) -> None:
    """One line per note below a root: on a terminal in columns that fit it, into a pipe separated by tabs."""
    if not notes.notes:
        notice("there are no notes to list")
    elif out().is_terminal:
        _print_columns(root, notes)
    else:
        for note in notes.notes:
            fields = (note.area, str(note.date or ""), plain(note.path), plain(note.title), " ".join(_flags(note)))
            print_text("\t".join(fields).rstrip("\t") + "\n")
    if any(note.area == "outside" for note in notes.notes):
        notice(HELD_BACK)


def print_paths(_: Path, notes: NoteList) -> None:
    """The paths of the notes, a line each."""
    print_text("".join(f"{plain(note.path)}\n" for note in notes.notes))


def _print_columns(root: Path, notes: NoteList) -> None:
    """A table in which titles and paths share what the other columns leave of the terminal."""
    table = grid()
    flags = [" ".join(_flags(note)) for note in notes.notes]
    numbers = len(str(len(flags)))
    is_dated, is_flagged = any(note.date for note in notes.notes), any(flags)
    others = [numbers, max(len(note.area) for note in notes.notes)]
    others += [DATE_WIDTH] * is_dated + [max(map(len, flags))] * is_flagged
    room = out().width - sum(others) - len(GAP) * (len(others) + 1)
    titles, paths = [note.title for note in notes.notes], [note.path for note in notes.notes]
    title_width, path_width = shared_widths(room, titles, paths)
    for number, (note, marks) in enumerate(zip(notes.notes, flags, strict=True), 1):
        title = linked(note.title, root / note.path)
        title.truncate(title_width, overflow="ellipsis")
        path = styled(shorten_path(note.path, path_width), "dim")
        start = [styled(str(number).rjust(numbers), "dim"), area_text(note.area)]
        date = [styled(str(note.date or ""))] * is_dated
        table.add_row(*start, *date, title, path, *[styled(marks, "yellow")] * is_flagged)
    print_table(table)


def _flags(note: ListedNote) -> list[str]:
    """What is particular about a note."""
    flags = [note.kind] * (note.kind != "note") + ["unsure"] * note.unsure + ["pulled"] * note.remote
    return flags + [f"nearest {note.nearest_area}"] * (note.area == "outside")


def print_note(root: Path, note: NoteDetail) -> None:
    """The properties of a note below a root, then its text as it is."""
    print_properties(root, note)
    print_text("\n" + printable(note.text).strip("\n") + "\n")


def print_passage(root: Path, note: NoteDetail) -> None:
    """The passage of a note below a root that holds the lines asked for: every line numbered, these marked."""
    first, last = note.start_line or 1, note.end_line or 1
    lines = printable(note.text).rstrip("\n").split("\n")
    begin = max((line for line in note.passages if line <= first), default=1)
    end = min((line for line in note.passages if line > last), default=len(lines) + 1)
    out().print(linked(note.title, root / note.path, "bold"))
    out().print(styled(address_of(note.path, first, last), "dim"), soft_wrap=True)
    table = Table.grid(padding=(0, 1))
    for number, line in enumerate(lines[begin - 1 : end - 1], begin):
        is_asked = first <= number <= last
        style = "bold" if is_asked else ""
        table.add_row(">" if is_asked else "", Text(str(number), "dim", justify="right"), styled(line, style))
    print_table(table)


def print_properties(root: Path, note: NoteDetail) -> None:
    """The properties of a note below a root."""
    out().print(linked(note.title, root / note.path, "bold"))
    lines = [
        (
            "path",
            shorten_path(note.path, out().width - PROPERTY_WIDTH)
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


def _verdict_words(verdict: AreaVerdict) -> str:
    unsure = ", unsure" if verdict.unsure else ""
    also = f", also {verdict.also}" if verdict.also else ""
    return (
        f"(by {verdict.decided_by}; confidence {verdict.confidence:.2f}, runner-up {verdict.runner_up}{also}{unsure})"
    )
