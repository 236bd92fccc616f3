"""Connections to the file of a catalog, and SQLite's errors as ours."""

from __future__ import annotations

import os
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from kb.errors import CatalogError, DamageError, one_line
from kb.index import PRIVATE_FILE
from kb.notes.words import searchable

BUSY_SECONDS = 5.0
CACHE_KIB = 65_536
LOG_ENDINGS = ("-wal", "-shm")  # of the files that SQLite keeps next to a catalog
DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
# secure_delete = FAST overwrites deleted rows with zeros where that costs no extra write.
PRAGMAS = ("synchronous = FULL", "foreign_keys = ON", "secure_delete = FAST", f"cache_size = -{CACHE_KIB}")


def connect(path: Path) -> sqlite3.Connection:
    """A connection in WAL mode that waits for other writers and has the functions of the tables.

    A new file is accessible to its owner alone, and so are the logs that SQLite writes next to it. Any thread may use
    the connection, one at a time.
    """
    with suppress(OSError):  # it exists, or SQLite reports the problem in more detail
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    add_functions(connection)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    _enter_wal(connection)
    return connection


def add_functions(connection: sqlite3.Connection) -> None:
    """Give a connection the functions that the catalog's tables use: `crc32` and `searchable`."""
    connection.create_function("crc32", 1, zlib.crc32, deterministic=True)
    connection.create_function(
        "searchable", 1, lambda text: searchable(text.decode(errors="replace")), deterministic=True
    )


def copy(path: Path, target: Path) -> None:
    """Copy a snapshot of a catalog, while others may write to it, into one file without a log."""
    with guard(path), closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copied:
        source.backup(copied)
        copied.execute("PRAGMA journal_mode = DELETE")


def write_back_log(path: Path) -> None:
    """Write the log of a catalog back into its file, as far as the two are sound."""
    if path.exists():
        with suppress(sqlite3.Error), closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def guard(path: Path) -> Iterator[None]:
    """The one place that translates SQLite's errors, and rows that cannot be read as records, into kb's own."""
    try:
        yield
    except sqlite3.Error as error:
        reason = one_line(error).split(" with text ")[0]  # without the bytes that cannot be decoded
        if is_damage(error):
            raise DamageError(f"{path} is damaged ({reason}); `kb rebuild` rebuilds it from your notes") from error
        raise CatalogError(f"{path} cannot be used: {reason}; `kb doctor` says more") from error
    except ValueError as error:
        raise DamageError(f"{path} holds a row that cannot be read; `kb doctor --repair` repairs it") from error


def is_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite reports that the file itself is damaged. Extended error codes have more in their higher bytes."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # raised by Python's sqlite3 module, for text that is not UTF-8
        return isinstance(error, sqlite3.OperationalError)
    return code & 0xFF in DAMAGE


def _enter_wal(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging. SQLite ignores its busy timeout here, so this retries where another process opens
    the same new file.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if time.monotonic() > deadline or error.sqlite_errorcode & 0xFF not in (
                sqlite3.SQLITE_BUSY,
                sqlite3.SQLITE_LOCKED,
            ):
                raise
            time.sleep(0.02)
