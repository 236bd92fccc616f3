"""Disks that are full, not writable or failing. Needs Linux with user namespaces: small disks are mounted in one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PREAMBLE = """
import os, shutil, subprocess, sys
from pathlib import Path
from doubles import HashingEncoder, probe_here
from kb.errors import KbError
from kb.care import probe
from kb.knowledge import KnowledgeBase
probe.probe = probe_here
disk, *numbers = Path(sys.argv[1]), *map(int, sys.argv[2:])
disk.mkdir()
def mount(*arguments): subprocess.run(["mount", *map(str, arguments)], check=True)
mount("-t", "tmpfs", "-o", "size=16m", "tmpfs", disk)
root = disk / "notebook"
(root / "notes").mkdir(parents=True)
def write(first, last):
    for n in range(first, last):
        text = f"---\\narea: gnn\\n---\\n# Note {n}\\n\\n" + f"zebras number{n} " * 40
        (root / f"notes/{n}.md").write_text(text)
def notes(): return {path: path.read_bytes() for path in root.glob("notes/*")}
def opened(): return KnowledgeBase(root, create=True, encoder=HashingEncoder())
def said(verb):
    try:
        verb()
    except KbError as error:
        assert "\\n" not in str(error), error
        return str(error)
    return ""
write(0, 30)
with opened() as knowledge: knowledge.add([root / "notes"])
"""
FULL = """
shutil.copytree(root, disk / "whole")
write(30, 60)
before, failed = notes(), 0
for level in range(*numbers):
    shutil.rmtree(root / ".kb")
    shutil.copytree(disk / "whole/.kb", root / ".kb")
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    (disk / "filler").write_bytes(bytes(max(0, free - level * 100_000)))
    with opened() as knowledge: failed += bool(said(lambda: knowledge.add([root / "notes"])))
    with opened() as knowledge: said(lambda: knowledge.search("zebras"))
    with opened() as knowledge: said(knowledge.diagnose)
    (disk / "filler").unlink()
    with opened() as knowledge:
        assert len(knowledge.list().notes) in (30, 60)
        assert knowledge.repair().findings == ()
        assert len(knowledge.search("zebras", limit=100, mode="dense").hits) == 60
    assert notes() == before
print("failed", failed)
"""
REPLACED = """
from kb.decisions import load_decisions, save_decisions
from kb.index.folder import read_sources, write_sources
shutil.rmtree(root / ".kb/vectors")
old = load_decisions(root)
for number in range(300): old = old.with_filed(f"notes/old{number}.md", "gnn")
save_decisions(root, old)
new = old
for number in range(300): new = new.with_filed(f"notes/new{number}.md", "llm")
sources = ["notes"], ["notes", *(f"notes/{number}" for number in range(900))]
write_sources(root / ".kb", sources[0])
with opened() as knowledge: knowledge.backup(disk / "saved.kb")
saved = (disk / "saved.kb").read_bytes()
failed = 0
for pages in range(*numbers):
    save_decisions(root, old)
    write_sources(root / ".kb", sources[0])
    (disk / "saved.kb").write_bytes(saved)
    before = notes()
    free = os.statvfs(disk).f_bavail
    (disk / "filler").write_bytes(bytes(max(0, free - pages) * os.statvfs(disk).f_frsize))
    failed += bool(said(lambda: save_decisions(root, new)))
    failed += bool(said(lambda: write_sources(root / ".kb", sources[1])))
    with opened() as knowledge: failed += bool(said(lambda: knowledge.backup(disk / "saved.kb", overwrite=True)))
    (disk / "filler").unlink()
    assert load_decisions(root) in (old, new)
    assert read_sources(root / ".kb") in sources
    with KnowledgeBase(disk / f"restored{pages}", create=True, encoder=HashingEncoder()) as knowledge:
        assert knowledge.restore(disk / "saved.kb").notes == 30
    shutil.rmtree(disk / f"restored{pages}")
    assert not list(root.rglob("*.part")) and not list(disk.glob("*.part"))
    assert notes() == before
print("failed", failed)
"""
RESTORED = """
with opened() as knowledge:
    knowledge.file("notes/1.md", "llm")
    knowledge.backup(disk / "saved.kb")
    knowledge.file("notes/1.md", "ml-systems")
shutil.copytree(root / ".kb", disk / "whole")
decided = (root / "kb.decisions.toml").read_bytes()
failed = 0
for pages in range(*numbers):
    shutil.rmtree(root / ".kb")
    shutil.copytree(disk / "whole", root / ".kb")
    (root / "kb.decisions.toml").write_bytes(decided)
    free = os.statvfs(disk).f_bavail
    (disk / "filler").write_bytes(bytes(max(0, free - pages) * os.statvfs(disk).f_frsize))
    with opened() as knowledge: failed += bool(said(lambda: knowledge.restore(disk / "saved.kb", overwrite=True)))
    (disk / "filler").unlink()
    with opened() as knowledge:
        assert len(knowledge.list().notes) == 30
        assert "notes/1.md" in (root / "kb.decisions.toml").read_text()
        assert knowledge.restore(disk / "saved.kb", overwrite=True).notes == 30
        assert {note.area for note in knowledge.list().notes if note.path == "notes/1.md"} == {"llm"}
        assert knowledge.diagnose(full=True).ok
print("failed", failed)
"""
READ_ONLY = """
write(30, 31)
mount("-o", "remount,bind,ro", disk)
with opened() as knowledge:
    print(said(lambda: knowledge.search("zebras")))
    print(said(knowledge.sync))
    print(*{finding.check for finding in knowledge.diagnose().findings})
"""
REPLACING = """
from kb.cli import main
def run(*arguments):
    sys.argv[1:] = arguments
    try: main()
    except SystemExit as ended: return ended.code
def fill(level):
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    (disk / "filler").write_bytes(bytes(max(0, free - level * 4096)))
draft, old = disk / "draft.md", b"my words " * 10_000
draft.write_bytes(old)
failed = 0
for level in range(0, 40, 4):
    fill(level)
    with opened() as knowledge: failed += bool(said(lambda: knowledge.write(draft, "new " * 20_000, overwrite=True)))
    (disk / "filler").unlink()
    assert draft.read_bytes() in (old, b"new " * 20_000)
    assert not list(disk.glob(".draft*"))
print(failed)
empty = disk / "empty"
empty.mkdir()
fill(0)
print(run("init", "--notebook", str(empty)))
print(os.listdir(empty))
(disk / "filler").unlink()
print(run("init", "--notebook", str(empty)))
"""
FAILING = """
before = notes()
def fail(path): mount("--bind", f"/proc/{os.getpid()}/mem", path)  # reading its beginning is an input/output error
fail(root / "notes/7.md")
os.utime(root / "notes/8.md")
with opened() as knowledge:
    (skipped,) = knowledge.sync().skipped
    print(skipped.path, skipped.reason)
    assert len(knowledge.list().notes) == 30
subprocess.run(["umount", root / "notes/7.md"], check=True)
graph = next(root.glob(".kb/vectors/*/*/data_level0.bin"))
for path in (graph, root / ".kb/catalog.db"):
    fail(path)
    with opened() as knowledge:
        print(*[finding.check for finding in knowledge.diagnose().findings])
        print(said(lambda: knowledge.search("zebras")))
    subprocess.run(["umount", path], check=True)
with opened() as knowledge: assert knowledge.repair().ok
assert notes() == before
"""


def run(tmp_path: Path, program: str, *numbers: int) -> list[str]:
    """The lines that a program prints that owns a disk of its own."""
    command = ["unshare", "--mount", "--map-root-user", sys.executable, "-c", PREAMBLE + program]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    ended = subprocess.run(
        [*command, str(tmp_path / "disk"), *map(str, numbers)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


@pytest.mark.parametrize(
    ("first", "last", "step"),
    [(1, 20, 18), *(pytest.param(first, 20, 4, marks=pytest.mark.torture) for first in range(4))],
)
def test_full_disk(tmp_path: Path, first: int, last: int, step: int) -> None:
    """At each level (of twenty) an add on a full disk is in or says why not in one line; with room all is repaired."""
    (line,) = run(tmp_path, FULL, first, last, step)
    assert int(line.removeprefix("failed ")) > 0


def test_files_are_replaced_whole(tmp_path: Path) -> None:
    """On a full disk `outline -o FILE --force` keeps the old draft, and `kb init` leaves no half of a kb.toml."""
    failed, refused, left, written, made = run(tmp_path, REPLACING)
    assert int(failed) > 0
    assert (refused, left) == ("1", "[]")
    assert written.startswith("wrote ")
    assert made == "0"


@pytest.mark.parametrize("step", [15, pytest.param(5, marks=pytest.mark.torture)])
def test_index_files_are_replaced_whole(tmp_path: Path, step: int) -> None:
    """On a full disk decisions, sources and a backup are the old file or the new one, and nothing else is left."""
    (line,) = run(tmp_path, REPLACED, 0, 30, step)
    assert int(line.removeprefix("failed ")) > 0


@pytest.mark.parametrize("step", [420, pytest.param(140, marks=pytest.mark.torture)])
def test_a_restore_on_a_full_disk(tmp_path: Path, step: int) -> None:
    """A restore that fails on a full disk leaves the old index or the new one, and can be repeated."""
    (line,) = run(tmp_path, RESTORED, 0, 700, step)
    assert int(line.removeprefix("failed ")) > 0


def test_read_only_disk(tmp_path: Path) -> None:
    """On a disk that cannot be written every verb is one line, and the doctor says why."""
    search, sync, checks = run(tmp_path, READ_ONLY)
    assert "`kb doctor`" in search
    assert "`kb doctor`" in sync
    assert "permissions" in checks.split()


def test_failing_disk(tmp_path: Path) -> None:
    """A note that cannot be read is skipped and kept; vectors and catalog that cannot be read are found."""
    skipped, vectors, repaired, catalog, refused = run(tmp_path, FAILING)
    assert skipped == "notes/7.md cannot be read: the disk fails"
    assert (vectors, repaired) == ("vectors", "")
    assert catalog == "catalog"
    assert "catalog.db" in refused
