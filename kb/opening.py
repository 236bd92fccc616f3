"""An open notebook: what all verbs of `KnowledgeBase` share."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from kb import rooms
from kb.errors import InputError, NotebookError, NoteError
from kb.index.folder import VECTORS_NAME
from kb.index.freshness import file_state
from kb.index.numbers import NumberedList, Place, is_number, place_of, write_list
from kb.index.opened import Index
from kb.index.reader import IndexReader
from kb.index.store import VectorStore
from kb.index.writer import IndexWriter
from kb.models import STORED_AREAS, Encoder, NoteRecord, Notify, Progress
from kb.notebook import Notebook, Settings, chroma_token, find_notebook, is_notebook, open_notebook
from kb.notes.files import is_utf8, notebook_path
from kb.notes.naming import find_note, identified, is_named, parts_of_address

if TYPE_CHECKING:
    from kb.reports import AreaList, SyncReport
    from kb.sync.changes import Survey


def _silent(*_: object) -> None:
    """Discard notices and progress."""


def _never() -> bool:
    return False


def today() -> datetime.date:
    """The date by which notes count as recent, and which a new outline carries."""
    return datetime.date.today()


def open_index(notebook: Notebook, encoder: Encoder | None, notify: Notify) -> Index:
    """The index of a notebook. Its vectors are on the Chroma server that the settings name, or else in its folder."""
    chroma, folder = notebook.settings.chroma, notebook.index_folder
    store: VectorStore
    if chroma.url is None:
        store = rooms.vectors.GenerationStore(folder / VECTORS_NAME)
    else:
        store = rooms.server.ServerStore(chroma, chroma_token(), folder, notify)
    return Index(notebook, store, encoder, notify)


class OpenNotebook:
    """A notebook and its index.

    `root` defaults to `KB_NOTEBOOK`, else to the nearest notebook upwards; with `create`, it becomes a notebook if it
    is not one yet. `encoder` replaces the model, `notify` receives lines for the user, `progress` the number of notes
    done and their total, and `should_stop` is called between batches. Files that are read may be named relative to
    `folder`, by default the working directory of the process. Where it is `numbered`, `2` names the second note of the
    list that was remembered last. Use it as a context manager, or call `close`.
    Raises `NotebookError` if there is no notebook.
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
        folder: Path = Path(),
        numbered: bool = False,
    ) -> None:
        found = find_notebook(Path(root) if root is not None else None)
        if not create and (found is None or not is_notebook(found)):
            place = f"{found} is not a notebook" if found else "there is no notebook here or above"
            raise NotebookError(f"{place}; run `kb init`, or `kb add` your notes")
        self._encoder = encoder
        self._notify = notify
        self._progress = progress
        self._should_stop = should_stop
        self._folder = folder
        self._numbered = numbered
        self._open(open_notebook(found or Path.cwd()))

    def _open(self, notebook: Notebook) -> Index:
        """Use the index of a notebook."""
        self._index = open_index(notebook, self._encoder, self._notify)
        return self._index

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close files and clients; the next verb reopens them."""
        self._index.close()

    @property
    def root(self) -> Path:
        """The folder of the notebook."""
        return self._index.notebook.root

    @property
    def settings(self) -> Settings:
        """The settings of the notebook, as they were when it was opened."""
        return self._index.notebook.settings

    def locate(self, address: str) -> tuple[Path, int]:
        """The file and line that a note's name, or an address such as `notes/gcn.md:12-14`, refers to."""
        with self._index.reader() as reader:
            note, lines = self._addressed(reader, address)
            if note.remote and file_state(reader, note) is None:
                raise NoteError(f"{note.path} is on another machine; `kb show` prints what was pulled")
            if lines is None:
                place = self._place(reader.catalog.notes(), address)
                line = place.line if place else 1
            else:
                line = lines[0]
        return self.root / note.path, line

    def remember(self, command: str, places: Mapping[int, tuple[str, int]]) -> None:
        """Let numbers name the notes that a command listed: their paths and lines, by the number printed."""
        placed = {number: Place(path=path, line=line) for number, (path, line) in places.items()}
        listed = NumberedList(command=command, places=placed)
        write_list(self._index.notebook.index_folder, listed)

    def find_note(self, name: str) -> NoteRecord:
        """The note with a path, a file name without extension, a title or an alias, or the only one with this part of
        its file name or title. Raises `InputError`.
        """
        with self._index.reader() as reader:
            return self._find(reader, name)

    def identify(self, identifier: str) -> NoteRecord:
        """The note with exactly this id or path. Raises `NotFoundError`."""
        with self._index.reader() as reader:
            return identified(reader.catalog.notes(), identifier)

    def is_empty(self) -> bool:
        """Whether the index has no notes at all, not even held back ones."""
        with self._index.reader() as reader:
            return reader.catalog.count_notes(STORED_AREAS) == 0

    def sources(self) -> tuple[str, ...]:
        """The files and folders whose notes are in the index."""
        with self._index.reader() as reader:
            return reader.catalog.sources()

    def survey(self) -> Survey:
        """What changed in the sources since the last sync, and in which folders to look for more."""
        return self._index.read(rooms.changes.survey)

    def areas(self) -> AreaList:
        """What the areas mean, and how many notes each has."""
        return self._index.read(rooms.status.list_areas)

    def _addressed(self, reader: IndexReader, text: str) -> tuple[NoteRecord, tuple[int, int] | None]:
        """The note that a name or an address refers to, and the first and last line of an address."""
        parts = parts_of_address(text)
        if parts is None or is_named(reader.catalog.notes(), text):
            return self._find(reader, text), None
        name, *lines = parts
        return self._find(reader, name), (lines[0], lines[1])

    def _find(self, reader: IndexReader, name: str, by_part: bool = True) -> NoteRecord:
        notes = reader.catalog.notes()
        place = self._place(notes, name) if by_part else None
        named = place.path if place else name
        return find_note(notes, named, self._name(name) if place is None else named, by_part and place is None)

    def _place(self, notes: Sequence[NoteRecord], name: str) -> Place | None:
        """What a number names; None for another name, and for a number too high that is the name of a note."""
        if not (self._numbered and is_number(name)):
            return None
        try:
            return place_of(self._index.notebook.index_folder, name)
        except InputError:
            if not is_named(notes, name):
                raise
            return None

    def _run(self, writer: IndexWriter, sources: Sequence[str], allow_removal: bool = False) -> SyncReport:
        return rooms.run.run(writer, sources, self._progress, self._should_stop, allow_removal)

    def _with_repeats(self, reader: IndexReader, report: SyncReport) -> SyncReport:
        """A report that says of each new or updated note which older one it nearly repeats."""
        outcomes = (*report.updated, *report.added)
        if not outcomes:
            return report
        older = rooms.duplicates.repeated_notes(reader, [outcome.path for outcome in outcomes])
        return report.with_repeats(older)

    def _name(self, path: str | Path) -> str:
        """The notebook path of a file. Raises `InputError` for an empty name, which would be that of the folder, and
        for one that is not text, which no index can hold.
        """
        _require_name(path)
        return notebook_path(self.root, self._folder / path)

    def _source(self, path: str | Path) -> str:
        """The notebook path of a source. Raises `InputError` for one that does not exist, or whose name is empty or not
        text.
        """
        _require_name(path)
        if not os.path.lexists(self._folder / path):
            fault = rooms.identifiers.misspelt(str(path))
            raise InputError(f"{path} {fault or 'does not exist; give the path of a file or folder'}")
        return self._name(path)


def _require_name(path: str | Path) -> None:
    if not str(path):
        raise InputError("the path is empty; give that of a note or folder, and . for this folder")
    if not is_utf8(str(path)):
        shown, encoding = os.fsencode(path).decode(errors="replace"), sys.getfilesystemencoding().upper()
        raise InputError(f"the name {shown!r} is not {encoding}; rename the file")
