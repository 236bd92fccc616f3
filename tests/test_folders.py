"""Folders that are walked: what was passed over is counted, and what the user names is taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Run

from kb.knowledge import KnowledgeBase
from kb.reports import SyncReport

Write = Callable[[str, str], Path]
NOTE = "---\narea: gnn\n---\n# {}\n\nZebras graze.\n"


@pytest.fixture
def notes(write: Write) -> Callable[..., None]:
    """Write a note at each of some paths."""

    def write_all(*paths: str) -> None:
        for path in paths:
            write(path, NOTE.format(path))

    return write_all


def paths(knowledge: KnowledgeBase) -> list[str]:
    return [note.path for note in knowledge.list().notes]


def counts(report: SyncReport) -> tuple[dict[str, int], dict[str, int]]:
    return report.passed_over, report.ignored


# --- other formats ---


def test_documents_are_counted_by_their_endings(knowledge: KnowledgeBase, write: Write) -> None:
    """Adding or syncing a folder counts the documents that are no Markdown, most frequent first, whatever the case."""
    for path in ("a.txt", "deep/b.TXT", "deep/er/c.Txt", "d.rst", "e.org", "f.ORG"):
        write(f"notes/{path}", "Zebras.")
    for path in ("g.md", "h.MARKDOWN", "i.qmd", "j.Rmd", "k.mdx"):
        write(f"notes/{path}", NOTE.format(path))
    report = knowledge.add(["notes"])
    assert len(report.added) == 5
    assert list(report.passed_over.items()) == [(".txt", 3), (".org", 2), (".rst", 1)]
    assert knowledge.sync().passed_over == report.passed_over


def test_attachments_and_hidden_files_are_not_counted(knowledge: KnowledgeBase, write: Write) -> None:
    """Images, PDFs, data and code are not counted, nor are hidden, ignored and forgotten documents, or kb's own."""
    write("notes/.gitignore", "build/\nlog.txt\n")
    for name in ("a.png", "b.pdf", "c.csv", "d.py", "README", ".e.txt", ".git/f.txt", "build/g.txt", "log.txt"):
        write(f"notes/{name}", "Zebras.")
    write("notes/old/h.txt", "Zebras.")
    write("notes/old/i.md", NOTE.format("Old"))
    assert counts(knowledge.add(["."])) == ({".txt": 1}, {})
    knowledge.forget("notes/old")
    assert counts(knowledge.sync()) == ({}, {})


def test_a_file_is_counted_once(knowledge: KnowledgeBase, write: Write) -> None:
    """Sources that overlap count a document once, and a single file that is no Markdown is skipped with its reason."""
    write("notes/deep/a.txt", "Zebras.")
    report = knowledge.add(["notes", "notes/deep"])
    assert counts(report) == ({".txt": 1}, {})
    report = knowledge.add(["notes", "notes/deep/a.txt"])
    assert [entry.path for entry in report.skipped] == ["notes/deep/a.txt"]
    assert report.skipped[0].reason.startswith("is not Markdown")


@pytest.mark.model
def test_what_was_passed_over_is_said(notebook: Path, kb: Callable[..., Run], write: Write) -> None:
    """One line on standard error names a handful of endings and counts the others; nothing is said of no documents."""
    write("notes/a.md", NOTE.format("A"))
    assert "passed over" not in kb("add", "notes").err
    endings = ("txt", "org", "rst", "tex", "ipynb", "html", "docx")
    for number, ending in enumerate(endings):
        for copy in range(len(endings) - number):
            write(f"notes/{copy}.{ending}", "Zebras.")
    write("notes/.gitignore", "draft.md\n")
    write("notes/draft.md", NOTE.format("Draft"))
    run = kb("sync")
    assert run.code == 0
    assert run.err == (
        "kb: passed over: 7 .txt, 6 .org, 5 .rst, 4 .tex, 3 .ipynb and 3 others; 1 note ignored by .gitignore "
        "(`kb add` takes what you name)\n"
    )


def test_drawings_are_no_notes(knowledge: KnowledgeBase, write: Write) -> None:
    """A drawing of Excalidraw is counted like other documents; one that is named, or has another name, is skipped with
    its reason.
    """
    drawing = "---\nexcalidraw-plugin: parsed\n---\n# Excalidraw Data\n\n## Text Elements\nStripes ^y4BXp0Us\n"
    write("notes/a.md", NOTE.format("A"))
    write("notes/attachments/A 2026-01-10 13.31.36.excalidraw.md", drawing)
    report = knowledge.add(["notes"])
    assert counts(report) == ({".excalidraw.md": 1}, {})
    assert report.skipped == ()
    write("notes/zebra drawing.md", drawing)
    report = knowledge.add(["notes", "notes/attachments/A 2026-01-10 13.31.36.excalidraw.md"])
    assert {entry.reason for entry in report.skipped} == {"is a drawing of Excalidraw, not a note"}
    assert len(report.skipped) == 2
    assert [note.path for note in knowledge.list().notes] == ["notes/a.md"]


# --- ignored notes ---


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("tmp", "n/tmp"),
        ("/n/tmp/", "n/tmp"),
        ("tmp/*", "n/tmp"),
        ("n/**", "n/tmp"),
        ("*", "n/tmp"),
        ("tmp", "n/tmp/deep"),
        ("tmp", "n/tmp/deep/b.md"),
    ],
)
@pytest.mark.parametrize("name", [".gitignore", ".kbignore"])
def test_an_ignored_folder_that_is_named_is_taken(
    knowledge: KnowledgeBase, write: Write, notes: Callable[..., None], name: str, pattern: str, path: str
) -> None:
    """A folder that the user names is taken although an ignore file above excludes it, and stays, whichever source is
    looked at after that.
    """
    write(name, f"{pattern}\n")
    notes("n/a.md", "n/tmp/deep/b.md")
    assert [entry.path for entry in knowledge.add([path]).added] == ["n/tmp/deep/b.md"]
    assert knowledge.add(["n"]).removed == knowledge.sync().removed == knowledge.add(["n"]).removed == ()
    assert "n/tmp/deep/b.md" in paths(knowledge)


def test_other_rules_hold_in_a_named_folder(knowledge: KnowledgeBase, write: Write, notes: Callable[..., None]) -> None:
    """In a named folder that is ignored, patterns hold that exclude some files of it, and those of its own files."""
    write(".gitignore", "tmp\n*.log.md\n")
    write("n/tmp/.gitignore", "mine.md\n")
    notes("n/tmp/a.md", "n/tmp/b.log.md", "n/tmp/mine.md")
    report = knowledge.add(["n/tmp"])
    assert [entry.path for entry in report.added] == ["n/tmp/a.md"]
    assert counts(report) == ({}, {".gitignore": 2})


def test_ignored_notes_are_counted(knowledge: KnowledgeBase, write: Write, notes: Callable[..., None]) -> None:
    """Notes that ignore files exclude are counted by the name of the file, also those in an ignored folder; not those
    that another source holds, and none of packages.
    """
    write("n/.gitignore", "tmp\ndraft.md\nvendor\nvenv\n")
    write("n/.kbignore", "private.md\n")
    notes("n/a.md", "n/draft.md", "n/private.md", "n/tmp/b.md", "n/tmp/deep/c.md", "n/tmp/.hidden/d.md")
    notes("n/vendor/gem/README.md", "n/venv/lib/site-packages/x/README.md")
    assert counts(knowledge.add(["n"])) == ({}, {".gitignore": 3, ".kbignore": 1})
    assert counts(knowledge.add(["n/tmp/deep"])) == ({}, {})
    assert knowledge.add(["n"]).ignored == {".gitignore": 2, ".kbignore": 1}
    assert knowledge.sync().ignored == {".gitignore": 2, ".kbignore": 1}
    assert paths(knowledge) == ["n/a.md", "n/tmp/deep/c.md"]


def test_a_note_that_leaves_since_it_is_ignored_is_counted(
    knowledge: KnowledgeBase, write: Write, notes: Callable[..., None]
) -> None:
    """A note that leaves the index because a new ignore file excludes it is counted at the same time."""
    notes("n/a.md", "n/b.md")
    knowledge.add(["n"])
    write("n/.gitignore", "b.md\n")
    report = knowledge.sync()
    assert (report.removed, report.ignored) == (("n/b.md",), {".gitignore": 1})
