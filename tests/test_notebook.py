"""The files of a notebook: which there are, what they say, and why some are not taken."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from kb.errors import InputError, NotebookError, NoteError
from kb.index import folder
from kb.models import FileState
from kb.notes.files import (
    MAX_BYTES,
    MAX_LINES,
    decode,
    notebook_path,
    read,
    state_of,
    write_file,
)
from kb.notes.scan import MAX_DEPTH, scan
from kb.reports import Skipped


def make(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def taken(root: Path, source: str = ".") -> list[str]:
    return [found.path for found in scan(root, source) if isinstance(found, FileState)]


def skipped(root: Path, source: str = ".") -> dict[str, str]:
    return {found.path: found.reason for found in scan(root, source) if isinstance(found, Skipped)}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path.resolve()


def test_copies_that_logseq_keeps_are_no_notes(root: Path) -> None:
    """Earlier states of pages lie in Logseq's own folder; a folder of that name elsewhere has notes."""
    copies = ["logseq/bak/pages/a/2025.md", "logseq/version-files/a.md", "logseq/.recycle/a.md"]
    make(root, dict.fromkeys([*copies, "bak/b.md", "logseq/c.md", "pages/a.md"], "x"))
    assert taken(root) == ["bak/b.md", "logseq/c.md", "pages/a.md"]


def test_every_markdown_file_is_taken_in_order_of_names(root: Path) -> None:
    """Any case of the two suffixes counts; hidden files and folders, and other files, are passed over."""
    make(root, dict.fromkeys(["b/c.md", "a.md", "B.MD", "c.markdown", "d.txt", "md", ".e.md", ".kb/f.md"], "x"))
    assert taken(root) == ["B.MD", "a.md", "b/c.md", "c.markdown"]
    assert skipped(root) == {}


def test_names_may_be_anything_that_a_file_can_be_called(root: Path) -> None:
    """Blanks, marks, other scripts and line breaks in a name are part of the path; the file is read by it."""
    names = ["a b#c%20[d].md", "été.md", "日本.md", "two\nlines.md", "'quoted\".md"]
    make(root, dict.fromkeys(names, "text"))
    assert sorted(taken(root)) == sorted(names)
    assert all(read(root, path).text == "text" for path in taken(root))


def test_a_name_that_is_not_utf8_is_skipped(root: Path) -> None:
    """A name of other bytes cannot be stored or printed: it is reported in text that can."""
    try:
        Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9.md")).write_text("x")
    except OSError:
        pytest.skip("this file system refuses such names")
    assert taken(root) == []
    [(path, reason)] = skipped(root).items()
    assert path.encode()
    assert "UTF-8" in reason


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param({".gitignore": "drafts/\n*.tmp.md\n/top.md\n"}, id="folder, pattern, root"),
        pytest.param({".gitignore": "*.md\n!keep.md\n"}, id="negation"),
        pytest.param({".gitignore": "drafts/\n!drafts/keep.md\n"}, id="nothing returns from an ignored folder"),
        pytest.param({".gitignore": "drafts/*\n!drafts/keep.md\n"}, id="a file returns from a folder"),
        pytest.param({".gitignore": "*\n!*/\n!keep.md\n"}, id="all but some"),
        pytest.param({".gitignore": "/*\n!/sub\n"}, id="all but one folder"),
        pytest.param({".gitignore": "*.md\n!sub\n"}, id="a folder returns and its files do not"),
        pytest.param({".gitignore": "*.md\n", "sub/.gitignore": "!keep.md\n"}, id="the inner file wins"),
        pytest.param({".gitignore": "!a.md\n", "sub/.gitignore": "a.md\n"}, id="the inner file hides"),
        pytest.param({"sub/.gitignore": "/a.md\ndeep\n"}, id="patterns are relative to their file"),
        pytest.param({".gitignore": "sub/a.md\ndeep/\n"}, id="a slash inside anchors"),
        pytest.param({".gitignore": "**/keep.md\nsub/**/a.md\n"}, id="two stars"),
        pytest.param({".gitignore": "# a.md\n\\#b.md\n\na.md  \ntop.m?\n[k]eep.md\n"}, id="comments and blanks"),
        pytest.param({".gitignore": "a.md\r\ndrafts/\r\n"}, id="carriage returns"),
        pytest.param({".gitignore": "\ufeffa.md\n"}, id="byte order mark"),
        pytest.param({".gitignore": "\\\n!\n[\na.md\n"}, id="patterns that mean nothing"),
        pytest.param({".gitignore": "A.MD\n"}, id="case matters"),
    ],
)
def test_gitignore_means_what_it_means_to_git(root: Path, rules: dict[str, str]) -> None:
    """The files that are taken are those that git itself would take."""
    if not shutil.which("git"):
        pytest.skip("needs git, to compare with")
    names = ["a.md", "keep.md", "top.md", "#b.md", "x.tmp.md", "drafts/a.md", "drafts/keep.md", "drafts/deep/a.md"]
    make(
        root, dict.fromkeys([*names, "sub/a.md", "sub/keep.md", "sub/top.md", "sub/deep/a.md", "sub/deep/keep.md"], "x")
    )
    for name, text in rules.items():
        (root / name).write_bytes(text.encode())
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--others", "--exclude-standard", "*.md"],
        capture_output=True,
        check=True,
        text=True,
    )
    assert sorted(taken(root)) == sorted(filter(None, listed.stdout.split("\0")))


def test_kbignore_hides_from_kb_alone_and_speaks_last(root: Path) -> None:
    """A `.kbignore` has the same rules, and beats the `.gitignore` beside it, not one further in."""
    make(root, {".gitignore": "drafts/\n", ".kbignore": "!drafts/\nprivate.md\n", "sub/.gitignore": "!private.md\n"})
    make(root, dict.fromkeys(["drafts/a.md", "private.md", "sub/private.md"], "x"))
    assert taken(root) == ["drafts/a.md", "sub/private.md"]


def test_rules_above_a_source_hold_inside_it(root: Path) -> None:
    """A folder given as a source obeys the ignore files of the notebook around it; a file given is taken."""
    make(root, {".gitignore": "*.tmp.md\n/notes/deep/hidden.md\n"})
    make(root, dict.fromkeys(["notes/deep/a.md", "notes/deep/a.tmp.md", "notes/deep/hidden.md"], "x"))
    assert taken(root, "notes/deep") == ["notes/deep/a.md"]
    assert taken(root, "notes/deep/hidden.md") == ["notes/deep/hidden.md"]


def test_a_source_outside_the_notebook_has_absolute_paths_and_its_own_repositorys_rules(root: Path) -> None:
    """Rules reach as far up as the repository that holds the source, and no further."""
    make(
        root,
        {
            ".gitignore": "*.md\n",
            "repo/.gitignore": "b.md\n",
            "repo/.git/HEAD": "",
            "repo/in/a.md": "",
            "repo/in/b.md": "",
        },
    )
    (root / "mine").mkdir()
    assert taken(root / "mine", str(root / "repo/in")) == [(root / "repo/in/a.md").as_posix()]


def test_links_are_followed_inside_the_notebook_only(root: Path) -> None:
    """A link to a note in the notebook is that note; one that leads out, to itself or nowhere is said and skipped."""
    outside = root / "outside"
    book = root / "book"
    make(outside, {"secret.md": "x", "folder/b.md": "x"})
    make(book, {"a.md": "x", "a.txt": "x", "notes/b.md": "x"})
    (book / "notes/in.md").symlink_to(book / "a.md")
    (book / "notes/text.md").symlink_to(book / "a.txt")
    (book / "notes/out.md").symlink_to(outside / "secret.md")
    (book / "notes/self.md").symlink_to("self.md")
    (book / "notes/gone.md").symlink_to("nowhere.md")
    (book / "notes/folder").symlink_to(outside / "folder")
    (book / "notes/loop").symlink_to(book)
    (book / "notes/folder.md").symlink_to(outside / "folder")
    assert taken(book) == ["a.md", "notes/b.md", "notes/text.md"]
    reasons = skipped(book)
    outward = "links to a folder outside the notebook; add it by its own path"
    assert reasons["notes/out.md"] == "is a symbolic link out of the notebook; add its target by its own path"
    assert reasons["notes/folder"] == reasons["notes/folder.md"] == outward
    assert reasons.keys() == {"notes/folder"} | {f"notes/{name}.md" for name in ("out", "self", "gone", "folder")}
    assert all("\n" not in reason for reason in reasons.values())


def test_what_is_no_regular_file_is_skipped_without_being_opened(root: Path) -> None:
    """A named pipe would block whoever opens it; a folder called like a note is walked."""
    os.mkfifo(root / "pipe.md")
    make(root, {"folder.md/a.md": "x"})
    assert skipped(root) == skipped(root, "pipe.md") == {"pipe.md": "is not a regular file"}
    assert taken(root) == ["folder.md/a.md"]


@pytest.mark.usefixtures("mere_user")
def test_a_folder_that_cannot_be_read_is_said_and_passed_over(root: Path) -> None:
    """The rest of the notebook is taken all the same."""
    make(root, {"a.md": "x", "locked/b.md": "x", "z.md": "x"})
    (root / "locked").chmod(0)
    try:
        assert taken(root) == ["a.md", "z.md"]
        assert list(skipped(root)) == ["locked"]
    finally:
        (root / "locked").chmod(0o755)


def test_a_source_that_is_no_note_says_so_and_one_that_is_gone_is_silent(root: Path) -> None:
    """The caller decides what a missing source means."""
    make(root, {"a.txt": "x"})
    assert skipped(root, "a.txt")["a.txt"].startswith("is not Markdown (.md, .markdown, .qmd, .mdx, .rmd)")
    assert list(scan(root, "missing.md")) == list(scan(root, "missing")) == []


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"\xef\xbb\xbf# Title\n", "# Title\n"),
        (b"one\r\ntwo\rthree\n", "one\ntwo\nthree\n"),
        (b"form\x0cfeed \xe2\x80\xa8 separator", "form\x0cfeed \u2028 separator"),
        ("日本語 🎓".encode(), "日本語 🎓"),
    ],
)
def test_bytes_become_text_with_plain_newlines(content: bytes, text: str) -> None:
    """A byte order mark goes, every newline is one character, and nothing else changes."""
    assert decode(content) == text


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n\t", "is empty"),
        (b"text\0text", "NUL"),
        ("text".encode("utf-16"), "binary|not UTF-8"),
        (b"caf\xe9", "0xe9 at 3"),
        (b"\xed\xa0\x80", "not UTF-8"),
    ],
)
def test_bytes_that_are_no_text_are_refused_with_the_reason(content: bytes, reason: str) -> None:
    """Empty, binary and otherwise encoded files are told apart."""
    with pytest.raises(NoteError, match=reason):
        decode(content)


def test_reading_gives_the_hash_of_the_bytes_on_disk(root: Path) -> None:
    """The hash is that of the file, not of the text made from it; size and time are those of the same look."""
    (root / "a.md").write_bytes(b"\xef\xbb\xbfa\r\nb")
    file = read(root, "a.md")
    assert (file.text, file.sha256) == ("a\nb", hashlib.sha256(b"\xef\xbb\xbfa\r\nb").hexdigest())
    assert FileState(path=file.path, size=file.size, mtime_ns=file.mtime_ns) == state_of(root, "a.md")


def test_a_file_beyond_the_limit_is_refused(root: Path) -> None:
    """A file of exactly the limit is a note, one byte or line more is not."""
    (root / "big.md").write_bytes(b"x" * MAX_BYTES)
    assert len(read(root, "big.md").text) == MAX_BYTES
    (root / "big.md").write_bytes(b"x" * (MAX_BYTES + 1))
    with pytest.raises(NoteError, match="larger than 1 MB"):
        read(root, "big.md")
    (root / "big.md").write_bytes(b"x\n" * MAX_LINES)
    assert read(root, "big.md")
    (root / "big.md").write_bytes(b"x\r" * MAX_LINES + b"x\n")
    with pytest.raises(NoteError, match="more than 20,000 lines"):
        read(root, "big.md")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("gone.md", "cannot be read"),
        ("folder.md", "not a regular file"),
        ("pipe.md", "not a regular file"),
        ("out.md", "link out of the notebook"),
    ],
)
def test_what_cannot_be_read_is_a_note_error(root: Path, path: str, reason: str) -> None:
    """A file that vanished after the scan, or became something else, is skipped like any other and not opened."""
    (root / "folder.md").mkdir()
    os.mkfifo(root / "pipe.md")
    (root / "out.md").symlink_to("/dev/zero")
    with pytest.raises(NoteError, match=reason):
        read(root, path)


def test_ignore_rules_that_cannot_be_read_ignore_nothing(root: Path) -> None:
    """A pipe, a device or a folder in the place of an ignore file neither hangs nor fills the memory."""
    make(root, dict.fromkeys(["a.md", "b/a.md", "c/a.md"], "x"))
    os.mkfifo(root / ".gitignore")
    (root / "b" / ".gitignore").symlink_to("/dev/zero")
    (root / "c" / ".kbignore").mkdir()
    assert taken(root) == ["a.md", "b/a.md", "c/a.md"]


def test_folders_without_end_are_said_and_passed_over(root: Path) -> None:
    """Folders nested deeper than anybody nests them end in one line, and what lies beside them is taken."""
    make(root, {"a.md": "x", "z.md": "x"})
    (root / Path(*["d"] * (MAX_DEPTH + 2))).mkdir(parents=True)
    assert taken(root) == ["a.md", "z.md"]
    assert list(skipped(root).values()) == [f"lies more than {MAX_DEPTH} folders deep"]


def test_a_file_that_is_gone_has_no_state(root: Path) -> None:
    """The state of a missing file is None, not an error."""
    assert state_of(root, "gone.md") is None


def test_paths_are_relative_inside_and_absolute_outside(root: Path) -> None:
    """One file has one name, however it is reached; a folder that merely begins alike is outside."""
    book = root / "book"
    assert notebook_path(book, book / "notes" / ".." / "a.md") == "a.md"
    assert notebook_path(book, book) == "."
    assert notebook_path(book, root / "bookshelf" / "a.md") == (root / "bookshelf/a.md").as_posix()
    make(root, {"book/a.md": "x", "a.md": "x"})
    (book / "in.md").symlink_to("a.md")
    (book / "out.md").symlink_to("../a.md")
    assert [notebook_path(book, book / name) for name in ("in.md", "out.md")] == ["a.md", "out.md"]


def test_a_file_is_replaced_only_when_asked_to(root: Path) -> None:
    """Without leave an existing file stays, and the error says how to give it."""
    target = root / "new" / "post.md"
    write_file(target, "one", overwrite=False)
    with pytest.raises(InputError, match="--force"):
        write_file(target, "two", overwrite=False)
    assert target.read_text() == "one"
    write_file(target, "two", overwrite=True)
    assert target.read_text() == "two"


def test_a_notebook_that_is_moved_away_is_not_made_again(tmp_path: Path) -> None:
    """An index folder is made with the folders above it, but for the notebook itself."""
    root = tmp_path / "notebook"
    with pytest.raises(NotebookError):
        folder.make(root / "cache" / ".kb", root)
    assert not root.exists()
    root.mkdir()
    folder.make(root / "cache" / ".kb", root)
    folder.make(tmp_path / "elsewhere" / ".kb", root)
    assert (root / "cache" / ".kb").is_dir()
    assert (tmp_path / "elsewhere" / ".kb").is_dir()
