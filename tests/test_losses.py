"""What must not be lost, kept or opened: decisions, forgotten notes, names, and files that others point to.

What runs beside a test is a process of its own.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tomllib
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from doubles import HashingEncoder
from numpy.typing import NDArray

from kb.care import probe
from kb.decisions import DECISIONS_NAME, load_decisions, save_decisions
from kb.errors import KbError, LockError, NotebookError, RemovalError
from kb.index import opened
from kb.index.batch import Batch
from kb.index.cache import KEPT_ANSWERS, KEPT_STATES
from kb.index.catalog import Changes
from kb.index.lock import write_lock
from kb.knowledge import KnowledgeBase
from kb.models import NoteRecord
from kb.notes import files
from kb.search.answer import MOST_REMEMBERED
from kb.sync.known import KnownNotes
from kb.sync.removal import forget
from kb.sync.run import run

Write = Callable[[str, str], Path]

PREAMBLE = """
import sys
from doubles import HashingEncoder
from kb.index import opened
from kb.knowledge import KnowledgeBase
write_lock = opened.write_lock
def announced(folder):
    print("locking", flush=True)
    return write_lock(folder)
opened.write_lock = announced
root, *arguments = sys.argv[1:]
knowledge = KnowledgeBase(root, encoder=HashingEncoder())
sys.stdin.readline()
"""


def text(body: str, area: str = "gnn") -> str:
    return f"---\narea: {area}\n---\n# A note\n\n{body}\n"


def areas(knowledge: KnowledgeBase) -> dict[str, str]:
    listed = knowledge.list(areas=("ml-systems", "gnn", "llm", "detour", "outside")).notes
    return {note.path: note.area for note in listed}


def bytes_of_index(root: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in (root / ".kb").rglob("*") if path.is_file()).lower()


def started(root: Path, program: str, *arguments: str) -> subprocess.Popen[str]:
    """A process that opens the notebook, and runs a program when it is told to `go`."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    return subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + program, str(root), *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("go\n")
    process.stdin.flush()


@contextmanager
def beside(root: Path, program: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A started process, which must end well."""
    with started(root, program, *arguments) as process:
        try:
            yield process
            _, error = process.communicate(timeout=120)
            assert process.returncode == 0, error
        finally:
            process.kill()


def let_wait(process: subprocess.Popen[str]) -> None:
    """Let a process run until it waits for the lock that this one holds."""
    go(process)
    assert process.stdout
    assert process.stdout.readline() == "locking\n"


# --- decisions ---


def test_a_sync_that_waited_for_a_forget_does_not_undo_it(knowledge: KnowledgeBase, write: Write) -> None:
    """A sync reads the decisions once it has the lock: what was forgotten while it waited stays forgotten."""
    write("notes/a.md", text("Marmalade."))
    renamed = write("notes/b.md", text("Zebras."))
    knowledge.add(["notes"])
    knowledge.file("notes/b.md", "llm")
    renamed.rename(renamed.with_name("c.md"))  # the sync has a decision of its own to save
    with beside(knowledge.root, "knowledge.sync()") as process, knowledge._index.write() as writer:
        let_wait(process)
        forget(writer, "notes/a.md")
    assert areas(knowledge) == {"notes/c.md": "llm"}
    assert load_decisions(knowledge.root).forgotten == ("notes/a.md",)
    assert load_decisions(knowledge.root).filed == {"notes/c.md": "llm"}
    assert b"marmalade" not in bytes_of_index(knowledge.root)


def test_what_is_decided_during_a_run_is_kept(notebook: Path, write: Write) -> None:
    """A run that saves decisions changes only its own in the file, which somebody may have edited since it began."""

    class Editing(HashingEncoder):
        def encode(self, texts: list[str]) -> NDArray[np.float32]:
            save_decisions(notebook, load_decisions(notebook).with_filed("notes/z.md", "ml-systems"))
            return super().encode(texts)

    note = write("notes/a.md", text("Zebras."))
    with KnowledgeBase(notebook, encoder=HashingEncoder()) as knowledge:
        knowledge.add(["notes"])
        knowledge.file("notes/a.md", "llm")
    note.rename(note.with_name("b.md"))
    write("notes/new.md", text("Something to embed."))
    with KnowledgeBase(notebook, encoder=Editing()) as knowledge:
        knowledge.sync()
    assert load_decisions(notebook).filed == {"notes/b.md": "llm", "notes/z.md": "ml-systems"}


@pytest.mark.slow
def test_two_processes_file_notes(knowledge: KnowledgeBase, write: Write) -> None:
    """Of two processes that file five notes each at the same time, every decision is kept."""
    for number in range(10):
        write(f"notes/{number}.md", text(f"Zebras {number}."))
    knowledge.add(["notes"])
    program = "for number in arguments: knowledge.file(f'notes/{number}.md', 'llm')"
    halves = [[str(number) for number in range(first, 10, 2)] for first in (0, 1)]
    with beside(knowledge.root, program, *halves[0]) as first, beside(knowledge.root, program, *halves[1]) as second:
        go(first)
        go(second)
    everything = {f"notes/{number}.md": "llm" for number in range(10)}
    assert load_decisions(knowledge.root).filed == areas(knowledge) == everything


@pytest.mark.slow
def test_forget_takes_what_an_add_published_while_it_waited(knowledge: KnowledgeBase, write: Write) -> None:
    """A folder is forgotten with the notes that a running add had yet to publish, and with their bytes."""
    write("notes/kept.md", text("Zebras."))
    write("secret/a.md", text("Marmalade."))
    knowledge.add(["notes", "secret"])
    with beside(knowledge.root, "knowledge.forget('secret')") as process, knowledge._index.write() as writer:
        let_wait(process)
        write("secret/b.md", text("Quixotic."))
        run(writer, ["secret"], lambda *_: None, lambda: False)
        assert len(writer.catalog.notes()) == 3
    assert list(areas(knowledge)) == ["notes/kept.md"]
    assert not {b"marmalade", b"quixotic"} & set(bytes_of_index(knowledge.root).split())
    assert b"secret" not in bytes_of_index(knowledge.root)


def test_forget_erases_the_name_of_a_skipped_file(knowledge: KnowledgeBase, write: Write) -> None:
    """Files that were skipped leave no name in the index either when their folder is forgotten."""
    write("notes/kept.md", text("Zebras."))
    write("secret/empty.md", "")
    write("secret/a.md", text("Marmalade."))
    knowledge.add(["notes", "secret"])
    assert b"secret/empty.md" in bytes_of_index(knowledge.root)
    knowledge.forget("secret")
    assert b"secret" not in bytes_of_index(knowledge.root)


@pytest.mark.parametrize(
    "verb",
    [
        lambda knowledge: knowledge.forget("notes/a.md"),
        lambda knowledge: knowledge.file("notes/a.md", "llm"),
        lambda knowledge: knowledge.add(["notes"], detour=True),
    ],
    ids=["forget", "file", "add"],
)
def test_nothing_is_decided_without_the_lock(
    knowledge: KnowledgeBase, write: Write, monkeypatch: pytest.MonkeyPatch, verb: Callable[[KnowledgeBase], object]
) -> None:
    """A verb that does not get the lock leaves no decision behind."""
    write("notes/a.md", text("Zebras."))
    knowledge.add(["notes"])
    monkeypatch.setattr(opened, "write_lock", partial(write_lock, wait=0.1))
    with write_lock(knowledge.root / ".kb"), pytest.raises(LockError):
        verb(knowledge)
    assert not (knowledge.root / DECISIONS_NAME).exists()


# --- one note, one path; a note leaves when no source holds it ---


def test_a_notebook_behind_a_link(notebook: Path, write: Write, tmp_path: Path) -> None:
    """A notebook that is reached by a link and by its own path holds each note once, and forgets it by either."""
    note = write("notes/a.md", text("Marmalade."))
    write("notes/b.md", text("Zebras."))
    link = tmp_path / "Dropbox"
    link.symlink_to(notebook)
    with KnowledgeBase(link, encoder=HashingEncoder()) as knowledge:
        knowledge.add([link / "notes"])
        knowledge.add([notebook / "notes", note])
        assert set(areas(knowledge)) == {"notes/a.md", "notes/b.md"}
        assert knowledge.forget(str(link / "notes/a.md")).paths == ("notes/a.md",)
        knowledge.sync()
        assert set(areas(knowledge)) == {"notes/b.md"}
    assert b"marmalade" not in bytes_of_index(notebook)


def test_a_notebook_that_was_moved_is_not_made_again(notebook: Path, knowledge: KnowledgeBase, write: Write) -> None:
    """One who has a notebook open learns that its folder is gone; no empty index takes its place."""
    write("notes/a.md", "---\narea: gnn\n---\n# A\n\nText.\n")
    knowledge.add([notebook / "notes"])
    there = notebook.rename(notebook.with_name("moved"))
    for verb in (knowledge.list, knowledge.sync, knowledge.status):
        with pytest.raises(NotebookError, match="is gone"):
            verb()
    assert not notebook.exists()
    there.rename(notebook)
    assert len(knowledge.list().notes) == 1


def test_a_linked_folder_elsewhere(knowledge: KnowledgeBase, tmp_path: Path) -> None:
    """A folder outside the notebook that is added by two names is one source."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.md").write_text(text("Zebras."))
    (tmp_path / "link").symlink_to(tmp_path / "real")
    knowledge.add([tmp_path / "link", tmp_path / "real"])
    assert set(areas(knowledge)) == {str(tmp_path.resolve() / "real/a.md")}
    assert len(knowledge.status().sources) == 1


def test_an_outer_folder_leaves_what_it_ignores(knowledge: KnowledgeBase, write: Write) -> None:
    """A note that one source ignores and another holds stays, whichever of them is looked at."""
    write("notes/.gitignore", "tmp\n")
    write("notes/a.md", text("Zebras."))
    inner = write("notes/tmp/t.md", text("Marmalade."))
    knowledge.add([inner])
    for sources in (["notes"], [inner], ["notes"]):
        assert knowledge.add(sources).removed == ()
    assert knowledge.sync().removed == ()
    assert set(areas(knowledge)) == {"notes/a.md", "notes/tmp/t.md"}
    inner.unlink()
    assert knowledge.sync().removed == ("notes/tmp/t.md",)


def test_a_copy_of_a_note_on_an_unplugged_drive(knowledge: KnowledgeBase, write: Write, tmp_path: Path) -> None:
    """While the drive of a note is away, another file with its bytes is a copy: id and decision stay with the note."""
    drive = tmp_path.resolve() / "drive"
    drive.mkdir()
    (drive / "a.md").write_text(text("Zebras."))
    knowledge.add([drive])
    knowledge.file(str(drive / "a.md"), "llm")
    id = knowledge.find_note(str(drive / "a.md")).id
    drive.rename(tmp_path / "unplugged")
    drive.mkdir()  # the mount point
    write("notes/copy.md", text("Zebras."))
    report = knowledge.add(["notes"])
    assert (report.renamed, [entry.path for entry in report.added]) == ((), ["notes/copy.md"])
    assert knowledge.find_note("notes/copy.md").id != id
    knowledge.sync()
    drive.rmdir()
    (tmp_path / "unplugged").rename(drive)
    knowledge.sync()
    assert areas(knowledge) == {str(drive / "a.md"): "llm", "notes/copy.md": "gnn"}
    assert knowledge.find_note(str(drive / "a.md")).id == id
    assert load_decisions(knowledge.root).filed == {str(drive / "a.md"): "llm"}


def test_a_file_on_an_unplugged_drive_stays_a_source(knowledge: KnowledgeBase, tmp_path: Path) -> None:
    """A single file that was added from a drive is found again when the drive is back."""
    drive = tmp_path.resolve() / "drive"
    drive.mkdir()
    (drive / "a.md").write_text(text("Zebras."))
    knowledge.add([drive / "a.md"])
    drive.rename(tmp_path / "unplugged")
    knowledge.sync()
    (tmp_path / "unplugged").rename(drive)
    knowledge.sync()
    assert list(areas(knowledge)) == [str(drive / "a.md")]


def test_copies_do_not_excuse_a_missing_drive(knowledge: KnowledgeBase, write: Write, tmp_path: Path) -> None:
    """Most notes of a drive that is away do not leave unasked because copies of them were made elsewhere."""
    drive = tmp_path.resolve() / "drive"
    drive.mkdir()
    for number in range(12):
        (drive / f"{number}.md").write_text(text(f"Zebras {number}."))
        write(f"notes/{number}.md", text(f"Zebras {number}."))
    knowledge.add([drive])
    drive.rename(tmp_path / "unplugged")
    knowledge.add(["notes"])
    with pytest.raises(RemovalError, match="12 of"):
        knowledge.sync()


# --- backups ---


@pytest.mark.slow
@pytest.mark.parametrize("rounds", [2, pytest.param(8, marks=pytest.mark.torture)])
def test_a_backup_beside_forget_and_rebuild(
    knowledge: KnowledgeBase, write: Write, tmp_path: Path, rounds: int
) -> None:
    """A backup works, or waits, while another process forgets, adds and rebuilds; each one can be restored."""
    for number in range(4):
        write(f"notes/{number}.md", text(f"Zebras {number}."))
    knowledge.add(["notes"])
    program = (
        f"for _ in range({rounds}):\n"
        "    knowledge.forget('notes/3.md')\n    knowledge.rebuild()\n    knowledge.add(['notes/3.md'])\n"
    )
    counts = []
    with beside(knowledge.root, program) as process:
        go(process)
        while process.poll() is None:
            counts.append(knowledge.backup(tmp_path / "saved.kb", overwrite=True).notes)
    assert len(counts) >= rounds
    assert set(counts) <= {3, 4}
    with KnowledgeBase(tmp_path / "restored", create=True, encoder=HashingEncoder()) as restored:
        assert restored.restore(tmp_path / "saved.kb").notes == counts[-1]


def test_a_restored_index_lies_where_the_settings_say(notebook: Path, write: Write, tmp_path: Path) -> None:
    """A backup with settings that name `index_dir` is restored there, and found by the next verb."""
    (notebook / "kb.toml").write_text('index_dir = "hidden/index"\n')
    write("notes/a.md", text("Zebras."))
    with KnowledgeBase(notebook, encoder=HashingEncoder()) as knowledge:
        knowledge.add(["notes"])
        knowledge.backup(tmp_path / "saved.kb")
    target = tmp_path / "restored"
    with KnowledgeBase(target, create=True, encoder=HashingEncoder()) as knowledge:
        assert knowledge.restore(tmp_path / "saved.kb").notes == 1
        assert list(areas(knowledge)) == ["notes/a.md"]
    with KnowledgeBase(target, encoder=HashingEncoder()) as knowledge:
        assert list(areas(knowledge)) == ["notes/a.md"]
    assert (target / "hidden/index/catalog.db").exists()
    assert not (target / ".kb/catalog.db").exists()


def test_an_index_rebuilt_from_the_notes_keeps_its_sources(knowledge: KnowledgeBase, write: Write) -> None:
    """Where a rebuild from the notes is interrupted after the catalog was replaced, the sources are in the new one."""
    write("notes/a.md", text("Zebras."))
    knowledge.add(["notes"])
    with suppress(ZeroDivisionError), knowledge._index.emptied():
        raise ZeroDivisionError
    assert knowledge.list().notes == ()
    assert [entry.path for entry in knowledge.sync().added] == ["notes/a.md"]


# --- what others can see, and where others lead ---


def modes(folder: Path) -> set[tuple[str, str]]:
    """The kinds of entries with their permissions, of a folder and all below it."""
    return {
        ("folder" if path.is_dir() else "file", oct(stat.S_IMODE(path.stat().st_mode)))
        for path in (folder, *folder.rglob("*"))
    }


PRIVATE = {("folder", "0o700"), ("file", "0o600")}


@pytest.mark.parametrize("index_dir", [".kb", "elsewhere/index"])
def test_an_index_is_its_owners_alone(notebook: Path, write: Write, index_dir: str) -> None:
    """Every folder of an index has mode 700 and every file 600, while it is open and after it was closed."""
    (notebook / "kb.toml").write_text(f'index_dir = "{index_dir}"\n')
    write("notes/a.md", text("Zebras."))
    place = notebook / index_dir
    with KnowledgeBase(notebook, encoder=HashingEncoder()) as knowledge:
        knowledge.add(["notes"])
        knowledge.search("zebras")
        held = {path.name for path in place.rglob("*")}
        assert {"catalog.db-wal", "catalog.db-shm", "lock", "lock.holder", "sources.json", "manifest.json"} <= held
        assert modes(place) == PRIVATE
    assert modes(place) == PRIVATE


def test_an_open_index_is_closed_to_others(notebook: Path, write: Write) -> None:
    """An index that others could read, made by an earlier kb, is tightened when it is next opened."""
    write("notes/a.md", text("Zebras."))
    with KnowledgeBase(notebook, encoder=HashingEncoder()) as knowledge:
        knowledge.add(["notes"])
    for path in (notebook / ".kb", *(notebook / ".kb").rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    with KnowledgeBase(notebook, encoder=HashingEncoder()) as knowledge:
        knowledge.list()
        assert modes(notebook / ".kb") == PRIVATE


opened_files: list[str] = []


def remember_opened(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open":
        opened_files.append(str(arguments[0]))


sys.addaudithook(remember_opened)

VERBS: dict[str, Callable[[KnowledgeBase, str], object]] = {
    "show": lambda knowledge, path: knowledge.show(path),
    "search": lambda knowledge, path: knowledge.search("zebras"),
    "related": lambda knowledge, path: knowledge.related(path),
    "duplicates": lambda knowledge, path: knowledge.duplicates(),
    "outline": lambda knowledge, path: knowledge.outline("zebras"),
    "ideas": lambda knowledge, path: knowledge.ideas(),
    "status": lambda knowledge, path: knowledge.status(),
    "diagnose": lambda knowledge, path: knowledge.diagnose(full=True),
    "reclassify": lambda knowledge, path: knowledge.reclassify(),
    "sync": lambda knowledge, path: knowledge.sync(),
    "file": lambda knowledge, path: knowledge.file(path, "llm"),
    "locate": lambda knowledge, path: knowledge.locate(path),
}


@pytest.mark.parametrize("path", ["{outside}/planted.md", "../planted.md", "notes/link/planted.md", "notes/\0.md"])
@pytest.mark.parametrize("area", ["gnn", "outside"])
def test_a_remote_path_opens_no_file_outside(
    knowledge: KnowledgeBase, write: Write, tmp_path: Path, path: str, area: str
) -> None:
    """Whatever a remote note is called, no verb opens a file outside the notebook for it, nor shows one."""
    planted = tmp_path.resolve() / "planted.md"
    planted.write_text(text("Marmalade zebras."))
    write("notes/a.md", text("Zebras."))
    write("notes/b.md", text("Zebras again."))
    (knowledge.root / "notes/link").symlink_to(planted.parent)
    knowledge.add(["notes"])
    name = path.format(outside=planted.parent)
    with knowledge._index.write() as writer:
        (note,) = [note for note in writer.catalog.notes() if note.path == "notes/b.md"]
        chunks = writer.catalog.chunks_of([note.id])[note.id]
        crafted = {"remote": True, "path": name, "area": area, "verdict": note.verdict}
        kept = chunks if area != "outside" else []
        changes = Changes(notes=[(note.model_copy(update=crafted), kept)])
        writer.catalog.publish(changes, writer.generation, "hashing")
    for named, verb in VERBS.items():
        opened_files.clear()
        shown = ""
        with suppress(KbError):
            shown = repr(verb(knowledge, name))
        assert "marmalade" not in shown.lower(), named
        assert not [file for file in opened_files if os.path.realpath(file.replace("\0", "")) == str(planted)], named


# --- the doctor ---


@pytest.mark.apart
def test_the_doctor_reads_while_its_child_writes(
    knowledge: KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More findings than a pipe holds are read to their end."""
    program = tmp_path / "python"
    program.write_text(
        f"#!{sys.executable}\n"
        "import json, os, sys\n"
        "with open(int(sys.argv[-2]), 'w') as pipe: json.dump(['x' * 1000] * 1000, pipe)\n"
    )
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(probe, "SECONDS", 30.0)
    assert probe.probe(knowledge.root, full=False) == ["x" * 1000] * 1000


# --- what is done once ---


def test_a_decision_is_saved_with_what_is_published_next(knowledge: KnowledgeBase) -> None:
    """A decision is in the file once something was published after it, and not before."""
    with knowledge._index.write() as writer:
        writer.decide(lambda decisions: decisions.with_filed("notes/a.md", "llm"))
        assert not (knowledge.root / DECISIONS_NAME).exists()
        writer.publish(Batch())
    assert load_decisions(knowledge.root).filed == {"notes/a.md": "llm"}


class Counted:
    """A function that counts its calls, and how many of its results are alive at the same time."""

    def __init__(self, function: Callable[..., object]) -> None:
        self.calls = 0
        self.most_alive = 0
        self._alive: weakref.WeakSet[object] = weakref.WeakSet()
        self._function = function

    def __call__(self, *arguments: object) -> object:
        self.calls += 1
        result = self._function(*arguments)
        self._alive.add(result)
        self.most_alive = max(self.most_alive, len(self._alive))
        return result


def test_skipped_files_are_not_read_by_every_search(
    knowledge: KnowledgeBase, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that the last sync skipped, new ones or changed ones, are neither read again nor counted as changes until
    they change.
    """
    note = write("notes/a.md", text("Zebras."))
    write("notes/broken.md", "---\narea: gnn\n---\n")
    knowledge.add(["notes"])
    note.write_text("---\narea: llm\n---\n")
    assert len(knowledge.sync().skipped) == 2
    read = Counted(files.read)
    monkeypatch.setattr(files, "read", read)
    assert knowledge.status().changed_notes == 0
    assert read.calls == 0
    write("notes/broken.md", "---\narea: gnn\n---\nSoup.\n")
    assert knowledge.status().changed_notes == 1


def test_touched_notes_are_not_kept(knowledge: KnowledgeBase, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """When all notes were touched, a sync reads each once and holds the text of one at a time."""
    for number in range(200):
        os.utime(write(f"notes/{number}.md", text(f"Zebras {number}.")), (1, 1))
    knowledge.add(["notes"])
    for note in (knowledge.root / "notes").iterdir():
        os.utime(note, (2, 2))
    read = Counted(files.read)
    monkeypatch.setattr(files, "read", read)
    assert knowledge.sync().unchanged == 200
    assert (read.calls, read.most_alive <= 2) == (200, True)


@pytest.mark.parametrize(
    "verb",
    [
        lambda knowledge: knowledge.sync(),
        lambda knowledge: list(knowledge.classify(["notes"])),
        lambda knowledge: knowledge.reclassify(),
        lambda knowledge: knowledge.reclassify(apply=True),
    ],
    ids=["sync", "classify", "reclassify", "apply"],
)
def test_the_decisions_are_parsed_once(
    knowledge: KnowledgeBase, write: Write, monkeypatch: pytest.MonkeyPatch, verb: Callable[[KnowledgeBase], object]
) -> None:
    """However many notes a verb goes through, it parses `kb.decisions.toml` once."""
    for number in range(12):
        write(f"notes/{number}.md", text(f"Zebras {number}."))
        write(f"notes/judged/{number}.md", f"# Zebras {number}\n\nGraph neural networks.\n")
    knowledge.add(["notes"])
    knowledge.file("notes/3.md", "llm")
    for number in range(12):
        write(f"notes/{number}.md", text(f"Zebras {number} again."))
    parsed: list[str] = []
    loads = tomllib.loads

    def counted(content: str) -> dict[str, Any]:
        parsed.append(content)
        return loads(content)

    monkeypatch.setattr(tomllib, "loads", counted)
    verb(knowledge)
    assert len([content for content in parsed if "filed" in content]) == 1


def test_a_new_id_does_not_look_at_every_note() -> None:
    """The time for an id does not depend on the number of notes."""

    class Watched(list[NoteRecord]):
        walks = 0

        def __iter__(self) -> Iterator[NoteRecord]:
            Watched.walks += 1
            return super().__iter__()

    known = KnownNotes(Path("/nowhere"), Watched(), ())
    walks = Watched.walks
    ids = {known.new_id(f"notes/{number}.md") for number in range(100)}
    assert (len(ids), Watched.walks) == (100, walks)
    assert known.new_id("notes/1.md") not in ids


@pytest.mark.slow
def test_the_cache_is_bounded(knowledge: KnowledgeBase, write: Write) -> None:
    """Searches with ever new words, phrases and exclusions leave a bounded number of answers, of the latest states."""
    write("notes/a.md", text("Zebras."))
    for round in range(4):
        write("notes/b.md", text(f"Zebras {round}."))
        knowledge.add(["notes"])
        for number in range(MOST_REMEMBERED + 8):
            knowledge.search(f'zebras word{number} -without{number} "zebras"')
    states = knowledge._index.cache._states
    assert len(states) <= KEPT_STATES
    for kinds in states.values():
        assert len(kinds.pop("search")) == MOST_REMEMBERED
        assert max(map(len, kinds.values())) == KEPT_ANSWERS
