"""The exports of Readwise: CSV, JSON as its API gives it, and Markdown. Pure."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from kb.capture.escaping import one_line
from kb.capture.exports.books import Book, Highlight, by_title, place_of
from kb.notes.prose import clean

_SEPARATOR = re.compile(r"\s*(?:,\s*(?:and\s+)?|;|\band\b|&)\s*")
_COLUMNS = ("Highlight", "Book Title")
_ITEM = re.compile(r"- (?P<text>.*?)(?:\s*\(\[(?P<place>[^\[\]]*)\]\([^()]*\)\))?\s*", re.DOTALL)
_PLACE = re.compile(r"(?P<kind>page|location|loc)\.?\s+(?P<number>[\divxlc]+(?:-[\divxlc]+)?)", re.IGNORECASE)
_FIELD = re.compile(r"\s+- \**(?P<name>Note|Tags?)\**:\**\s*(?P<value>.*)", re.DOTALL)
_METADATA = re.compile(r"^- (?P<name>Author|Full Title|Category|URL|Source):\s*(?P<value>.*)$", re.MULTILINE)


def is_csv(text: str) -> bool:
    """Whether a text is Readwise's table."""
    first = text[:2000].partition("\n")[0]
    return all(column in first for column in _COLUMNS)


def books_of_csv(text: str) -> list[Book]:
    """The books of a table, a row for each highlight. Raises `csv.Error`."""
    rows = csv.DictReader(io.StringIO(text))
    return by_title(
        ((one_line(row["Book Title"]), _authors(row.get("Book Author"))), _highlight_of_row(row))
        for row in rows
        if row.get("Book Title") and (row.get("Highlight") or row.get("Note"))
    )


def _highlight_of_row(row: dict[str, str]) -> Highlight:
    place = _place(row.get("Location Type"), row.get("Location"))
    return Highlight(row.get("Highlight") or "", place, row.get("Note") or "")


def books_of_json(text: str) -> list[Book]:
    """The books of an answer of the API, or of a list of books. Raises `ValueError`, `KeyError` or `TypeError`."""
    found = json.loads(text)
    books = found["results"] if isinstance(found, dict) else found
    return [_book(book) for book in books if not book.get("is_deleted")]


def _book(book: dict[str, Any]) -> Book:
    highlights = [mark for mark in book["highlights"] if not mark.get("is_deleted") and not mark.get("is_discard")]
    highlights.sort(key=lambda mark: (not isinstance(mark.get("location"), int), mark.get("location") or 0))
    address = str(book.get("source_url") or book.get("unique_url") or "")
    return Book(
        title=one_line(str(book.get("readable_title") or book.get("title") or "")),
        authors=_authors(book.get("author")),
        highlights=tuple(
            Highlight(
                str(mark.get("text") or ""),
                _place(mark.get("location_type"), mark.get("location")),
                str(mark.get("note") or ""),
            )
            for mark in highlights
        ),
        address=address if address.startswith(("https://", "http://")) else "",
        category=one_line(str(book.get("category") or "")),
    )


def is_markdown(text: str) -> bool:
    """Whether a text is a page that Readwise exported."""
    return text.lstrip().startswith("# ") and "\n## Metadata" in text and "\n## Highlights" in text


def books_of_markdown(text: str) -> list[Book]:
    """The one book of a page."""
    head, _, marked = text.partition("\n## Highlights")
    stated = {match["name"]: clean(match["value"]) for match in _METADATA.finditer(head)}
    title = stated.get("Full Title") or one_line(head.lstrip().partition("\n")[0].removeprefix("# "))
    items = re.split(r"\n(?=- )", marked)
    highlights = tuple(highlight for item in items if (highlight := _highlight_of_item(item)))
    address = stated.get("URL", "")
    return [Book(title, _authors(stated.get("Author")), highlights, address, stated.get("Category", "").strip("#"))]


def _highlight_of_item(item: str) -> Highlight | None:
    """One item of the list, whose nested items are the note and the tags."""
    first, *nested = re.split(r"\n(?=[ \t]+- )", item)
    match = _ITEM.fullmatch(first)
    if not match or not match["text"].strip():
        return None
    fields = (_FIELD.fullmatch("\n" + part) for part in nested)
    notes = [field["value"].strip() for field in fields if field and field["name"] == "Note"]
    place = _PLACE.search(match["place"] or "")
    where = _place(place["kind"].lower(), place["number"]) if place else ""
    return Highlight(match["text"], where, "\n\n".join(notes))


def _place(kind: object, number: object) -> str:
    if not number or str(kind).lower() not in ("page", "location", "loc"):
        return ""
    where = one_line(str(number))
    return place_of(page=where) if str(kind).lower() == "page" else place_of(location=where)


def _authors(text: object) -> tuple[str, ...]:
    names: Iterable[str] = _SEPARATOR.split(one_line(str(text or "")))
    return tuple(_unique(name.strip() for name in names))


def _unique(names: Iterator[str]) -> Iterator[str]:
    yield from dict.fromkeys(name for name in names if name)
