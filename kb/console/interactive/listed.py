"""What the search view lists: hits or related notes, as lines and previews of formatted text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prompt_toolkit.formatted_text import StyleAndTextTuples
from rich.console import Console
from rich.text import Text

from kb.console.terminal import AREA_STYLES, count, plain, styled
from kb.notes.prose import printable
from kb.reports import RelatedNotes, SearchResult
from kb.search.query import parse_query
from kb.search.snippets import marks


@dataclass(frozen=True)
class Entry:
    """A note of the list, with the passage to preview. `path` and `line` are where Enter opens it."""

    path: str
    line: int
    title: str
    area: str
    score: float
    heading: str
    text: str

    def row(self, selected: bool) -> StyleAndTextTuples:
        """The line of the list."""
        style = "reverse" if selected else ""
        colour = AREA_STYLES.get(self.area, "")
        area = f"{style} fg:ansi{colour}" if colour and not selected else style
        title = f"  {plain(self.title)}"
        return [(style, f" {self.score:.2f}  "), (area, f"{self.area:<10}"), (style, f"{title}\n")]

    def preview(self, words: Sequence[str], width: int) -> str:
        """The title, the address and the passage with the words of the query marked, as lines with ANSI colours."""
        address = "  ".join(filter(None, [f"{plain(self.path)}:{self.line}", plain(self.heading)]))
        passage = Text(printable(self.text))
        for start, end in marks(passage.plain, words):
            passage.stylize("bold yellow", start, end)
        console = Console(width=width, force_terminal=True, color_system="standard", highlight=False)
        with console.capture() as captured:
            console.print(styled(self.title, "bold"), Text(f"{address}\n", "bright_black"), passage, sep="\n")
        return captured.get()


@dataclass(frozen=True)
class Listing:
    """The notes that the view lists, the words to mark in them, and what to say about them."""

    entries: tuple[Entry, ...] = ()
    words: tuple[str, ...] = ()
    status: str = ""


def hits(result: SearchResult) -> Listing:
    """The hits for a query."""
    entries = tuple(
        Entry(hit.path, hit.start_line, hit.title, hit.area, hit.score, " > ".join(hit.heading_path), hit.text)
        for hit in result.hits
    )
    remarks = [count(len(entries), "note") if entries else "nothing found"]
    if entries and not result.good_match:
        remarks.append("no note is a good match")
    if result.changed_notes:
        remarks.append(f"{count(result.changed_notes, 'note')} changed since the last sync")
    return Listing(entries, tuple(parse_query(result.query).words), "; ".join(remarks))


def related(result: RelatedNotes, words: tuple[str, ...]) -> Listing:
    """The notes related to one."""
    entries = tuple(
        Entry(
            note.path,
            note.theirs.start_line,
            note.title,
            note.area,
            note.score,
            "",
            note.theirs.text,
        )
        for note in result.notes
    )
    return Listing(entries, words, f"{count(len(entries), 'note')} related to {plain(result.title)}")
