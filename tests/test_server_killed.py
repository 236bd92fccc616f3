"""A server that is killed at random moments: what it acknowledged is there, and the next command works."""

from __future__ import annotations

import http.client
import json
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from serving import Client

from kb.models import AREAS

KB = (sys.executable, "-m", "kb")
KILLS = 50
LONGEST_SECONDS = 4.0  # from the link to the kill


def run(root: Path, *arguments: str) -> Any:
    """What a command prints as JSON. Fails where it does."""
    command = [*KB, "--notebook", str(root), *arguments, "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, (arguments, ended.stdout[-500:], ended.stderr)
    return json.loads(ended.stdout)


@contextmanager
def killed(root: Path, seconds: float) -> Iterator[Client]:
    """A server that is killed some seconds after it printed its link."""
    command = [*KB, "--notebook", str(root), "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address, _, token = server.stdout.readline().strip().partition("?token=")
            assert token
            timer = threading.Timer(seconds, server.kill)
            timer.start()
            yield Client(address, token)
            timer.join()
        finally:
            server.kill()
        assert server.wait(30) == -signal.SIGKILL


class Writer:
    """Adds notes by the API, files them, and saves others in an editor; remembers what was acknowledged."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.chance = random.Random(seed)
        self.added: set[str] = set()
        self.filed: dict[str, set[str]] = {}  # the areas that a note may have
        self.asked = ("", "")  # the note and the area of the last filing, which may be done and not acknowledged
        self.saved: set[str] = set()

    def work(self, client: Client) -> None:
        """Write until the server is gone."""
        with suppress(OSError, http.client.HTTPException):
            while True:
                number = len(self.added) + len(self.saved)
                text = f"Batching request {number} of language models for throughput and latency."
                path = self.root / "notes" / f"saved-{number}.md"
                path.write_text(f"---\narea: llm\n---\n# Saved {number}\n\n{text}\n", encoding="utf-8")
                self.saved.add(f"notes/{path.name}")
                answer = client.post("/api/add", title=f"Added {number}", text=text, area="ml-systems")
                if answer.status == 200:
                    self.added |= {one["path"] for one in answer.json["added"] if one["path"].startswith("notes/added")}
                if self.added:
                    note, area = self.asked = self.chance.choice(sorted(self.added)), self.chance.choice(AREAS)
                    if client.post("/api/file", note=note, area=area).status == 200:
                        self.filed[note] = {area}
                client.get("/api/search", query=f"latency of request {number}")


def look(root: Path, writer: Writer) -> None:
    """Fails where the next command does not work, or anything that was acknowledged is gone."""
    notes = {note["path"]: note["area"] for note in run(root, "list")["notes"]}
    assert writer.added <= set(notes)
    assert all((root / path).is_file() for path in writer.added)
    if writer.asked[0]:
        path, area = writer.asked
        before = writer.filed.get(path, {"ml-systems"})
        # Once it is written down, the next sync applies it, acknowledged or not.
        writer.filed[path] = before if before == {area} else {*before, area}
    assert {path: notes[path] for path, areas in writer.filed.items() if notes[path] not in areas} == {}
    assert run(root, "search", "latency of a request")["hits"] or not writer.added


@pytest.mark.model
@pytest.mark.torture
def test_nothing_is_lost_with_the_server(notebook: Path) -> None:
    """However often the server is killed while notes are added, filed and saved: what it acknowledged stays, every next
    command works, the doctor finds nothing, and the next sync brings in what was saved.
    """
    writer = Writer(notebook, seed=1)
    run(notebook, "add", str(notebook / "notes"))
    for _ in range(KILLS):
        seconds = writer.chance.uniform(0, LONGEST_SECONDS)
        with killed(notebook, seconds) as client:
            writer.work(client)
        look(notebook, writer)
    assert writer.added
    run(notebook, "sync")
    assert writer.saved <= {note["path"] for note in run(notebook, "list")["notes"]}
    assert run(notebook, "doctor", "--full")["findings"] == []
