"""The notebook of a server: open for as long as it runs, and reopened when its settings change."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

from kb.errors import KbError, NotebookError
from kb.knowledge import KnowledgeBase
from kb.models import Encoder, Notify, Progress
from kb.notebook import CONFIG_NAME, is_notebook
from kb.serve.trust import require_allowed

Stamp = tuple[int, int, int] | None  # inode, size and modification time; None for a file that does not exist


class Listeners(threading.local):
    """Who hears of the progress and the notices of what the current thread does."""

    progress: Progress | None = None
    notify: Notify | None = None


class LiveNotebook:
    """A notebook that several threads share. `encoder` replaces the model. Raises `ConfigError` for settings that the
    user has not allowed.
    """

    def __init__(self, root: Path, notify: Notify, encoder: Encoder | None = None) -> None:
        self.root = root
        self.listeners = Listeners()
        self.stopping = threading.Event()
        self._notify = notify
        self._encoder = encoder
        self._lock = threading.Lock()
        self._stamp = self._look()
        self._open = self._opened()

    @property
    def knowledge(self) -> KnowledgeBase:
        """The notebook with the settings as they are now. Raises `ConfigError` where these are invalid or not allowed,
        and `NotebookError` where the notebook is gone.
        """
        with self._lock:
            if not is_notebook(self.root):
                raise NotebookError(f"{self.root} is no longer a notebook; restore it, or stop this server")
            stamp = self._look()
            if stamp != self._stamp:
                before, self._open = self._open, self._opened()
                self._stamp = stamp
                before.close()
            return self._open

    def warm_up(self) -> None:
        """Load what a search needs, so that the first one does not wait for it; a notebook without notes needs nothing
        yet. What fails here fails again, and is told, when somebody searches.
        """
        with suppress(KbError, OSError):
            if self.knowledge.list().notes:
                self.knowledge.search("warm up", limit=1)

    def close(self) -> None:
        """End long runs after the current batch, and close the notebook."""
        self.stopping.set()
        self._open.close()

    def _opened(self) -> KnowledgeBase:
        knowledge = KnowledgeBase(
            self.root,
            encoder=self._encoder,
            notify=self._tell,
            progress=self._count,
            should_stop=self.stopping.is_set,
        )
        require_allowed(self.root, knowledge.settings)
        return knowledge

    def _look(self) -> Stamp:
        try:
            status = (self.root / CONFIG_NAME).stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns

    def _tell(self, line: str) -> None:
        (self.listeners.notify or self._notify)(line)

    def _count(self, done: int, total: int) -> None:
        if self.listeners.progress:
            self.listeners.progress(done, total)
