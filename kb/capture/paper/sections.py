"""The sections of a paper: its bookmarks, or else the lines that are set as headings. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from typing import NamedTuple

from kb.capture.paper.characters import Run
from kb.capture.paper.joining import body_size

LARGER = 1.1  # than the text, where size alone makes a heading
MAX_HEADING = 140  # characters
FEWEST_NUMBERED = 2
MOST_LEVELS = 4
MOST_A_PAGE = 2  # headings without numbers; more are no headings
FURNITURE = 3  # pages that repeat a line which is no text
_NUMBERED = re.compile(
    r"(?P<number>(?:[A-Z]\.)?\d{1,2}(?:\.\d{1,2}){0,3}|[A-Z](?:\.\d{1,2}){0,2})\.?\s+(?P<title>[^\W\d_].*)"
)
_ROMAN = re.compile(r"(?P<number>[IVX]{1,5})\.\s+(?P<title>[A-Z].*)")
_CONTENTS = re.compile(r"(?:table of )?contents|inhalt(?:sverzeichnis)?|table des matières|índice", re.IGNORECASE)
_LEADER = re.compile(r"(?:\.\s?){4,}")
_KNOWN = re.compile(
    r"(?:introduction|background|preliminaries|related works?|prior work|motivation|methods?|methodology|approach|"
    r"materials and methods|experiments?|experimental (?:setup|results)|evaluation|results?(?: and discussion)?|"
    r"discussion(?: and conclusions?)?|limitations|conclusions?(?: and future work)?|future work|summary|"
    r"acknowledge?ments?|references|bibliography|appendix|appendices|supplementary materials?|"
    r"broader impact|ethics statement|reproducibility statement|data availability)\.?",
    re.IGNORECASE,
)


class Section(NamedTuple):
    """A heading: its level from 1, its words, and the page it stands on, from 0."""

    level: int
    title: str
    page: int


class Heading(NamedTuple):
    """A section and the lines, from `start` to before `end`, that are its heading."""

    section: Section
    start: int
    end: int


def without_furniture(pages: Sequence[Sequence[Run]]) -> list[list[Run]]:
    """The lines of each page without running heads, page numbers and what else stands on several pages alike."""
    edges = [{*range(min(2, len(page))), *range(max(0, len(page) - 2), len(page))} for page in pages]
    outer = [_outermost(page) for page in pages]
    seen = Counter(key for page, far in zip(pages, outer, strict=True) for key in {_alike(page[n]) for n in far})
    return [
        [
            line
            for number, line in enumerate(page)
            if not (
                (number in near | far)
                and (seen[_alike(line)] >= FURNITURE or re.fullmatch(r"[\divxlc]{1,6}", line.text))
            )
        ]
        for page, near, far in zip(pages, edges, outer, strict=True)
    ]


def _outermost(page: Sequence[Run]) -> set[int]:
    """The highest and lowest lines of a page."""
    by_height = sorted(range(len(page)), key=lambda number: page[number].baseline)
    return {*by_height[:3], *by_height[-3:]}


def _alike(line: Run) -> tuple[str, int]:
    return re.sub(r"\d+", "#", line.text), round(line.baseline / 4)


def headings_of(lines: Sequence[Run], bookmarks: Sequence[Section], below: int) -> list[Heading]:
    """The headings from a line on: those that bookmarks name, or else those that are set as one."""
    if bookmarks:
        return [heading for heading in _named(lines, bookmarks) if heading.start >= below]
    size = body_size(lines)
    contents = {line.page for line in lines if _CONTENTS.fullmatch(line.text) or _LEADER.search(line.text)}
    found = [heading for heading in _numbered(lines, size) if heading.start >= below]
    if sum(heading.section.level == 1 for heading in found) >= FEWEST_NUMBERED:
        return sorted([*found, *_unnumbered(lines, size, contents, _KNOWN)], key=lambda heading: heading.start)
    found = [heading for heading in _unnumbered(lines, size, contents, None) if heading.start >= below]
    pages = len({line.page for line in lines})
    return found if len(found) <= MOST_A_PAGE * pages else []


def _named(lines: Sequence[Run], bookmarks: Sequence[Section]) -> Iterator[Heading]:
    start = 0
    for section in bookmarks:
        wanted = _letters(section.title)
        for number in range(start, len(lines)):
            if lines[number].page > section.page + 1 or not wanted:
                break
            if lines[number].page >= section.page and (end := _spelt(lines, number, wanted)):
                yield Heading(section, number, end)
                start = end
                break


def _spelt(lines: Sequence[Run], start: int, wanted: str) -> int:
    """The end of the one to three lines that spell a title, numbered or not; 0 if they do not."""
    text = ""
    for end in range(start, min(start + 3, len(lines))):
        text += _letters(lines[end].text)
        if text == wanted or (text.endswith(wanted) and len(text) - len(wanted) <= 5):
            return end + 1
        if len(text) > len(wanted) + 5:
            break
    return 0


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _numbered(lines: Sequence[Run], size: float) -> list[Heading]:
    """Lines set apart from the text that continue the numbering of the sections before them."""
    matches = [
        (number, _NUMBERED.fullmatch(line.text) or _ROMAN.fullmatch(line.text)) for number, line in enumerate(lines)
    ]
    candidates = [(n, match) for n, match in matches if match and _may_be(lines[n], size, frozenset())]
    is_roman = any(match["number"] == "I" for _, match in candidates)
    found: list[Heading] = []
    last: list[str] = []
    for number, match in candidates:
        titles = {_letters(heading.section.title).lstrip("0123456789i") for heading in found[:1]}
        if match["number"] in ("1", "I") and _letters(match["title"]) in titles:
            found, last = [], []  # what came before was the table of contents
        place = next((place for place in _places(match["number"], last, is_roman) if _follows(last, place)), None)
        if place is None:
            continue
        last = place
        end = _end(lines, number, size)
        title = " ".join([match[0], *(line.text for line in lines[number + 1 : end])])
        found.append(Heading(Section(len(place), title.rstrip("."), lines[number].page), number, end))
    return found


def _places(number: str, last: list[str], is_roman: bool) -> Iterator[list[str]]:
    """What a number may mean: IEEE numbers sections I, II and their parts A, B."""
    if not is_roman:
        yield number.split(".")
        return
    if re.fullmatch(r"[IVX]+", number):
        digits = [{"I": 1, "V": 5, "X": 10}[letter] for letter in number]
        yield [str(sum(-a if a < b else a for a, b in zip(digits, [*digits[1:], 0], strict=True)))]
    if last and len(number) == 1 and number.isalpha():
        yield [last[0], str(ord(number) - ord("A") + 1)]


def _follows(last: list[str], place: list[str]) -> bool:
    if not last:
        return place in (["1"], ["0"], ["A"])
    if len(place) > len(last):
        return place[:-1] == last and place[-1] in ("0", "1")
    shared = len(place) - 1
    before, now = last[shared], place[shared]
    if place[:shared] != last[:shared]:
        return False
    if now == "A" and before.isdigit():
        return True
    if now.isdigit() != before.isdigit():
        return False
    return 1 <= (int(now) - int(before) if now.isdigit() else ord(now) - ord(before)) <= 2


def _unnumbered(
    lines: Sequence[Run], size: float, contents: Set[int], known: re.Pattern[str] | None
) -> Iterator[Heading]:
    """Lines of known words or, without those, in larger letters than the text."""
    done = 0
    for number, line in enumerate(lines):
        if number < done or not _may_be(line, size, contents):
            continue
        if known.fullmatch(line.text) if known else line.size > LARGER * size and not line.text.endswith((".", ",")):
            done = number + 1 if known else _end(lines, number, size)
            title = " ".join(line.text for line in lines[number:done])
            yield Heading(Section(1, title.rstrip("."), line.page), number, done)


def _may_be(line: Run, size: float, contents: Set[int]) -> bool:
    """Whether a line is set apart, short, of words, and no entry of a table of contents."""
    words = re.search(r"[^\W\d_]{3}", line.text) and len(line.text) <= MAX_HEADING
    return bool(words) and line.page not in contents and not _LEADER.search(line.text) and _stands_out(line, size)


def _stands_out(line: Run, size: float) -> bool:
    return line.bold or line.size > LARGER * size or line.text.upper() == line.text


def _end(lines: Sequence[Run], start: int, size: float) -> int:
    """The end of a heading that goes on in the next line."""
    first = lines[start]
    end = start + 1
    while end < min(start + 3, len(lines)):
        line = lines[end]
        near = line.page == first.page and 0 < lines[end - 1].baseline - line.baseline < 1.5 * first.size
        alike = line.bold == first.bold and abs(line.size - first.size) < 0.3 and _stands_out(line, size)
        if not near or not alike or _NUMBERED.fullmatch(line.text) or first.right - first.left < 150:
            break
        end += 1
    return end
