"""A book or article and what its reader marked in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


class Highlight(NamedTuple):
    """Marked text, where it is, such as "page 12", and the reader's remark. A remark by itself has no text."""

    text: str
    place: str = ""
    remark: str = ""


@dataclass(frozen=True)
class Book:
    """Something with highlights. `address` is empty where it is not on the web; `lost` counts those without text."""

    title: str
    authors: tuple[str, ...] = ()
    highlights: tuple[Highlight, ...] = ()
    address: str = ""
    category: str = ""
    lost: int = 0


def place_of(page: str = "", location: str = "", section: str = "") -> str:
    """A place in words: `page 12, location 170-172, Chapter 2`."""
    parts = [f"page {page}" if page else "", f"location {location}" if location else "", section]
    return ", ".join(part for part in parts if part)


def by_title(found: Iterable[tuple[tuple[str, tuple[str, ...]], Highlight]]) -> list[Book]:
    """Books from highlights that each name their title and authors, in the order in which they first come."""
    books: dict[tuple[str, tuple[str, ...]], list[Highlight]] = {}
    for name, highlight in found:
        books.setdefault(name, []).append(highlight)
    return [Book(title, authors, tuple(highlights)) for (title, authors), highlights in books.items()]
