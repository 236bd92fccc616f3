"""The notes that wait for a decision, listed and one after the other."""

from __future__ import annotations

from rich.padding import Padding
from rich.text import Text

from kb.console.terminal import (
    PathText,
    area_text,
    count,
    grid,
    notice,
    out,
    plain,
    print_table,
    print_text,
    say,
    shorten_path,
    styled,
)
from kb.models import AreaVerdict
from kb.reports import Inbox, InboxNote

KEYS = (
    ("m", "ml-systems"),
    ("g", "gnn"),
    ("l", "llm"),
    ("d", "detour"),
    ("x", "outside"),
    ("s", "skip"),
    ("o", "open"),
    ("u", "undo"),
    ("q", "quit"),
)
REASONS = 3  # that are shown of a note
OPENING_LINES = 4
INDENT = 2


def print_inbox(inbox: Inbox) -> None:
    """One line per note: on a terminal in columns, into a pipe separated by tabs."""
    if not inbox.notes:
        notice("no note waits for a decision")
        return
    if out().is_terminal:
        table = grid()
        for note in inbox.notes:
            table.add_row(_state(note), PathText(note.path), styled(_reason(note.verdict), "dim"))
        print_table(table)
    else:
        for note in inbox.notes:
            fields = (_state(note).plain, note.area, note.path, note.title, _scores(note.verdict))
            print_text("\t".join(map(plain, fields)) + "\n")
    notice(f"{count(len(inbox.notes), 'note')}; run `kb inbox` at a terminal, or `kb file NOTE AREA` for each")


def print_note(note: InboxNote, number: int, total: int) -> None:
    """A note to decide about: how it begins, its scores, the reasons for them, and the keys."""
    place = Text.assemble(f"\n{number} of {total}  ", _state(note), "  ")
    out().print(place.append(shorten_path(note.path, out().width - place.cell_len), style="dim"))
    say(note.title, "bold")
    if note.opening:
        opening = Text("\n").join(list(styled(note.opening).wrap(out(), out().width - INDENT))[:OPENING_LINES])
        out().print(Padding(opening, (1, 0, 1, INDENT), expand=False))
    out().print(Text("  ").join(_score(area, score) for area, score in _by_score(note.verdict)))
    table = grid()
    for entry in sorted(note.verdict.evidence, key=lambda entry: -abs(entry.weight))[:REASONS]:
        text = styled(entry.text)
        text.truncate(max(out().width - 32, 20), overflow="ellipsis")
        table.add_row(area_text(entry.toward), f"{entry.weight:+.2f}", text, styled(f"line {entry.line}", "dim"))
    if table.row_count:
        print_table(table)
    out().print(Text("  ").join(Text.assemble((key, "bold"), " ", styled(word, "dim")) for key, word in KEYS))


def print_end(filed: int, total: int) -> None:
    """How many notes were decided, and how many are left."""
    left = total - filed
    say(f"{count(filed, 'note')} filed, {left} left" + ("; `kb inbox` shows them again" if left else ""))


def _state(note: InboxNote) -> Text:
    return styled("held back" if note.area == "outside" else "unsure", "yellow")


def _by_score(verdict: AreaVerdict) -> list[tuple[str, float]]:
    return sorted(verdict.scores.items(), key=lambda entry: -entry[1])


def _score(area: str, score: float) -> Text:
    return area_text(area) + Text(f" {score:.2f}")


def _scores(verdict: AreaVerdict) -> str:
    return ", ".join(f"{area} {score:.2f}" for area, score in _by_score(verdict))


def _reason(verdict: AreaVerdict) -> str:
    """The two likeliest areas."""
    return ", ".join(f"{area} {score:.2f}" for area, score in _by_score(verdict)[:2])
