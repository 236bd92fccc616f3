"""Symbolic links inside sources: one that leads to a place in the notebook is followed, and each note is read once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import HashingEncoder, Run

from kb.errors import RemovalError
from kb.knowledge import KnowledgeBase
from kb.models import StoredArea

Write = Callable[[str, str], Path]
Link = Callable[[str, str | Path], None]

OUTWARD = "links to a folder outside the notebook; add it by its own path"


def text(body: str, area: str | None = "gnn") -> str:
    return f"---\narea: {area}\n---\n# A note\n\n{body}\n" if area else f"# A note\n\n{body}\n"


@pytest.fixture
def link(notebook: Path) -> Link:
    """Make a symbolic link in the notebook: `link("notes/inside", "../other")`."""

    def make(path: str, target: str | Path) -> None:
        (notebook / path).parent.mkdir(parents=True, exist_ok=True)
        (notebook / path).symlink_to(target)

    return make


def areas(knowledge: KnowledgeBase) -> dict[str, StoredArea]:
    everything: tuple[StoredArea, ...] = ("ml-systems", "gnn", "llm", "detour", "outside")
    return {note.path: note.area for note in knowledge.list(areas=everything).notes}


@pytest.mark.parametrize("source", ["notes", "."])
def test_a_linked_folder_is_followed_once(knowledge: KnowledgeBase, write: Write, link: Link, source: str) -> None:
    """Notes behind links are known by their real paths, however many links lead there, from source or from target."""
    write("notes/a.md", text("Zebras."))
    write("other/deep/b.md", text("Giraffes."))
    link("notes/inside", "../other")
    link("notes/again", "../other/deep")
    link("notes/chain", "again")
    assert [entry.path for entry in knowledge.add([source]).added] == ["notes/a.md", "other/deep/b.md"] or source == "."
    assert set(areas(knowledge)) == {"notes/a.md", "other/deep/b.md"}
    report = knowledge.sync()
    assert (report.unchanged, report.removed, report.skipped) == (2, (), ())
    knowledge.add(["other"])
    assert set(areas(knowledge)) == {"notes/a.md", "other/deep/b.md"}
    assert knowledge.status().changed_notes == 0


def test_links_in_circles_end(knowledge: KnowledgeBase, write: Write, link: Link) -> None:
    """A link to its own folder, to one above it, to itself or round about is not followed again."""
    write("notes/a.md", text("Zebras."))
    write("drafts/b.md", text("Giraffes."))
    write("other/c.md", text("Lions."))
    link("notes/self", ".")
    link("notes/deep/up", "../..")
    link("notes/nothing", "nothing")
    link("notes/dangling", "../gone")
    link("notes/other", "../other")
    link("other/back", "../notes")
    report = knowledge.add(["notes"])
    assert ([entry.path for entry in report.added], report.skipped) == (["notes/a.md", "other/c.md"], ())


def test_a_link_that_cannot_be_followed_stops_nothing(knowledge: KnowledgeBase, write: Write, link: Link) -> None:
    """Where the system refuses to look at the target of a link, as it does with one of a name that is too long or in a
    folder of somebody else, the notes beside the link are added and synced all the same; a note that is such a link is
    skipped.
    """
    write("notes/a.md", text("Zebras."))
    link("notes/refused", "x" * 300)
    link("notes/refused.md", "x" * 300)
    report = knowledge.add(["notes"])
    assert [entry.path for entry in report.added] == ["notes/a.md"]
    assert [entry.path for entry in report.skipped] == ["notes/refused.md"]
    assert knowledge.status().changed_notes == 0
    assert knowledge.add(["notes/a.md"]).unchanged == 1


@pytest.mark.parametrize("target", ["elsewhere", "elsewhere/deep", "."])
def test_a_link_out_of_the_notebook_is_skipped_with_the_reason(
    knowledge: KnowledgeBase, write: Write, link: Link, tmp_path: Path, target: str
) -> None:
    """Nothing behind a link to a folder outside the notebook is read; added by its own path it is."""
    (tmp_path / "elsewhere/deep").mkdir(parents=True)
    (tmp_path / "elsewhere/deep/b.md").write_text(text("Giraffes."))
    write("notes/a.md", text("Zebras."))
    link("notes/linked", tmp_path / target)
    report = knowledge.add(["notes"])
    assert [(entry.path, entry.reason) for entry in report.skipped] == [("notes/linked", OUTWARD)]
    assert set(areas(knowledge)) == {"notes/a.md"}
    knowledge.add([tmp_path / "elsewhere"])
    assert set(areas(knowledge)) == {"notes/a.md", str(tmp_path.resolve() / "elsewhere/deep/b.md")}


def test_a_source_elsewhere_has_links_of_its_own(knowledge: KnowledgeBase, tmp_path: Path) -> None:
    """In a source outside the notebook, a link to another place in it is followed, and one that leads out is not."""
    vault = tmp_path.resolve() / "vault"
    for path in ("vault/a/one.md", "vault/b/two.md", "secret/three.md"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text(f"Zebras of {path}."))
    (vault / "a/b").symlink_to("../b")
    (vault / "a/two.md").symlink_to("../b/two.md")
    (vault / "a/out").symlink_to(tmp_path / "secret")
    report = knowledge.add([vault])
    assert set(areas(knowledge)) == {str(vault / "a/one.md"), str(vault / "b/two.md")}
    assert [(entry.path, entry.reason) for entry in report.skipped] == [(str(vault / "a/out"), OUTWARD)]


def test_a_linked_note_is_one_note(knowledge: KnowledgeBase, write: Write, link: Link) -> None:
    """A note and the links to it are one note under its real path, by which and by any link it is shown."""
    write("archive/b.md", text("Giraffes."))
    write("notes/a.md", text("Zebras."))
    link("notes/b.md", "../archive/b.md")
    link("notes/c.md", "a.md")
    knowledge.add(["notes"])
    assert set(areas(knowledge)) == {"notes/a.md", "archive/b.md"}
    knowledge.add(["archive", "notes/c.md", "notes/b.md"])
    assert set(areas(knowledge)) == {"notes/a.md", "archive/b.md"}
    assert knowledge.find_note("notes/b.md").path == "archive/b.md"
    assert knowledge.sync().unchanged == 2


def test_what_lies_behind_a_link_follows_its_files(
    knowledge: KnowledgeBase, notebook: Path, write: Write, link: Link
) -> None:
    """A note behind a link is updated, renamed and removed with its file, and leaves when the link does."""
    write("papers/p.md", text("Whales."))
    write("notes/a.md", text("Zebras."))
    note = write("other/b.md", text("Giraffes."))
    write("other/c.md", text("Lions."))
    link("notes/inside", "../other")
    knowledge.add(["papers"])
    knowledge.add(["notes"])
    note.write_text(text("Giraffes and hippos."))
    assert [entry.path for entry in knowledge.add(["notes"]).updated] == ["other/b.md"]
    note.rename(notebook / "other/d.md")
    assert [(entry.origin, entry.to) for entry in knowledge.sync().renamed] == [("other/b.md", "other/d.md")]
    (notebook / "other/c.md").unlink()
    assert knowledge.add(["notes"]).removed == ("other/c.md",)
    (notebook / "notes/inside").unlink()
    assert knowledge.status().changed_notes == 1
    assert knowledge.sync().removed == ("other/d.md",)
    assert set(areas(knowledge)) == {"papers/p.md", "notes/a.md"}


def test_flags_hold_behind_links(knowledge: KnowledgeBase, write: Write, link: Link) -> None:
    """The area of a source holds for the notes behind its links, also for those that come later, and a folder that was
    forgotten stays so.
    """
    write("other/b.md", text("Giraffes.", None))
    write("away/c.md", text("Lions.", None))
    write("single/d.md", text("Whales.", None))
    link("notes/inside", "../other")
    link("notes/away", "../away")
    link("notes/d.md", "../single/d.md")
    knowledge.add(["away"])
    knowledge.forget("away")
    knowledge.add(["notes"], area="llm")
    write("other/later.md", text("Hippos.", None))
    knowledge.sync()
    assert areas(knowledge) == {"other/b.md": "llm", "other/later.md": "llm", "single/d.md": "llm"}


def test_ignore_files_hold_behind_links(knowledge: KnowledgeBase, write: Write, link: Link) -> None:
    """A linked folder obeys its own ignore files and those above it; a link that is ignored is not followed."""
    write(".gitignore", "tmp\nnotes/hidden\n")
    write("other/.kbignore", "c.md\n")
    for path in ("notes/a.md", "other/b.md", "other/c.md", "tmp/d.md", "more/e.md"):
        write(path, text(f"Zebras of {path}."))
    link("notes/inside", "../other")
    link("notes/scratch", "../tmp")
    link("notes/hidden", "../more")
    report = knowledge.add(["notes"])
    assert [entry.path for entry in report.added] == ["notes/a.md", "other/b.md"]
    assert report.ignored == {".gitignore": 1, ".kbignore": 1}


def test_notes_behind_a_link_do_not_leave_unasked(
    knowledge: KnowledgeBase, notebook: Path, write: Write, link: Link
) -> None:
    """When most notes are behind a link that is gone, they leave the index only if the user confirms it."""
    for number in range(12):
        write(f"other/{number}.md", text(f"Zebras {number}."))
    write("notes/a.md", text("Giraffes."))
    link("notes/inside", "../other")
    knowledge.add(["notes"])
    os.rename(notebook / "other", notebook.parent / "unplugged")
    with pytest.raises(RemovalError, match="12 of 13"):
        knowledge.sync()
    assert len(knowledge.sync(allow_removal=True).removed) == 12


def test_a_note_that_was_known_by_its_link(notebook: Path, write: Write, link: Link) -> None:
    """An index that holds a note under the name of a link holds it under its real path after a sync."""
    write("archive/b.md", text("Giraffes."))
    with KnowledgeBase(notebook, encoder=HashingEncoder()) as knowledge:
        knowledge.add(["archive"])
        link("notes/b.md", "../archive/b.md")
        knowledge.add(["notes"])
        with knowledge._index.write() as writer:
            writer.catalog._connection.execute("UPDATE notes SET path = 'notes/b.md'")
        knowledge.sync()
        assert set(areas(knowledge)) == {"archive/b.md"}


@pytest.mark.model
def test_a_link_out_is_said(notebook: Path, kb: Callable[..., Run], write: Write, link: Link, tmp_path: Path) -> None:
    """The link and the reason are on standard error, and the exit code is 3."""
    write("notes/a.md", text("Zebras."))
    link("notes/linked", tmp_path)
    run = kb("add", "notes")
    assert (run.code, run.err) == (3, f"skipped  notes/linked {OUTWARD}\n")
