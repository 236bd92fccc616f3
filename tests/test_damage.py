"""Damage of every kind: found, said in one line, repaired without touching a note."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sqlite3
import struct
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from conftest import HashingEncoder, indexed, made_once

from kb.errors import KbError
from kb.index.catalog.connection import add_functions
from kb.knowledge import KnowledgeBase

Write = Callable[[str, str], Path]
Harm = Callable[[Path], None]


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def zero(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


def spoil(file: Path) -> None:
    """Garbage over the middle fifth, no less than there is in a small file."""
    content = bytearray(file.read_bytes())
    start, length = len(content) * 2 // 5, max(8, len(content) // 5)
    content[start : start + length] = random.Random(3).randbytes(length)
    file.write_bytes(content)


def delete(file: Path) -> None:
    file.unlink()


NOTES = 24  # in three areas, so that the vectors of each lie in a file of their own

HARMS = (truncate, empty, zero, spoil, delete)


def apart(quick: bool, *case: object) -> ParameterSet:
    """A case of the whole suite if it is `quick`, and of `scripts/torture` otherwise."""
    return pytest.param(*case, marks=[] if quick else pytest.mark.torture)


def make_whole(root: Path) -> None:
    """Write the notes, and index them."""
    (root / "notes").mkdir()
    chance = random.Random(1)
    words = [f"word{number}" for number in range(400)]
    for number in range(NOTES):
        text = "\n\n".join(" ".join(chance.choices(words, k=40)) for _ in range(4))
        area = ("gnn", "llm", "ml-systems")[number % 3]
        (root / f"notes/{number}.md").write_text(f"---\narea: {area}\n---\n# Note {number}\n\nzebras {text}\n")
    indexed(root, HashingEncoder())


@pytest.fixture(scope="session")
def whole(shared: Path) -> Path:
    """A notebook of many notes with a sound index; to be copied."""
    return made_once(shared / "whole", make_whole)


@pytest.fixture
def harmed(whole: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy to harm; whatever happens, no byte of a note changes."""
    root = tmp_path / "notebook"
    shutil.copytree(whole, root)
    shutil.copytree(whole / ".kb", tmp_path / "sound")
    yield root
    assert all(note.read_bytes() == (whole / "notes" / note.name).read_bytes() for note in root.glob("notes/*"))
    assert len(list(root.glob("notes/*"))) == NOTES


def said(verb: Callable[[], object]) -> str:
    """The error of a verb, which is one line, or nothing."""
    message = ""
    try:
        verb()
    except KbError as error:
        message = str(error)
    assert "\n" not in message
    assert not message or "`kb " in message
    return message


def assert_repaired(root: Path, embedded: bool) -> None:
    """The doctor finds something and repairs it, and embeds only where the catalog was lost; then search works."""
    encoder = HashingEncoder()
    with KnowledgeBase(root, encoder=encoder) as knowledge:
        diagnosis = knowledge.diagnose()
        assert not diagnosis.ok
        assert all("\n" not in finding.message and finding.repair for finding in diagnosis.findings)
        rebuilt = knowledge.rebuild()
        assert rebuilt.made_from == ("notes" if embedded else "catalog")
        assert bool(encoder.embedded) == embedded
        assert knowledge.diagnose().findings == ()
        assert len(knowledge.search("zebras", limit=100).hits) == NOTES
        assert len(knowledge.search("zebras", limit=100, mode="dense").hits) == NOTES


@pytest.mark.parametrize("harm", [apart(harm is spoil, harm) for harm in HARMS])
def test_damaged_catalog(harmed: Path, harm: Harm) -> None:
    """A damaged or lost catalog is said in one line by every verb, and made again from the sources it had."""
    harm(harmed / ".kb/catalog.db")
    with KnowledgeBase(harmed, encoder=HashingEncoder()) as knowledge:
        messages = [said(lambda: knowledge.search("zebras")), said(lambda: knowledge.add([harmed / "notes"]))]
    assert harm is spoil or all("catalog.db" in message for message in messages)
    assert_repaired(harmed, embedded=True)


FILES = ("chroma.sqlite3", "manifest.json", "data_level0.bin", "header.bin", "length.bin", "link_lists.bin",
         "index_metadata.pickle")  # fmt: skip


QUICK = (("chroma.sqlite3", truncate), ("manifest.json", delete), ("data_level0.bin", spoil))


@pytest.mark.parametrize(
    ("name", "harm"),
    [apart((name, harm) in QUICK, name, harm) for name in FILES for harm in (truncate, spoil, delete)],
)
def test_damaged_vectors(harmed: Path, name: str, harm: Harm) -> None:
    """Damage of any file of the vectors is found and repaired from the catalog; nothing is embedded."""
    file = next(harmed.glob(f".kb/vectors/*/**/{name}"))
    harm(file)
    assert_repaired(harmed, embedded=False)


@pytest.mark.parametrize("name", ["manifest.json", "data_level0.bin", "index_metadata.pickle"])
def test_search_with_damaged_vectors(harmed: Path, name: str) -> None:
    """A search says that the vectors are damaged, builds them from the catalog, and finds all."""
    spoil(next(harmed.glob(f".kb/vectors/*/**/{name}")))
    lines: list[str] = []
    encoder = HashingEncoder()
    with KnowledgeBase(harmed, encoder=encoder, notify=lines.append) as knowledge:
        assert len(knowledge.search("zebras", limit=100, mode="dense").hits) == NOTES
    assert len(lines) == 1
    assert encoder.embedded == []


def test_damage_is_not_handed_on(harmed: Path) -> None:
    """An add beside damaged vectors builds them afresh instead of copying the damage."""
    spoil(next(harmed.glob(".kb/vectors/*/*/data_level0.bin")))
    (harmed / "extra.md").write_text("---\narea: gnn\n---\n# Extra\n\nzebras\n")
    with KnowledgeBase(harmed, encoder=HashingEncoder()) as knowledge:
        knowledge.add([harmed / "extra.md"])
        assert knowledge.diagnose(full=True).ok


@pytest.mark.parametrize("gone", [apart(True, "vectors"), apart(False, "vectors/1")])
def test_vectors_deleted(harmed: Path, gone: str) -> None:
    """A deleted folder of vectors is found and repaired from the catalog; nothing is embedded."""
    shutil.rmtree(harmed / ".kb" / gone)
    assert_repaired(harmed, embedded=False)


def mislead(folder: Path) -> None:
    """Let every vector of a collection have neighbours far out of its memory, and the manifest agree."""
    graph, manifest = folder / "data_level0.bin", folder.parent / "manifest.json"
    content = bytearray(graph.read_bytes())
    row = len(content) // ((folder / "length.bin").stat().st_size // 4)
    neighbours = struct.pack("<I", 64) + struct.pack("<I", 0x7FFFFFF0) * 64
    for start in range(0, len(content), row):
        content[start : start + len(neighbours)] = neighbours
    graph.write_bytes(content)
    published = json.loads(manifest.read_text())
    published["files"][f"{folder.name}/{graph.name}"] = [len(content), hashlib.sha256(content).hexdigest()]
    manifest.write_text(json.dumps(published))


@pytest.mark.slow
@pytest.mark.apart
def test_a_crash_of_chroma_is_a_finding(harmed: Path) -> None:
    """Vectors that kill the process that opens them are a finding, and the doctor lives on to repair them."""
    for folder in harmed.glob(".kb/vectors/1/*/"):
        mislead(folder)
    with KnowledgeBase(harmed, encoder=HashingEncoder()) as knowledge:
        (finding,) = knowledge.diagnose().findings
    assert finding.check == "vectors"
    assert "Chroma was killed by SIG" in finding.message
    assert_repaired(harmed, embedded=False)


def change_catalog(root: Path, sql: str) -> None:
    with closing(sqlite3.connect(root / ".kb/catalog.db")) as connection, connection:
        add_functions(connection)
        connection.execute(sql)


@pytest.mark.parametrize(
    ("sql", "embedded"),
    [
        apart(True, "UPDATE chunks SET text = text || ' garbage' WHERE number = 5", False),
        apart(False, "UPDATE chunks SET start_line = 99 WHERE number = 5", False),
        apart(False, "UPDATE notes SET title = 'garbage' WHERE path = 'notes/7.md'", False),
        apart(False, "UPDATE notes SET verdict = 'garbage' WHERE path = 'notes/7.md'", False),
        apart(False, "UPDATE notes SET details = CAST(x'ff00ff' AS TEXT) WHERE path = 'notes/7.md'", False),
        apart(False, "DELETE FROM chunks WHERE number = 5", False),
        apart(True, "DELETE FROM passages_data WHERE id > 10", False),
        apart(False, "DELETE FROM embeddings WHERE key IN (SELECT embedding_key FROM chunks)", True),
        apart(False, "UPDATE embeddings SET vector = zeroblob(7) WHERE key = (SELECT embedding_key FROM chunks)", True),
        apart(
            True, "UPDATE embeddings SET vector = randomblob(256) WHERE key = (SELECT embedding_key FROM chunks)", True
        ),
        apart(
            False, "UPDATE embeddings SET fingerprint = 'garbage' WHERE key = (SELECT embedding_key FROM chunks)", True
        ),
        apart(False, "UPDATE meta SET value = 'garbage' WHERE name = 'generation'", True),
        apart(False, "UPDATE meta SET value = '99' WHERE name = 'generation'", False),
    ],
)
def test_damaged_rows(harmed: Path, sql: str, embedded: bool) -> None:
    """Rows that make no sense, though the file is whole, are found and repaired; only lost vectors are embedded."""
    change_catalog(harmed, sql)
    encoder = HashingEncoder()
    with KnowledgeBase(harmed, encoder=encoder) as knowledge:
        assert not knowledge.diagnose(full=True).ok
        said(lambda: knowledge.search("zebras"))
        assert knowledge.repair(full=True).findings == ()
        assert bool(encoder.embedded) == embedded
        assert len(knowledge.search("zebras", limit=100).hits) == NOTES


VERDICT = 11  # the column of a note


def contents(root: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of a catalog, as bytes where it is text; but the verdicts, which have no checksum."""
    with closing(sqlite3.connect(root / ".kb/catalog.db")) as connection:
        add_functions(connection)
        connection.text_factory = bytes
        tables = [
            name.decode() for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        rows = {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables}
    rows["notes"] = [(*row[:VERDICT], *row[VERDICT + 1 :]) for row in rows["notes"]]
    return rows


@pytest.mark.parametrize(("seed", "times"), [apart(True, 0, 2), *(apart(False, seed, 5) for seed in range(20))])
def test_a_few_bytes_anywhere(harmed: Path, seed: int, times: int) -> None:
    """Up to 64 bytes of garbage anywhere in the catalog are found and repaired, unless they change nothing in it."""
    chance = random.Random(seed)
    file = harmed / ".kb/catalog.db"
    content, before, encoder = file.read_bytes(), contents(harmed), HashingEncoder()
    for _ in range(times):
        changed = bytearray(content)
        length = chance.choice([1, 4, 16, 64])
        start = chance.randrange(len(content) - length)
        changed[start : start + length] = chance.randbytes(length)
        file.write_bytes(changed)
        with KnowledgeBase(harmed, encoder=encoder) as knowledge:
            if knowledge.diagnose(full=True).ok:
                assert contents(harmed) == before
            else:
                assert knowledge.repair(full=True).findings == ()
                assert len(knowledge.search("zebras", limit=100).hits) == NOTES
        shutil.rmtree(harmed / ".kb")
        shutil.copytree(harmed.parent / "sound", harmed / ".kb")


def test_a_newer_catalog(harmed: Path) -> None:
    """The catalog of a newer kb is refused in one line; a rebuild replaces it by one of this kb."""
    change_catalog(harmed, "PRAGMA user_version = 99")
    with KnowledgeBase(harmed, encoder=HashingEncoder()) as knowledge:
        assert "newer kb" in said(lambda: knowledge.search("zebras"))
        assert [finding.check for finding in knowledge.diagnose().findings] == ["version"]
    assert_repaired(harmed, embedded=True)


def test_another_model(harmed: Path) -> None:
    """An index of another model is found, and repaired by embedding with the one that is set."""
    encoder = HashingEncoder()
    encoder.fingerprint = "another"
    with KnowledgeBase(harmed, encoder=encoder) as knowledge:
        assert "another model" in said(lambda: knowledge.search("zebras", mode="dense"))
        assert [finding.check for finding in knowledge.diagnose().findings] == ["encoder"]
        assert knowledge.repair().findings == ()
        assert len(knowledge.search("zebras", limit=100, mode="dense").hits) == NOTES


def test_a_repair_says_what_it_mends(harmed: Path) -> None:
    """A repair names each thing that it found."""
    (harmed / ".kb/vectors/7.part").mkdir()
    lines: list[str] = []
    with KnowledgeBase(harmed, encoder=HashingEncoder(), notify=lines.append) as knowledge:
        assert knowledge.repair().ok
    assert lines == ["found, orphans: left by an interrupted run"]


def test_orphans(harmed: Path) -> None:
    """What a crash left behind is found and cleared away."""
    (harmed / ".kb/vectors/7.part").mkdir()
    (harmed / ".kb/sources.part").mkdir()
    (harmed / ".kb/vectors/stray").write_text("left")
    (next(harmed.glob(".kb/vectors/1/*/")) / "stray.bin").write_text("left")
    with KnowledgeBase(harmed, encoder=HashingEncoder()) as knowledge:
        assert [finding.check for finding in knowledge.diagnose().findings] == ["orphans"] * 4
    assert_repaired(harmed, embedded=False)


def test_a_rebuild_embeds_nothing(harmed: Path) -> None:
    """With the catalog whole, a rebuild makes full text and vectors again and embeds nothing."""
    encoder = HashingEncoder()
    with KnowledgeBase(harmed, encoder=encoder) as knowledge:
        rebuilt = knowledge.rebuild()
        assert (rebuilt.made_from, rebuilt.notes, rebuilt.embedded_chunks) == ("catalog", NOTES, 0)
        assert encoder.embedded == []
        assert knowledge.diagnose(full=True).ok
        assert knowledge.sync().unchanged == NOTES


def test_sources_that_are_lost_too(harmed: Path) -> None:
    """Where catalog and list of sources are both gone, a rebuild says what to do instead of making an empty index."""
    (harmed / ".kb/catalog.db").unlink()
    (harmed / ".kb/sources.json").unlink()
    with KnowledgeBase(harmed, encoder=HashingEncoder()) as knowledge, pytest.raises(KbError, match="add your sources"):
        knowledge.rebuild()
