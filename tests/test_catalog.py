from __future__ import annotations

import datetime
import hashlib
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from kb.errors import CatalogError
from kb.index.catalog import CATALOG_NAME, Catalog, Changes, Unreferenced
from kb.index.catalog.connection import add_functions
from kb.models import AreaVerdict, ChunkRecord, FileState, Filter, NoteRecord

VERDICT = AreaVerdict(
    area="gnn",
    confidence=0.9,
    unsure=False,
    decided_by="classifier",
    also=None,
    runner_up="llm",
    margin=0.8,
    scores={"ml-systems": 0.0, "gnn": 0.9, "llm": 0.1, "outside": 0.0},
)
NOTE = NoteRecord(
    id="a",
    path="notes/a.md",
    size=10,
    mtime_ns=1,
    sha256="0" * 64,
    title="A note",
    area="gnn",
    kind="note",
    date=datetime.date(2024, 5, 31),
    tags=("graphs", "größe"),
    authors=("Kipf",),
    sources=("arXiv:1609.02907",),
    links=("b",),
    ruling="",
    verdict=VERDICT,
)


def note(id: str, **changes: object) -> NoteRecord:
    return NOTE.model_copy(update={"id": id, "path": f"notes/{id}.md", **changes})


def passages(note_id: str, *texts: str) -> list[ChunkRecord]:
    return [
        ChunkRecord(
            id=f"{note_id}:{hashlib.sha256(text.encode()).hexdigest()[:16]}:0",
            note_id=note_id,
            position=position,
            heading_path=("Graphs", "Über Größe"),
            text=text,
            start_line=position + 1,
            end_line=position + 2,
            embedding_key=f"key of {text}",
        )
        for position, text in enumerate(texts)
    ]


def found(catalog: Catalog, word: str, filter: Filter | None = None) -> set[str]:
    """The notes in which full text search finds a word."""
    return {
        id.split(":")[0]
        for id in catalog.full_text.match(f'"{word}"', 100, catalog.note_ids(filter) if filter else None)
    }


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path)
    yield opened
    opened.close()


def test_records_come_back_as_they_went_in(catalog: Catalog, tmp_path: Path) -> None:
    """A note and its chunks read from a reopened catalog equal those that were published."""
    chunks = passages("a", "first 図", "second")
    catalog.publish(Changes(notes=[(NOTE, chunks)]), 1, "model")
    catalog.close()
    reopened = Catalog(tmp_path)
    assert reopened.notes() == [NOTE]
    assert reopened.chunks_of(["a"]) == {"a": chunks}
    reopened.close()


def test_vectors_are_exact(catalog: Catalog) -> None:
    """A vector comes back bit by bit, the smallest and largest float32 included."""
    info = np.finfo(np.float32)
    extremes = [0.1, -0.0, float(info.tiny), float(info.max), float(info.smallest_subnormal)]
    vectors = np.array([extremes, np.random.default_rng(0).normal(size=5)], dtype=np.float32)
    catalog.store_vectors(["x", "y"], vectors, "model")
    stored = catalog.vectors(["x", "y", "unknown"])
    assert {key: vector.tobytes() for key, vector in stored.items()} == {
        "x": vectors[0].tobytes(),
        "y": vectors[1].tobytes(),
    }


def test_one_commit_publishes_notes_and_generation(catalog: Catalog) -> None:
    """Another reader sees the notes and the number of their generation appear together."""
    catalog.publish(Changes(notes=[(NOTE, passages("a", "text"))]), 7, "model")
    assert (catalog.generation(), catalog.fingerprint(), [entry.id for entry in catalog.notes()]) == (7, "model", ["a"])


def test_a_failed_commit_changes_nothing(catalog: Catalog) -> None:
    """When one row of a batch cannot be written, neither its other notes nor its generation are published."""
    catalog.publish(Changes(notes=[(NOTE, passages("a", "old"))]), 1, "model")
    clash = [(note("b"), passages("b", "fresh")), (note("c", path="notes/b.md"), passages("c", "clash"))]
    with pytest.raises(CatalogError):
        catalog.publish(Changes(notes=clash, removed=["a"]), 2, "another model")
    assert (catalog.generation(), catalog.fingerprint()) == (1, "model")
    assert [entry.id for entry in catalog.notes()] == ["a"]
    assert (found(catalog, "old"), found(catalog, "fresh")) == ({"a"}, set())


def test_a_newer_schema_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    """A catalog written by a later kb is left alone, and the message says to upgrade."""
    catalog.close()
    with sqlite3.connect(tmp_path / CATALOG_NAME) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(CatalogError, match=r"format 99.*upgrade"):
        Catalog(tmp_path)


def test_an_older_schema_is_brought_up_to_date(catalog: Catalog, tmp_path: Path) -> None:
    """A catalog of version 1 keeps its notes, none of them remote and all to be read again, can record unreferenced
    records, verifies its vectors, and finds words in the new way.
    """
    catalog.publish(Changes(notes=[(NOTE, passages("a", "old"))]), 1, "model")
    catalog.store_vectors(["key"], np.eye(1, 4, dtype=np.float32), "model")
    catalog.close()
    with sqlite3.connect(tmp_path / CATALOG_NAME) as connection:
        connection.execute("DROP TABLE unreferenced")
        connection.execute("DROP TABLE skipped")
        connection.execute("DROP VIEW chunk_words")
        connection.execute("ALTER TABLE chunks DROP COLUMN kinds")
        connection.execute("ALTER TABLE notes DROP COLUMN reading")
        connection.execute("ALTER TABLE notes DROP COLUMN remote")
        connection.execute("ALTER TABLE embeddings DROP COLUMN checksum")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    for _ in range(2):
        upgraded = Catalog(tmp_path)
        assert upgraded.notes() == [NOTE.model_copy(update={"sha256": "", "size": 0, "mtime_ns": 0})]
        assert upgraded.full_text.frequency('"old"', 9) == 1
        assert not upgraded.file_states()[NOTE.path].remote
        upgraded.set_unreferenced([Unreferenced("gnn", "a:b:0")])
        assert upgraded.unreferenced() == {Unreferenced("gnn", "a:b:0")}
        assert upgraded.examine().vectors == frozenset()
        upgraded.close()


def test_version_2_is_brought_up_to_date(catalog: Catalog, tmp_path: Path) -> None:
    """A catalog of version 2 keeps its list of unreferenced records, and gets a state to name."""
    catalog.set_unreferenced([Unreferenced("gnn", "a:b:0")])
    catalog.close()
    with sqlite3.connect(tmp_path / CATALOG_NAME) as connection:
        connection.execute("ALTER TABLE unreferenced RENAME TO loose")
        connection.execute("DROP TABLE skipped")
        connection.execute("DROP VIEW chunk_words")
        connection.execute("ALTER TABLE chunks DROP COLUMN kinds")
        connection.execute("ALTER TABLE notes DROP COLUMN reading")
        connection.execute("DELETE FROM meta")
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    upgraded = Catalog(tmp_path)
    assert upgraded.unreferenced() == {Unreferenced("gnn", "a:b:0")}
    assert (upgraded.skipped(), bool(upgraded.state())) == ({}, True)
    upgraded.close()


@pytest.mark.parametrize("content", [b"no database at all", b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path, content: bytes) -> None:
    """A catalog that is not SQLite gives an error that names the file and the way out."""
    (tmp_path / CATALOG_NAME).write_bytes(content)
    with pytest.raises(CatalogError, match=r"catalog\.db is damaged.*kb rebuild"):
        Catalog(tmp_path)


def test_full_text_follows_every_change(catalog: Catalog) -> None:
    """Words are found after they are added, and no longer after their passage, title or note is gone."""
    catalog.publish(Changes(notes=[(NOTE, passages("a", "whale", "walrus"))]), 1, "m")
    assert found(catalog, "whale") == found(catalog, "walrus") == found(catalog, "note") == {"a"}

    catalog.publish(Changes(notes=[(note("a", title="Essay"), passages("a", "walrus", "otter"))]), 2, "m")
    assert found(catalog, "otter") == found(catalog, "walrus") == found(catalog, "essay") == {"a"}
    assert found(catalog, "whale") == found(catalog, "note") == set()

    catalog.publish(Changes(removed=["a"]), 3, "m")
    assert found(catalog, "otter") == found(catalog, "essay") == set()


def test_the_full_text_index_stays_sound(catalog: Catalog, tmp_path: Path) -> None:
    """After moves, retitling and removals FTS5's own check finds index and text in agreement."""
    catalog.publish(Changes(notes=[(NOTE, passages("a", "one", "two")), (note("b"), passages("b", "one"))]), 1, "m")
    catalog.publish(Changes(notes=[(note("a", title="New"), passages("a", "two", "one", "three"))]), 2, "m")
    catalog.publish(Changes(removed=["b"]), 3, "m")
    with sqlite3.connect(tmp_path / CATALOG_NAME) as connection:
        add_functions(connection)
        connection.execute("INSERT INTO passages (passages, rank) VALUES ('integrity-check', 1)")
    connection.close()


def test_two_notes_swap_paths_in_one_commit(catalog: Catalog) -> None:
    """The uniqueness of paths holds for what a commit leaves, not for its steps."""
    a, b = note("a"), note("b")
    catalog.publish(Changes(notes=[(a, []), (b, [])]), 1, "m")
    catalog.publish(Changes(notes=[(note("a", path=b.path), []), (note("b", path=a.path), [])]), 2, "m")
    assert {entry.id: entry.path for entry in catalog.notes()} == {"a": "notes/b.md", "b": "notes/a.md"}


def test_a_touched_note_keeps_all_but_its_file_state(catalog: Catalog) -> None:
    """Publishing a touched note writes size and time and leaves the rest."""
    catalog.publish(Changes(notes=[(NOTE, passages("a", "text"))]), 1, "m")
    catalog.publish(Changes(touched=[("a", FileState(path="notes/a.md", size=11, mtime_ns=99))]), 1, "m")
    assert catalog.notes() == [note("a", size=11, mtime_ns=99)]
    assert found(catalog, "text") == {"a"}


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        (Filter(), {"graph", "dated"}),
        (Filter(areas=("gnn",)), {"graph"}),
        (Filter(areas=("gnn", "llm")), {"graph", "dated"}),
        (Filter(areas=("ml-systems",)), set()),
        (Filter(tags=("shared",)), {"graph", "dated"}),
        (Filter(tags=("shared", "deep")), {"graph"}),
        (Filter(tags=("SHARED",)), {"graph", "dated"}),
        (Filter(tags=("dee",)), set()),
        (Filter(tags=("100%_'\"--",)), {"dated"}),
        (Filter(since=datetime.date(2024, 2, 29)), {"dated"}),
        (Filter(until=datetime.date(2024, 2, 29)), {"dated"}),
        (Filter(since=datetime.date(2024, 3, 1)), set()),
        (Filter(until=datetime.date(2024, 2, 28)), set()),
        (Filter(kinds=("post",)), {"post"}),
        (Filter(kinds=("note", "post")), {"graph", "dated", "post"}),
        (Filter(kinds=("outline",)), set()),
    ],
)
def test_filters(catalog: Catalog, filter: Filter, expected: set[str]) -> None:
    """A filter means the same for full text and for the notes that an exact scan may look at."""
    notes = [
        note("graph", date=None, tags=("shared", "deep")),
        note("dated", area="llm", date=datetime.date(2024, 2, 29), tags=("shared", "100%_'\"--")),
        note("post", kind="post", date=None, tags=()),
        note("held", area="outside", tags=("shared",)),
    ]
    rows = [(entry, passages(entry.id, "a word")) for entry in notes]
    catalog.store_vectors(["key of a word"], np.ones((1, 4), dtype=np.float32), "m")
    catalog.publish(Changes(notes=rows), 1, "m")
    assert found(catalog, "word", filter) == expected
    assert catalog.note_ids(filter) == expected


def test_forty_thousand_ids_in_one_call(catalog: Catalog) -> None:
    """Looking up more ids than SQLite has variables for finds those that exist."""
    chunks = passages("a", "text")
    catalog.store_vectors([chunks[0].embedding_key], np.ones((1, 4), dtype=np.float32), "m")
    catalog.publish(Changes(notes=[(NOTE, chunks)]), 1, "m")
    many = [f"x{number}" for number in range(41_000)]
    assert list(catalog.chunks([*many, chunks[0].id])) == [chunks[0].id]
    assert list(catalog.vectors([*many, chunks[0].embedding_key])) == [chunks[0].embedding_key]
    assert list(catalog.notes_by_id([*many, "a"])) == list(catalog.chunks_of([*many, "a"])) == ["a"]
    assert catalog.chunk_vectors([*many, chunks[0].id])[0] == [chunks[0].id]
    catalog.publish(Changes(removed=[*many, "a"]), 2, "m")
    assert catalog.notes() == []


def test_only_vectors_that_nothing_rests_on_are_swept(catalog: Catalog) -> None:
    """A sweep keeps the vectors of chunks and those asked for, and drops the rest and other encoders'."""
    vectors = np.ones((3, 4), dtype=np.float32)
    catalog.store_vectors(["key of text", "phrase", "idle"], vectors, "m")
    catalog.store_vectors(["old"], vectors[:1], "another model")
    catalog.publish(Changes(notes=[(NOTE, passages("a", "text"))]), 1, "m")
    catalog.sweep_vectors(["phrase", "old"], "m")
    assert set(catalog.vectors(["key of text", "phrase", "idle", "old"])) == {"key of text", "phrase"}


@pytest.mark.parametrize("expression", ['"', "AND", "title:", "NEAR(", "*"])
def test_a_broken_expression_is_our_error(catalog: Catalog, expression: str) -> None:
    """FTS5 syntax that does not parse raises `CatalogError`, not SQLite's own error."""
    with pytest.raises(CatalogError):
        catalog.full_text.match(expression, 10)


def test_a_reader_beside_a_writer(catalog: Catalog, tmp_path: Path) -> None:
    """A second connection reads the last commit while a write is open, and the new one after it."""
    catalog.publish(Changes(notes=[(NOTE, [])]), 1, "m")
    reader = Catalog(tmp_path)
    with sqlite3.connect(tmp_path / CATALOG_NAME, isolation_level=None) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM notes")
        assert [entry.id for entry in reader.notes()] == ["a"]
        writer.execute("COMMIT")
    writer.close()
    assert reader.notes() == []
    reader.close()


@pytest.mark.slow
def test_first_openings_at_once_do_not_collide(tmp_path: Path) -> None:
    """Processes that open a catalog where there is none, at the same moment, all get it."""
    program = (
        "import sys, time, pathlib\nfrom kb.index.catalog import Catalog\n"
        "for attempt in range(4):\n"
        "    time.sleep(max(0, float(sys.argv[2]) + attempt / 5 - time.time()))\n"
        "    Catalog(pathlib.Path(sys.argv[1], str(attempt))).add_source('a')"
    )
    for attempt in range(4):
        (tmp_path / str(attempt)).mkdir()
    start = str(time.time() + 1)
    openers = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path), start]) for _ in range(3)]
    assert [opener.wait(timeout=60) for opener in openers] == [0, 0, 0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("图神经网络通过消息传递更新节点表示。使用LoRA微调", ["消息传递", "微调", "LoRA", "节点"]),
        ("グラフの畳み込みを学習する", ["畳み込み", "学習"]),
        ("그래프에서 노드를", ["그래프", "노드"]),
        ("การเรียนรู้ของเครื่อง", ["เครื่อง"]),
        ("e\ufb03cient co\ufb03n", ["efficient"]),
        ("ＧＰＵ memory", ["gpu", "GPU"]),
        ("quan\u00adti\u00adsation", ["quantisation"]),
        ("Poincare\u0301 embeddings", ["Poincar\u00e9", "poincare"]),
    ],
)
def test_words_of_any_script_are_found(catalog: Catalog, text: str, words: list[str]) -> None:
    """Inside sentences without blanks, glued to others, and in whatever code points they are written."""
    chunk = passages("a", "old")[0].model_copy(update={"text": text})
    catalog.publish(Changes(notes=[(NOTE, [chunk])]), 1, "model")
    for word in words:
        assert catalog.note_ids(Filter(phrases=(word,))) == {NOTE.id}, word
        assert catalog.full_text.stems(word), word
    assert catalog.chunks([chunk.id])[chunk.id].text == text


def test_a_tag_is_found_with_what_is_below_it(catalog: Catalog) -> None:
    """`ml` is asked for by `ml` and `#ml`, and has `ml/gnn` below it, not `mlops`."""
    notes = [NOTE.model_copy(update={"id": tag, "path": tag, "tags": (tag,)}) for tag in ("ml", "ml/gnn", "mlops")]
    catalog.publish(Changes(notes=[(note, []) for note in notes]), 1, "model")
    for asked in ("ml", "#ML"):
        assert catalog.note_ids(Filter(tags=(asked,))) == {"ml", "ml/gnn"}
