"""Backups: one verified file in, the same index out."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import HashingEncoder

from kb.errors import BackupError, KbError
from kb.knowledge import KnowledgeBase

Write = Callable[[str, str], Path]


@pytest.fixture
def saved(knowledge: KnowledgeBase, write: Write, tmp_path: Path) -> Path:
    """A backup of a notebook of five notes, one of them filed by its writer."""
    for number in range(5):
        write(f"notes/{number}.md", f"---\narea: gnn\n---\n# Note {number}\n\nzebras {number}\n")
    knowledge.add(["notes"])
    knowledge.file("notes/3.md", "llm")
    target = tmp_path / "saved.kb"
    assert knowledge.backup(target).notes == 5
    knowledge.close()
    return target


def files_of(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_there_and_back(saved: Path, notebook: Path) -> None:
    """A restore puts back what was there, embeds nothing, touches no note, and the doctor is content after a sync."""
    notes = files_of(notebook / "notes")
    encoder = HashingEncoder()
    with KnowledgeBase(notebook, encoder=encoder) as knowledge:
        before = knowledge.list()
        knowledge.forget("notes")
        assert knowledge.list().notes == ()
        assert knowledge.restore(saved, overwrite=True).notes == 5
        assert knowledge.list() == before
        assert len(knowledge.search("zebras", mode="dense").hits) == 5
        assert knowledge.sync().unchanged == 5
        assert knowledge.diagnose(full=True).ok
    assert encoder.embedded == []
    assert files_of(notebook / "notes") == notes


def test_into_another_folder(saved: Path, tmp_path: Path) -> None:
    """A restore makes a notebook where there is none, with its settings and decisions."""
    with KnowledgeBase(tmp_path / "elsewhere", create=True, encoder=HashingEncoder()) as knowledge:
        knowledge.restore(saved)
        assert len(knowledge.list().notes) == 5
    assert "notes/3.md" in (tmp_path / "elsewhere/kb.decisions.toml").read_text()


def test_nothing_is_overwritten_unasked(saved: Path, notebook: Path) -> None:
    """Neither an index nor a backup is replaced without being asked to, and the refusal changes nothing."""
    before = files_of(notebook / "notes") | {saved: saved.read_bytes()}
    with KnowledgeBase(notebook, encoder=HashingEncoder()) as knowledge:
        for refused in (knowledge.restore, knowledge.backup):
            with pytest.raises(BackupError, match="--force"):
                refused(saved)
        assert len(knowledge.list().notes) == 5
        assert knowledge.backup(saved, overwrite=True).notes == 5
    assert {path: path.read_bytes() for path in before if path != saved} | {saved: before[saved]} == before


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-200])


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


def text(file: Path) -> None:
    file.write_text("no backup")


def repacked(file: Path, change: Callable[[Path], object]) -> None:
    """Unpack a backup, change something, and pack it again without a new manifest."""
    folder = file.with_suffix(".folder")
    with tarfile.open(file) as archive:
        archive.extractall(folder, filter="data")
    change(folder)
    with tarfile.open(file, "w:gz") as archive:
        for path in folder.iterdir():
            archive.add(path, path.name)


def tampered(file: Path) -> None:
    repacked(file, lambda folder: flip(folder / "catalog.db"))


def newer(file: Path) -> None:
    manifest = json.dumps({"schema": "kb.backup/9", "files": {}})
    repacked(file, lambda folder: (folder / "manifest.json").write_text(manifest))


def escaping(file: Path) -> None:
    with tarfile.open(file, "w:gz") as archive:
        archive.add(__file__, "../escaped.py")


@pytest.mark.parametrize("harm", [cut, flip, text, tampered, newer, escaping])
def test_a_damaged_backup(saved: Path, notebook: Path, harm: Callable[[Path], None]) -> None:
    """A backup that is damaged, no backup or a newer kb's is refused in one line, and changes nothing at all."""
    harm(saved)
    before = files_of(notebook)
    with KnowledgeBase(notebook, encoder=HashingEncoder()) as knowledge, pytest.raises(KbError) as refused:
        knowledge.restore(saved, overwrite=True)
    assert "nothing was changed" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert files_of(notebook) == before
    assert not (notebook / ".kb/escaped.py").exists()


def test_what_cannot_be_written(knowledge: KnowledgeBase, write: Write, tmp_path: Path) -> None:
    """A backup into a folder that is not there is one line, and leaves nothing behind."""
    write("notes/a.md", "---\narea: gnn\n---\n# Note\n\nzebras\n")
    knowledge.add(["notes"])
    before = files_of(knowledge.root)
    with pytest.raises(BackupError, match="cannot be written"):
        knowledge.backup(tmp_path / "missing/saved.kb")
    assert {path for path in files_of(knowledge.root) if "catalog.db-" not in path.name} <= set(before)
