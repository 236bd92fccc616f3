from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import HashingEncoder

from kb.index.catalog import CATALOG_NAME, Catalog
from kb.index.vectors import VectorStore
from kb.ingest.areas import load_areas
from kb.library import KnowledgeBase
from kb.models import FILED_AREAS, Encoder

Write = Callable[[str, str], Path]

KILLS = 4
WRITER = """
import sys
from pathlib import Path
import chromadb
from conftest import HashingEncoder
from kb.library import KnowledgeBase
root, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
with KnowledgeBase(root, encoder=HashingEncoder()) as knowledge:
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(count):
        note = root / "notes" / f"{name}-{number}.md"
        note.write_text(f"---\\narea: gnn\\n---\\n# T\\n\\n{name}x{number} word{number % 7}\\n")
        report = knowledge.add([note])
        assert [entry.path for entry in report.added] == [f"notes/{note.name}"]
        print(f"{name}-{number}", flush=True)
"""


def start_writer(root: Path, name: str, count: int = 1000) -> subprocess.Popen[str]:
    """A process that adds notes one by one, once a line is written to it, and prints each name that was added."""
    arguments = [sys.executable, "-c", WRITER, str(root), name, str(count)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    return subprocess.Popen(
        arguments, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    assert process.stdout
    assert process.stdout.readline() == "ready\n", process.stderr and process.stderr.read()
    process.stdin.write("go\n")
    process.stdin.flush()


def kill_after(process: subprocess.Popen[str], acknowledged: int, delay: float) -> list[str]:
    """Kill a writer some time after it acknowledged its n-th note; all names that it acknowledged."""
    go(process)
    assert process.stdout
    names = [process.stdout.readline().strip() for _ in range(acknowledged)]
    time.sleep(delay)
    process.kill()
    rest, _ = process.communicate()
    return [name for name in [*names, *rest.split()] if name]


def assert_all_there(root: Path, names: list[str]) -> None:
    """Each note is in the catalog, in the full text, and in the current generation under its own vector."""
    catalog, store = Catalog(root / ".kb"), VectorStore(root / ".kb" / "vectors")
    encoder, generation = HashingEncoder(), catalog.generation()
    notes = {note.path: note.id for note in catalog.notes()}
    for name in names:
        (chunk,) = catalog.chunks_of([notes[f"notes/{name}.md"]])[notes[f"notes/{name}.md"]]
        stem, number = name.split("-")
        assert list(catalog.full_text.match(f'"{stem}x{number}"', 10)) == [chunk.id]
        vector = encoder.encode_query(f"T\n{stem}x{number} word{int(number) % 7}")
        answer = store.query(generation, vector, FILED_AREAS, 100)
        assert answer[chunk.id] == pytest.approx(1.0, abs=1e-4)
    store.close()
    catalog.close()


def test_nothing_acknowledged_is_lost_by_a_kill(notebook: Path) -> None:
    """Writers killed at any moment leave an index that opens and holds every note they said was added."""
    chance = random.Random(7)
    acknowledged: list[str] = []
    writers = [start_writer(notebook, f"k{number}") for number in range(KILLS)]
    for number, process in enumerate(writers):
        acknowledged += kill_after(process, 1 + number % 3, chance.uniform(0, 0.25))
        assert process.returncode == -signal.SIGKILL
        assert_all_there(notebook, acknowledged)
    with KnowledgeBase(notebook, encoder=HashingEncoder()) as knowledge:
        knowledge.add([notebook / "notes"])
        assert {note.path for note in knowledge.list().notes} >= {f"notes/{name}.md" for name in acknowledged}
        assert knowledge.diagnose().findings == ()
    assert len(list((notebook / ".kb" / "vectors").iterdir())) <= 2


def test_two_writers_at_once_lose_nothing(notebook: Path) -> None:
    """Two processes that add at the same time wait for each other, and every note of both is found."""
    writers = [start_writer(notebook, name, 5) for name in ("a", "b")]
    for process in writers:
        go(process)
    answers = [process.communicate(timeout=60) for process in writers]
    assert [(process.returncode, error) for process, (_, error) in zip(writers, answers, strict=True)] == [(0, "")] * 2
    names = [name for out, _ in answers for name in out.split()]
    assert len(names) == 10
    assert_all_there(notebook, names)


def embedded(root: Path) -> int:
    """How many vectors the catalog of a notebook keeps by now."""
    path = root / ".kb" / CATALOG_NAME
    if not path.exists():
        return 0
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("SELECT count(*) FROM embeddings").fetchone()[0])
    except sqlite3.OperationalError:
        return 0  # its tables are not made yet
    finally:
        connection.close()


@pytest.mark.model
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_an_add_in_good_order(
    notebook: Path, write: Write, real_encoder: Encoder, number: signal.Signals, code: int
) -> None:
    """`kb add` ends with 128 + n after the batch in hand; exactly what it says was added is in and found."""
    for note in range(400):
        write(f"notes/{note:03}.md", f"---\narea: gnn\n---\n# Note {note}\n\nA passage about number{note} of many.\n")
    arguments = [sys.executable, "-m", "kb", "add", "notes", "--json"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while embedded(notebook) <= len(load_areas().phrases) and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(number)
    out, error = process.communicate(timeout=60)
    assert process.returncode == code, error
    added = [entry["path"] for entry in json.loads(out)["added"]]
    assert 0 < len(added) < 400
    assert "stopped" in error
    with KnowledgeBase(notebook, encoder=real_encoder) as knowledge:
        assert [note.path for note in knowledge.list().notes] == added
        assert knowledge.search(f"number{len(added) - 1}").hits[0].path == added[-1]
