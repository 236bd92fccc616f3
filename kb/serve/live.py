"""A notebook that stays open between the commands and requests of its clients."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from kb.errors import BusyError, KbError
from kb.index.opened import Index
from kb.knowledge import KnowledgeBase
from kb.models import Encoder, Notify, Progress
from kb.notebook import Notebook, is_notebook
from kb.opening import open_index
from kb.serve.trust import require_allowed

_LISTENER: ContextVar[Notify | None] = ContextVar("listener", default=None)  # of the request that a thread answers
CAPTURES = 2  # together: a slow site may keep one waiting, and searches need the threads that are left
PREPARING_QUERY = "what are these notes about"


def _silent(*_: object) -> None:
    """Discard notices and progress."""


class LiveNotebook:
    """A notebook whose index and models stay open. Several threads may share one. `encoder` replaces the model, and
    `notify` receives lines for whoever runs the process.
    """

    def __init__(self, root: Path, notify: Notify, encoder: Encoder | None = None) -> None:
        self.root = root
        self.stopping = threading.Event()
        self.notify = notify
        self.encoder = encoder
        self._captures = threading.BoundedSemaphore(CAPTURES)
        self._lock = threading.Lock()  # guards the two below
        self._notebook: Notebook | None = None
        self._index: Index | None = None

    @property
    def knowledge(self) -> KnowledgeBase:
        """The notebook for one request, with its settings as they are now."""
        return self.trusted(self.notify)

    def trusted(self, notify: Notify, progress: Progress = _silent) -> KnowledgeBase:
        """The notebook for a request that no command of the user stands behind. Raises `ConfigError` for settings that
        are invalid or that the user has not allowed, and `NotebookError` where the notebook is gone.
        """
        knowledge = _Opened(self, notify, progress, Path())
        require_allowed(self.root, knowledge.settings)
        return knowledge

    def for_command(self, notify: Notify, progress: Progress, folder: Path) -> KnowledgeBase:
        """The notebook for a command of the user, who runs it in `folder`. The changed notes are counted again, as in a
        process of its own. Raises `NotebookError` or `ConfigError`.
        """
        knowledge = _Opened(self, notify, progress, folder, numbered=True)
        knowledge.forget_changes()
        return knowledge

    def index(self, notebook: Notebook) -> Index:
        """The index of the notebook; it is opened again after a change of the settings."""
        with self._lock:
            if self._index is None or self._notebook != notebook:
                if self._index is not None:
                    self._index.close()
                self._index, self._notebook = open_index(notebook, self.encoder, self._tell), notebook
            return self._index

    @contextmanager
    def telling(self, notify: Notify) -> Iterator[KnowledgeBase]:
        """The notebook for one request, which hears of everything that there is to say meanwhile in this thread."""
        token = _LISTENER.set(notify)
        try:
            yield self.trusted(notify)
        finally:
            _LISTENER.reset(token)

    @contextmanager
    def capturing(self) -> Iterator[KnowledgeBase]:
        """The notebook for one capture, which takes one of their places. Raises `BusyError` where all are taken."""
        if not self._captures.acquire(blocking=False):
            raise BusyError(f"{CAPTURES} captures are under way; try again when one of them is done")
        try:
            yield self.knowledge
        finally:
            self._captures.release()

    def _tell(self, line: str) -> None:
        (_LISTENER.get() or self.notify)(line)

    def exists(self) -> bool:
        """Whether this is still a notebook. Raises `NotebookError` if it cannot be read."""
        return is_notebook(self.root)

    def prepare(self) -> None:
        """Load what the next search needs, unless there are no notes yet, or a search would sync or reach for what the
        user has not allowed. What fails here fails again, and is told, when somebody searches.
        """
        with suppress(KbError, OSError):
            knowledge = self.trusted(_silent)
            if not knowledge.settings.autosync and knowledge.list().notes:
                knowledge.search(PREPARING_QUERY, limit=1)

    def close(self) -> None:
        """End long runs after the current batch, and close the notebook."""
        self.stopping.set()
        with self._lock:
            if self._index is not None:
                self._index.close()


class _Opened(KnowledgeBase):
    """A notebook opened for one command or request; closing it leaves the index open."""

    def __init__(
        self, live: LiveNotebook, notify: Notify, progress: Progress, folder: Path, numbered: bool = False
    ) -> None:
        self._live = live
        stops = live.stopping.is_set
        super().__init__(
            live.root, notify=notify, progress=progress, should_stop=stops, folder=folder, numbered=numbered
        )

    def _open(self, notebook: Notebook) -> Index:
        self._index = self._live.index(notebook)
        return self._index

    def forget_changes(self) -> None:
        """Count the changed notes again when they are next asked for."""
        self._index.last_look = None

    def close(self) -> None:
        """Leave the index open for the next command."""
