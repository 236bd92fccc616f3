"""The state of a notebook and its index."""

from __future__ import annotations

import math
import shlex

from rich.table import Table
from rich.text import Text

from kb.console.sync import print_skipped
from kb.console.terminal import (
    AREA_STYLES,
    area_text,
    count,
    grid,
    notice,
    print_table,
    print_text,
    remark,
    say,
    styled,
)
from kb.reports import Diagnosis, DraftList, Ideas, Rebuilt, Saved, Server, Status

BAR_WIDTH = 20


BEGINNING = """\
There is no notebook here. To make one of a folder of Markdown notes, wherever it is:

  cd ~/my-notes
  kb add .
  kb search how do I cut serving latency

Your files stay as they are; the index goes into ~/my-notes/.kb/.
`kb help start` says more, and `kb --help` lists all commands.
"""


def print_beginning() -> None:
    """How to begin, where there is no notebook."""
    print_text(BEGINNING)


def print_home(status: Status, ideas: Ideas, drafts: DraftList) -> None:
    """What a notebook holds, and each thing to do with its command."""
    notes = sum(row.notes for row in status.areas)
    held_back = sum(row.notes for row in status.areas if row.area == "outside")
    say(status.notebook, "bold")
    say(f"{count(notes - held_back - status.posts, 'note')} and {count(status.posts, 'post')}")
    areas = (f"{row.area} {row.notes}" for row in status.areas if row.area != "outside")
    say(", ".join(areas), "dim")
    table = grid()
    if not notes:
        table.add_row(_command("kb add FOLDER"), "no notes yet")
    for number, what, command in (
        (status.changed_notes, "changed since the last sync", "kb sync"),
        (status.unsure, "whose area is unsure", "kb list --unsure"),
        (held_back, "held back as outside", "kb list --outside"),
    ):
        if number:
            table.add_row(_command(command), f"{count(number, 'note')} {what}")
    for draft in drafts.drafts:
        if failing := draft.citations - draft.holding:
            hold = "hold" if failing > 1 else "holds"
            said = f"{failing} of {count(draft.citations, 'citation')} no longer {hold}"
            table.add_row(_command(f"kb outline --check {shlex.quote(draft.path)}"), styled(said))
    if ideas.ideas:
        table.add_row(_command("kb ideas"), styled(f"ripe for a post: {ideas.ideas[0].title}"))
    table.add_row(_command("kb help"), "the manual; `kb --help` lists all commands")
    print_table(table)


def _command(text: str) -> Text:
    return Text(text, style="green", no_wrap=True)


def print_status(status: Status) -> None:
    """The number of notes in each area, as a bar and by month, and other totals."""
    say(f"notebook  {status.notebook}")
    say(f"sources   {', '.join(status.sources) or 'none yet'}")
    for label, model in (("model", status.model), ("reranker", status.rerank)):
        if model:
            say(f"{label:<9} {model}")
    if "://" in status.vectors:
        say(f"vectors   {status.vectors}")
    print_table(_balance(status))
    if status.months:
        say(f"right of the bars: notes per month, {min(status.months)} to {max(status.months)}", "dim")
    say(
        f"{count(status.posts, 'post')}, {status.unsure} unsure, {count(status.chunks, 'passage')}, "
        f"index {_size(status.index_bytes)}"
    )
    remark((), status.changed_notes)


def print_diagnosis(diagnosis: Diagnosis) -> None:
    """Each finding and how to repair it."""
    if diagnosis.ok:
        say("the index is intact")
    for finding in diagnosis.findings:
        style = "red" if finding.severity == "error" else "yellow"
        say(
            f"{finding.severity}  {finding.check}: {finding.message}" + (f" ({finding.path})" if finding.path else ""),
            style,
        )
        say(f"  to repair: {finding.repair}")


def print_rebuilt(rebuilt: Rebuilt) -> None:
    """What was rebuilt, and from what."""
    for entry in rebuilt.skipped:
        print_skipped(entry)
    counts = f"{count(rebuilt.notes, 'note')}, {count(rebuilt.chunks, 'passage')}"
    embedded = f"{count(rebuilt.embedded_chunks, 'passage')} embedded in {rebuilt.seconds:.1f} s"
    say(f"rebuilt from the {rebuilt.made_from}: {counts}; {embedded}")


def print_saved(saved: Saved) -> None:
    """The path and size of a backup."""
    say(f"{saved.path}: {count(saved.notes, 'note')}, {_size(saved.bytes)}")


def print_restored(restored: Saved) -> None:
    """What was restored, and what to do next."""
    say(f"restored {count(restored.notes, 'note')} from {restored.path}")
    notice("`kb sync` brings the index up to date with the files as they are now")


def _balance(status: Status) -> Table:
    """For each area a bar for all of its notes, and their number in each of the last months."""
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


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def print_server(server: Server) -> None:
    """The notebook, the address and the process of a server."""
    minutes = count(round(server.seconds / 60), "minute")
    say(f"{server.notebook} is served at {server.address} by process {server.process} for {minutes}")


def print_ended_server(server: Server) -> None:
    """The server that was ended."""
    say(f"ended the server of {server.notebook} at {server.address}")
