"""The map of a notebook, computed in a thread of its own: the first time takes seconds."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotDoneError

from kb.reports import NoteMap
from kb.serve.live import LiveNotebook

PATIENCE_SECONDS = 0.5  # of a request, before it is told how far the computation is


class Mapping:
    """Computes one map at a time; whoever asks meanwhile waits for the same one."""

    def __init__(self, live: LiveNotebook) -> None:
        self._live = live
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, "map")
        self._running: Future[NoteMap] | None = None
        self._steps = 0, 0

    def get(self) -> NoteMap:
        """The map as it is now, or how far it is."""
        with self._lock:
            if self._running is None:
                self._steps = 0, 0
                self._running = self._thread.submit(self._compute)
            running = self._running
        try:
            found = running.result(PATIENCE_SECONDS)
        except NotDoneError:
            done, total = self._steps
            return NoteMap(computing=True, done=done, total=total)
        finally:
            with self._lock:
                if running.done() and self._running is running:
                    self._running = None
        return found

    def close(self) -> None:
        """Wait for the map that is being computed."""
        self._thread.shutdown(cancel_futures=True)

    def _compute(self) -> NoteMap:
        return self._live.trusted(self._live.notify, self._count).map()

    def _count(self, done: int, total: int) -> None:
        self._steps = done, total
