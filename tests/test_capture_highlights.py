"""Exports of Readwise and Kindle as captures."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from kb.capture.captured import Capture
from kb.capture.highlights import capture_highlights, is_highlights
from kb.errors import InputError

COLUMNS = [
    "Highlight",
    "Book Title",
    "Book Author",
    "Amazon Book ID",
    "Note",
    "Color",
    "Tags",
    "Location Type",
    "Location",
]
COLUMNS += ["Highlighted at", "Document tags"]
FAST, SLOW = "Thinking, Fast and Slow", ("Daniel Kahneman",)


def table(*rows: dict[str, str]) -> bytes:
    output = io.StringIO()
    writer = csv.DictWriter(output, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return output.getvalue().encode()


def row(text: str, note: str = "", title: str = FAST, page: str = "12") -> dict[str, str]:
    place = {"Location Type": "page", "Location": page}
    return {"Highlight": text, "Book Title": title, "Book Author": "Daniel Kahneman", "Note": note, **place}


def export(*highlights: dict[str, Any], **book: Any) -> bytes:
    named = {"user_book_id": 1, "title": FAST, "author": "Daniel Kahneman", "category": "books", "source_url": None}
    results = [{**named, **book, "highlights": list(highlights)}]
    return json.dumps({"count": 1, "nextPageCursor": None, "results": results}).encode()


def mark(text: str, **fields: Any) -> dict[str, Any]:
    return {"id": 5, "text": text, "note": "", "location": 12, "location_type": "page", **fields}


def captured(content: bytes, name: str = "export") -> tuple[Capture, ...]:
    assert is_highlights(content)
    return capture_highlights(content, Path(name))


def ids(capture: Capture) -> list[str]:
    return [line.rpartition("^")[2] for line in capture.body.split("\n") if "^h-" in line]


def test_readwise_table() -> None:
    """Each book is a capture, with its highlights, their pages and notes."""
    fast, other = captured(table(row("The <b> one", "Why?"), row("Other", title="A <Book>"), row("Second")))
    assert (fast.title, fast.authors, fast.source) == (FAST, SLOW, "export")
    first, second = ids(fast)
    assert fast.body == (
        f"## Highlights\n\n> The &lt;b> one\n>\n> — page 12 ^{first}\n\nWhy?\n\n> Second\n>\n> — page 12 ^{second}"
    )
    assert other.title == "A <Book>"


def test_the_same_highlight_has_the_same_id_in_every_export() -> None:
    """Importing again, from a table or from JSON, in another order or with more, repeats the ids and the key."""
    (before,) = captured(table(row("The one"), row("Second")))
    (after,) = captured(export(mark("Third", id=7), mark("Second"), mark("The one ", location=3)))
    assert before.key == after.key
    assert set(ids(before)) < set(ids(after))
    assert len(set(ids(after))) == 3


def test_a_highlight_that_is_exported_twice_is_one() -> None:
    """Duplicates of an export are dropped."""
    (capture,) = captured(table(row("The one"), row("The one"), row("the one.")))
    assert len(ids(capture)) == 1


def test_readwise_json() -> None:
    """An article keeps its address and kind; deleted highlights are left out; order is that of the text."""
    address = "https://example.org/a"
    marks = [mark("B", location=9, location_type="order"), mark("A", location=2), mark("gone", is_deleted=True)]
    (capture,) = captured(export(*marks, title="An article", source_url=address, category="articles"))
    assert (capture.source, capture.fields) == (address, {"category": "articles"})
    assert capture.body.index("> A") < capture.body.index("> B")
    assert "gone" not in capture.body


READWISE_PAGE = """# Thinking, Fast and Slow

![rw-book-cover](https://example.org/cover.jpg)

## Metadata
- Author: [[Daniel Kahneman]]
- Full Title: Thinking, Fast and Slow
- Category: #books

## Highlights
- The one ([Location 123](https://readwise.io/to_kindle?action=open&asin=B0&location=123))
    - Note: Why?
    - Tags: [[mind]]
- Second
  goes on ([View Highlight](https://read.readwise.io/read/01h))
"""


def test_readwise_markdown() -> None:
    """A page that Readwise writes has the same key and ids as its table."""
    (page,) = captured(READWISE_PAGE.encode())
    (from_table,) = captured(table(row("The one"), row("Second goes on")))
    assert (page.key, page.title, page.authors, ids(page)) == (from_table.key, FAST, SLOW, ids(from_table))
    assert "> The one\n>\n> — location 123 ^" in page.body
    assert "\n\nWhy?\n\n> Second goes on" in page.body


def clippings(*parts: tuple[str, str, str]) -> bytes:
    text = "".join(f"{name}\r\n{meta}\r\n\r\n{text}\r\n==========\r\n" for name, meta, text in parts)
    return ("\ufeff" + text).encode()


NAME = "Thinking, Fast and Slow (Kahneman, Daniel)"
DAY = " | Added on Friday, 3 May 2024 10:11:12"


def test_kindle_clippings() -> None:
    """Highlights, the notes on them, notes by themselves; no bookmarks, and of an extended highlight only the last."""
    (capture,) = captured(
        clippings(
            (NAME, f"- Your Highlight on page 12 | Location 170-172{DAY}", "The one"),
            (NAME, f"- Your Note on page 12 | Location 172{DAY}", "Why?"),
            (NAME, f"- Your Highlight on page 13 | Location 180-181{DAY}", "A shorter"),
            (NAME, f"- Your Highlight on page 13 | Location 180-183{DAY}", "A shorter one made longer"),
            (NAME, f"- Your Bookmark on page 14 | Location 190{DAY}", ""),
            (NAME, f"- Your Note on page 20 | Location 300{DAY}", "# Alone"),
            (
                NAME,
                f"- Your Highlight on page 21 | Location 310-311{DAY}",
                "<You have reached the clipping limit for this item>",
            ),
        )
    )
    first, second, third = ids(capture)
    assert capture.body == (
        f"## Highlights\n\n> The one\n>\n> — page 12, location 170-172 ^{first}\n\nWhy?\n\n"
        f"> A shorter one made longer\n>\n> — page 13, location 180-183 ^{second}\n\n"
        f"Page 20, location 300: \\# Alone ^{third}"
    )
    assert (capture.title, capture.authors) == (FAST, SLOW)
    assert capture.remarks == ("1 highlight over the publisher's limit had no text",)


@pytest.mark.parametrize(
    ("highlight", "note"),
    [
        (
            "- Your Highlight on page 12 | Location 170-172 | Added on Friday",
            "- Your Note on page 12 | Location 172 | Added",
        ),
        ("- Highlight on Page 12 | Loc. 170-72 | Added on Friday", "- Note on Page 12 | Loc. 172 | Added on Friday"),
        (
            "- Tu subrayado en la página 12 | posición 170-172 | Añadido el viernes",
            "- Tu nota en la página 12 | posición 172 | A",
        ),
        (
            "- Ihre Markierung auf Seite 12 | bei Position 170-172 | Hinzugefügt",
            "- Ihre Notiz auf Seite 12 | bei Position 172 | H",
        ),
        (
            "- Votre surlignement sur la page 12 | emplacement 170-172 | Ajouté",
            "- Votre note sur la page 12 | emplacement 172 | A",
        ),
        (
            "- La tua evidenziazione a pagina 12 | posizione 170-172 | Aggiunto",
            "- La tua nota a pagina 12 | posizione 172 | A",
        ),
        ("- Seu destaque na página 12 | posição 170-172 | Adicionado", "- Sua nota na página 12 | posição 172 | A"),
        (
            "- 您在第 12 页（位置 #170-172）的标注 | 添加于 2024年5月3日",
            "- 您在第 12 页（位置 #172）的笔记 | 添加于 2024年5月3日",
        ),
        (
            "- 12ページ|位置No. 170-172のハイライト |作成日: 2024年",
            "- 12ページ|位置No. 172のメモ |作成日: 2024年5月3日",
        ),
        (
            "- Ваш выделенный отрывок на странице 12 | Место 170-172 | Добавлено",
            "- Ваша заметка на странице 12 | Место 172 | Д",
        ),
    ],
)
def test_languages_of_kindle(highlight: str, note: str) -> None:
    """Page, location and kind are read in the languages that a Kindle speaks."""
    (capture,) = captured(clippings((NAME, highlight, "The one"), (NAME, note, "Why?")))
    assert "> The one\n>\n> — page 12, location 170-172 ^" in capture.body
    assert capture.body.endswith("\n\nWhy?")


def test_clippings_and_readwise_agree() -> None:
    """The same book has one key, however its author is written."""
    (kindle,) = captured(clippings((NAME, f"- Your Highlight on page 12{DAY}", "The one")))
    (readwise,) = captured(table(row("The one")))
    assert (kindle.key, ids(kindle)) == (readwise.key, ids(readwise))


NOTEBOOK = """<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE html><html><head><title></title></head>
<body><div class="bodyContainer">
<div class="bookTitle">Thinking, Fast and Slow</div><div class="authors">Kahneman, Daniel</div>
<div class="sectionHeading">Part <i>one</i></div>
<h3 class="noteHeading">Highlight (<span class="highlight_yellow">yellow</span>)
 - Chapter 1 &gt; Page 12 · Location 170</h3>
<div class="noteText">The one</div>
<h3 class="noteHeading">Note - Chapter 1 &gt; Page 12 · Location 170</h3><div class="noteText">Why?</div>
<h3 class="noteHeading">Markierung (<span>gelb</span>) - Seite 13 · Position 180
<div class="noteText">Second</h3></div></div>
</body></html>"""


def test_kindle_notebook() -> None:
    """The page that a Kindle app sends by mail, also as broken as some versions write it."""
    (capture,) = captured(NOTEBOOK.encode())
    first, second = ids(capture)
    assert capture.body == (
        f"## Highlights\n\n> The one\n>\n> — page 12, location 170, Part one ^{first}\n\nWhy?\n\n"
        f"> Second\n>\n> — page 13, location 180, Part one ^{second}"
    )
    assert (capture.title, capture.authors) == (FAST, SLOW)


def test_text_stays_in_its_place() -> None:
    """Whatever a highlight and its note hold, they are a quotation and paragraphs."""
    text = "# a\n\n```\n<!-- x -->\n\n| a | b |\n---"
    (capture,) = captured(table(row(text, text)))
    kinds = {token.type.partition("_")[0] for token in MarkdownIt().enable("table").parse(capture.body)}
    assert kinds == {"heading", "inline", "blockquote", "paragraph"}
    assert "<!--" not in capture.body


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        b"some text",
        b"a,b\n1,2\n",
        table(),
        export(),
        b'{"highlights": 3}',
        b'[{"highlights": [{}]}]',
        b'["highlights"]',
        b'{"highlights":' + b"[" * 200_000,
        table(row("x" * 200_000)),
        b"title\n- nothing\n==========\n",
        b"==========\n" * 100_000,
        b"<div class=bookTitle></div><h3 class=noteHeading></h3>" + b"<div>" * 100_000,
    ],
)
def test_what_is_no_export(content: bytes) -> None:
    """A file that is damaged, empty or something else is refused in one line that names it."""
    with pytest.raises(InputError, match="export") as error:
        capture_highlights(content, Path("export"))
    assert "\n" not in str(error.value)


def test_a_note_is_no_export() -> None:
    """Other files of the same endings are not taken for exports."""
    for content in (
        b"# A note\n\nText\n",
        b"a,b\n1,2\n",
        b'{"cells": []}',
        b"<html><p>x</p></html>",
        b"- a list\n- of two\n",
    ):
        assert not is_highlights(content)
