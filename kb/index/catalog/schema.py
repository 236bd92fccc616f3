"""The tables of the catalog, and rows of them as records."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable
from functools import lru_cache

from kb.models import AreaVerdict, ChunkRecord, Filter, NoteRecord
from kb.notes.words import name_of, searchable

VERSION = 5
TOKENIZER = "porter unicode61 remove_diacritics 2"

TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (path TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE notes (
    id TEXT PRIMARY KEY, path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    sha256 TEXT NOT NULL, title TEXT NOT NULL, area TEXT NOT NULL, kind TEXT NOT NULL, date TEXT, tags TEXT NOT NULL,
    details TEXT NOT NULL, verdict TEXT NOT NULL, remote INTEGER NOT NULL DEFAULT 0,
    reading INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE chunks (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, note_id TEXT NOT NULL REFERENCES notes (id) ON DELETE CASCADE,
    position INTEGER NOT NULL, title TEXT NOT NULL, headings TEXT NOT NULL, text TEXT NOT NULL,
    start_line INTEGER NOT NULL, end_line INTEGER NOT NULL, embedding_key TEXT NOT NULL, kinds TEXT NOT NULL DEFAULT ''
);
CREATE INDEX chunks_by_note ON chunks (note_id, position);
CREATE INDEX chunks_by_embedding ON chunks (embedding_key);
CREATE TABLE embeddings (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, vector BLOB NOT NULL, checksum INTEGER NOT NULL DEFAULT 0
);
"""


def _words(row: str) -> str:
    """The texts of a row of `chunks` in their searchable form, as SQL. A blob, since damaged text need not be UTF-8."""
    return ", ".join(f"searchable(CAST({row}.{column} AS BLOB))" for column in ("title", "headings", "text"))


# The full text of the chunks: `searchable` is a function of every connection.
FULL_TEXT = f"""
CREATE VIEW chunk_words (number, title, headings, text) AS SELECT number, {_words("chunks")} FROM chunks;
CREATE VIRTUAL TABLE passages USING fts5 (
    title, headings, text, content='chunk_words', content_rowid='number', tokenize='{TOKENIZER}'
);
CREATE TRIGGER chunk_added AFTER INSERT ON chunks BEGIN
    INSERT INTO passages (rowid, title, headings, text) VALUES (new.number, {_words("new")});
END;
CREATE TRIGGER chunk_removed AFTER DELETE ON chunks BEGIN
    INSERT INTO passages (passages, rowid, title, headings, text) VALUES ('delete', old.number, {_words("old")});
END;
CREATE TRIGGER chunk_retitled AFTER UPDATE OF title ON chunks WHEN old.title <> new.title BEGIN
    INSERT INTO passages (passages, rowid, title, headings, text) VALUES ('delete', old.number, {_words("old")});
    INSERT INTO passages (rowid, title, headings, text) VALUES (new.number, {_words("new")});
END;
"""  # noqa: S608  # constants

# Records on a server that no row references for certain: those being written, and those retired but not deleted yet.
# `part` is an area, or `notes`.
UNREFERENCED = "CREATE TABLE unreferenced (part TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (part, id)) WITHOUT ROWID;"
RENAMED = "ALTER TABLE loose RENAME TO unreferenced;"
REMOTE = "ALTER TABLE notes ADD COLUMN remote INTEGER NOT NULL DEFAULT 0;"
# SQLite detects damage to its own structure, but not a changed byte in a vector.
CHECKSUM = """
ALTER TABLE embeddings ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE embeddings SET checksum = crc32(vector);
"""

# Files that were skipped, so that looking for changes need not read them again; and a name for the published state,
# which every commit renews.
SKIPPED_AND_STATE = """
INSERT OR REPLACE INTO meta VALUES ('state', lower(hex(randomblob(16))));
CREATE TABLE skipped (path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL) WITHOUT ROWID;
"""

# Passages have kinds once their notes are read again; the full-text index has the searchable form of each text.
KINDS = f"""
ALTER TABLE chunks ADD COLUMN kinds TEXT NOT NULL DEFAULT '';
UPDATE notes SET sha256 = '', size = 0, mtime_ns = 0 WHERE NOT remote;
DROP TRIGGER chunk_added;
DROP TRIGGER chunk_removed;
DROP TRIGGER chunk_retitled;
DROP TABLE passages;
{FULL_TEXT}
INSERT INTO passages (passages) VALUES ('rebuild');
"""  # noqa: S608  # constants

# By what version of the reading each note was taken in; 0 for those from before it was recorded.
READING = "ALTER TABLE notes ADD COLUMN reading INTEGER NOT NULL DEFAULT 0;"

# What brings a catalog up to this version, by the version it has.
UPGRADES = {
    0: f"{TABLES}{FULL_TEXT}{UNREFERENCED}{SKIPPED_AND_STATE}",
    1: f"{REMOTE}\n{UNREFERENCED}\n{CHECKSUM}{SKIPPED_AND_STATE}{KINDS}{READING}",
    2: f"{RENAMED}\n{SKIPPED_AND_STATE}{KINDS}{READING}",
    3: f"{KINDS}{READING}",
    4: READING,
}


def upgrade(version: int, columns: Collection[str]) -> str:
    """The script that brings a catalog of a version up to date. `columns` are those of its embeddings: among catalogs
    of version 2, some have checksums and some do not.
    """
    script = UPGRADES.get(version, "")
    return f"{CHECKSUM}{script}" if version == 2 and "checksum" not in columns else script


# Views of the full-text index, local to one connection: the places of each stem, and the stems with their counts.
VIEWS = """
CREATE VIRTUAL TABLE IF NOT EXISTS temp.places USING fts5vocab (main, passages, instance);
CREATE VIRTUAL TABLE IF NOT EXISTS temp.stems USING fts5vocab (main, passages, row);
"""

UPSERT_NOTE = """
INSERT INTO notes VALUES (
    :id, :path, :size, :mtime_ns, :sha256, :title, :area, :kind, :date, :tags, :details, :verdict, :remote,
    :reading
)
ON CONFLICT (id) DO UPDATE SET path = excluded.path, size = excluded.size, mtime_ns = excluded.mtime_ns,
    sha256 = excluded.sha256, title = excluded.title, area = excluded.area, kind = excluded.kind,
    date = excluded.date, tags = excluded.tags, details = excluded.details, verdict = excluded.verdict,
    remote = excluded.remote, reading = excluded.reading
"""

UPSERT_CHUNK = """
INSERT INTO chunks (id, note_id, position, title, headings, text, start_line, end_line, embedding_key, kinds)
VALUES (:id, :note_id, :position, :title, :headings, :text, :start_line, :end_line, :embedding_key, :kinds)
ON CONFLICT (id) DO UPDATE SET position = excluded.position, title = excluded.title, start_line = excluded.start_line,
    end_line = excluded.end_line, embedding_key = excluded.embedding_key, kinds = excluded.kinds
"""

KEPT_RECORDS = 2_000  # rows that were read as records: those of the notes that are searched now
_DETAILS = ("authors", "aliases", "sources", "links", "faults", "ruling")


def note_row(note: NoteRecord) -> dict[str, object]:
    """A note as the parameters of `UPSERT_NOTE`."""
    values = note.model_dump(mode="json")
    return values | {
        "tags": json_list(values["tags"]),
        "details": json.dumps({name: values[name] for name in _DETAILS}, ensure_ascii=False),
        "verdict": note.verdict.model_dump_json(),
    }


@lru_cache(maxsize=KEPT_RECORDS)
def note_record(row: sqlite3.Row) -> NoteRecord:
    """A row of `notes` as a record."""
    values = {name: row[name] for name in row.keys()}  # noqa: SIM118  # a Row iterates over values
    return NoteRecord.model_validate(
        {name: value for name, value in values.items() if name != "details"}
        | {name: value for name, value in json.loads(values["details"]).items() if name in _DETAILS}
        | {"tags": json.loads(values["tags"]), "verdict": AreaVerdict.model_validate_json(values["verdict"])}
    )


def chunk_row(chunk: ChunkRecord, note: NoteRecord) -> dict[str, object]:
    """A chunk as the parameters of `UPSERT_CHUNK`. The title column also holds the note's authors, tags and sources,
    so that an author or an arXiv id finds it.
    """
    title = " ".join([note.title, *note.aliases, *note.authors, *note.tags, *note.sources])
    return chunk.model_dump(exclude={"heading_path"}) | {"title": title, "headings": json_list(chunk.heading_path)}


@lru_cache(maxsize=KEPT_RECORDS)
def chunk_record(row: sqlite3.Row) -> ChunkRecord:
    """A row of `chunks` as a record."""
    return ChunkRecord(
        id=row["id"],
        note_id=row["note_id"],
        position=row["position"],
        heading_path=tuple(json.loads(row["headings"])),
        text=row["text"],
        kinds=row["kinds"],
        start_line=row["start_line"],
        end_line=row["end_line"],
        embedding_key=row["embedding_key"],
    )


def filter_sql(filter: Filter) -> tuple[str, dict[str, object]]:
    """A condition on `notes` and its parameters."""
    conditions = ["notes.area <> 'outside'", "notes.kind IN (SELECT value FROM json_each(:kinds))"]
    parameters: dict[str, object] = {"kinds": json_list(filter.kinds)}
    if filter.areas:
        conditions.append("notes.area IN (SELECT value FROM json_each(:areas))")
        parameters["areas"] = json_list(filter.areas)
    if filter.paths:
        conditions.append("notes.path IN (SELECT value FROM json_each(:paths))")
        parameters["paths"] = json_list(filter.paths)
    for number, tag in enumerate(filter.tags):
        named = f"value = :tag{number} OR value GLOB :tag{number} || '/*'"
        conditions.append(f"EXISTS (SELECT 1 FROM json_each(notes.tags) WHERE {named})")  # noqa: S608  # a number
        parameters[f"tag{number}"] = name_of(tag.lower().lstrip("#"))
    if filter.since:
        conditions.append("notes.date >= :since")
        parameters["since"] = filter.since.isoformat()
    if filter.until:
        conditions.append("notes.date <= :until")
        parameters["until"] = filter.until.isoformat()
    for name, phrases, operator in (("phrase", filter.phrases, "IN"), ("without", filter.without, "NOT IN")):
        for number, phrase in enumerate(phrases):
            conditions.append(
                f"""notes.id {operator} (SELECT chunks.note_id FROM passages JOIN chunks
                ON chunks.number = passages.rowid WHERE passages MATCH :{name}{number})"""  # noqa: S608  # constants
            )
            parameters[f"{name}{number}"] = '"' + searchable(phrase).replace('"', '""') + '"'
    return " AND ".join(conditions), parameters


def json_list(values: Iterable[object]) -> str:
    """A list of values as one JSON parameter of a statement, which SQLite does not limit in length."""
    return json.dumps(list(values), ensure_ascii=False)


def statements(script: str) -> list[str]:
    """The statements of a script, split where SQLite sees a complete one (triggers contain semicolons)."""
    statements, current = [], ""
    for line in script.strip().splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            statements.append(current)
            current = ""
    return statements
