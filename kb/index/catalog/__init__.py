"""The catalog: the durable part of an index, in one SQLite file.

Notes, chunks, their full text, the vector of everything embedded, the sources, and the number of the current
generation of vectors. One commit publishes notes and generation together: that commit is the acknowledgement.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kb.errors import NewerError
from kb.index.catalog import schema
from kb.index.catalog.changes import Changes as Changes
from kb.index.catalog.changes import IndexedFile as IndexedFile
from kb.index.catalog.changes import NamesHeldBack as NamesHeldBack
from kb.index.catalog.changes import StoredVectors as StoredVectors
from kb.index.catalog.changes import Switch as Switch
from kb.index.catalog.changes import Unreferenced as Unreferenced
from kb.index.catalog.checking import Examination as Examination
from kb.index.catalog.connection import connect, guard
from kb.index.catalog.reading import CatalogReader
from kb.index.catalog.schema import json_list
from kb.models import ChunkRecord, FileState, NoteRecord

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

CATALOG_NAME = "catalog.db"


class Catalog(CatalogReader):
    """A read-write connection to the catalog of an index folder, which is created if it does not exist.

    Every method may raise `CatalogError`.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / CATALOG_NAME
        with guard(path):
            connection = connect(path)
        super().__init__(path, connection)
        self._prepare()

    def add_source(self, path: str) -> None:
        """Remember a source."""
        self._rows("INSERT OR IGNORE INTO sources VALUES (?)", (path,))

    def set_unreferenced(self, records: Iterable[Unreferenced]) -> None:
        """Record which records on a server no row may reference; durable when it returns."""
        with self._transaction():
            self._replace_unreferenced(records)

    def remove_sources(self, paths: Iterable[str]) -> None:
        """Forget sources."""
        self._rows("DELETE FROM sources WHERE path IN (SELECT value FROM json_each(?))", (json_list(paths),))

    def store_vectors(self, keys: Sequence[str], vectors: FloatArray, fingerprint: str) -> None:
        """Keep vectors `(len(keys), dim)` under the hashes of what was embedded; durable when it returns."""
        import numpy as np

        with self._transaction():
            for key, vector in zip(keys, vectors, strict=True):
                blob = np.ascontiguousarray(vector, dtype=np.float32).tobytes()
                self._rows("INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?3, crc32(?3))", (key, fingerprint, blob))

    def publish(self, changes: Changes, generation: int, fingerprint: str) -> None:
        """Publish changes together with the generation that holds their vectors, in one commit."""
        with self._transaction():
            self._rows("DELETE FROM notes WHERE id IN (SELECT value FROM json_each(?))", (json_list(changes.removed),))
            # A path may pass from one note to another within one batch.
            moving = [note.id for note, _ in changes.notes]
            self._rows(
                "UPDATE notes SET path = '\n' || id WHERE id IN (SELECT value FROM json_each(?))", (json_list(moving),)
            )
            for note, chunks in changes.notes:
                self._replace_note(note, chunks)
            for note_id, state in changes.touched:
                self._rows(
                    "UPDATE notes SET size = ?, mtime_ns = ? WHERE id = ?", (state.size, state.mtime_ns, note_id)
                )
            if changes.unreferenced is not None:
                self._replace_unreferenced(changes.unreferenced)
            self._set_meta("generation", str(generation))
            self._set_meta("fingerprint", fingerprint)
            self._set_meta("state", uuid.uuid4().hex)

    def set_switch(self, switch: Switch | None) -> None:
        """Record that a change of model begins, or that none is under way; durable when it returns."""
        self._set_meta("switch", switch.model_dump_json() if switch else "")

    def set_skipped(self, looked_at: Iterable[str], skipped: Iterable[FileState]) -> None:
        """Of the files that were looked at, by path, remember those that were skipped, with their state; forget the
        others.
        """
        with self._transaction():
            self._rows("DELETE FROM skipped WHERE path IN (SELECT value FROM json_each(?))", (json_list(looked_at),))
            for state in skipped:
                row = (state.path, state.size, state.mtime_ns)
                self._rows("INSERT OR REPLACE INTO skipped VALUES (?, ?, ?)", row)

    def sweep_vectors(self, keep: Iterable[str], fingerprint: str) -> None:
        """Drop the vectors of other encoders, and those that no chunk uses and whose keys are not in `keep`."""
        self._rows(
            """DELETE FROM embeddings WHERE fingerprint <> ? OR (key NOT IN (SELECT embedding_key FROM chunks)
            AND key NOT IN (SELECT value FROM json_each(?)))""",
            (fingerprint, json_list(keep)),
        )

    def erase_removed(self) -> bool:
        """Leave no byte of removed notes behind: rebuild the full text, rewrite the file, empty SQLite's log.

        False where the log is still being read elsewhere; SQLite deletes it when its last reader is done.
        """
        self._rows("INSERT INTO passages (passages) VALUES ('rebuild')")
        self._rows("VACUUM")  # rebalancing a B-tree leaves copies of rows in unused space, which secure_delete misses
        return int(self._rows("PRAGMA wal_checkpoint(TRUNCATE)")[0][0]) == 0

    def drop_vectors(self, keys: Iterable[str]) -> None:
        """Drop the vectors with these keys."""
        self._rows("DELETE FROM embeddings WHERE key IN (SELECT value FROM json_each(?))", (json_list(keys),))

    def _replace_note(self, note: NoteRecord, chunks: Sequence[ChunkRecord]) -> None:
        self._rows(schema.UPSERT_NOTE, schema.note_row(note))
        self._rows(
            "DELETE FROM chunks WHERE note_id = ? AND id NOT IN (SELECT value FROM json_each(?))",
            (note.id, json_list(chunk.id for chunk in chunks)),
        )
        for chunk in chunks:
            self._rows(schema.UPSERT_CHUNK, schema.chunk_row(chunk, note))

    def _replace_unreferenced(self, records: Iterable[Unreferenced]) -> None:
        self._rows("DELETE FROM unreferenced")
        for record in records:
            self._rows("INSERT INTO unreferenced VALUES (?, ?)", record)

    def _prepare(self) -> None:
        version = int(self._rows("PRAGMA user_version")[0][0])
        if version > schema.VERSION:
            raise NewerError(f"{self._path} was made by a newer kb (format {version}); upgrade kb, or run `kb rebuild`")
        if version < schema.VERSION:
            with self._transaction():  # another process may have been here first
                version = int(self._rows("PRAGMA user_version")[0][0])
                columns = {row["name"] for row in self._rows("PRAGMA table_info (embeddings)")}
                for statement in schema.statements(schema.upgrade(version, columns)):
                    self._rows(statement)
                self._rows(f"PRAGMA user_version = {schema.VERSION}")
        for statement in schema.statements(schema.VIEWS):
            self._rows(statement)

    def _set_meta(self, name: str, value: str) -> None:
        self._rows("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._rows("BEGIN IMMEDIATE")
        try:
            yield
            self._rows("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.rollback()
            raise
