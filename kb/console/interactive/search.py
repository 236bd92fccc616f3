"""Search as you type, with prompt-toolkit: it is smaller than textual, and fzf would be one more program to install."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

from prompt_toolkit.application import Application, get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.data_structures import Point
from prompt_toolkit.formatted_text import ANSI, StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import BufferControl, DynamicContainer, FormattedTextControl, HSplit, Layout, VSplit, Window
from prompt_toolkit.layout.containers import AnyContainer
from prompt_toolkit.layout.processors import BeforeInput

from kb.console.interactive.listed import Entry, Listing, hits, related
from kb.errors import InputError, KbError
from kb.reports import RelatedNotes, SearchResult

WIDE = 100  # columns from which the preview is at the right of the list
PAUSE_SECONDS = 0.08  # without a key, before a search
ESCAPE_SECONDS = 0.05  # after which an escape is a key of its own, not the beginning of another
BEGINNING = "type a query"
KEYS = " Enter open   Tab related   Ctrl-O outline   Esc leave"


class Finder(Protocol):
    """Where the view gets its notes from; called in a thread."""

    def search(self, query: str) -> SearchResult:
        """The hits for a query."""

    def related(self, path: str) -> RelatedNotes:
        """The notes related to one."""


@dataclass(frozen=True)
class Choice:
    """How the user left the view: to open a note at a line, or to outline the query."""

    action: Literal["open", "outline"]
    query: str
    path: str = ""
    line: int = 1


def choose(finder: Finder, query: str = "") -> Choice | None:
    """Show the view until the user chooses, or leaves it (None). Raises what the finder raises, `InputError` apart."""
    return _View(finder, query).run()


def _is_wide() -> bool:
    return get_app().output.get_size().columns >= WIDE


def _preview_width() -> int:
    columns = get_app().output.get_size().columns
    return columns // 2 if columns >= WIDE else columns


class _View:
    def __init__(self, finder: Finder, query: str) -> None:
        self._finder = finder
        self._found = self._listing = Listing(status=BEGINNING)
        self._selected = 0
        self._changed = asyncio.Event()
        self._buffer = Buffer(multiline=False, on_text_changed=lambda _: self._changed.set())
        self._buffer.text = query
        self._buffer.cursor_position = len(query)
        self._app: Application[Choice | None] = Application(
            layout=Layout(self._layout(), focused_element=self._buffer),
            key_bindings=self._keys(),
            full_screen=True,
        )
        self._app.ttimeoutlen = ESCAPE_SECONDS

    def run(self) -> Choice | None:
        """Show the view until it is left."""
        return self._app.run(pre_run=self._begin)

    def _begin(self) -> None:
        self._app.create_background_task(self._keep_searching())

    @property
    def _entry(self) -> Entry | None:
        entries = self._listing.entries
        return entries[self._selected] if entries else None

    async def _keep_searching(self) -> None:
        """Search for what the query is once the user pauses; a query that has changed meanwhile comes next."""
        while await self._changed.wait():
            await asyncio.sleep(PAUSE_SECONDS)
            self._changed.clear()
            query = self._buffer.text.strip()
            self._found = await self._listed(partial(self._hits, query))
            self._show(self._found)

    def _hits(self, query: str) -> Listing:
        return hits(self._finder.search(query)) if query else Listing(status=BEGINNING)

    async def _show_related(self, entry: Entry) -> None:
        words = self._found.words
        self._show(await self._listed(lambda: related(self._finder.related(entry.path), words)))

    async def _listed(self, find: Callable[[], Listing]) -> Listing:
        try:
            return await asyncio.to_thread(find)
        except InputError as error:
            return Listing(status=str(error))
        except (KbError, OSError) as error:
            self._app.exit(exception=error)
            return Listing()

    def _show(self, listing: Listing) -> None:
        self._listing, self._selected = listing, 0
        self._app.invalidate()

    def _layout(self) -> AnyContainer:
        query = Window(BufferControl(self._buffer, [BeforeInput(" Search: ", style="bold")]), height=1)
        status = Window(FormattedTextControl(lambda: f" {self._listing.status}"), height=1, style="fg:ansibrightblack")
        rows = Window(
            FormattedTextControl(self._rows, get_cursor_position=lambda: Point(0, self._selected)),
            always_hide_cursor=True,
        )
        preview = Window(FormattedTextControl(self._preview), width=_preview_width)
        wide = VSplit([rows, Window(width=1, char="│", style="fg:ansibrightblack"), preview], padding=0)
        narrow = HSplit([rows, Window(height=1, char="─", style="fg:ansibrightblack"), preview])
        body = DynamicContainer(lambda: wide if _is_wide() else narrow)
        return HSplit([query, status, body, Window(FormattedTextControl(KEYS), height=1, style="fg:ansibrightblack")])

    def _rows(self) -> StyleAndTextTuples:
        entries = enumerate(self._listing.entries)
        return [fragment for number, entry in entries for fragment in entry.row(number == self._selected)]

    def _preview(self) -> ANSI:
        return ANSI(self._entry.preview(self._listing.words, _preview_width()) if self._entry else "")

    def _move(self, by: int, _: KeyPressEvent) -> None:
        self._selected = max(0, min(self._selected + by, len(self._listing.entries) - 1))

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()
        for names, by in ((("up", "c-p"), -1), (("down", "c-n"), 1), (("pageup",), -10), (("pagedown",), 10)):
            for name in names:
                keys.add(name)(partial(self._move, by))
        for name in ("escape", "c-c"):
            keys.add(name, eager=True)(lambda event: event.app.exit())
        keys.add("enter")(self._open)
        keys.add("tab")(self._toggle_related)
        keys.add("c-o")(self._outline)
        return keys

    def _open(self, event: KeyPressEvent) -> None:
        if self._entry:
            event.app.exit(result=Choice("open", self._buffer.text, self._entry.path, self._entry.line))

    def _outline(self, event: KeyPressEvent) -> None:
        if query := self._buffer.text.strip():
            event.app.exit(result=Choice("outline", query))

    def _toggle_related(self, _: KeyPressEvent) -> None:
        """Show the notes related to the selected one, or the hits again."""
        if self._listing is not self._found:
            self._show(self._found)
        elif self._entry:
            self._app.create_background_task(self._show_related(self._entry))
