"""Checks of a catalog, row by row, beyond what SQLite itself verifies."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from kb.errors import DamageError, one_line
from kb.index.catalog import schema
from kb.index.catalog.connection import BUSY_SECONDS, add_functions, guard, is_damage
from kb.models import digest_of


@dataclass(frozen=True)
class Examination:
    """What is wrong with a catalog: its file as a whole, its full text, the keys of invalid vectors, and the ids of
    notes with inconsistent rows or chunks without a vector.
    """

    file: str | None = None
    full_text: str | None = None
    vectors: frozenset[str] = frozenset()
    notes: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.file or self.full_text or self.vectors or self.notes)


def examine(path: Path) -> Examination:
    """Check everything in a catalog; reads all of it. Raises `CatalogError` where it is locked or cannot be opened."""
    try:
        with guard(path), closing(_connect(path)) as connection:
            file = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
            if file != "ok":
                return Examination(file=" ".join(file.split()))
            vectors = frozenset(_invalid_vectors(connection))
            notes = frozenset(_inconsistent_notes(connection, vectors))
            return Examination(None, _full_text_problem(connection), vectors, notes)
    except DamageError as error:
        return Examination(file=one_line(error))


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS)
    add_functions(connection)
    connection.row_factory = sqlite3.Row
    connection.text_factory = lambda text: text.decode(errors="replace")
    return connection


def _invalid_vectors(connection: sqlite3.Connection) -> Iterator[str]:
    """Keys of vectors that differ from what was written, or that a chunk uses although another encoder made them."""
    yield from (
        row["key"]
        for row in connection.execute(
            """SELECT key FROM embeddings WHERE key IN (SELECT embedding_key FROM chunks)
            AND fingerprint <> (SELECT value FROM meta WHERE name = 'fingerprint')"""
        )
    )
    for key, content, checksum in connection.execute("SELECT key, vector, checksum FROM embeddings"):
        if not isinstance(content, bytes) or zlib.crc32(content) != checksum:
            yield key


def _inconsistent_notes(connection: sqlite3.Connection, invalid: frozenset[str]) -> Iterator[str]:
    """Ids of notes whose record cannot be read, or with a chunk that does not match its id or has no valid vector."""
    for row in connection.execute("SELECT * FROM notes"):
        try:
            schema.note_record(row)
        except (ValueError, TypeError, KeyError):
            yield row["id"]
    stored = {row["key"] for row in connection.execute("SELECT key FROM embeddings")} - invalid
    for row in connection.execute("SELECT * FROM chunks"):
        try:
            chunk = schema.chunk_record(row)
            named = hashlib.sha256("\0".join([*chunk.heading_path, chunk.text]).encode()).hexdigest()[:16]
            sound = named == digest_of(chunk.id) and chunk.embedding_key in stored
        except (ValueError, TypeError, IndexError):
            sound = False
        if not sound:
            yield row["note_id"]


def _full_text_problem(connection: sqlite3.Connection) -> str | None:
    """What FTS5 finds when it compares its index with the chunks. The check is an INSERT, and is rolled back."""
    try:
        connection.execute("INSERT INTO passages (passages, rank) VALUES ('integrity-check', 1)")
    except sqlite3.Error as error:
        if is_damage(error):
            return str(error)
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_READONLY:
            return None  # the check of permissions reports this
        raise
    finally:
        connection.rollback()
    return None
