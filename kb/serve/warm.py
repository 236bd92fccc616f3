"""A notebook that stays open between the commands of its clients."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

from kb.console import terminal
from kb.errors import KbError
from kb.index.opened import Index
from kb.knowledge import KnowledgeBase
from kb.models import Notify, Progress
from kb.notebook import Notebook, is_notebook, open_notebook
from kb.opening import open_index

PREPARING_QUERY = "what are these notes about"


class WarmNotebook:
    """A notebook whose index and models stay open. Several threads may share one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()  # guards the two below
        self._notebook: Notebook | None = None
        self._index: Index | None = None

    def open(self, notify: Notify, progress: Progress, folder: Path) -> KnowledgeBase:
        """The notebook for one command, with its settings as they are now. Raises `NotebookError` or `ConfigError`."""
        return _Opened(self, notify, progress, folder)

    def index(self, notebook: Notebook) -> Index:
        """The index of the notebook; it is opened again after a change of the settings.

        The changed notes are counted again for each command, as in a process of its own.
        """
        with self._lock:
            if self._index is None or self._notebook != notebook:
                if self._index is not None:
                    self._index.close()
                self._index, self._notebook = open_index(notebook, None, terminal.notice), notebook
            self._index.last_look = None
            return self._index

    def exists(self) -> bool:
        """Whether this is still a notebook. Raises `NotebookError` if it cannot be read."""
        return is_notebook(self.root)

    def prepare(self) -> None:
        """Load what the next search needs, unless the settings name a server or models: only a command makes kb connect
        to one or load the others.
        """
        with suppress(KbError):
            settings = open_notebook(self.root).settings
            if not (settings.chroma.url or settings.model or settings.rerank or settings.autosync):
                with self.open(_silent, _silent, Path()) as knowledge:
                    knowledge.search(PREPARING_QUERY)


class _Opened(KnowledgeBase):
    """A notebook opened for one command; closing it leaves the index open."""

    def __init__(self, warm: WarmNotebook, notify: Notify, progress: Progress, folder: Path) -> None:
        self._warm = warm
        super().__init__(warm.root, notify=notify, progress=progress, folder=folder)

    def _open(self, notebook: Notebook) -> Index:
        self._index = self._warm.index(notebook)
        return self._index

    def close(self) -> None:
        """Leave the index open for the next command."""


def _silent(*_: object) -> None:
    """Discard notices and progress."""
