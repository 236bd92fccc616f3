"""The services that captures ask, and how often each may be asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kb.errors import CaptureError, reason
from kb.index.kept import cache_folder

WAIT = 120.0  # seconds for other processes that ask arXiv


@dataclass(frozen=True)
class Sites:
    """The addresses of services. arXiv asks for one connection, and one request in `arxiv_seconds`."""

    arxiv_api: str = "https://export.arxiv.org/api/query"
    arxiv: str = "https://arxiv.org"
    doi: str = "https://doi.org"
    arxiv_seconds: float = 3.0


SITES = Sites()


@contextmanager
def arxiv_turn(sites: Sites) -> Iterator[None]:
    """The right to send arXiv one request: no other process of this user sends one now, or did just before."""
    from filelock import FileLock, Timeout

    folder = cache_folder()
    last = folder / "arxiv"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "arxiv.lock", timeout=WAIT):
            if last.exists():
                since = time.time() - last.stat().st_mtime
                time.sleep(max(0.0, min(sites.arxiv_seconds, sites.arxiv_seconds - since)))
            try:
                yield
            finally:
                last.touch()
    except Timeout as error:
        raise CaptureError("another process keeps asking arXiv; try again later") from error
    except OSError as error:
        raise CaptureError(
            f"{folder} cannot be written: {reason(error)}; kb spaces its requests to arXiv by a file there"
        ) from error
