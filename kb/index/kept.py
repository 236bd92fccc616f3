"""What is computed once on a machine and kept in the user's cache: it can be deleted at any time."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from contextlib import suppress
from mmap import ACCESS_READ, mmap
from pathlib import Path

from kb.notes.files import replacing

CHECKSUM_BYTES = 4


def cache_folder() -> Path:
    """The folder in the user's cache that belongs to kb."""
    import platformdirs

    return platformdirs.user_cache_path("kb")


def is_kept(name: str) -> bool:
    """Whether there are bytes under a name."""
    return (cache_folder() / name).exists()


def kept(name: str, make: Callable[[], bytes]) -> bytes | memoryview:
    """The bytes kept under a name, with their checksum. If they are missing or damaged, `make` computes
    them; they are kept if the cache can be written, and computed again the next time otherwise.
    """
    path = cache_folder() / name
    with suppress(OSError, ValueError), path.open("rb") as file:  # ValueError: an empty file cannot be mapped
        # Mapped, as several megabytes would take longer to copy than to use; files here are replaced, never changed.
        stored = memoryview(mmap(file.fileno(), 0, access=ACCESS_READ))
        content, checksum = stored[:-CHECKSUM_BYTES], stored[-CHECKSUM_BYTES:]
        if checksum == _checksum(content):
            return content
    made = make()
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(made + _checksum(made))
    return made


def _checksum(content: bytes | memoryview) -> bytes:
    return zlib.crc32(content).to_bytes(CHECKSUM_BYTES)
