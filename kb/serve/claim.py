"""One warm process for a notebook: whoever holds its lock may listen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from kb.errors import NotebookError
from kb.serve import address

PRIVATE_FILE = 0o600


@contextmanager
def claimed(root: Path) -> Iterator[str]:
    """The path of the notebook's socket, for this process alone. Raises `NotebookError` where another one listens, and
    where there is no safe folder for it. `root` must be resolved.
    """
    path = address.socket_path(os.fspath(root))
    if path is None or not address.make_folder(path):
        raise NotebookError("there is no folder for sockets that only you can use; set XDG_RUNTIME_DIR")
    lock = FileLock(f"{path}.lock", mode=PRIVATE_FILE)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise NotebookError(f"another process answers for {root} already; stop that first") from error
    try:
        yield path
    finally:
        for leftover in (f"{path}.lock", f"{path}.log"):
            Path(leftover).unlink(missing_ok=True)
        lock.release()
