"""An open notebook: what every verb of `KnowledgeBase` begins with."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from kb.config import find_notebook, is_notebook
from kb.errors import InputError, NotebookError, NoteError
from kb.index.workspace import Notify, Workspace
from kb.models import Encoder, NoteRecord
from kb.notes import files as notebook

if TYPE_CHECKING:
    from kb.sync.run import Intake, Progress


def _silent(*_: object) -> None:
    """Neither notices nor progress."""


def _never() -> bool:
    return False


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
        self._workspace = Workspace(found or Path.cwd(), encoder, notify)
        self._progress = progress
        self._should_stop = should_stop

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close files and clients; the next verb opens them again."""
        self._workspace.close()

    @property
    def root(self) -> Path:
        """The notebook's folder."""
        return self._workspace.root

    def locate(self, address: str) -> tuple[Path, int]:
        """The file and line of a note's name, or of an address such as `notes/gcn.md:12-14`."""
        name, _, lines = address.rpartition(":")
        start = lines.split("-")[0]
        at_line = bool(name) and start.isdigit()
        note = self.find_note(name if at_line else address)
        if note.remote and notebook.state_of(self.root, note.path) is None:
            raise NoteError(f"{note.path} is on another machine; `kb show` prints what `kb pull` brought of it")
        return self.root / note.path, int(start) if at_line else 1

    def find_note(self, name: str) -> NoteRecord:
        """The note that a path, a file name without its ending, or a title names. Raises `InputError`."""
        from kb.notes.naming import find_note

        return find_note(self._workspace.catalog.notes(), name, self._name(name))

    def _name(self, path: str | Path) -> str:
        return notebook.notebook_path(self.root, Path(path))

    def _source(self, path: str | Path) -> str:
        if not os.path.lexists(path):
            raise InputError(f"{path} does not exist")
        return self._name(path)

    def _intake(self, allow_removal: bool = False) -> Intake:
        from kb.sync.run import Intake

        return Intake(self._workspace, self._progress, self._should_stop, allow_removal)
