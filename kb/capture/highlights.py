"""Exports of highlights (Readwise, Kindle) as captures, one for each book or article. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from kb.capture.captured import Capture
from kb.capture.decoding import decoded
from kb.capture.escaping import linked, one_line
from kb.capture.exports.books import Book
from kb.capture.exports.kindle import books_of_clippings, books_of_notebook, is_clippings, is_notebook
from kb.capture.exports.readwise import books_of_csv, books_of_json, books_of_markdown, is_csv, is_markdown
from kb.capture.quotations import id_of, quotation
from kb.errors import InputError
from kb.notes.new import slug

BEGINNING = 100_000  # bytes that say what a file is


def _is_json(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[") and '"highlights"' in text


_FORMATS: tuple[tuple[str, Callable[[str], bool], Callable[[str], list[Book]]], ...] = (
    ("Readwise table", is_csv, books_of_csv),
    ("list of clippings", is_clippings, books_of_clippings),
    ("Readwise page", is_markdown, books_of_markdown),
    ("Kindle notebook", is_notebook, books_of_notebook),
    ("Readwise export", _is_json, books_of_json),
)


def is_highlights(content: bytes) -> bool:
    """Whether a file is an export of highlights, by how it begins."""
    text = content[:BEGINNING].decode("utf-8-sig", errors="replace").replace("\r\n", "\n")
    return any(recognised(text) for _, recognised, _ in _FORMATS)


def capture_highlights(content: bytes, path: Path, full: bool = False) -> tuple[Capture, ...]:
    """A capture for each book or article. A highlight has the same id in every export. Raises `InputError`."""
    text = decoded(content, path).lstrip("\ufeff")
    name, read = next(((name, read) for name, known, read in _FORMATS if known(text)), ("", None))
    if read is None:
        raise InputError(
            f"{path} is no export of highlights that kb knows; `kb help capture` lists those that it reads"
        )
    try:
        books = [book for book in read(text) if book.highlights]
    except (csv.Error, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{path} is a damaged {name} ({one_line(str(error))[:80]}); export it again") from error
    together: dict[str, Book] = {}
    for book in books:
        digest = _digest(book)
        same = together.get(digest)
        together[digest] = replace(same, highlights=(*same.highlights, *book.highlights)) if same else book
    captures = tuple(capture for digest, book in together.items() if (capture := _capture(book, digest, path)))
    if not captures:
        raise InputError(f"{path} has no highlights; nothing was captured")
    return captures


def _digest(book: Book) -> str:
    """What tells a book from others, however its authors' names are written."""
    names = sorted(word for author in book.authors for word in re.findall(r"\w+", one_line(author).casefold()))
    return id_of(book.title, *names).removeprefix("h-")


def _capture(book: Book, digest: str, path: Path) -> Capture | None:
    title = one_line(book.title) or one_line(path.stem)
    blocks = list(_blocks(book, digest))
    if not blocks:
        return None
    lost = f"{book.lost} highlight{'s' if book.lost > 1 else ''} over the publisher's limit had no text"
    return Capture(
        key=f"highlights:{slug(title)}-{digest}",
        title=title,
        body="\n\n".join(["## Highlights", *blocks]),
        source=book.address if linked(book.address).startswith("<") else path.as_posix(),
        authors=book.authors,
        fields={"category": book.category} if book.category else {},
        remarks=(lost,) if book.lost else (),
    )


def _blocks(book: Book, digest: str) -> Iterator[str]:
    """The Markdown of each highlight, once."""
    seen: set[str] = set()
    for highlight in book.highlights:
        id = id_of(digest, highlight.text or f"remark {highlight.remark}")
        if id not in seen and (one_line(highlight.text) or one_line(highlight.remark)):
            seen.add(id)
            yield quotation(highlight.text, highlight.place, highlight.remark, id)
