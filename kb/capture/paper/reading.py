"""Reads a PDF from standard input and writes what it holds as JSON to standard output: a process that may be killed."""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Sequence, Set
from contextlib import suppress
from itertools import zip_longest
from typing import Any

import pypdfium2

from kb.capture.paper.annotations import Annotation, annotations_of, highlighted_pages
from kb.capture.paper.characters import Character, Run, characters_of, runs_of
from kb.capture.paper.columns import lines_of
from kb.capture.paper.front import abstract_of, arxiv_of, authors_of, between, date_of, title_of, unlabelled_abstract
from kb.capture.paper.joining import paragraphs_of, vocabulary_of
from kb.capture.paper.sections import Heading, Section, headings_of, without_furniture
from kb.notes.markup.references import citations_in

MOST_PAGES = 300  # whose text is read
MOST_ANNOTATED = 1000  # pages
FRONT = 3  # pages that may hold title and abstract
FEWEST_CHARACTERS = 20  # of a page with text
MOST_ODD = 0.2  # of the characters: ligatures, signs without a meaning
NO_LETTERS = ("Cc", "Cn", "Co", "So")
FEWEST_BOOKMARKS, MOST_BOOKMARKS = 3, 500
MEMORY = 280_000_000  # bytes of data
PROCESSOR_SECONDS = 60
PASSWORD = 4  # pdfium's number of the error

Found = dict[str, Any]


def limit() -> None:
    """Let the system end this process where it takes too much memory or time; Windows has no such limits."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS + 1))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


def found_in(content: bytes, full: bool) -> Found:
    """What a PDF holds, or under `problem` why it cannot be read."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        return {"problem": "encrypted" if error.err_code == PASSWORD else "malformed"}
    if not len(document):
        return {"problem": "malformed"}
    return _Paper(document).found(full)


# What a publisher, a repository or a network writes on a page of its own before a paper.
_COVER = re.compile(
    r"paper is included in the Proceedings of|See discussions, stats, and author profiles for this publication"
    r"|made accessible in the public portal are retained|The MIT Faculty has made this article openly available"
    r"|Use policy The full-text may be used"
)


class _Paper:
    """A document whose pages are read once each, when they are asked for."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._characters: dict[int, list[Character]] = {}
        self._first = 0  # the page with the title
        self._first_text = ""
        self._first_runs: list[Run] = []

    def found(self, full: bool) -> Found:
        number = len(self._document)
        bookmarks = self._bookmarks()
        wanted = min(number, MOST_PAGES if full or not bookmarks else FRONT)
        self._skip_cover()
        raw = [self._lines(page) for page in range(self._first, wanted)]
        annotated = [page for page, _ in zip(highlighted_pages(self._document), range(MOST_ANNOTATED), strict=False)]
        if self._has_no_text(annotated):
            return {"problem": "scanned"}
        if not annotated and self._is_garbled():
            return {"problem": "garbled"}
        pages = without_furniture(raw)
        lines = [line for page in pages for line in page]
        vocabulary = vocabulary_of(lines)
        front = self._front(raw[0], lines, vocabulary)
        below = front.pop("below")
        headings = headings_of(lines, bookmarks, below)
        sections = bookmarks or [heading.section for heading in headings]
        return front | {
            "pages": number,
            "read": wanted,
            "outline": [[section.level, section.title, self._label(section.page)] for section in sections],
            "annotations": [
                [self._label(annotation.page), annotation.text, annotation.remark]
                for page in annotated
                for annotation in self._annotations(page, vocabulary)
            ],
            "text": _text(lines, headings, below, vocabulary) if full else [],
            "beginning": [] if front["abstract"] or sections else paragraphs_of(lines[below : below + 30], vocabulary),
        }

    def _front(self, first: Sequence[Run], lines: Sequence[Run], vocabulary: Set[str]) -> Found:
        metadata = self._document.get_metadata_dict(skip_empty=True)
        top = [line for line in lines if line.page == self._first] or list(first)
        title, below = title_of(top, metadata)
        byline = between(top, below)
        arxiv, _ = arxiv_of(self._first_text)
        front = [line for line in lines if line.page < FRONT]
        return {
            "title": title,
            "below": below + len(byline),
            "authors": authors_of(top, self._first_runs, below, metadata.get("Author", "")),
            "abstract": abstract_of(front, vocabulary) or unlabelled_abstract(front, below + len(byline), vocabulary),
            "date": date_of(self._first_text, "\n".join(line.text for line in byline), metadata),
            "arxiv": arxiv,
            "doi": "" if arxiv else _own_doi(self._first_text),
        }

    def _skip_cover(self) -> None:
        self._read(0)
        if len(self._document) > 1 and _COVER.search(" ".join(self._first_text.split())):
            self._first = 1

    def _read(self, page: int) -> list[Character]:
        if page not in self._characters:
            opened = self._document[page]
            text_page = opened.get_textpage()
            self._characters[page] = characters_of(text_page)
            if page == self._first:
                self._first_text = text_page.get_text_range(0, min(text_page.count_chars(), 20_000))
            text_page.close()
            opened.close()
        return self._characters[page]

    def _lines(self, page: int) -> list[Run]:
        runs = runs_of(self._read(page), page)
        if page == self._first:
            self._first_runs = runs
        lines = lines_of(runs)
        if page >= FRONT:
            del self._characters[page]
        return lines

    def _has_no_text(self, annotated: Sequence[int]) -> bool:
        pages = [*range(min(FRONT, len(self._document)))]
        sparse = all(len(self._read(page)) < FEWEST_CHARACTERS for page in pages)
        return (
            sparse
            and not annotated
            and all(len(self._read(page)) < FEWEST_CHARACTERS for page in range(min(2 * FRONT, len(self._document))))
        )

    def _is_garbled(self) -> bool:
        """Whether the fonts of the first pages do not say which letters they show."""
        shown = [each.text for page in range(min(FRONT, len(self._document))) for each in self._read(page)]
        solid = [text for text in shown if not text.isspace()]
        odd = sum(len(text) > 1 or unicodedata.category(text) in NO_LETTERS for text in solid)
        return odd > MOST_ODD * len(solid)

    def _annotations(self, page: int, vocabulary: Set[str]) -> list[Annotation]:
        opened = self._document[page]
        try:
            return annotations_of(opened, page, self._read(page), vocabulary)
        finally:
            opened.close()
            self._characters.pop(page, None)

    def _bookmarks(self) -> list[Section]:
        sections = []
        for bookmark, _ in zip(self._document.get_toc(max_depth=3), range(MOST_BOOKMARKS), strict=False):
            destination = bookmark.get_dest()
            page = destination.get_index() if destination else None
            title = " ".join(bookmark.get_title().split())
            if title and page is not None and page >= 0:
                sections.append(Section(bookmark.level + 1, title, page))
        return sections if len(sections) >= FEWEST_BOOKMARKS else []

    def _label(self, page: int) -> str:
        label = " ".join(self._document.get_page_label(page).split())
        return str(page + 1) if label in ("", str(page + 1)) else f"{label} (PDF page {page + 1})"


def _own_doi(first_page: str) -> str:
    """The only DOI that a first page calls one."""
    dois = {citation.reference for citation in citations_in(first_page) if citation.reference.startswith("doi:")}
    return dois.pop().removeprefix("doi:") if len(dois) == 1 and re.search(r"\bdoi\b", first_page, re.I) else ""


def _text(lines: Sequence[Run], headings: Sequence[Heading], below: int, vocabulary: Set[str]) -> list[list[Any]]:
    """Level, heading and paragraphs of each section. What stands between the title and the first section of the same
    page is known from the abstract and the authors.
    """
    parts: list[list[Any]] = []
    first = headings[0].start if headings else 0
    if not headings or lines[first].page > lines[0].page:
        parts.append([1, "", paragraphs_of(lines[below:first] if headings else lines[below:], vocabulary)])
    for heading, following in zip_longest(headings, headings[1:]):
        if heading.section.title.casefold() == "abstract":
            continue
        end = following.start if following else len(lines)
        parts.append(
            [heading.section.level, heading.section.title, paragraphs_of(lines[heading.end : end], vocabulary)]
        )
    return parts


def main() -> None:
    """Read standard input; the one argument `full` asks for the text too."""
    limit()
    found = found_in(sys.stdin.buffer.read(), "full" in sys.argv[1:])
    with os.fdopen(1, "w", encoding="utf-8", closefd=False) as output:
        json.dump(found, output)


if __name__ == "__main__":
    main()
