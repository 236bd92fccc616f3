"""Long work in the background: one sync after the other, whose progress can be followed."""

from __future__ import annotations

import logging
import secrets
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

from kb.errors import KbError, NotFoundError
from kb.reports import Job
from kb.serve.http.failures import failure_of
from kb.serve.live import LiveNotebook

REMEMBERED = 20  # jobs


class Jobs:
    """The syncs of a notebook. A job is a frozen report; while it runs, each change replaces it."""

    def __init__(self, live: LiveNotebook) -> None:
        self._live = live
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._waiting: dict[bool, str] = {}  # the jobs that have not begun, by whether they allow a removal
        self._thread = ThreadPoolExecutor(1, "sync")

    def latest(self) -> str | None:
        """The id of the job that began last; None where none did yet."""
        with self._lock:
            return next(reversed(self._jobs), None)

    def get(self, id: str) -> Job:
        """A job as it is now. Raises `NotFoundError` for one that never was, or is long over."""
        with self._lock:
            if id not in self._jobs:
                raise NotFoundError(f"there is no job {id!r}; start one by POST /api/sync")
            return self._jobs[id]

    def start_sync(self, allow_removal: bool) -> Job:
        """A sync of what is on the disk now: one that begins after the one that runs, for all who ask meanwhile."""
        with self._lock:
            if waiting := self._jobs.get(self._waiting.get(allow_removal, "")):
                return waiting
            job = self._new()
            self._waiting[allow_removal] = job.id
        self._thread.submit(self._begin, job.id, allow_removal)
        return job

    def sync(self) -> None:
        """Sync after the one that runs, if any, and return when that is done. Raises what the sync raises."""
        self._thread.submit(self._sync_now).result()

    def close(self) -> None:
        """Wait for the job that runs, which ends after its current batch."""
        self._thread.shutdown(cancel_futures=True)

    def _new(self) -> Job:
        """One more job; the oldest is forgotten when there are too many. The caller holds the lock."""
        job = Job(id=secrets.token_hex(8), state="running")
        self._jobs[job.id] = job
        while len(self._jobs) > REMEMBERED:
            self._jobs.popitem(last=False)
        return job

    def _begin(self, id: str, allow_removal: bool) -> None:
        with self._lock:
            del self._waiting[allow_removal]
        self._sync(id, allow_removal)

    def _sync_now(self) -> None:
        with self._lock:
            job = self._new()
        self._sync(job.id, allow_removal=False)

    def _sync(self, id: str, allow_removal: bool) -> None:
        def told(line: str) -> None:
            self._change(id, notices=(*self.get(id).notices, line))

        def counted(done: int, total: int, stage: str = "") -> None:
            self._change(id, done=done, total=total)

        try:
            report = self._live.trusted(told, counted).sync(allow_removal)
        except Exception as error:
            if not isinstance(error, (KbError, OSError)):
                logging.getLogger(__name__).exception("the sync %s failed", id)
            self._change(id, state="failed", failure=failure_of(error))
            raise
        else:
            self._change(id, state="done", report=report)

    def _change(self, id: str, **fields: object) -> None:
        with self._lock:
            self._jobs[id] = self._jobs[id].model_copy(update=fields)
