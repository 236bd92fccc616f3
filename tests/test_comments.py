"""Comments are private: they are blanks before anything of a note is read."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.models import NoteFile
from kb.notes.chunking import chunk_note
from kb.notes.markup.comments import without_comments
from kb.notes.parse import parse_note
from kb.notes.statements import statements

PIECES = st.sampled_from(
    [
        "<!--",
        "-->",
        "%%",
        "`",
        "```",
        "~~~",
        "\n",
        "\n\n",
        "a b",
        "- ",
        "> ",
        "{% comment %}",
        "{/*",
        "*/}",
        "[//]: # (a)",
    ]
)


def words(text: str) -> int:
    return len(text.split())


@pytest.mark.parametrize(
    ("text", "visible"),
    [
        (
            "Attention is quadratic. <!-- check --> Linear variants lose recall.",
            "Attention is quadratic. Linear variants lose recall.",
        ),
        ("Seen.\n\n<!--\nFirst.\n\nSecond.\n\n- third\n-->\n\nSeen too.", "Seen. Seen too."),
        ("One <!-- a\nb\n\nc --> two.", "One two."),
        ("Kept %%not this%% and that.", "Kept and that."),
        ("%%\nPrivate.\n\nAlso private.\n%%\nPublic.", "Public."),
        ("{% comment %}Hidden.{% endcomment %} Shown.", "Shown."),
        ("Begin\n\n<!-- never closed\n\nhidden", "Begin"),
        ("Before {/* an aside\n\nof MDX */} after.", "Before after."),
        ("Shown.\n\n[//]: # (hidden)\n[comment]: <> (hidden)\n\nShown too.", "Shown. Shown too."),
        ("- item <!-- a --> rest\n  %%b%%", "- item rest"),
        ("One %%an aside\n\nover paragraphs%% two.", "One two."),
        ("Seen. {% # hidden %} {%- comment -%}hidden{%- endcomment -%} Seen too.", "Seen. Seen too."),
        ("Seen.\n\n{::comment}\nHidden.\n\nToo.\n{:/comment}\n\nSeen too.", "Seen. Seen too."),
        ("{{< comment >}}\nHidden.\n\nToo.\n{{< /comment >}}\nShown.", "Shown."),
        ("Before { /* hidden */ } after.", "Before after."),
        ("- Seen.\n- #+BEGIN_COMMENT\n  Hidden.\n  #+END_COMMENT\n- Seen too.", "- Seen. - Seen too."),
        ("Shown.\n\n[//]: # (hidden\nin two lines)\n[Comment]: # 'x'\n[]: # (y)\n\nShown too.", "Shown. Shown too."),
        ('> Shown.\n>\n> [//]: # "hidden"\n\nShown too.', "> Shown. > Shown too."),
        ("> ```\n> code\n\nShown. <!-- a -->\n\n```\ncode\n```\n", "> ``` > code Shown. ``` code ```"),
        ("- ```\n  code\n\nShown. <!-- a -->\n\n```\ncode\n```\n", "- ``` code Shown. ``` code ```"),
        ("    ```\n    no fence\n\nShown. <!-- a -->", "``` no fence Shown."),
        ("A stray ` here.\n\n- <!-- a ` b --> Shown.", "A stray ` here. - Shown."),
    ],
)
def test_comments_are_blanks(text: str, visible: str) -> None:
    """Comments of HTML, Obsidian, Liquid, MDX and Markdown vanish, in a sentence and over several paragraphs."""
    assert " ".join(without_comments(text).split()) == visible


@pytest.mark.parametrize(
    "text",
    [
        "Write `<!-- more -->` to cut a post.",
        "```html\n<!-- part of the code -->\n```\n",
        "~~~\n%% a comment of Mermaid %%\n~~~\n",
        "- ```\n  <!-- in a list -->\n  ```\n",
        "> ```\n> <!-- quoted code -->\n> ```\n",
        "A set {/* left open.",
        "[1]: # 'a part of this page'",
        "Left open <!-- in a sentence.\n\nGoes on.",
        "A share of 40%% here.\n\nAnd 60%% there.",
        "Use %%time once.\n\nOr use %%timeit to repeat.",
    ],
)
def test_what_only_looks_like_a_comment_stays(text: str) -> None:
    """Marks in code, marks that nothing closes, and percent signs are text."""
    assert without_comments(text) == text


@given(st.lists(PIECES, max_size=30).map("".join))
def test_lines_and_their_lengths_stay(text: str) -> None:
    """Whatever is a comment, every line keeps its number and length, and what is left of it its order."""
    for now, before in zip(without_comments(text).split("\n"), text.split("\n"), strict=True):
        characters = iter(before)
        assert len(now) == len(before)
        assert all(character in characters for character in "".join(now.split()))


@pytest.mark.parametrize(
    "text",
    [
        "- <!-- ask Ada --> The router drops tokens.",
        "1. [ ] <!-- ask Ada\nor Bob --> The router drops tokens.",
        "<!-- a long remark --> The router drops tokens.",
        "> <!-- a long remark\n> of two lines --> The router drops tokens.",
        "Before it. <!-- one\n\n# two\n\nthree --> The router drops tokens.",
    ],
)
def test_what_follows_a_comment_is_prose(text: str) -> None:
    """The blanks in place of a comment indent nothing: what follows it in its line is said, at its line."""
    note = parse_note(NoteFile(path="a.md", size=1, mtime_ns=1, sha256="", text=text))
    found = [entry for entry in statements(note.text, note.kinds) if entry.text == "The router drops tokens."]
    assert [entry.end_line for entry in found] == [text.count("\n") + 1]


@pytest.mark.parametrize(
    "secret",
    ["<!-- zanzibar\n\nzanzibar -->", "%%zanzibar%%", "%%\nzanzibar\n%%", "{% comment %}zanzibar{% endcomment %}"],
)
def test_a_comment_is_nowhere(secret: str) -> None:
    """A comment is in no passage, in nothing that is embedded, and in no statement, tag or link."""
    text = f"# Title\n\nFirst sentence here. {secret} Second sentence here.\n\n{secret}\n\nA last paragraph.\n"
    digest = hashlib.sha256(text.encode()).hexdigest()
    note = parse_note(NoteFile(path="a.md", size=1, mtime_ns=1, text=text, sha256=digest))
    chunks = chunk_note(note, words, 40)
    assert "zanzibar" not in note.model_dump_json()
    assert all("zanzibar" not in chunk.model_dump_json() for chunk in chunks)
    said = [found.text for chunk in chunks for found in statements(chunk.text, chunk.kinds, chunk.start_line)]
    assert said == ["First sentence here.", "Second sentence here.", "A last paragraph."]


def test_front_matter_has_no_comments() -> None:
    """A comment in a value of front matter is in no name, alias or tag."""
    secret = "<!-- zanzibar -->"
    text = f"---\ntitle: Shown {secret}\naliases: ['A {secret}']\ntags: ['b{secret}']\n---\nText.\n"
    note = parse_note(NoteFile(path="a.md", size=1, mtime_ns=1, text=text, sha256="0"))
    assert (note.title, note.aliases, note.tags) == ("Shown", ("A",), ("b",))
    assert "zanzibar" not in str(note.front_matter)


def test_an_item_that_is_a_comment_underlines_nothing() -> None:
    """A list goes on below an item of which only its mark can be read."""
    text = "- The first item of a list.\n- <!-- private -->\n- The last item of a list.\n"
    (chunk,) = chunk_note(parse_note(NoteFile(path="a.md", size=1, mtime_ns=1, text=text, sha256="0")), words, 40)
    said = [found.text for found in statements(chunk.text, chunk.kinds)]
    assert said == ["The first item of a list.", "The last item of a list."]
