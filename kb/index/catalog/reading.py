"""Queries on a catalog, through one connection."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from kb.errors import CatalogError, DamageError
from kb.index.catalog import schema
from kb.index.catalog.changes import IndexedFile, NamesHeldBack, StoredVectors, Switch, Unreferenced
from kb.index.catalog.checking import Examination, examine
from kb.index.catalog.connection import copy, guard
from kb.index.catalog.fulltext import FullText, Parameters
from kb.index.catalog.schema import json_list
from kb.models import ChunkRecord, FiledArea, FileState, Filter, NoteRecord, StoredArea
from kb.notes.statements import stated

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray


class CatalogReader:
    """Everything that can be read from a catalog. Every method may raise `CatalogError`."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self._meta_of_snapshot: dict[str, str] | None = None
        self.full_text = FullText(self._rows)

    def close(self) -> None:
        """Close the connection; one that is already closed is no error."""
        self.full_text.close()
        self._connection.close()

    # --- what is current ---

    def generation(self) -> int:
        """The number of the current generation of vectors; 0 before the first."""
        with guard(self._path):
            return int(self._meta("generation") or 0)

    def fingerprint(self) -> str | None:
        """The encoder whose vectors are current."""
        return self._meta("fingerprint")

    def switch(self) -> Switch | None:
        """The change of model that a run began and has not finished, if any."""
        value = self._meta("switch")
        with guard(self._path):
            return Switch.model_validate_json(value) if value else None

    def state(self) -> str:
        """A name for the published state; every commit that publishes something gives it a new one."""
        return self._meta("state") or ""

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

    def names(self) -> dict[str, tuple[str, ...]]:
        """What each filed note may be called, by its id: title, path and aliases."""
        rows = self._rows(
            "SELECT id, title, path, json_extract(details, '$.aliases') aliases FROM notes WHERE area <> 'outside'"
        )
        return {row["id"]: (row["title"], row["path"], *json.loads(row["aliases"] or "[]")) for row in rows}

    def file_states(self) -> dict[str, IndexedFile]:
        """What each note's file was like when it was indexed, by path."""
        rows = self._rows("SELECT path, size, mtime_ns, sha256, remote, reading FROM notes")
        return {row["path"]: IndexedFile(*row) for row in rows}

    def skipped(self) -> dict[str, FileState]:
        """The files that the last sync skipped, as they were then, by path."""
        rows = self._rows("SELECT path, size, mtime_ns FROM skipped")
        return {row["path"]: FileState(path=row["path"], size=row["size"], mtime_ns=row["mtime_ns"]) for row in rows}

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
        """Those of some ids that belong to chunks."""
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

    def unreferenced(self) -> set[Unreferenced]:
        """The records on a server that no row may reference."""
        return {Unreferenced(*row) for row in self._rows("SELECT part, id FROM unreferenced")}

    # --- finding ---

    def note_ids(self, filter: Filter) -> set[str]:
        """The filed notes that a filter lets through."""
        condition, parameters = schema.filter_sql(filter)
        return {row["id"] for row in self._rows(f"SELECT id FROM notes WHERE {condition}", parameters)}  # noqa: S608  # constants

    def undated(self, filter: Filter) -> set[str]:
        """The notes without a date among those that a filter admits, by id."""
        condition, parameters = schema.filter_sql(filter)
        sql = f"SELECT id FROM notes WHERE date IS NULL AND {condition}"  # noqa: S608  # constants
        return {row["id"] for row in self._rows(sql, parameters)}

    def held_back(self) -> list[NamesHeldBack]:
        """The notes outside the areas, by path."""
        rows = self._rows(
            """SELECT id, path, title, kind, json_extract(details, '$.aliases') aliases FROM notes
            WHERE area = 'outside' ORDER BY path"""
        )
        return [NamesHeldBack(*row) for row in rows]

    def count_notes(self, areas: Sequence[StoredArea]) -> int:
        """How many notes are filed under some areas."""
        sql = "SELECT count(*) n FROM notes WHERE area IN (SELECT value FROM json_each(?))"
        return int(self._rows(sql, (json_list(areas),))[0]["n"])

    def count_chunks(self) -> int:
        """How many chunks there are."""
        return int(self._rows("SELECT count(*) n FROM chunks")[0]["n"])

    def sizes(self) -> dict[str, int]:
        """The bytes of each note, by its id."""
        return dict(map(tuple, self._rows("SELECT id, size FROM notes")))

    def mean_size(self) -> float:
        """The mean number of bytes of the filed notes."""
        return float(self._rows("SELECT avg(size) mean FROM notes WHERE area <> 'outside'")[0]["mean"] or 0)

    def vectors(self, keys: Iterable[str]) -> dict[str, FloatArray]:
        """The stored vectors among these keys."""
        import numpy as np

        rows = self._rows(
            "SELECT key, vector FROM embeddings WHERE key IN (SELECT value FROM json_each(?))", (json_list(keys),)
        )
        with guard(self._path):
            return {row["key"]: np.frombuffer(row["vector"], dtype=np.float32) for row in rows}

    def chunk_vectors(
        self, ids: Iterable[str] | None = None, notes: Iterable[str] | None = None
    ) -> tuple[list[str], FloatArray]:
        """Ids and vectors `(n, dim)` of all filed chunks, of those named, or of those of the notes with some ids."""
        column, among = ("id", ids) if notes is None else ("note_id", notes)
        named = "" if among is None else f"WHERE chunks.{column} IN (SELECT value FROM json_each(:among))"  # noqa: S608  # constants
        rows = self._rows(
            f"""SELECT chunks.id, embeddings.vector FROM chunks
            LEFT JOIN embeddings ON embeddings.key = chunks.embedding_key {named}""",  # noqa: S608  # constants
            {"among": json_list(among or ())},
        )
        if any(row["vector"] is None for row in rows):
            raise self._lacks_vectors()
        return [row["id"] for row in rows], self._matrix(rows)

    def sample_vectors(self, count: int) -> FloatArray:
        """Vectors `(at most count, dim)` of filed chunks: a pseudo-random but fixed sample, as keys are hashes."""
        rows = self._rows(
            """SELECT vector FROM embeddings WHERE key IN (SELECT DISTINCT embedding_key FROM chunks
            ORDER BY embedding_key LIMIT ?) ORDER BY key""",
            (count,),
        )
        if not rows and self.count_chunks():
            raise self._lacks_vectors()
        return self._matrix(rows)

    def opening_chunks(self, most: int) -> list[str]:
        """The ids of the first `most` chunks of every note."""
        sql = "SELECT chunks.id FROM notes CROSS JOIN chunks ON chunks.note_id = notes.id AND chunks.position < ?"
        return [row["id"] for row in self._rows(sql, (most,))]

    def texts(self, notes: Iterable[str] | None = None) -> dict[str, str]:
        """The prose, lists and quotations of every chunk, or of those of the notes with these ids, by chunk id."""
        named = "" if notes is None else "WHERE note_id IN (SELECT value FROM json_each(:notes))"
        sql = f"SELECT id, text, kinds FROM chunks {named}"  # noqa: S608  # constants
        rows = self._rows(sql, {"notes": json_list(notes or ())})
        return {row["id"]: stated(row["text"], row["kinds"]) for row in rows}

    def vectors_of(self, chunks: Iterable[ChunkRecord]) -> dict[str, FloatArray]:
        """The vectors `(dim,)` of some chunks, by chunk id."""
        keys = {chunk.id: chunk.embedding_key for chunk in chunks}
        stored = self.vectors(set(keys.values()))
        if len(stored) < len(set(keys.values())):
            raise self._lacks_vectors()
        return {id: stored[key] for id, key in keys.items()}

    def filed_vectors(self, without: Iterable[str] = ()) -> dict[FiledArea, StoredVectors]:
        """Ids and vectors of all filed chunks by area, except those with the ids in `without`."""
        dropped = set(without)
        wanted: dict[FiledArea, list[tuple[str, str]]] = {}
        for area, id, key in self.filed_chunks():
            if id not in dropped:
                wanted.setdefault(area, []).append((id, key))
        return {
            area: StoredVectors([id for id, _ in pairs], self._stacked([key for _, key in pairs]))
            for area, pairs in wanted.items()
        }

    def filed_chunks(self) -> Iterator[tuple[FiledArea, str, str]]:
        """Area, id and embedding key of every chunk that a generation must hold."""
        for row in self._rows(
            """SELECT notes.area, chunks.id, chunks.embedding_key FROM chunks JOIN notes ON notes.id = chunks.note_id
            WHERE notes.area <> 'outside'"""
        ):
            yield cast(FiledArea, row["area"]), row["id"], row["embedding_key"]

    def examine(self) -> Examination:
        """What is wrong with the file and its rows; reads all of it."""
        return examine(self._path)

    def copy(self, target: Path) -> None:
        """Copy a snapshot into one file that does not exist yet."""
        copy(self._path, target)

    # --- SQLite ---

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Within this context everything is read from one snapshot, whatever others commit meanwhile."""
        self._rows("BEGIN")
        try:
            self._meta_of_snapshot = {row["name"]: row["value"] for row in self._rows("SELECT name, value FROM meta")}
            yield
        finally:
            self._meta_of_snapshot = None
            self._connection.rollback()

    def _matrix(self, rows: Sequence[sqlite3.Row]) -> FloatArray:
        import numpy as np

        with guard(self._path):
            matrix = np.frombuffer(b"".join(row["vector"] for row in rows), dtype=np.float32)
            return matrix.reshape(len(rows), -1) if rows else np.empty((0, 0), np.float32)

    def _stacked(self, keys: Sequence[str]) -> FloatArray:
        """The vectors with some keys, in that order."""
        import numpy as np

        stored = self.vectors(set(keys))
        if len(stored) < len(set(keys)) or len({len(vector) for vector in stored.values()}) > 1:
            raise self._lacks_vectors()
        return np.stack([stored[key] for key in keys])

    def _lacks_vectors(self) -> CatalogError:
        return DamageError(f"{self._path} lacks vectors of some passages; `kb doctor --repair` repairs it")

    def _meta(self, name: str) -> str | None:
        if self._meta_of_snapshot is not None:
            return self._meta_of_snapshot.get(name)
        rows = self._rows("SELECT value FROM meta WHERE name = ?", (name,))
        return rows[0]["value"] if rows else None

    def _rows(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        with guard(self._path):
            return self._connection.execute(sql, parameters).fetchall()
