"""Text files as Markdown."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.capture.plain import capture_text
from kb.errors import InputError

PATH = Path("papers/notes.txt")


def test_a_text_file() -> None:
    """Title, lists and headings are taken over; what only looks like markup is text; indented lines are code."""
    text = (
        "On caches\n=========\n\nA <b> & #1\nsecond line\n\n* one\n* two\n\nMore\n----\ntext\n\n    x = 1\n    y = 2\n"
    )
    (capture,) = capture_text(text.encode(), PATH)
    assert (capture.key, capture.title, capture.source) == ("papers/notes.txt", "On caches", "papers/notes.txt")
    assert capture.body == (
        "A &lt;b> & \\#1\nsecond line\n\n- one\n- two\n\n### More\n\ntext\n\n```\n    x = 1\n    y = 2\n```"
    )


def test_without_a_title_the_file_names_it() -> None:
    """A first paragraph is no title."""
    (capture,) = capture_text(b"It was late.\nThe end.", PATH)
    assert (capture.title, capture.body) == ("notes", "It was late.\nThe end.")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_encodings(encoding: str) -> None:
    """Common encodings are read."""
    (capture,) = capture_text("Überblick\n\ncafé\r\nnaïve".encode(encoding), PATH)
    assert (capture.title, capture.body) == ("Überblick", "café\nnaïve")


@pytest.mark.parametrize("content", [b"", b"  \n", b"a\0b\0"])
def test_what_is_no_text(content: bytes) -> None:
    """An empty or binary file is refused in one line that names it."""
    with pytest.raises(InputError, match=r"notes\.txt") as error:
        capture_text(content, PATH)
    assert "\n" not in str(error.value)
