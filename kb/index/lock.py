"""One writer at a time, by an operating system file lock that is released when its holder dies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kb.errors import LockError, reason
from kb.index import PRIVATE_FILE

if TYPE_CHECKING:
    from filelock import FileLock

WAIT_SECONDS = 10.0
POLL_SECONDS = 0.01  # a busy writer leaves gaps of some milliseconds, which a slower poll would keep missing
LOCK_NAME = "lock"
HOLDER_NAME = "lock.holder"


@contextmanager
def write_lock(folder: Path, wait: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the write lock of an index folder. Raises `LockError` naming the holder when it is not released within
    `wait` seconds, and where the folder cannot be written.

    Each call locks a file descriptor of its own, so two threads of one process exclude each other too.
    """
    lock = _file_lock(folder)
    try:
        lock.acquire(timeout=wait, poll_interval=POLL_SECONDS)
    except TimeoutError as error:
        holder = f"process {_holder(folder)} (waited {wait:.0f} s)"
        raise LockError(f"{folder} is being written by {holder}; try again later") from error
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        _write_holder(folder)
        yield
    finally:
        lock.release()


def holder_of(folder: Path) -> str | None:
    """The id of the process that is writing an index folder now; None where no process is."""
    if not (folder / HOLDER_NAME).exists():
        return None
    lock = _file_lock(folder)
    try:
        lock.acquire(timeout=0)
    except TimeoutError:
        return _holder(folder)
    except OSError:
        return None  # the folder cannot be written at all
    lock.release()
    return None


def _file_lock(folder: Path) -> FileLock:
    from filelock import FileLock

    return FileLock(folder / LOCK_NAME, mode=PRIVATE_FILE)


def _holder(folder: Path) -> str:
    try:
        return (folder / HOLDER_NAME).read_text(encoding="utf-8", errors="replace") or "unknown"
    except OSError:
        return "unknown"


def _write_holder(folder: Path) -> None:
    """Record this process as the holder. The lock is what counts: the file only names its holder in messages."""
    try:
        descriptor = os.open(folder / HOLDER_NAME, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(str(os.getpid()))
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> LockError:
    return LockError(f"{folder} cannot be written: {reason(error)}; `kb doctor` says what it needs")
