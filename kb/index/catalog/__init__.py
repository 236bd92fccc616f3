"""The catalog: the durable part of an index, in one SQLite file.

Notes, chunks, their full text, the vector of everything embedded, the sources, and the number of the current
generation of vectors. One commit publishes notes and generation together: that commit is the acknowledgement.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from kb.errors import DamageError, NewerError
from kb.index.catalog import schema
from kb.index.catalog.changes import Changes as Changes
from kb.index.catalog.changes import IndexedFile as IndexedFile
from kb.index.catalog.changes import Loose as Loose
from kb.index.catalog.checking import Examination as Examination
from kb.index.catalog.checking import examine
from kb.index.catalog.connection import connect, copy, guard
from kb.index.catalog.fulltext import FullText, Parameters
from kb.index.catalog.schema import json_list
from kb.models import ChunkRecord, FiledArea, Filter, NoteRecord

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CATALOG_NAME = "catalog.db"


class Catalog:
    """One connection to the catalog of an index folder, created where there is none. Every method may raise
    `CatalogError`.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / CATALOG_NAME
        with guard(self._path):
            self._connection = connect(self._path)
        self._prepare()
        self.full_text = FullText(self._rows)

    def close(self) -> None:
        self._connection.close()

    # --- what is current ---

    def generation(self) -> int:
        """The number of the current generation of vectors; 0 before the first."""
        with guard(self._path):
            return int(self._meta("generation") or 0)

    def fingerprint(self) -> str | None:
        """The encoder whose vectors are current."""
        return self._meta("fingerprint")

    def version(self) -> tuple[int, int]:
        """Another value after every commit, by this connection or any other."""
        return int(self._rows("PRAGMA data_version")[0][0]), self._connection.total_changes

    def sources(self) -> tuple[str, ...]:
        """Every source, as notebook paths in order."""
        return tuple(row["path"] for row in self._rows("SELECT path FROM sources ORDER BY path"))

    def notes(self) -> list[NoteRecord]:
        """Every note, held back ones included, by path."""
        rows = self._rows("SELECT * FROM notes ORDER BY path")
        with guard(self._path):
            return [schema.note_record(row) for row in rows]

    def paths(self) -> dict[str, str]:
        """The path of each note, by its id."""
        return {row["id"]: row["path"] for row in self._rows("SELECT id, path FROM notes")}

    def file_states(self) -> dict[str, IndexedFile]:
        """What each note's file was like when it was indexed, by path."""
        rows = self._rows("SELECT path, size, mtime_ns, sha256, remote FROM notes")
        return {row["path"]: IndexedFile(*row) for row in rows}

    def notes_by_id(self, ids: Iterable[str]) -> dict[str, NoteRecord]:
        """The notes with these ids."""
        rows = self._rows("SELECT * FROM notes WHERE id IN (SELECT value FROM json_each(?))", (json_list(ids),))
        with guard(self._path):
            return {row["id"]: schema.note_record(row) for row in rows}

    def chunk_counts(self) -> dict[str, int]:
        """How many chunks each note has, by note id."""
        return {
            row["note_id"]: row["n"] for row in self._rows("SELECT note_id, count(*) n FROM chunks GROUP BY note_id")
        }

    def chunks(self, ids: Iterable[str]) -> dict[str, ChunkRecord]:
        """The chunks with these ids."""
        rows = self._rows("SELECT * FROM chunks WHERE id IN (SELECT value FROM json_each(?))", (json_list(ids),))
        with guard(self._path):
            return {row["id"]: schema.chunk_record(row) for row in rows}

    def among_chunks(self, ids: Iterable[str]) -> set[str]:
        """Those of some ids that chunks have."""
        sql = "SELECT id FROM chunks WHERE id IN (SELECT value FROM json_each(?))"
        return {row["id"] for row in self._rows(sql, (json_list(ids),))}

    def chunks_of(self, note_ids: Iterable[str]) -> dict[str, list[ChunkRecord]]:
        """The chunks of these notes in order, by note id."""
        sql = "SELECT * FROM chunks WHERE note_id IN (SELECT value FROM json_each(?)) ORDER BY note_id, position"
        found: dict[str, list[ChunkRecord]] = {}
        rows = self._rows(sql, (json_list(note_ids),))
        with guard(self._path):
            for row in rows:
                found.setdefault(row["note_id"], []).append(schema.chunk_record(row))
        return found

    def loose(self) -> set[Loose]:
        """The records on a server that no row may need."""
        return {Loose(*row) for row in self._rows("SELECT part, id FROM loose")}

    # --- finding ---

    def note_ids(self, filter: Filter) -> set[str]:
        """The filed notes that a filter lets through."""
        condition, parameters = schema.filter_sql(filter)
        return {row["id"] for row in self._rows(f"SELECT id FROM notes WHERE {condition}", parameters)}  # noqa: S608  # constants

    def count_notes(self, areas: Sequence[FiledArea]) -> int:
        """How many notes are filed under some areas."""
        sql = "SELECT count(*) n FROM notes WHERE area IN (SELECT value FROM json_each(?))"
        return int(self._rows(sql, (json_list(areas),))[0]["n"])

    def count_chunks(self) -> int:
        """How many chunks there are."""
        return int(self._rows("SELECT count(*) n FROM chunks")[0]["n"])

    def sizes(self, note_ids: Iterable[str] | None = None) -> dict[str, int]:
        """The bytes of notes, of all or those with these ids, by id."""
        among = "" if note_ids is None else "WHERE id IN (SELECT value FROM json_each(:notes))"
        sql = f"SELECT id, size FROM notes {among}"  # noqa: S608  # constants
        return {row["id"]: row["size"] for row in self._rows(sql, {"notes": json_list(note_ids or ())})}

    def mean_size(self) -> float:
        """The mean number of bytes of the filed notes."""
        return float(self._rows("SELECT avg(size) mean FROM notes WHERE area <> 'outside'")[0]["mean"] or 0)

    def vectors(self, keys: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """The stored vectors among these keys."""
        import numpy as np

        rows = self._rows(
            "SELECT key, vector FROM embeddings WHERE key IN (SELECT value FROM json_each(?))", (json_list(keys),)
        )
        with guard(self._path):
            return {row["key"]: np.frombuffer(row["vector"], dtype=np.float32) for row in rows}

    def chunk_vectors(self, ids: Iterable[str] | None = None) -> tuple[list[str], NDArray[np.float32]]:
        """Ids and vectors `(n, dim)` of all filed chunks, or of those named."""
        named = "" if ids is None else "WHERE chunks.id IN (SELECT value FROM json_each(:ids))"
        rows = self._rows(
            f"""SELECT chunks.id, embeddings.vector FROM chunks
            LEFT JOIN embeddings ON embeddings.key = chunks.embedding_key {named}""",  # noqa: S608  # constants
            {"ids": json_list(ids or ())},
        )
        if any(row["vector"] is None for row in rows):
            raise DamageError(f"{self._path} lacks vectors of some passages; `kb doctor --repair` mends it")
        return [row["id"] for row in rows], self._matrix(rows)

    def sample_vectors(self, count: int) -> NDArray[np.float32]:
        """Vectors `(at most count, dim)` of filed chunks, drawn as by lot but always the same: keys are hashes."""
        rows = self._rows(
            """SELECT vector FROM embeddings WHERE key IN (SELECT DISTINCT embedding_key FROM chunks
            ORDER BY embedding_key LIMIT ?) ORDER BY key""",
            (count,),
        )
        if not rows and self.count_chunks():
            raise DamageError(f"{self._path} lacks the vectors of its passages; `kb doctor --repair` mends it")
        return self._matrix(rows)

    def opening_chunks(self, most: int) -> list[str]:
        """The ids of the first `most` chunks of every note."""
        sql = "SELECT chunks.id FROM notes CROSS JOIN chunks ON chunks.note_id = notes.id AND chunks.position < ?"
        return [row["id"] for row in self._rows(sql, (most,))]

    def texts(self, notes: Iterable[str] | None = None) -> dict[str, str]:
        """The text of every chunk, or of those of the notes with these ids, by chunk id."""
        named = "" if notes is None else "WHERE note_id IN (SELECT value FROM json_each(:notes))"
        rows = self._rows(f"SELECT id, text FROM chunks {named}", {"notes": json_list(notes or ())})  # noqa: S608  # constants
        return {row["id"]: row["text"] for row in rows}

    def filed_chunks(self) -> Iterator[tuple[FiledArea, str, str]]:
        """Area, id and embedding key of every chunk that belongs into a generation."""
        for row in self._rows(
            """SELECT notes.area, chunks.id, chunks.embedding_key FROM chunks JOIN notes ON notes.id = chunks.note_id
            WHERE notes.area <> 'outside'"""
        ):
            yield cast(FiledArea, row["area"]), row["id"], row["embedding_key"]

    def examine(self) -> Examination:
        """What is wrong with the file and its rows; reads all of it."""
        return examine(self._path)

    def copy(self, target: Path) -> None:
        """Write a copy, as of this moment, into one file that does not exist."""
        copy(self._path, target)

    # --- changing ---

    def add_source(self, path: str) -> None:
        """Remember a source."""
        self._rows("INSERT OR IGNORE INTO sources VALUES (?)", (path,))

    def set_loose(self, records: Iterable[Loose]) -> None:
        """Note the records on a server that no row may need; durable when it returns."""
        with self._transaction():
            self._replace_loose(records)

    def remove_sources(self, paths: Iterable[str]) -> None:
        """Forget sources."""
        self._rows("DELETE FROM sources WHERE path IN (SELECT value FROM json_each(?))", (json_list(paths),))

    def store_vectors(self, keys: Sequence[str], vectors: NDArray[np.float32], fingerprint: str) -> None:
        """Keep vectors `(len(keys), dim)` under the hashes of what was embedded; durable when it returns."""
        import numpy as np

        with self._transaction():
            for key, vector in zip(keys, vectors, strict=True):
                blob = np.ascontiguousarray(vector, dtype=np.float32).tobytes()
                self._rows("INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?3, crc32(?3))", (key, fingerprint, blob))

    def publish(self, changes: Changes, generation: int, fingerprint: str) -> None:
        """Make changes and the generation that holds their vectors current, in one commit."""
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
            if changes.loose is not None:
                self._replace_loose(changes.loose)
            self._set_meta("generation", str(generation))
            self._set_meta("fingerprint", fingerprint)

    def sweep_vectors(self, keep: Iterable[str], fingerprint: str) -> None:
        """Drop the vectors that no chunk rests on and nobody asks to keep, and those of other encoders."""
        self._rows(
            """DELETE FROM embeddings WHERE fingerprint <> ? OR (key NOT IN (SELECT embedding_key FROM chunks)
            AND key NOT IN (SELECT value FROM json_each(?)))""",
            (fingerprint, json_list(keep)),
        )

    def erase_removed(self) -> bool:
        """Leave no byte of removed notes behind: build the full text anew, rewrite the file, empty SQLite's log.

        False where another process still reads that log; SQLite deletes it when the last one ends.
        """
        self._rows("INSERT INTO passages (passages) VALUES ('rebuild')")
        self._rows("VACUUM")  # balancing leaves copies of rows in the gaps of pages, out of reach of secure_delete
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

    def _replace_loose(self, records: Iterable[Loose]) -> None:
        self._rows("DELETE FROM loose")
        for record in records:
            self._rows("INSERT INTO loose VALUES (?, ?)", record)

    # --- SQLite ---

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All that is read in here is of one state, whatever others commit meanwhile; nothing can be changed."""
        self._rows("BEGIN")
        try:
            yield
        finally:
            self._connection.rollback()

    @property
    def in_snapshot(self) -> bool:
        """Whether what is read now is read in a `snapshot`."""
        return self._connection.in_transaction

    def _prepare(self) -> None:
        version = int(self._rows("PRAGMA user_version")[0][0])
        if version > schema.VERSION:
            raise NewerError(
                f"{self._path} was made by a newer kb (version {version}); upgrade kb, or `kb rebuild` with this one"
            )
        if version < schema.VERSION:
            with self._transaction():  # another process may have been here first
                script = schema.UPGRADES.get(int(self._rows("PRAGMA user_version")[0][0]), "")
                for statement in schema.statements(script):
                    self._rows(statement)
                self._rows(f"PRAGMA user_version = {schema.VERSION}")
        for statement in schema.statements(schema.VIEWS):
            self._rows(statement)

    def _matrix(self, rows: Sequence[sqlite3.Row]) -> NDArray[np.float32]:
        import numpy as np

        with guard(self._path):
            matrix = np.frombuffer(b"".join(row["vector"] for row in rows), dtype=np.float32)
            return matrix.reshape(len(rows), -1) if rows else np.empty((0, 0), np.float32)

    def _meta(self, name: str) -> str | None:
        rows = self._rows("SELECT value FROM meta WHERE name = ?", (name,))
        return rows[0]["value"] if rows else None

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

    def _rows(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        with guard(self._path):
            return self._connection.execute(sql, parameters).fetchall()
