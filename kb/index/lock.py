"""One writer at a time, by an operating system file lock that dies with its holder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from kb.errors import LockError

WAIT_SECONDS = 10.0
POLL_SECONDS = 0.01  # a writer that goes on and on leaves gaps of some milliseconds: who looks seldom never gets a turn
LOCK_NAME = "lock"


@contextmanager
def write_lock(folder: Path, wait: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the write lock of an index folder; raises `LockError` naming the holder after `wait` seconds, or
    where the folder cannot be written.
    """
    lock = FileLock(folder / LOCK_NAME)
    holder = folder / "lock.holder"
    try:
        lock.acquire(timeout=wait, poll_interval=POLL_SECONDS)
    except Timeout as error:
        process = holder.read_text(encoding="utf-8", errors="replace") if holder.exists() else "unknown"
        raise LockError(
            f"{folder} is being written by process {process}; waited {wait:.0f} s, try again when it is done"
        ) from error
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        try:
            holder.write_text(str(os.getpid()), encoding="utf-8")
        except OSError as error:
            raise _unwritable(folder, error) from error
        yield
    finally:
        lock.release()


def holder_of(folder: Path) -> str | None:
    """The id of the process that is writing an index folder now."""
    holder = folder / "lock.holder"
    if not holder.exists():
        return None
    lock = FileLock(folder / LOCK_NAME)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return holder.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None  # nobody can write here
    lock.release()
    return None


def _unwritable(folder: Path, error: OSError) -> LockError:
    return LockError(f"{folder} cannot be written: {error.strerror}; `kb doctor` says what it needs")
