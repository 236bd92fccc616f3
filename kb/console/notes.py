"""Reports about notes: adding, filing, listing, showing."""

from __future__ import annotations

import math
from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from kb.console.terminal import (
    AREA_STYLES,
    area_text,
    count,
    err,
    notice,
    out,
    plain,
    print_table,
    print_text,
    say,
    shorten_path,
    styled,
)
from kb.models import AreaVerdict, Evidence
from kb.notes.prose import printable
from kb.reports import (
    Added,
    Classification,
    Filed,
    Forgotten,
    HeldBack,
    Move,
    NoteDetail,
    NoteList,
    Reclassification,
    Skipped,
    Status,
    SyncReport,
)
from kb.reports.cared import Rebuilt, Saved

PATH_WIDTH = 44
BAR_WIDTH = 20
WAYS_IN = "held back: add them with --detour, or `kb file NOTE AREA`, or leave them"


def print_sync(report: SyncReport) -> None:
    """What an add or a sync did: a line a note, then the sums."""
    table = _grid()
    for label, notes in (("added", report.added), ("updated", report.updated)):
        for note in notes:
            table.add_row(styled(label, "green"), _path(note.path), *_filed_columns(note))
    for renamed in report.renamed:
        table.add_row(styled("renamed", "green"), _path(renamed.origin), styled(f"to {renamed.to}"), "", "")
    for path in report.removed:
        table.add_row(styled("removed", "red"), _path(path), "", "", "")
    if table.row_count:
        print_table(table)
    for note in (*report.added, *report.updated):
        if note.near_duplicate_of:
            notice(f"{note.path} nearly repeats {note.near_duplicate_of}")
    _print_outside(report.outside)
    for entry in report.skipped:
        print_skipped(entry)
    say(_sums(report))


def print_skipped(entry: Skipped) -> None:
    """A file that could not be taken, on standard error."""
    err().print(Text.assemble(("skipped  ", "red"), plain(entry.path), " ", plain(entry.reason)), soft_wrap=True)


def print_classification(verdict: Classification) -> None:
    """A verdict with its scores and evidence."""
    head = Text.assemble(styled(verdict.path, "bold"), "  ", area_text(verdict.area), f"  {verdict.confidence:.2f}")
    notes = [f"also {verdict.also}"] if verdict.also else []
    notes += ["unsure"] if verdict.unsure else []
    notes += [f"by {verdict.decided_by}"] if verdict.decided_by != "classifier" else []
    out().print(head + (styled(f"  ({', '.join(notes)})", "yellow") if notes else Text()))
    out().print(styled("  " + "  ".join(f"{area} {score:.2f}" for area, score in verdict.scores.items()), "dim"))
    _print_evidence(verdict.evidence)


def print_filed(filed: Filed) -> None:
    """Where a note is filed now."""
    if filed.before == filed.area:
        say(f"{filed.path} stays under {filed.area}")
    else:
        out().print(Text.assemble(plain(filed.path), ": ", area_text(filed.before), " → ", area_text(filed.area)))


def print_reclassification(report: Reclassification) -> None:
    """A line a note that moves, with the strongest reason for it."""
    table = _grid()
    for move in report.moved:
        where = area_text(move.before) + " → " + area_text(move.after)
        table.add_row(
            _path(move.path),
            where,
            Text(f"{move.verdict.scores[move.verdict.area]:.2f}", justify="right"),
            styled(_reason(move), "dim"),
        )
    if report.moved:
        print_table(table)
    for entry in report.skipped:
        print_skipped(entry)
    verb = "moved" if report.applied else "would move"
    say(f"{count(len(report.moved), 'note')} {verb}, {report.unmoved} stay")
    if report.moved and not report.applied:
        notice("move them with `kb reclassify --apply`")


def print_forgotten(forgotten: Forgotten) -> None:
    """The notes that left the index."""
    for path in forgotten.paths:
        say(path)
    notice(f"{count(len(forgotten.paths), 'note')} forgotten; the files are untouched")


def print_rebuilt(rebuilt: Rebuilt) -> None:
    """What was made anew, and from what."""
    for entry in rebuilt.skipped:
        print_skipped(entry)
    counts = f"{count(rebuilt.notes, 'note')}, {count(rebuilt.chunks, 'chunk')}"
    embedded = f"{count(rebuilt.embedded_chunks, 'chunk')} embedded in {rebuilt.seconds:.1f} s"
    say(f"made anew from the {rebuilt.made_from}: {counts}; {embedded}")


def print_saved(saved: Saved) -> None:
    """A backup, and what it holds."""
    say(f"{saved.path}: {count(saved.notes, 'note')}, {_size(saved.bytes)}")


def print_list(notes: NoteList) -> None:
    """A line a note."""
    if not notes.notes:
        notice("no notes to list")
        return
    table = _grid()
    for note in notes.notes:
        outside = note.area == "outside"
        flags = [note.kind] * (note.kind != "note") + ["unsure"] * note.unsure + ["pulled"] * note.remote
        flags += [f"nearest {note.nearest_area}"] * outside
        table.add_row(
            area_text(note.area),
            styled(str(note.date or "")),
            _path(note.path),
            Text(f"{note.confidence:.2f}", justify="right"),
            styled(" ".join(flags), "yellow"),
        )
    print_table(table)
    if any(note.area == "outside" for note in notes.notes):
        notice(WAYS_IN)


def print_note(note: NoteDetail) -> None:
    """A note's particulars, then its text."""
    out().print(styled(note.title, "bold"))
    lines = [
        (
            "path",
            note.path
            + ("  (changed since it was indexed)" if note.state == "changed" else "")
            + "  (pulled)" * note.remote,
        ),
        ("area", f"{note.area}  {_verdict_words(note.verdict)}"),
        ("date", str(note.date or "")),
        ("tags", ", ".join(note.tags)),
        ("authors", ", ".join(note.authors)),
        ("sources", ", ".join(note.sources)),
        ("links", ", ".join(note.links)),
        ("linked from", ", ".join(note.linked_from)),
        ("chunks", str(note.chunks)),
    ]
    table = Table.grid(padding=(0, 2))
    for name, value in lines:
        if value:
            table.add_row(styled(name, "dim"), styled(value))
    print_table(table)
    print_text("\n" + printable(note.text).strip("\n") + "\n")


def print_status(status: Status) -> None:
    """Counts with a bar an area."""
    say(f"notebook  {status.notebook}")
    say(f"sources   {', '.join(status.sources) or 'none yet'}")
    if "://" in status.vectors:
        say(f"vectors   {status.vectors}")
    print_table(_balance(status))
    if status.months:
        say(f"right of the bars: notes a month, {min(status.months)} to {max(status.months)}", "dim")
    say(
        f"{count(status.posts, 'post')}, {status.unsure} unsure, {count(status.chunks, 'chunk')}, "
        f"index {_size(status.index_bytes)}"
    )
    if status.changed_notes:
        notice(f"{count(status.changed_notes, 'note')} changed since the last sync; run `kb sync`")


def _balance(status: Status) -> Table:
    """A bar for all notes of each area, and its notes in each of the last months."""
    most = max((row.notes for row in status.areas), default=0) or 1
    table = Table.grid(padding=(0, 1))
    table.add_row("", "", "", *(Text(month[5:], style="dim", justify="right") for month in status.months))
    for row in status.areas:
        bar = "█" * math.ceil(BAR_WIDTH * row.notes / most)
        months = [counts[row.area] for counts in status.months.values()]
        cells = (Text(str(notes or "·"), style="" if notes else "dim", justify="right") for notes in months)
        table.add_row(
            area_text(row.area), Text(str(row.notes), justify="right"), styled(bar, AREA_STYLES[row.area]), *cells
        )
    return table


def _grid() -> Table:
    return Table.grid(padding=(0, 2), pad_edge=False)


def _path(path: str) -> Text:
    text = styled(shorten_path(path, PATH_WIDTH))
    text.no_wrap = True
    return text


def _filed_columns(note: Added) -> tuple[Text, Text, Text]:
    why = {"classifier": "unsure" if note.unsure else "", "front matter": "front matter"}.get(
        note.decided_by, f"by {note.decided_by}"
    )
    return area_text(note.area), Text(f"{note.confidence:.2f}", justify="right"), styled(why, "yellow")


def _print_outside(held: Iterable[HeldBack]) -> None:
    held = list(held)
    if not held:
        return
    table = _grid()
    for note in held:
        table.add_row(
            styled("outside", "yellow"),
            _path(note.path),
            Text(f"{note.confidence:.2f}", justify="right"),
            styled(f"nearest {note.nearest_area}", "dim"),
        )
    print_table(table, err())
    notice(WAYS_IN)


def _print_evidence(evidence: Iterable[Evidence]) -> None:
    table = Table.grid(padding=(0, 2))
    for entry in evidence:
        table.add_row(
            "  ",
            area_text(entry.toward),
            Text(f"{entry.weight:+.2f}", justify="right"),
            styled(entry.text),
            styled(f"line {entry.line}", "dim"),
        )
    print_table(table)


def _verdict_words(verdict: AreaVerdict) -> str:
    unsure = ", unsure" if verdict.unsure else ""
    also = f", also {verdict.also}" if verdict.also else ""
    return f"({verdict.decided_by}; classifier: {verdict.confidence:.2f}, next {verdict.runner_up}{also}{unsure})"


def _reason(move: Move) -> str:
    """The strongest reason for where a note goes; an example that the writer filed before all others."""
    toward = "outside" if move.after in ("outside", "detour") else move.after
    reasons = [entry for entry in move.verdict.evidence if entry.toward == toward]
    return max(reasons, key=lambda entry: (entry.kind == "example", entry.weight)).text if reasons else ""


def _sums(report: SyncReport) -> str:
    counts = [
        ("added", len(report.added)),
        ("updated", len(report.updated)),
        ("renamed", len(report.renamed)),
        ("removed", len(report.removed)),
        ("unchanged", report.unchanged),
        ("outside", len(report.outside)),
        ("skipped", len(report.skipped)),
    ]
    words = ", ".join(f"{count} {name}" for name, count in counts if count) or "no notes found"
    return f"{words}; {count(report.embedded_chunks, 'chunk')} embedded in {report.seconds:.1f} s"


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
