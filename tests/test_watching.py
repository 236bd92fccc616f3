"""Watching the sources: what an editor saves is in the index soon after, and nothing else starts a sync."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest
from doubles import HashingEncoder
from killing import NOTES, Allowed, Version, findings, missing, version, write
from serving import Client, serving

from kb.index import opened
from kb.index.catalog import Catalog
from kb.index.lock import write_lock
from kb.knowledge import KnowledgeBase
from kb.serve import watching
from kb.serve.watching import watching as watch

pytestmark = pytest.mark.slow

PATIENCE = 60  # seconds
KB = Path(__file__).parent / "without_model.py"
FRONT_MATTER = "---\narea: gnn\n---\n"
Save = Callable[[Path, str], None]
PACE = 5  # times faster than outside the tests
WAITS = ("QUIET_SECONDS", "LONGEST_SECONDS", "TICK_SECONDS", "SPACING_SECONDS", "POLL_SECONDS")


def note(name: str) -> str:
    """A note with a word that no other has."""
    return f"{FRONT_MATTER}# About {name}\n\nThe token {name} is here.\n"


def wait_until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def in_index(root: Path) -> dict[str, str]:
    """The hash of each note by its path."""
    with closing(Catalog(root / ".kb")) as catalog:
        return {entry.path: entry.sha256 for entry in catalog.notes()}


def generation(root: Path) -> int:
    with closing(Catalog(root / ".kb")) as catalog:
        return catalog.generation()


def finds(client: Client, word: str) -> bool:
    """Whether a word is found in a note as its file is now."""
    found = client.get("/api/search", query=word, mode="lexical").json
    return any(word in hit["text"] and hit["state"] == "current" for hit in found["hits"])


def state_of(client: Client) -> Any:
    """The sync that began last."""
    id = client.get("/api/server").json["job"]
    return client.get("/api/job", id=id).json if id else None


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that the watcher waits for is shorter, in proportion."""
    for name in WAITS:
        monkeypatch.setattr(watching, name, getattr(watching, name) / PACE)


@pytest.fixture
def shelf(notebook: Path, encoder: HashingEncoder) -> Path:
    """A notebook with twelve notes in a folder, one elsewhere, and one that is a source of its own."""
    elsewhere = notebook.parent / "elsewhere"
    elsewhere.mkdir()
    (notebook / "notes" / "deep").mkdir()
    for number in range(12):
        (notebook / "notes" / "deep" / f"{number}.md").write_text(note(f"first{number}"))
    (elsewhere / "far.md").write_text(note("far"))
    (notebook / "single.md").write_text(note("single"))
    with KnowledgeBase(notebook, encoder=encoder) as knowledge:
        knowledge.add([notebook / "notes", elsewhere, notebook / "single.md"])
    return notebook


@contextmanager
def watched(root: Path, encoder: HashingEncoder, told: list[str] | None = None) -> Iterator[Client]:
    """A server of a notebook that watches it, after the sync with which watching begins."""
    with (
        serving(root, encoder) as (server, client),
        watch(server.served.live, server.served.jobs.sync, (told if told is not None else []).append),
    ):
        wait_until(lambda: (state_of(client) or {"state": "running"})["state"] != "running")
        yield client


@pytest.fixture
def client(shelf: Path, encoder: HashingEncoder) -> Iterator[Client]:
    with watched(shelf, encoder) as client:
        yield client


def in_place(path: Path, text: str) -> None:
    path.write_text(text)


def as_vim(path: Path, text: str) -> None:
    """By a probe, a backup, and a new file in place of the old."""
    probe = path.with_name("4913")
    probe.touch()
    probe.unlink()
    backup = path.with_name(path.name + "~")
    if path.exists():
        path.rename(backup)
    path.write_text(text)
    backup.unlink(missing_ok=True)


def atomically(path: Path, text: str) -> None:
    """By a file beside it that takes its name."""
    part = path.with_name(f".{path.name}.tmp-1")
    part.write_text(text)
    part.replace(path)


def in_steps(path: Path, text: str) -> None:
    """By emptying the file and writing it in pieces."""
    with path.open("w") as file:
        for piece in text.splitlines(keepends=True):
            file.write(piece)
            file.flush()
            time.sleep(0.05 / PACE)


@pytest.mark.parametrize("save", [in_place, as_vim, atomically, in_steps])
def test_a_saved_note_is_found(client: Client, shelf: Path, save: Save) -> None:
    """However an editor saves, a changed note and a new one are found, in each source."""
    places = ("notes/deep/3.md", "notes/new.md", "../elsewhere/far.md", "../elsewhere/new.md", "single.md")
    for number, place in enumerate(places):
        save(shelf / place, note(f"saved{number}"))
        wait_until(partial(finds, client, f"saved{number}"))
    assert len(in_index(shelf)) == 16


def test_notes_in_new_folders(client: Client, shelf: Path) -> None:
    """Folders that are made, filled, renamed and removed are followed, with the notes saved there later."""
    made = shelf / "notes" / "made" / "inner"
    made.mkdir(parents=True)
    (made / "one.md").write_text(note("one"))
    wait_until(lambda: finds(client, "one"))
    (made / "two.md").write_text(note("two"))
    wait_until(lambda: finds(client, "two"))
    made.parent.rename(shelf / "notes" / "other")
    wait_until(lambda: "notes/other/inner/two.md" in in_index(shelf))
    (shelf / "notes" / "other" / "inner" / "three.md").write_text(note("three"))
    wait_until(lambda: finds(client, "three"))
    shutil.rmtree(shelf / "notes" / "other")
    wait_until(lambda: len(in_index(shelf)) == 14)


def test_a_branch_that_is_checked_out(client: Client, shelf: Path) -> None:
    """A checkout changes, adds and removes notes, all of which are followed."""

    def git(*arguments: str) -> None:
        options = ["-c", "user.name=w", "-c", "user.email=w@w", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *options, *arguments], cwd=shelf, check=True, capture_output=True)

    git("init", "-b", "main")
    git("add", "notes")
    git("commit", "-m", "all")
    git("checkout", "-b", "other")
    for name in ("branch1", "branch2"):
        (shelf / "notes" / f"{name}.md").write_text(note(name))
    (shelf / "notes" / "deep" / "1.md").write_text(note("changed"))
    (shelf / "notes" / "deep" / "2.md").unlink()
    git("add", "-A", "notes")
    git("commit", "-m", "other")
    wait_until(lambda: finds(client, "changed") and finds(client, "branch2"))
    before = in_index(shelf)
    git("checkout", "main")
    wait_until(lambda: finds(client, "first1") and finds(client, "first2") and not finds(client, "branch1"))
    git("checkout", "other")
    wait_until(lambda: in_index(shelf) == before)


def test_a_burst_of_saves(client: Client, shelf: Path) -> None:
    """Twenty notes saved one after the other are all in, by one generation for each of the times that must lie between
    two syncs, at most.
    """
    first, started = generation(shelf), time.monotonic()
    for number in range(20):
        (shelf / "notes" / f"burst{number}.md").write_text(note(f"burst{number}"))
        time.sleep(0.1 / PACE)
    wait_until(lambda: len(in_index(shelf)) == 34)
    assert generation(shelf) - first <= (time.monotonic() - started) / watching.SPACING_SECONDS + 1
    assert all(finds(client, f"burst{number}") for number in range(20))


def test_what_starts_no_sync(client: Client, shelf: Path) -> None:
    """Files that no source takes, and what kb itself writes, start none; so a sync does not start the next."""
    (shelf / "notes" / ".gitignore").write_text("ignored/\nsecret.md\n")
    time.sleep(2 * watching.TICK_SECONDS)
    client.post("/api/add", title="By kb", text="The token bykb is here.", area="gnn")
    (shelf / "notes" / "saved.md").write_text(note("saved"))
    wait_until(lambda: finds(client, "saved"))
    time.sleep(2 * watching.TICK_SECONDS)
    last = client.get("/api/server").json["job"]
    (shelf / "notes" / "ignored").mkdir()
    for name in ("ignored/note.md", "secret.md", "image.png", ".hidden.md", "note.md.swp", "plain.txt"):
        (shelf / "notes" / name).write_text(note("none"))
    (shelf / ".kb" / "note.md").write_text(note("none"))
    (shelf / "loose.md").write_text(note("none"))
    (shelf / "notes" / "saved.md").touch()
    (shelf / "notes" / "broken.md").write_bytes(b"\xff\xfe")
    wait_until(lambda: client.get("/api/server").json["job"] != last)
    time.sleep(4 * watching.TICK_SECONDS)
    report = state_of(client)["report"]
    assert [skipped["path"] for skipped in report["skipped"]] == ["notes/broken.md"]
    last = client.get("/api/server").json["job"]
    time.sleep(3 * watching.TICK_SECONDS)
    assert client.get("/api/server").json["job"] == last


def test_a_folder_moved_away(shelf: Path, encoder: HashingEncoder) -> None:
    """Where most notes are gone, the sync is refused once, and nothing leaves the index before that is confirmed; a
    note that is saved meanwhile is in after it.
    """
    told: list[str] = []
    with watched(shelf, encoder, told) as client:
        (shelf / "notes").rename(shelf / "gone")
        wait_until(lambda: told)
        refused = state_of(client)
        assert (refused["state"], refused["failure"]["error"]) == ("failed", "RemovalError")
        time.sleep(3 * watching.TICK_SECONDS)
        assert state_of(client)["id"] == refused["id"]
        assert len(told) == 1
        assert len(in_index(shelf)) == 14
        assert client.post("/api/sync", allow_removal=True).status == 200
        wait_until(lambda: len(in_index(shelf)) == 2)
        (shelf / "gone").rename(shelf / "notes")
        wait_until(lambda: len(in_index(shelf)) == 14)


def test_a_source_that_comes_back(shelf: Path, encoder: HashingEncoder) -> None:
    """A drive that was unplugged and plugged in again is watched again, with what was changed on it elsewhere."""
    told: list[str] = []
    with watched(shelf, encoder, told) as client:
        (shelf / "notes").rename(shelf / "unplugged")
        wait_until(lambda: told)
        (shelf / "unplugged" / "deep" / "5.md").write_text(note("meanwhile"))
        (shelf / "unplugged").rename(shelf / "notes")
        wait_until(lambda: finds(client, "meanwhile"))
        (shelf / "notes" / "later.md").write_text(note("later"))
        wait_until(lambda: finds(client, "later"))
        assert len(in_index(shelf)) == 15


def test_a_source_added_meanwhile(client: Client, shelf: Path, encoder: HashingEncoder) -> None:
    """A source that another process adds is watched too, and one whose notes are forgotten no longer."""
    added = shelf.parent / "added"
    added.mkdir()
    (added / "one.md").write_text(note("one"))
    with KnowledgeBase(shelf, encoder=encoder) as knowledge:
        knowledge.add([added])
    time.sleep(2 * watching.TICK_SECONDS)
    (added / "two.md").write_text(note("two"))
    wait_until(lambda: finds(client, "two"))


def test_settings_and_decisions(shelf: Path, encoder: HashingEncoder) -> None:
    """A change of `kb.decisions.toml` is followed. While `kb.toml` is broken, this is told once; after a change of it,
    notes are still watched.
    """
    told: list[str] = []
    with watched(shelf, encoder, told) as client:
        (shelf / "kb.decisions.toml").write_text('[filed]\n"notes/deep/4.md" = "llm"\n')
        wait_until(lambda: client.get("/api/note", note="notes/deep/4.md").json["area"] == "llm")
        (shelf / "kb.toml").write_text('outside = "nonsense"\n')
        wait_until(lambda: told)
        time.sleep(3 * watching.TICK_SECONDS)
        (shelf / "kb.toml").write_text('outside = "detour"\n')
        (shelf / "notes" / "after.md").write_text(note("after"))
        wait_until(lambda: finds(client, "after"))
        assert len(told) == 1


def test_a_held_lock_is_waited_for(shelf: Path, encoder: HashingEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another process writes, this is told once, and the sync follows when it is done."""
    told: list[str] = []
    monkeypatch.setattr(opened, "write_lock", partial(write_lock, wait=0.2))
    with watched(shelf, encoder, told) as client:
        with write_lock(shelf / ".kb"):
            (shelf / "notes" / "waits.md").write_text(note("waits"))
            wait_until(lambda: told)
            time.sleep(3 * watching.TICK_SECONDS)
        wait_until(lambda: finds(client, "waits"))
        assert len(told) == 1


def test_without_events(shelf: Path, encoder: HashingEncoder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On a file system of another machine, the folders are looked at instead."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 0:21 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
        f"23 22 0:22 / {shelf} rw,relatime shared:2 - nfs4 server:/notes rw\n"
    )
    monkeypatch.setattr(watching, "MOUNTS", mounts)
    monkeypatch.setattr(watching, "watch", None)
    with watched(shelf, encoder) as client:
        (shelf / "notes" / "polled.md").write_text(note("polled"))
        wait_until(lambda: finds(client, "polled"))


def test_a_system_that_cannot_watch(shelf: Path, encoder: HashingEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no watches left, that is told once, and the folders are looked at instead."""

    def refuse(*folders: str, **options: object) -> NoReturn:
        raise OSError("OS file watch limit reached")

    told: list[str] = []
    monkeypatch.setattr(watching, "watch", refuse)
    with watched(shelf, encoder, told) as client:
        (shelf / "notes" / "made").mkdir()
        (shelf / "notes" / "made" / "polled.md").write_text(note("polled"))
        wait_until(lambda: finds(client, "polled"))
        (shelf / "notes" / "other").mkdir()
        (shelf / "notes" / "other" / "later.md").write_text(note("later"))
        wait_until(lambda: finds(client, "later"))
        assert len(told) == 1
        assert "limit" in told[0]


# --- the command ---


@pytest.fixture
def kb_watch(shelf: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start `kb watch` on the notebook; it ends with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-u", str(KB), "watch", *arguments]
        process = subprocess.Popen(command, cwd=shelf, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


def test_the_command_prints_a_line_for_each_sync(shelf: Path, kb_watch: Callable[..., subprocess.Popen[str]]) -> None:
    """A line says what was added, updated, renamed and removed; a broken note is told of once; a signal ends it."""
    (shelf / "notes" / "early.md").write_text(note("early"))
    process = kb_watch()
    assert "added notes/early.md" in line_of(process)
    (shelf / "notes" / "early.md").unlink()
    (shelf / "notes" / "deep" / "1.md").rename(shelf / "notes" / "one.md")
    (shelf / "notes" / "broken.md").write_bytes(b"\xff\xfe")
    (shelf / "notes" / "deep" / "2.md").write_text(note("again"))
    printed = ""
    while not all(part in printed for part in ("updated notes/deep/2.md", "to notes/one.md", "removed notes/early.md")):
        printed += line_of(process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err.count("broken.md")) == (130, "", 1)


def test_the_command_prints_reports(shelf: Path, kb_watch: Callable[..., subprocess.Popen[str]]) -> None:
    """With `--json`, each line is the report of a sync; SIGTERM ends the command as it ends others."""
    process = kb_watch("--json")
    assert json.loads(line_of(process))["unchanged"] == 14
    for name in ("one", "two"):
        (shelf / "notes" / f"{name}.md").write_text(note(name))
        report = json.loads(line_of(process))
        assert report["schema"] == "kb.sync/1"
        assert [added["path"] for added in report["added"]] == [f"notes/{name}.md"]
    process.terminate()
    assert process.wait(PATIENCE) == 143


# --- slow cases ---


@pytest.mark.torture
def test_two_thousand_files_together(client: Client, shelf: Path) -> None:
    """Two thousand notes that appear together are all in, and the index is sound."""
    pile = shelf.parent / "pile"
    pile.mkdir()
    for number in range(2000):
        (pile / f"{number}.md").write_text(note(f"pile{number}"))
    shutil.copytree(pile, shelf / "notes" / "pile")
    deadline = time.monotonic() + 10 * PATIENCE
    while len(in_index(shelf)) < 2014:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert finds(client, "pile1999")
    assert findings(shelf) == []


KILLS = 50


@pytest.mark.torture
def test_a_server_that_is_killed(tmp_path: Path) -> None:
    """Killed at any moment while notes are saved, a server leaves a sound index that holds each note as it was last
    seen there or later; the next command takes in the rest.
    """
    root, chance = tmp_path, random.Random(1)
    (root / "kb.toml").touch()
    saved: dict[int, list[Version]] = {number: [version(number)] for number in range(NOTES)}
    write(root, {number: versions[-1] for number, versions in saved.items()})
    ran(root, "add", "notes")
    for kill in range(KILLS):
        with killed(root, chance.uniform(0, 3)) as alive:
            while alive():
                number = chance.randrange(NOTES + kill)
                saved[number] = [*saved.get(number, []), version(number, revision=len(saved.get(number, [])))]
                write(root, {number: saved[number][-1]})
                seen = set(in_index(root).values())
                for versions in saved.values():
                    position = max((place for place, one in enumerate(versions) if one.sha256 in seen), default=0)
                    del versions[:position]
                time.sleep(chance.uniform(0, 0.3))
        faults = findings(root)
        known = in_index(root)
        allowed: Allowed = {number: tuple(versions) for number, versions in saved.items() if versions[-1].path in known}
        lost = [*missing(root, allowed, faults, asked=False)]
        assert (lost, faults) == ([], []), kill
        ran(root, "sync")
        lost = [*missing(root, {number: (versions[-1],) for number, versions in saved.items()}, faults)]
        assert (lost, faults + findings(root)) == ([], []), kill


def ran(root: Path, *arguments: str) -> None:
    """Run a command to its end."""
    subprocess.run([sys.executable, str(KB), *arguments], cwd=root, check=True, capture_output=True)


@contextmanager
def killed(root: Path, seconds: float) -> Iterator[Callable[[], bool]]:
    """A server that is killed so many seconds after it said that it is ready; gives whether it still lives."""
    command = [sys.executable, str(KB), "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline()
        timer = threading.Timer(seconds, process.kill)
        timer.start()
        yield lambda: process.poll() is None
        assert process.wait() == -signal.SIGKILL
