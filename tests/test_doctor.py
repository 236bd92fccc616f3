"""What the doctor finds, and that what it advises repairs it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kb.care.doctor import Facts, diagnose
from kb.knowledge import KnowledgeBase
from kb.reports import Diagnosis

Write = Callable[[str, str], Path]


def facts(folder: Path, **changes: object) -> Facts:
    """The facts of a sound index, but for some."""
    sound: dict[str, object] = {
        "folder": folder,
        "generation": 3,
        "filed_chunks": {"gnn": 2, "llm": 1},
        "vectors": {"gnn": 2, "llm": 1, "detour": 0},
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


@pytest.mark.parametrize(
    ("changes", "findings"),
    [
        ({}, []),
        ({"generation": 0, "filed_chunks": {}, "vectors": {}}, []),
        ({"catalog_problem": "row missing"}, [("catalog", "error")]),
        ({"newer": "made by a newer kb"}, [("version", "error")]),
        ({"obstacle": "locked"}, [("catalog", "error")]),
        ({"full_text_problem": "malformed"}, [("full text", "error")]),
        ({"unsound_notes": 2}, [("rows", "error")]),
        ({"unsound_vectors": 2}, [("rows", "error")]),
        ({"misread": ("a.md", "b.md")}, [("notes", "error")] * 2),
        ({"vector_problems": ("it crashed",), "vectors": {}}, [("vectors", "error")]),
        ({"vectors": {"gnn": 1, "llm": 1}}, [("vectors", "error")]),
        ({"vectors": {"gnn": 2, "llm": 1, "detour": 1}}, [("vectors", "error")]),
        ({"orphans": ("7.part",)}, [("orphans", "warning")]),
        ({"unwritable": ("a", "b")}, [("permissions", "error")]),
        ({"writer": "4711"}, [("lock", "warning")]),
        ({"missing_bytes": 10_000_000}, [("disk", "warning")]),
        ({"encoder_problem": "the index was made with another model"}, [("encoder", "warning")]),
        ({"gone": ("a.md", "b.md"), "changed_notes": 2}, [("notes", "warning")] * 2),
        ({"gone": ("a.md",), "changed_notes": 3}, [("notes", "warning")] * 2),
        (
            {"catalog_problem": "bad", "encoder_problem": "the index was made with another model"},
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


@pytest.mark.slow
@pytest.mark.apart
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
    """Gone notes are named, new and changed ones counted, and the sync that is advised repairs both."""
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


def test_a_writer_at_work(library: KnowledgeBase, notebook: Path) -> None:
    """While another process writes, the doctor says so and takes its half-made files for no orphans."""
    program = (
        "import sys\nfrom pathlib import Path\nfrom kb.index.lock import write_lock\n"
        "with write_lock(Path(sys.argv[1])):\n    print('held', flush=True)\n    sys.stdin.readline()\n"
    )
    (notebook / ".kb/vectors/9.part").mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", program, notebook / ".kb"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout
        writer.stdout.readline()
        (finding,) = library.diagnose().findings
        writer.communicate("done\n")
    assert (finding.check, f"process {writer.pid}" in finding.message) == ("lock", True)
    assert found(library.diagnose()) == [("orphans", "warning")]


def test_looking_changes_nothing(library: KnowledgeBase, notebook: Path) -> None:
    """The doctor changes neither notes nor vectors."""
    before = {file: file.read_bytes() for file in notebook.rglob("*") if file.suffix in (".md", ".bin", ".json")}
    library.diagnose()
    assert {file: file.read_bytes() for file in before} == before
