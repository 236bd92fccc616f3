"""Notes that leave the index: never most of them by accident, and for good when they are forgotten."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import HashingEncoder

from kb.decisions import load_decisions, save_decisions
from kb.errors import InputError, RemovalError
from kb.knowledge import KnowledgeBase

Write = Callable[[str, str], Path]


def write_notes(write: Write, folder: str, count: int) -> list[Path]:
    return [
        write(f"{folder}/{n}.md", f"---\narea: gnn\n---\n# Note {n}\n\n{folder} {n} zebras.\n") for n in range(count)
    ]


def remove(notes: list[Path]) -> None:
    for note in notes:
        note.unlink()


def test_a_drive_that_is_not_mounted(knowledge: KnowledgeBase, write: Write) -> None:
    """A sync that would remove most notes of one source changes nothing, says how many, and goes on when told to."""
    write_notes(write, "notes", 30)
    notes = write_notes(write, "drive", 12)
    knowledge.add(["notes", "drive"])
    remove(notes)
    with pytest.raises(RemovalError, match=r"^12 of 12 notes .* gone from drive.*`kb sync --yes`$"):
        knowledge.sync()
    assert len(knowledge.list().notes) == 42
    assert len(knowledge.sync(allow_removal=True).removed) == 12
    assert len(knowledge.list().notes) == 30


def test_a_source_that_shrank(knowledge: KnowledgeBase, write: Write) -> None:
    """An add of a folder that lost most of its notes is refused like a sync."""
    notes = write_notes(write, "notes", 20)
    knowledge.add(["notes"])
    remove(notes[:11])
    with pytest.raises(RemovalError, match="11 of 20 notes"):
        knowledge.add(["notes"])
    assert len(knowledge.add(["notes"], allow_removal=True).removed) == 11


@pytest.mark.parametrize(("held", "gone"), [(10, 10), (24, 12)])
def test_few_may_go(knowledge: KnowledgeBase, write: Write, held: int, gone: int) -> None:
    """Ten notes at most, or half of them at most, leave without being asked about."""
    notes = write_notes(write, "notes", held)
    knowledge.add(["notes"])
    remove(notes[:gone])
    assert len(knowledge.sync().removed) == gone


def test_a_renamed_folder_is_no_removal(knowledge: KnowledgeBase, write: Write, notebook: Path) -> None:
    """Notes that all lie under another folder now are renamed, without a question."""
    write_notes(write, "notes/old", 12)
    knowledge.add(["notes"])
    (notebook / "notes/old").rename(notebook / "notes/new")
    report = knowledge.sync()
    assert (len(report.renamed), report.removed) == (12, ())


def test_autosync_does_not_stop_a_search(notebook: Path, write: Write) -> None:
    """With `autosync`, a refused removal is said beside the hits, which are of the notes whose files are there."""
    (notebook / "kb.toml").write_text("autosync = true\n")
    notes = write_notes(write, "notes", 12)
    said: list[str] = []
    with KnowledgeBase(notebook, encoder=HashingEncoder(), notify=said.append) as knowledge:
        knowledge.add(["notes"])
        remove(notes[1:])
        assert [hit.path for hit in knowledge.search("zebras").hits] == ["notes/0.md"]
    assert sum("11 of 12 notes" in line for line in said) == 1


def bytes_of_index(notebook: Path) -> bytes:
    """Everything under `.kb`, in lower case."""
    return b"\n".join(path.read_bytes() for path in (notebook / ".kb").rglob("*") if path.is_file()).lower()


def test_forgetting_means_forgetting(knowledge: KnowledgeBase, write: Write, notebook: Path) -> None:
    """After `kb forget` no byte of a note's text, title, path or stems, now or before, is anywhere in the index."""
    for number in range(40):
        write(f"notes/{number}.md", f"---\narea: gnn\n---\n# Zebras\n\n{'Stripes of zebras. ' * number}")
    secret = "---\narea: llm\ntags: [tagrantula]\n---\n# Titlorium\n\n## Headlorum\n\n{} and marmaladings " + "x " * 900
    write("notes/hiddenpath.md", secret.format("Quixotically"))
    knowledge.add(["notes"])
    write("notes/hiddenpath.md", secret.format("Zanzibarically"))
    knowledge.sync()
    words = (b"quixotic", b"zanzibar", b"marmalad", b"titlorium", b"headlorum", b"tagrantula", b"hiddenpath")
    assert all(word in bytes_of_index(notebook) for word in words[1:])
    knowledge.forget("notes/hiddenpath.md")
    assert [word for word in words if word in bytes_of_index(notebook)] == []
    assert len(list((notebook / ".kb/vectors").iterdir())) == 1
    assert len(knowledge.search("zebras", limit=50).hits) == 40
    assert knowledge.diagnose().ok


def test_forgetting_beside_a_reader(knowledge: KnowledgeBase, write: Write, notebook: Path) -> None:
    """What another process keeps in SQLite's log is gone when that process is done."""
    write("notes/kept.md", "---\narea: gnn\n---\n# Zebras\n\nStripes.\n")
    write("notes/gone.md", "---\narea: llm\n---\n# Other\n\nMarmaladings.\n")
    knowledge.add(["notes"])
    with KnowledgeBase(notebook, encoder=HashingEncoder()) as reader:
        assert len(reader.list().notes) == 2
        knowledge.forget("notes/gone.md")
        assert [note.path for note in reader.list().notes] == ["notes/kept.md"]
    knowledge.close()
    assert b"marmalad" not in bytes_of_index(notebook)


def test_forgetting_once_more(knowledge: KnowledgeBase, write: Write, notebook: Path) -> None:
    """A path whose notes have left the index while bytes of them are there still, as after a crash, is forgotten to
    the end by forgetting it again.
    """
    write_notes(write, "notes", 4)
    write("notes/gone.md", "---\narea: llm\n---\n# Other\n\nMarmaladings.\n")
    knowledge.add(["notes"])
    save_decisions(notebook, load_decisions(notebook).with_forgotten("notes/gone.md"))
    assert knowledge.sync().removed == ("notes/gone.md",)
    assert b"marmalad" in bytes_of_index(notebook)
    assert knowledge.forget("notes/gone.md").paths == ()
    assert b"marmalad" not in bytes_of_index(notebook)
    assert [json.loads(path.read_text())["dead"] for path in notebook.glob(".kb/vectors/*/manifest.json")] == [0]
    with pytest.raises(InputError, match="no note"):
        knowledge.forget("notes/never.md")


def test_no_memory_of_the_process_is_in_the_index(knowledge: KnowledgeBase, write: Write, notebook: Path) -> None:
    """The files of vectors hold zeros where they have room for more, and not what the process had in its memory, such
    as the text of notes.
    """
    write("notes/kept.md", "---\narea: gnn\n---\n# Zebras\n\nStripes.\n")
    for number in range(4):
        knowledge.sync() if number else knowledge.add(["notes"])
        (room,) = notebook.glob(f".kb/vectors/{number + 1}/*/data_level0.bin")
        version, _, capacity, count, size = struct.unpack_from("<i4Q", (room.parent / "header.bin").read_bytes())
        assert (version, count, capacity > count) == (1, number + 1, True)
        assert not any(room.read_bytes()[count * size :])
        write(f"notes/more{number}.md", f"---\narea: gnn\n---\n# Zebra {number}\n\n{'Stripes. ' * 50}\n")


def test_an_empty_name_means_no_note(knowledge: KnowledgeBase, write: Write) -> None:
    """An empty name, such as that of an unset variable of a shell, is refused: it is not the whole notebook."""
    write("notes/kept.md", "---\narea: gnn\n---\n# Zebras\n\nStripes.\n")
    knowledge.add(["notes"])
    named: tuple[Callable[[], object], ...] = (
        lambda: knowledge.forget(""),
        lambda: knowledge.add([""]),
        lambda: list(knowledge.classify([""])),
        lambda: knowledge.file("", "llm"),
        lambda: knowledge.show(""),
    )
    for act in named:
        with pytest.raises(InputError, match="the path is empty"):
            act()
    assert [note.path for note in knowledge.list().notes] == ["notes/kept.md"]
    assert knowledge.sources() == ("notes",)
