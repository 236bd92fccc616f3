"""What `kb pull` brought."""

from __future__ import annotations

from kb.console.notes import print_skipped
from kb.console.terminal import count, say
from kb.reports import Pulled


def print_pulled(pulled: Pulled) -> None:
    """A line a note, then the sums."""
    for label, style, paths in (
        ("added", "green", pulled.added),
        ("updated", "green", pulled.updated),
        ("removed", "red", pulled.removed),
    ):
        for path in paths:
            say(f"{label}  {path}", style)
    for entry in pulled.skipped:
        print_skipped(entry)
    sums = f"{len(pulled.added)} added, {len(pulled.updated)} updated, {len(pulled.removed)} removed"
    say(f"{sums}, {pulled.unchanged} unchanged; {count(pulled.chunks, 'chunk')} pulled in {pulled.seconds:.1f} s")
