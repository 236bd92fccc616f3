"""Notes from standard input: their names, and where their titles go."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.errors import InputError
from kb.models import NoteFile
from kb.notes.markup.front_matter import read_front_matter
from kb.notes.new import titled, write_note
from kb.notes.parse import parse_note

BODY = "# A heading\n\nText -- with --- dashes.\n+++\n"
TITLES = [
    "Plain",
    'It\'s "quoted": really',
    "a: b # c",
    "back\\slash \\n",
    "two\nlines\ttab",
    "- dash",
    "yes",
    "2024-01-01",
    "null",
    "{curly}",
    "été 日本 🎓",
    "\u2028 \x85 \x7f \ufeff",
    "'",
    "*alias",
    "%",
]
FRONT_MATTERS = {
    "YAML without a title": "---\ntags: [a, b]  # mine\narea: gnn\n---\n",
    "YAML with a title": "---\narea: gnn\ntitle: Old  # comment\ntags: [a]\n---\n",
    "YAML with a quoted key": '---\n"title": Old\narea: gnn\n---\n',
    "YAML with a block title": "---\ntitle: >\n  Old\n  title\n\narea: gnn\n---\n",
    "YAML with a title of two lines": "---\ntitle: Old\n  title\narea: gnn\n---\n",
    "YAML with an empty title": "---\ntitle:\narea: gnn\n---\n",
    "YAML with two titles": "---\ntitle: Old\ntitle: Older\narea: gnn\n---\n",
    "YAML that ends in dots": "---\narea: gnn\ntitle: Old\n...\n",
    "YAML in braces": "---\n{area: gnn, title: Old, tags: [a]}\n---\n",
    "YAML in braces without a title": "---\n{area: gnn}\n---\n",
    "YAML with a title inside": "---\narea: gnn\nseries:\n  title: Series\n---\n",
    "empty braces": "---\n{}\n---\n",
    "empty YAML": "---\n---\n",
    "YAML of comments": "---\n# area: gnn\n---\n",
    "TOML without a title": '+++\narea = "gnn"  # mine\n\n[params]\nx = 1\n+++\n',
    "TOML with a title": '+++\ntitle = "Old"  # comment\narea = "gnn"\n+++\n',
    "TOML with a title inside": '+++\narea = "gnn"\n[series]\ntitle = "Series"\n+++\n',
    "TOML of tables alone": '+++\n[series]\ntitle = "Series"\n[[x]]\ny = 1\n+++\n',
    "empty TOML": "+++\n+++\n",
}


def split(text: str) -> tuple[dict[str, object], str]:
    """The front matter of a text and its body."""
    values, offset, _ = read_front_matter(text)
    return dict(values), text[offset:]


@pytest.mark.parametrize("head", FRONT_MATTERS.values(), ids=FRONT_MATTERS)
def test_a_title_goes_into_the_front_matter(head: str) -> None:
    """The parser reads the given title, all other keys as before, and the same body."""
    before, _ = split(head + BODY)
    for title in TITLES:
        values, body = split(titled(head + BODY, title))
        assert values == before | {"title": title}
        assert body == BODY


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.sampled_from(list(FRONT_MATTERS.values())))
def test_any_title_is_read_back(title: str, head: str) -> None:
    """Whatever a title consists of, the parser reads the same one from YAML and TOML."""
    assert split(titled(head + BODY, title))[0]["title"] == title


@pytest.mark.parametrize("head", FRONT_MATTERS.values(), ids=FRONT_MATTERS)
def test_the_other_lines_of_front_matter_stay(head: str) -> None:
    """Comments, order and spelling of all other keys are those of the author."""
    lines = [line for line in head.splitlines() if re.match(r"tags|area|\[|#|x = |y = ", line)]
    written = titled(head + BODY, "New").splitlines()
    assert [line for line in written if line in lines] == lines


def test_carriage_returns_stay(tmp_path: Path) -> None:
    """A text with Windows newlines has them in front matter and body; only the line of the title is new."""
    text = "---\r\narea: gnn\r\n---\r\nBody\r\nof two\n"
    assert titled(text, "New") == '---\r\ntitle: "New"\r\narea: gnn\r\n---\r\nBody\r\nof two\n'


def test_a_text_without_front_matter_gets_a_heading() -> None:
    """Without front matter, and below a thematic break, the title is a heading above the text."""
    assert titled("Text\n", "A\ntitle") == "# A title\n\nText\n"
    assert titled("---\n\nA break above.\n\n---\n", "T") == "# T\n\n---\n\nA break above.\n\n---\n"
    assert titled("+++ not closed\n", "T") == "# T\n\n+++ not closed\n"


def test_blank_lines_above_front_matter_are_dropped() -> None:
    """Front matter begins on the first line, or it is none."""
    assert titled("\n \n---\narea: gnn\n---\nText\n", "T") == '---\ntitle: "T"\narea: gnn\n---\nText\n'


@pytest.mark.parametrize(
    "head", ["---\na: [1\n---\n", "---\na: &x 1\nb: *x\n---\n", "+++\na = \n+++\n", "---\na: 1\n? title\n: Old\n---\n"]
)
def test_front_matter_that_cannot_take_a_title(tmp_path: Path, head: str) -> None:
    """Broken front matter is refused in one line, before a file is written."""
    with pytest.raises(InputError, match="standard input") as raised:
        write_note(tmp_path, "T", head + BODY)
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_the_title_of_the_written_note(tmp_path: Path) -> None:
    """The note that is written has the given title, also for kb."""
    for head in ("", *FRONT_MATTERS.values()):
        text = write_note(tmp_path, "Graph nets: an overview", head + "Text\n").read_text(encoding="utf-8")
        note = parse_note(NoteFile(path="a.md", size=0, mtime_ns=0, text=text, sha256=""))
        assert note.title == "Graph nets: an overview"


def test_a_written_note_never_replaces_another(tmp_path: Path) -> None:
    """A second note of the same title gets a number; a title without letters still makes a file in `notes/`."""
    paths = [write_note(tmp_path, title, "text") for title in ("Graph nets!", "Graph  nets", "../..", "日本")]
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        "notes/graph-nets.md",
        "notes/graph-nets-2.md",
        "notes/note.md",
        "notes/note-2.md",
    ]
    assert paths[0].read_text() == "# Graph nets!\n\ntext\n"
