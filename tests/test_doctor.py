"""What the doctor finds, and that what it advises mends it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from conftest import HashingEncoder

from kb.care.doctor import Facts, diagnose
from kb.errors import KbError
from kb.library import KnowledgeBase
from kb.reports import Diagnosis

Write = Callable[[str, str], Path]


def facts(folder: Path, **changes: object) -> Facts:
    """The facts of a sound index, but for some."""
    sound: dict[str, object] = {
        "folder": folder,
        "catalog_check": "ok",
        "generation": 3,
        "generation_whole": True,
        "filed_chunks": {"gnn": 2, "llm": 1},
        "vectors": {"gnn": 2, "llm": 1, "detour": 0},
        "missing_vectors": 0,
        "encoder_problem": None,
        "gone": (),
        "changed_notes": 0,
    }
    return Facts(**(sound | changes))  # type: ignore[arg-type]  # every field is one of those above


@pytest.fixture
def library(knowledge: KnowledgeBase, write: Write) -> KnowledgeBase:
    for name, area in (("one", "gnn"), ("two", "gnn"), ("three", "llm"), ("four", "ml-systems")):
        write(f"notes/{name}.md", f"---\narea: {area}\n---\nNote number {name} about zebras.\n")
    knowledge.add(["notes"])
    return knowledge


def found(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    return [(finding.check, finding.severity) for finding in diagnosis.findings]


def vectors_of(notebook: Path) -> Path:
    """The folder of the current generation."""
    return max((notebook / ".kb/vectors").iterdir(), key=lambda folder: int(folder.name))


def change_catalog(notebook: Path, sql: str) -> None:
    with closing(sqlite3.connect(notebook / ".kb/catalog.db")) as connection, connection:
        connection.execute(sql)


@pytest.mark.parametrize(
    ("changes", "findings"),
    [
        ({}, []),
        ({"generation": 0, "generation_whole": False, "filed_chunks": {}, "vectors": {}}, []),
        ({"catalog_check": "row missing"}, [("catalog", "error")]),
        ({"missing_vectors": 2}, [("embeddings", "error")]),
        ({"generation_whole": False, "vectors": {}}, [("vectors", "error")]),
        ({"vectors": {"gnn": 1, "llm": 1}}, [("vectors", "error")]),
        ({"vectors": {"gnn": 2, "llm": 1, "detour": 1}}, [("vectors", "error")]),
        ({"encoder_problem": "the index was made with another model"}, [("encoder", "warning")]),
        ({"gone": ("a.md", "b.md"), "changed_notes": 2}, [("notes", "warning")] * 2),
        ({"gone": ("a.md",), "changed_notes": 3}, [("notes", "warning")] * 2),
        (
            {"catalog_check": "bad", "encoder_problem": "the index was made with another model"},
            [("catalog", "error"), ("encoder", "warning")],
        ),
    ],
)
def test_findings(tmp_path: Path, changes: dict[str, object], findings: list[tuple[str, str]]) -> None:
    """Each thing that is wrong is one finding with a message and a repair, the gravest first."""
    diagnosis = diagnose(facts(tmp_path, **changes))
    assert found(diagnosis) == findings
    assert diagnosis.ok == (not findings)
    assert all(finding.message and finding.repair for finding in diagnosis.findings)


def test_sound_notebook(library: KnowledgeBase) -> None:
    """A notebook after an add, a change, a removal and a sync has nothing wrong with it."""
    assert library.diagnose() == Diagnosis(ok=True, findings=())
    (library.root / "notes/one.md").unlink()
    (library.root / "notes/two.md").write_text("---\narea: llm\n---\nMoved elsewhere.\n")
    library.sync()
    assert library.diagnose() == Diagnosis(ok=True, findings=())


def test_empty_notebook(knowledge: KnowledgeBase) -> None:
    """A notebook without notes has nothing wrong with it."""
    assert knowledge.diagnose().ok


def test_files_that_changed(library: KnowledgeBase, write: Write, notebook: Path) -> None:
    """Gone notes are named, new and changed ones counted, and the sync that is advised mends both."""
    (notebook / "notes/one.md").unlink()
    write("notes/two.md", "---\narea: gnn\n---\nSomething else.\n")
    write("notes/five.md", "---\narea: gnn\n---\nNew.\n")
    diagnosis = library.diagnose()
    assert [(finding.path, finding.repair) for finding in diagnosis.findings] == [
        ("notes/one.md", "kb sync"),
        (None, "kb sync"),
    ]
    assert "2 notes" in diagnosis.findings[1].message
    library.sync()
    assert library.diagnose().ok


def remove_folder(generation: Path) -> None:
    shutil.rmtree(generation)


def cut_vectors(generation: Path) -> None:
    file = next(generation.rglob("data_level0.bin"))
    file.write_bytes(file.read_bytes()[:-10])


def blank_vectors(generation: Path) -> None:
    for file in generation.rglob("data_level0.bin"):
        file.write_bytes(bytes(file.stat().st_size))


def remove_database(generation: Path) -> None:
    (generation / "chroma.sqlite3").unlink()


def spoil_manifest(generation: Path) -> None:
    (generation / "manifest.json").write_text("{")


@pytest.mark.parametrize("harm", [remove_folder, cut_vectors, blank_vectors, remove_database, spoil_manifest])
def test_damaged_vectors(library: KnowledgeBase, notebook: Path, harm: Callable[[Path], None]) -> None:
    """Vectors that are missing or damaged are found, and the search that is advised builds them afresh."""
    library.close()
    harm(vectors_of(notebook))
    encoder = HashingEncoder()
    with KnowledgeBase(notebook, encoder=encoder) as knowledge:
        assert found(knowledge.diagnose()) == [("vectors", "error")]
        assert len(knowledge.search("zebras", mode="dense").hits) == 4
        assert encoder.embedded == []
        assert knowledge.diagnose().ok


def test_lost_embeddings(library: KnowledgeBase, notebook: Path) -> None:
    """Chunks without a vector are counted, and adding the sources to a new index mends that."""
    library.close()
    change_catalog(notebook, "DELETE FROM embeddings WHERE key = (SELECT min(embedding_key) FROM chunks)")
    finding = library.diagnose().findings[0]
    assert (finding.check, finding.severity) == ("embeddings", "error")
    assert finding.message.startswith("1 chunk")
    library.close()
    shutil.rmtree(notebook / ".kb")
    library.add(["notes"])
    assert library.diagnose().ok


def test_another_model(library: KnowledgeBase, notebook: Path) -> None:
    """An index made with another model is found, and the sync that is advised mends it."""
    other = HashingEncoder()
    other.fingerprint = "other"
    with KnowledgeBase(notebook, encoder=other) as knowledge:
        assert found(knowledge.diagnose()) == [("encoder", "warning")]
        knowledge.sync()
        assert knowledge.diagnose().ok


def test_damaged_catalog(library: KnowledgeBase, notebook: Path) -> None:
    """A catalog that SQLite cannot read is an error in one line that says what to do."""
    library.close()
    for file in (notebook / ".kb").glob("catalog.db*"):
        file.write_bytes(b"not a database, " * 1000)
    with KnowledgeBase(notebook, encoder=HashingEncoder()) as knowledge:
        try:
            message = knowledge.diagnose().findings[0].repair
        except KbError as error:
            message = str(error)
    assert "delete the index" in message
    assert "\n" not in message


def test_looking_changes_nothing(library: KnowledgeBase, notebook: Path) -> None:
    """The doctor changes neither notes nor vectors."""
    before = {file: file.read_bytes() for file in notebook.rglob("*") if file.suffix in (".md", ".bin", ".json")}
    library.diagnose()
    assert {file: file.read_bytes() for file in before} == before
