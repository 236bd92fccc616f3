"""Whether the citations of a post still hold. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from kb.notes.prose import clean
from kb.outline.post.citations import Citation, Cited, find_cited
from kb.outline.post.layout import Post
from kb.outline.post.wording import most_like, quoted_at
from kb.reports import Address, CheckedCitation, CitationState

MAX_QUOTATION = 2_000  # characters; points are far shorter, and a longer text would take hours to search for
MAX_SEARCHED = 20_000  # characters of the lines at an address in which every offset is tried

_PARAGRAPH = re.compile(r"[^\n]*\S[^\n]*(?:\n[^\n]*\S[^\n]*)*")
_WORD_START = re.compile(r"(?<!\w)\S|(?<=[。！？])\S")


class _Paragraph(NamedTuple):
    """Consecutive lines that are not blank: the number of the first, the text, and the text cleaned."""

    first_line: int
    text: str
    cleaned: str


def check(
    text: str, notes: Mapping[str, str], elsewhere: Iterable[tuple[str, str]] = ()
) -> tuple[CheckedCitation, ...]:
    """Compare the citations of a post with the texts of the cited notes by path; a path without a text is gone.

    `elsewhere` yields paths and texts of further notes. It is consumed only if a quoted text is not in its own note.
    """
    post = Post(text)
    cited = find_cited(text)
    found = _in_own_notes({entry.citation: None for entry in cited}, notes)
    lost = [citation for citation, place in found.items() if place is None]
    if lost:
        found |= _in_other_notes(lost, elsewhere)
    quoted = zip(cited, quoted_at(text, cited), strict=True)
    return tuple(_checked(post, entry, said, found[entry.citation], notes) for entry, said in quoted)


def _in_own_notes(citations: Iterable[Citation], notes: Mapping[str, str]) -> dict[Citation, Address | None]:
    """Where the note that each citation names contains the quoted text."""
    paragraphs_of = cache(lambda path: _paragraphs(notes.get(path, "")))
    return {
        citation: _at_its_address(notes.get(citation.path, ""), citation)
        or _nearest(paragraphs_of(citation.path), citation.path, citation)
        for citation in citations
    }


def _in_other_notes(
    citations: Sequence[Citation], elsewhere: Iterable[tuple[str, str]]
) -> dict[Citation, Address | None]:
    """The first place in other notes where each quoted text was found."""
    found: dict[Citation, Address | None] = dict.fromkeys(citations)
    for path, text in elsewhere:
        paragraphs = _paragraphs(text)
        for citation in citations:
            if found[citation] is None and path != citation.path:
                found[citation] = _nearest(paragraphs, path, citation)
    return found


def _checked(post: Post, cited: Cited, quoted: str, place: Address | None, notes: Mapping[str, str]) -> CheckedCitation:
    citation = cited.citation
    address = (citation.path, citation.start_line, citation.end_line)
    holds = place is not None and (place.path, place.start_line, place.end_line) == address
    absent: CitationState = "changed" if citation.path in notes else "gone"
    return CheckedCitation(
        line=post.line_of(cited.position) + 1,
        path=citation.path,
        start_line=citation.start_line,
        end_line=citation.end_line,
        sha256=citation.sha256,
        state="holds" if holds else "moved" if place else absent,
        text=place.text if place else None,
        moved_to=None if holds else place,
        quoted=quoted,
        now=place or _like(quoted, citation.path, notes.get(citation.path, "")),
    )


def _like(quoted: str, path: str, note: str) -> Address | None:
    """The place in a note that says what is most like a quotation."""
    paragraphs = _paragraphs(note)
    found = most_like(quoted, [paragraph.cleaned for paragraph in paragraphs]) if quoted else None
    if not found:
        return None
    paragraph, text = paragraphs[found[0]], found[1]
    return _address(path, paragraph, text)


def _address(path: str, paragraph: _Paragraph, quoted: str) -> Address:
    """The lines of a paragraph that contain a quotation."""
    start, end = _narrowed(paragraph.text.split("\n"), quoted)
    first = paragraph.first_line
    return Address(text=quoted, path=path, start_line=first + start, end_line=first + end - 1)


def _at_its_address(note: str, citation: Citation) -> Address | None:
    """The citation's own address with the quoted text, if the lines there contain it."""
    lines = note.split("\n")[citation.start_line - 1 : citation.end_line] if citation.start_line else []
    if citation.length > MAX_QUOTATION or sum(map(len, lines)) > MAX_SEARCHED:
        return None
    cleaned = clean("\n".join(lines))
    for start in range(len(cleaned) - citation.length + 1):
        quoted = cleaned[start : start + citation.length]
        if _hash(quoted) == citation.sha256:
            return Address(text=quoted, path=citation.path, start_line=citation.start_line, end_line=citation.end_line)
    return None


def _nearest(paragraphs: Iterable[_Paragraph], path: str, citation: Citation) -> Address | None:
    """The place in a note's paragraphs that contains the quoted text and is nearest to the citation's line."""
    found = [
        _address(path, paragraph, quoted)
        for paragraph in paragraphs
        if (quoted := _quoted(paragraph.cleaned, citation)) is not None
    ]
    return min(found, key=lambda place: abs(place.start_line - citation.start_line), default=None)


def _paragraphs(note: str) -> list[_Paragraph]:
    found = []
    line, done = 1, 0
    for match in _PARAGRAPH.finditer(note):
        line += note.count("\n", done, match.start())
        done = match.start()
        found.append(_Paragraph(line, match[0], clean(match[0])))
    return found


def _quoted(cleaned: str, citation: Citation) -> str | None:
    """The part of a text, from the start of a word to the end of one, with the citation's length and hash."""
    if not 0 < citation.length <= MAX_QUOTATION:
        return None
    for match in _WORD_START.finditer(cleaned):
        end = match.start() + citation.length
        if end > len(cleaned):
            break
        quoted = cleaned[match.start() : end]
        inside_word = end < len(cleaned) and cleaned[end - 1 : end + 1].isalnum()
        if not inside_word and _hash(quoted) == citation.sha256:
            return quoted
    return None


def _narrowed(lines: Sequence[str], quoted: str) -> tuple[int, int]:
    """The smallest range `[start, end)` of lines, from 0, whose cleaned text contains a quotation."""
    start, end = 0, len(lines)
    while start + 1 < end and quoted in clean("\n".join(lines[start + 1 : end])):
        start += 1
    while start + 1 < end and quoted in clean("\n".join(lines[start : end - 1])):
        end -= 1
    return start, end


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
