"""Processes that are killed, asked to stop, or in one another's way. The first kinds run in programs that fork."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kb.areas.texts import load_areas
from kb.index.catalog import CATALOG_NAME
from kb.knowledge import KnowledgeBase
from kb.models import Encoder

pytestmark = pytest.mark.slow

Write = Callable[[str, str], Path]


def answers(program: str, folder: Path, *arguments: str) -> list[dict[str, Any]]:
    """What one of the programs beside this file prints, an object a line."""
    command = [sys.executable, str(Path(__file__).with_name(program)), str(folder), *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (ended.returncode, ended.stderr) == (0, "")
    return [json.loads(line) for line in ended.stdout.splitlines()]


@pytest.mark.parametrize(
    ("kills", "seed"), [(3, 1), *(pytest.param(7, seed, marks=pytest.mark.torture) for seed in (1, 2))]
)
def test_nothing_acknowledged_is_lost_by_a_kill(tmp_path: Path, kills: int, seed: int) -> None:
    """After each of several kills, most of them in the middle of a write, the notebook opens, every note that was
    acknowledged is found in each way, no file has grown beyond measure, and a re-run completes.
    """
    reported = answers("killing.py", tmp_path, "--kills", str(kills), "--seed", str(seed))
    assert len(reported) == kills
    assert [kill for kill in reported if kill["lost"] or kill["faults"] or not kill["completed"]] == []
    assert sum(kill["acknowledged"] for kill in reported) > 0


@pytest.mark.torture
def test_a_writer_that_is_not_safe_is_caught(tmp_path: Path) -> None:
    """The same kills of a writer that changes the current generation where it lies lose notes."""
    chosen = ("--verbs", "re-add", "--phases", "close", "--at-once")
    kills = answers("killing.py", tmp_path, "--unsafe", "--kills", "3", *chosen)
    assert any(len(kill["lost"]) == kill["acknowledged"] > 0 for kill in kills)


@pytest.mark.torture
def test_two_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    """Two processes that add at the same time wait for each other, and every note of both is found."""
    (answer,) = answers("crowding.py", tmp_path, "--writers", "1.2")
    assert min(answer["added"]) > 0
    assert (answer["failed"], answer["lost"]) == (0, [])


@pytest.mark.torture
def test_readers_see_the_old_state_or_the_new_one(tmp_path: Path) -> None:
    """While all notes are added again and again, every search of an open reader answers from one state, and sees
    the next one when it is there.
    """
    (answer,) = answers("crowding.py", tmp_path, "--rounds", "5")
    assert answer["rounds"] == 5
    assert (answer["failed"], answer["mixed"]) == (0, [])


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
@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGTERM, 143),
        pytest.param(signal.SIGINT, 130, marks=pytest.mark.torture),
        pytest.param(signal.SIGHUP, 129, marks=pytest.mark.torture),
    ],
)
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
    assert "interrupted" in error
    with KnowledgeBase(notebook, encoder=real_encoder) as knowledge:
        assert [note.path for note in knowledge.list().notes] == added
        assert knowledge.search(f"number{len(added) - 1}").hits[0].path == added[-1]
