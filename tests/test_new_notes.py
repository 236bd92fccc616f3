"""Notes from standard input: their names, and where their titles go."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.errors import InputError
from kb.models import NoteFile
from kb.notes.markup.front_matter import read_front_matter
from kb.notes.new import with_front_matter, write_note
from kb.notes.parse import parse_note

DAY = datetime.date(2026, 11, 26)
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
        values, body = split(with_front_matter(head + BODY, {"title": title}))
        assert values == before | {"title": title}
        assert body == BODY


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.sampled_from(list(FRONT_MATTERS.values())))
def test_any_title_is_read_back(title: str, head: str) -> None:
    """Whatever a title consists of, the parser reads the same one from YAML and TOML."""
    assert split(with_front_matter(head + BODY, {"title": title}))[0]["title"] == title


@pytest.mark.parametrize("head", FRONT_MATTERS.values(), ids=FRONT_MATTERS)
def test_the_other_lines_of_front_matter_stay(head: str) -> None:
    """Comments, order and spelling of all other keys are those of the author."""
    lines = [line for line in head.splitlines() if re.match(r"tags|area|\[|#|x = |y = ", line)]
    written = with_front_matter(head + BODY, {"title": "New"}).splitlines()
    assert [line for line in written if line in lines] == lines


def test_carriage_returns_stay(tmp_path: Path) -> None:
    """A text with Windows newlines has them in front matter and body; only the line of the title is new."""
    text = "---\r\narea: gnn\r\n---\r\nBody\r\nof two\n"
    assert with_front_matter(text, {"title": "New"}) == '---\r\ntitle: "New"\r\narea: gnn\r\n---\r\nBody\r\nof two\n'


def test_a_text_without_front_matter_gets_one() -> None:
    """Without front matter, and below a thematic break, the values are put above the text, which stays as it is."""
    for text in ("Text\n", "---\n\nA break above.\n\n---\n", "+++ not closed\n"):
        assert with_front_matter(text, {"title": "A: b"}) == f'---\ntitle: "A: b"\n---\n\n{text}'


def test_blank_lines_above_front_matter_are_dropped(tmp_path: Path) -> None:
    """Front matter begins on the first line, or it is none."""
    path = write_note(tmp_path, "T", "\n \n---\narea: gnn\ndate: 2024-01-02\n---\nText\n", DAY)
    assert path.read_text() == '---\ntitle: "T"\narea: gnn\ndate: 2024-01-02\n---\nText\n'


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# Paged attention\n\nText.\n", "Paged attention"),
        ("Paged attention\n===============\n\nText.\n", "Paged attention"),
        ("Some text first.\n\n## Paged *attention*\n\nText.\n", "Paged attention"),
        ("### Paged attention\n\nText.\n", "Paged attention"),
        ("---\ntitle: Paged attention\n---\n\n# Another\n\nText.\n", "Paged attention"),
        ("# Paged attention\n\nText.\n\n# Second part\n\nText.\n", "Paged attention"),
    ],
)
def test_a_text_brings_its_title(tmp_path: Path, text: str, title: str) -> None:
    """Without a title given, that of the front matter or the first heading is the note's, and is not written twice."""
    path = write_note(tmp_path, None, text, DAY)
    content = path.read_text()
    note = parse_note(NoteFile(path=path.name, size=0, mtime_ns=0, text=content, sha256=""))
    assert (path.name, note.title, note.date) == ("paged-attention.md", title, DAY)
    assert content.endswith(text.partition("---\n\n")[2] or text)
    assert content.count("Paged") == text.count("Paged")


def test_a_title_that_the_text_has_is_not_written_again(tmp_path: Path) -> None:
    """The heading of the text is enough where it is the title that was given."""
    path = write_note(tmp_path, "Paged attention", "# Paged attention\n\nText.\n", DAY)
    assert path.read_text() == "---\ndate: 2026-11-26\n---\n\n# Paged attention\n\nText.\n"


def test_a_text_without_a_heading_needs_a_title(tmp_path: Path) -> None:
    """The error says how to give one, and no file is written."""
    with pytest.raises(InputError, match="--title"):
        write_note(tmp_path, None, "Only text.\n", DAY)
    assert list(tmp_path.iterdir()) == []


def test_a_date_that_the_text_states_stays(tmp_path: Path) -> None:
    """A date under any of the keys that kb reads is not replaced."""
    for key in ("date", "created", "Date"):
        text = write_note(tmp_path, "T", f"---\n{key}: 2024-01-02\n---\nText\n", DAY).read_text()
        assert "2026" not in text


@pytest.mark.parametrize(
    "head", ["---\na: [1\n---\n", "---\na: &x 1\nb: *x\n---\n", "+++\na = \n+++\n", "---\na: 1\n? title\n: Old\n---\n"]
)
def test_front_matter_that_cannot_take_a_title(tmp_path: Path, head: str) -> None:
    """Broken front matter is refused in one line, before a file is written."""
    with pytest.raises(InputError, match="the text") as raised:
        write_note(tmp_path, "T", head + BODY, DAY)
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_the_title_of_the_written_note(tmp_path: Path) -> None:
    """The note that is written has the given title, also for kb."""
    for head in ("", *FRONT_MATTERS.values()):
        text = write_note(tmp_path, "Graph nets: an overview", head + "Text\n", DAY).read_text(encoding="utf-8")
        note = parse_note(NoteFile(path="a.md", size=0, mtime_ns=0, text=text, sha256=""))
        assert note.title == "Graph nets: an overview"


def test_a_written_note_never_replaces_another(tmp_path: Path) -> None:
    """A second note of the same title gets a number; a title without letters still makes a file in `notes/`."""
    paths = [write_note(tmp_path, title, "text", DAY) for title in ("Graph nets!", "Graph  nets", "../..", "日本")]
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        "notes/graph-nets.md",
        "notes/graph-nets-2.md",
        "notes/note.md",
        "notes/note-2.md",
    ]
    assert paths[0].read_text() == '---\ntitle: "Graph nets!"\ndate: 2026-11-26\n---\n\ntext\n'
