"""Kindle's `My Clippings.txt`, in the languages whose words are known here, and its notebook as HTML. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from kb.capture.escaping import one_line, readable
from kb.capture.exports.books import Book, Highlight, place_of

SEPARATOR = "=========="
_ROMAN = r"[\divxlcIVXLC]+(?:[-–][\divxlcIVXLC]+)?"
_PAGE = re.compile(
    rf"(?:\bpage|\bseite|página|\bpagina|pág\.?|страниц\w*|\bsida|\bside|\bstrona)\s*[#:]?\s*(?P<after>{_ROMAN})\b"
    rf"|(?P<before>\d+(?:-\d+)?)\s*(?:页|頁|ページ)",
    re.IGNORECASE,
)
_LOCATION = re.compile(
    r"(?:\bloc(?:ation|atie)?\b\.?|posición|posizione|posição|\bposition|emplacement|место|位置)\s*"
    r"(?:No\.?|#|№)?\s*(?P<start>\d+)(?:\s*[-–]\s*(?P<end>\d+))?",
    re.IGNORECASE,
)
_NOTE = re.compile(r"\bnot(?:e|a|iz|itie|atka)\b|\banotação|\banteckning|заметк|笔记|筆記|メモ", re.IGNORECASE)
_NAMED = re.compile(r"(?P<title>.*?)\s*\((?P<authors>[^()]*(?:\([^()]*\)[^()]*)*)\)\s*", re.DOTALL)
_LIMIT = re.compile(r"<[^<>]{10,120}>")  # "You have reached the clipping limit for this item"


class _Clipping(NamedTuple):
    """One entry. `start` and `end` are locations, 0 where there are only pages."""

    name: str
    text: str
    page: str
    start: int
    end: int
    is_note: bool


def is_clippings(text: str) -> bool:
    """Whether a text is a file of clippings."""
    return f"\n{SEPARATOR}" in text and re.match(r"[^\n]+\n-\s", text.lstrip("\ufeff \n")) is not None


def books_of_clippings(text: str) -> list[Book]:
    """The books of a file of clippings. Bookmarks and earlier states of a highlight are left out."""
    by_name: dict[str, list[_Clipping]] = defaultdict(list)
    for clipping in _clippings(text):
        by_name[clipping.name].append(clipping)
    return [_book(name, clippings) for name, clippings in by_name.items()]


def _clippings(text: str) -> Iterator[_Clipping]:
    for part in re.split(rf"^{SEPARATOR}\s*$", text, flags=re.MULTILINE):
        lines = readable(part).strip().split("\n")
        body = "\n".join(lines[2:]).strip()
        if len(lines) > 1 and lines[1].lstrip().startswith("-") and body:
            parts = lines[1].split("|")
            meta = "|".join(parts[:-1] or parts)  # the last one is the day
            page, location = _PAGE.search(meta), _LOCATION.search(meta)
            start, end = _range(location) if location else (0, 0)
            number = (page["after"] or page["before"]) if page else ""
            yield _Clipping(one_line(lines[0]), body, number, start, end, bool(_NOTE.search(meta)))


def _range(location: re.Match[str]) -> tuple[int, int]:
    """The first and last location; old devices shorten the last: 1702-04."""
    first, last = location["start"][:9], (location["end"] or location["start"])[:9]
    return int(first), int(first[: max(len(first) - len(last), 0)] + last)


def _book(name: str, clippings: Sequence[_Clipping]) -> Book:
    named = _NAMED.fullmatch(name)
    title, authors = (named["title"], named["authors"]) if named and named["title"] else (name, "")
    texts = [clipping for clipping in clippings if not _LIMIT.fullmatch(clipping.text)]
    marked = _latest([clipping for clipping in texts if not clipping.is_note])
    remarks: dict[int, list[str]] = defaultdict(list)
    alone = []
    for note in (clipping for clipping in texts if clipping.is_note):
        index = _noted(note, marked)
        if index is None:
            alone.append(Highlight("", _place(note), note.text))
        else:
            remarks[index].append(note.text)
    highlights = [
        Highlight(clipping.text, _place(clipping), "\n\n".join(dict.fromkeys(remarks[index])))
        for index, clipping in enumerate(marked)
    ]
    return Book(title, _authors(authors), (*highlights, *alone), lost=len(clippings) - len(texts))


def _latest(marked: list[_Clipping]) -> list[_Clipping]:
    """Highlights by location; of those that overlap and of which one holds the other, the longer."""
    kept: list[_Clipping] = []
    for clipping in sorted(marked, key=lambda clipping: (clipping.start, -len(clipping.text))):
        last = kept[-1] if kept else None
        overlaps = last and clipping.start and clipping.start <= last.end
        if last and overlaps and (one_line(clipping.text) in one_line(last.text)):
            continue
        if last and overlaps and one_line(last.text) in one_line(clipping.text):
            kept[-1] = clipping
        else:
            kept.append(clipping)
    return kept


def _noted(note: _Clipping, marked: Sequence[_Clipping]) -> int | None:
    """The highlight that a note is on: the shortest whose range holds its location, or whose page is its own."""
    inside = [n for n, mark in enumerate(marked) if note.start and mark.start <= note.start <= mark.end]
    if not inside and not note.start:
        inside = [n for n, mark in enumerate(marked) if note.page and mark.page == note.page]
    return min(inside, key=lambda n: (marked[n].end - marked[n].start, -n), default=None)


def _place(clipping: _Clipping) -> str:
    span = f"{clipping.start}" + (f"-{clipping.end}" if clipping.end > clipping.start else "")
    return place_of(clipping.page, span if clipping.start else "")


def _authors(text: str) -> tuple[str, ...]:
    """Names as they are spoken: `Kahneman, Daniel;Tversky, Amos` is two people."""
    names = [name.strip() for name in re.split(r"[;&]|\band\b", text)]
    spoken = (" ".join(reversed(name.split(", "))) if name.count(",") == 1 else name for name in names)
    return tuple(dict.fromkeys(name for name in map(one_line, spoken) if name))


def is_notebook(text: str) -> bool:
    """Whether a page is a notebook that a Kindle exported."""
    return "bookTitle" in text and "noteHeading" in text


def books_of_notebook(text: str) -> list[Book]:
    """The one book of a notebook."""
    from lxml import html

    page = html.document_fromstring(re.sub(r"<\?xml[^>]*\?>", "", text))
    book = Book(_content(page, "bookTitle"), _authors(_content(page, "authors")))
    section, heading = "", ""
    highlights: list[Highlight] = []
    for element in page.iter():
        kind = str(element.get("class") or "") if isinstance(element.tag, str) else ""
        if kind == "sectionHeading":
            section = one_line(element.text_content())
        elif kind == "noteHeading":
            inner = "".join(child.text_content() for child in element.iter() if child.get("class") == "noteText")
            heading = one_line(element.text_content().replace(inner, "") if inner else element.text_content())
        elif kind == "noteText" and (words := element.text_content().strip()):
            _add(highlights, heading, words, section)
    return [replace(book, highlights=tuple(highlights))]


def _add(highlights: list[Highlight], heading: str, words: str, section: str) -> None:
    """Add a highlight, or a note to the highlight that it follows."""
    page, location = _PAGE.search(heading), _LOCATION.search(heading)
    number = (page["after"] or page["before"]) if page else ""
    place = place_of(number, location["start"] if location else "", section)
    is_note = _NOTE.search(heading.partition(" - ")[0])
    if not is_note:
        highlights.append(Highlight(words, place))
    elif highlights and highlights[-1].place == place and highlights[-1].text and not highlights[-1].remark:
        highlights[-1] = highlights[-1]._replace(remark=words)
    else:
        highlights.append(Highlight("", place, words))


def _content(page: object, kind: str) -> str:
    found = page.find_class(kind)  # type: ignore[attr-defined]
    return one_line(found[0].text_content()) if found else ""
