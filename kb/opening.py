"""An open notebook: what every verb of `KnowledgeBase` begins with."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from kb import rooms
from kb.errors import InputError, NotebookError, NoteError
from kb.index.folder import VECTORS_NAME
from kb.index.freshness import file_state
from kb.index.opened import Index
from kb.index.reader import IndexReader
from kb.index.store import VectorStore
from kb.models import Encoder, NoteRecord, Notify, Progress
from kb.notebook import Notebook, chroma_token, find_notebook, is_notebook, open_notebook
from kb.notes.files import is_utf8, notebook_path
from kb.notes.naming import find_note


def _silent(*_: object) -> None:
    """Neither notices nor progress."""


def _never() -> bool:
    return False


def today() -> datetime.date:
    """The date by which notes are recent, and with which a skeleton is written."""
    return datetime.date.today()


def open_index(notebook: Notebook, encoder: Encoder | None, notify: Notify) -> Index:
    """The index of a notebook, with its vectors on the server that the settings name, or else in its index folder."""
    chroma, folder = notebook.settings.chroma, notebook.index_folder
    store: VectorStore
    if chroma.url is None:
        store = rooms.vectors.GenerationStore(folder / VECTORS_NAME)
    else:
        store = rooms.server.ServerStore(chroma, chroma_token(), folder, notify)
    return Index(notebook, store, encoder, notify)


class OpenNotebook:
    """A notebook and its index.

    `root` defaults to `KB_NOTEBOOK`, else to the nearest folder upwards that is a notebook; with `create` a folder
    becomes one. `encoder` replaces the model (for tests, or one of your own), `notify` receives lines for the user,
    `progress` the count of notes done and to do, and `should_stop` is asked between batches.
    Use it as a context manager, or call `close`. Raises `NotebookError` where there is no notebook.
    """

    def __init__(
        self,
        root: str | Path | None = None,
        *,
        create: bool = False,
        encoder: Encoder | None = None,
        notify: Notify = _silent,
        progress: Progress = _silent,
        should_stop: Callable[[], bool] = _never,
    ) -> None:
        found = find_notebook(Path(root) if root is not None else None)
        if not create and (found is None or not is_notebook(found)):
            place = f"{found} is no notebook" if found else "there is no notebook here or above"
            raise NotebookError(f"{place}; run `kb init`, or `kb add` your notes")
        self._encoder = encoder
        self._notify = notify
        self._progress = progress
        self._should_stop = should_stop
        self._open(open_notebook(found or Path.cwd()))

    def _open(self, notebook: Notebook) -> Index:
        self._index = open_index(notebook, self._encoder, self._notify)
        return self._index

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close files and clients; the next verb opens them again."""
        self._index.close()

    @property
    def root(self) -> Path:
        """The notebook's folder."""
        return self._index.notebook.root

    def locate(self, address: str) -> tuple[Path, int]:
        """The file and line of a note's name, or of an address such as `notes/gcn.md:12-14`."""
        name, _, lines = address.rpartition(":")
        start = lines.split("-")[0]
        at_line = bool(name) and start.isdigit()
        with self._index.reader() as reader:
            note = self._find(reader, name if at_line else address)
            if note.remote and file_state(reader, note) is None:
                raise NoteError(f"{note.path} is on another machine; `kb show` prints what `kb pull` brought of it")
        return self.root / note.path, int(start) if at_line else 1

    def find_note(self, name: str) -> NoteRecord:
        """The note that a path, a file name without its ending, or a title names. Raises `InputError`."""
        with self._index.reader() as reader:
            return self._find(reader, name)

    def _find(self, reader: IndexReader, name: str) -> NoteRecord:
        return find_note(reader.catalog.notes(), name, self._name(name))

    def _name(self, path: str | Path) -> str:
        return notebook_path(self.root, Path(path))

    def _source(self, path: str | Path) -> str:
        """The notebook path of a source. Raises `InputError` for one that does not exist, or has no proper name."""
        if not os.path.lexists(path):
            raise InputError(f"{path} does not exist")
        name = self._name(path)
        if not is_utf8(name):
            shown = os.fsencode(name).decode(errors="replace")
            raise InputError(f"{shown} has a name that is not UTF-8; rename it")
        return name
