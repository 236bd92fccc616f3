"""One writer at a time, by an operating system file lock that dies with its holder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from kb.errors import LockError

WAIT_SECONDS = 10.0


@contextmanager
def write_lock(folder: Path, wait: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the write lock of an index folder; raises `LockError` naming the holder after `wait` seconds."""
    lock = FileLock(folder / "lock")
    holder = folder / "lock.holder"
    try:
        lock.acquire(timeout=wait)
    except Timeout as error:
        process = holder.read_text(encoding="utf-8") if holder.exists() else "unknown"
        raise LockError(
            f"{folder} is being written by process {process}; waited {wait:.0f} s, try again when it is done"
        ) from error
    try:
        holder.write_text(str(os.getpid()), encoding="utf-8")
        yield
    finally:
        lock.release()
