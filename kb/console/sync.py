"""What was added, synced, pulled and forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.text import Text

from kb.console.terminal import (
    HELD_BACK,
    PathText,
    area_text,
    count,
    err,
    grid,
    notice,
    plain,
    print_table,
    say,
    styled,
)
from kb.models import FILED_AREAS
from kb.reports import Added, Captured, Fault, Forgotten, HeldBack, Pulled, Skipped, SyncReport, TakenAsPost
from kb.reports.sync import CaptureState

FEW = 10  # notes that are listed one by one
OUTSIDE_WIDTH = len("outside") + len("1.00") + 3 * len("  ")  # of all columns but the path and the reason
REASON_WIDTH = 16
ENDINGS = 5  # of files that were passed over
NAMED = 3  # notes of a line


def print_sync(report: SyncReport, verbose: bool = False) -> None:
    """What an add or a sync did: a few notes line by line, as all are if `verbose`, and many as a table by area; then
    what needs the writer, and the totals.
    """
    changes = [*report.added, *report.updated, *report.renamed, *report.removed]
    if verbose or len(changes) <= FEW:
        _print_changes(report)
    else:
        _print_by_area(report)
        _print_unsure([note for note in (*report.added, *report.updated) if note.unsure])
    for note in (*report.added, *report.updated):
        if note.near_duplicate_of:
            notice(f"{note.path} nearly repeats {note.near_duplicate_of}")
    if report.outside:
        _print_outside(report.outside, len(report.outside) if verbose else FEW)
    for captured in report.captured:
        _print_captured(captured)
    for entry in report.skipped:
        print_skipped(entry)
    for fault in report.faults:
        notice(f"{fault.path}: {fault.reason}")
    if report.taken_as_posts:
        _print_posts(report.taken_as_posts)
    if passed_over := _passed_over(report):
        notice(f"passed over: {passed_over}")
    say(_totals(report))


def _print_changes(report: SyncReport) -> None:
    """One line per note."""
    table = grid()
    for label, notes in (("added", report.added), ("updated", report.updated)):
        for note in notes:
            table.add_row(styled(label, "green"), PathText(note.path), *_filed_columns(note))
    for renamed in report.renamed:
        table.add_row(styled("renamed", "green"), PathText(renamed.origin), styled(f"to {renamed.to}"), "", "")
    for path in report.removed:
        table.add_row(styled("removed", "red"), PathText(path), "", "", "")
    if table.row_count:
        print_table(table)


def _print_by_area(report: SyncReport) -> None:
    """How many notes of each area were added and updated, and how many of them are unsure."""
    changed = [(label, notes) for label, notes in (("added", report.added), ("updated", report.updated)) if notes]
    table = grid()
    headings = [label for label, _ in changed] + ["unsure"] * any(note.unsure for _, notes in changed for note in notes)
    table.add_row("", *(Text(heading, style="dim", justify="right") for heading in headings))
    for area in FILED_AREAS:
        filed = [[note for note in notes if note.area == area] for _, notes in changed]
        counts = [len(notes) for notes in filed]
        counts += [sum(note.unsure for notes in filed for note in notes)] * (len(headings) > len(changed))
        if any(counts):
            table.add_row(area_text(area), *(Text(str(number or "·"), justify="right") for number in counts))
    if changed:
        print_table(table)


def _print_unsure(notes: Sequence[Added]) -> None:
    """The unsure notes, with the two areas that each lies between."""
    if not notes:
        return
    table = grid()
    for note in notes[:FEW]:
        second = note.confidence - note.margin
        between = Text.assemble(
            area_text(note.area), f" {note.confidence:.2f}, ", area_text(note.runner_up), f" {second:.2f}"
        )
        table.add_row(styled("unsure", "yellow"), PathText(note.path), between)
    print_table(table, err())
    _print_rest(len(notes) - FEW, "kb list --unsure")


def _print_rest(number: int, command: str) -> None:
    if number > 0:
        notice(f"and {number} more; `{command}` lists all")


class SyncLog:
    """Prints one line for each of many syncs, and what was skipped or is faulty once."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str]] = set()

    def print(self, report: SyncReport) -> None:
        """The time, and what was added, updated, renamed, removed and held back; no line if nothing was."""
        groups = (
            ("added", [note.path for note in report.added]),
            ("updated", [note.path for note in report.updated]),
            ("renamed", [f"{renamed.origin} to {renamed.to}" for renamed in report.renamed]),
            ("removed", report.removed),
            ("held back", [note.path for note in report.outside]),
        )
        parts = [f"{label} {_few(paths)}" for label, paths in groups if paths]
        if parts:
            say(f"{datetime.now():%H:%M:%S}  {'; '.join(parts)}")
        troubles: list[Skipped | Fault] = [*report.skipped, *report.faults]
        for entry in troubles:
            if (entry.path, entry.reason) not in self._told:
                self._told.add((entry.path, entry.reason))
                notice(f"{entry.path}: {entry.reason}")


def print_skipped(entry: Skipped) -> None:
    """A file that was skipped, and why, on standard error."""
    err().print(Text.assemble(("skipped  ", "red"), plain(entry.path), " ", plain(entry.reason)))


def print_forgotten(forgotten: Forgotten) -> None:
    """The notes that were removed from the index."""
    for path in forgotten.paths:
        say(path)
    notice(f"{count(len(forgotten.paths), 'note')} forgotten; the files are untouched")


def print_pulled(pulled: Pulled) -> None:
    """One line per note, then the totals."""
    for label, style, paths in (
        ("added", "green", pulled.added),
        ("updated", "green", pulled.updated),
        ("removed", "red", pulled.removed),
    ):
        for path in paths:
            say(f"{label}  {path}", style)
    for entry in pulled.skipped:
        print_skipped(entry)
    totals = f"{len(pulled.added)} added, {len(pulled.updated)} updated, {len(pulled.removed)} removed"
    say(f"{totals}, {pulled.unchanged} unchanged; {count(pulled.chunks, 'passage')} pulled in {pulled.seconds:.1f} s")


def _few(paths: Sequence[str]) -> str:
    return ", ".join(paths) if len(paths) <= NAMED else count(len(paths), "note")


def _filed_columns(note: Added) -> tuple[Text, Text, Text]:
    why = {"classifier": "unsure" if note.unsure else "", "front matter": "front matter"}.get(
        note.decided_by, f"by {note.decided_by}"
    )
    return area_text(note.area), Text(f"{note.confidence:.2f}", justify="right"), styled(why, "yellow")


def _print_captured(captured: Captured) -> None:
    """What is to be said of a capture besides where it was filed."""
    name = captured.path or captured.input
    if captured.state == "known":
        notice(f"{captured.path} is about {captured.input} already; nothing was fetched")
    elif captured.state == "outside":
        why = f"it lies outside the areas ({captured.confidence:.2f}; {_why(captured)})"
        notice(f"{captured.input}: {why}; nothing was written; use --detour, or --area AREA")
    elif captured.state == "conflict":
        notice(f"{name}: you and the source changed the same lines; yours stay, the new text is in {captured.conflict}")
    elif captured.state == "merged":
        notice(f"{name}: your changes are kept; {captured.changes or 'nothing else changed'}")
    elif captured.state == "updated":
        notice(f"{name}: {captured.changes}")
    for remark in captured.remarks:
        notice(f"{name}: {remark}")


def _print_outside(held: Sequence[HeldBack], most: int) -> None:
    """The notes that are held back, with the strongest reason for each."""
    paths = [PathText(note.path) for note in held[:most]]
    left = err().width - OUTSIDE_WIDTH - max(map(len, paths))
    table = grid()
    for note, path in zip(held, paths, strict=False):
        reason = styled(_why(note), "dim")
        reason.truncate(max(left, 0), overflow="ellipsis")
        reason.no_wrap = True
        score = Text(f"{note.confidence:.2f}", justify="right")
        table.add_row(styled("outside", "yellow"), path, score, reason)
    print_table(table, err())
    _print_rest(len(held) - most, "kb list --outside")
    notice(HELD_BACK)


def _why(note: HeldBack | Captured) -> str:
    """The nearest area, and what speaks most against it."""
    reasons = [entry for entry in note.evidence if entry.toward == "outside"]
    reason = styled(max(reasons, key=lambda entry: entry.weight).text if reasons else "")
    reason.truncate(REASON_WIDTH, overflow="ellipsis")
    return f"nearest {note.nearest_area}" + (f"; {reason.plain}" if reason.plain else "")


def _print_posts(posts: Sequence[TakenAsPost]) -> None:
    folders = " and ".join(f"{folder}/" for folder in sorted({post.folder for post in posts}))
    taken = (
        f"{len(posts)} notes in {folders} are taken as posts"
        if len(posts) > 1
        else f"{posts[0].path} is taken as a post"
    )
    notice(f"{taken}; `kind: note` in the front matter overrules this")


def _passed_over(report: SyncReport) -> str:
    """What was not read: the counts of the most frequent endings, and of the notes that ignore files exclude."""
    endings = [f"{number} {ending}" for ending, number in list(report.passed_over.items())[:ENDINGS]]
    others = sum(list(report.passed_over.values())[ENDINGS:])
    ignored = [f"{count(number, 'note')} ignored by {name}" for name, number in report.ignored.items()]
    counts = ", ".join(endings) + (f" and {count(others, 'other')}" if others else "")
    hint = f"{', '.join(ignored)} (`kb add` takes what you name)" if ignored else ""
    return "; ".join(filter(None, (counts, hint)))


def _captured(report: SyncReport, state: CaptureState) -> int:
    return sum(captured.state == state for captured in report.captured)


def _totals(report: SyncReport) -> str:
    counts = [
        ("added", len(report.added)),
        ("updated", len(report.updated)),
        ("renamed", len(report.renamed)),
        ("removed", len(report.removed)),
        ("unchanged", report.unchanged),
        ("outside", len(report.outside) + _captured(report, "outside")),
        ("known", _captured(report, "known")),
        ("skipped", len(report.skipped)),
    ]
    words = ", ".join(f"{number} {name}" for name, number in counts if number) or "no notes found"
    return f"{words}; {count(report.embedded_chunks, 'passage')} embedded in {report.seconds:.1f} s"
