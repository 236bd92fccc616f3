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

BUSY_SECONDS = 5.0
CACHE_KIB = 65_536
DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
# FAST: zeros over deleted rows where that costs no further write.
PRAGMAS = ("synchronous = FULL", "foreign_keys = ON", "secure_delete = FAST", f"cache_size = -{CACHE_KIB}")


def connect(path: Path) -> sqlite3.Connection:
    """A connection that waits for others, writes ahead to a log, and knows the function `crc32`.

    A new file is readable by its owner alone, and so are the logs that SQLite writes beside it. One thread at a time
    may use the connection, whichever made it.
    """
    with suppress(OSError):  # it exists, or SQLite says better what is wrong
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.create_function("crc32", 1, zlib.crc32, deterministic=True)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    _enter_wal(connection)
    return connection


def copy(path: Path, target: Path) -> None:
    """Copy a catalog as it is at this moment, whoever writes it meanwhile, into one file without a log."""
    with guard(path), closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copied:
        source.backup(copied)
        copied.execute("PRAGMA journal_mode = DELETE")


@contextmanager
def guard(path: Path) -> Iterator[None]:
    """The one place where SQLite's errors, and rows that are no records, become ours."""
    try:
        yield
    except sqlite3.Error as error:
        reason = one_line(error).split(" with text ")[0]  # of text that is no text
        if is_damage(error):
            raise DamageError(f"{path} is damaged ({reason}); `kb rebuild` makes it anew from your notes") from error
        raise CatalogError(f"{path} cannot be used: {reason}; `kb doctor` says more") from error
    except ValueError as error:
        raise DamageError(f"{path} holds a row that makes no sense; `kb doctor --repair` mends it") from error


def is_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite says that the file itself is broken; its code may carry particulars above the lowest byte."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # raised by Python's own layer: text that is not UTF-8
        return isinstance(error, sqlite3.OperationalError)
    return code & 0xFF in DAMAGE


def _enter_wal(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging. SQLite waits for nobody here, so two first openings at once would collide."""
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
