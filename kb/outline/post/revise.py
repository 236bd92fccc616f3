"""Does every citation of a post still hold; new points beside the writer's own text. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from kb.errors import InputError
from kb.notes.prose import clean
from kb.outline.post.citations import (
    Citation,
    Cited,
    Citing,
    Memory,
    find_cited,
    last_definition,
    memory_lines,
    next_footnote,
    read_memory,
)
from kb.outline.post.escaping import anchors, as_text
from kb.outline.post.layout import Part, Post
from kb.reports import Address, Outline, Point, Section
from kb.reports.revised import AddedPoint, CheckedCitation, CitationState

_PARAGRAPH = re.compile(r"[^\n]*\S[^\n]*(?:\n[^\n]*\S[^\n]*)*")
_WORD_START = re.compile(r"(?<!\w)\S|(?<=[。！？])\S")
_CONTENTS_END = re.compile(r"^[ \t]*(\d{1,9})[.)][ \t]+\[[^\r\n]*\]\(#closing\)", re.MULTILINE)
_CLOSING_ANCHOR = 'id="closing"'
LONGEST_QUOTATION = 2_000  # characters; points are far shorter, and to look for a whole note in another takes hours
MOST_CITED = 20_000  # characters of the lines at an address in which every place is tried


@dataclass(frozen=True)
class Revision:
    """A post with new points in it, and which they are."""

    text: str
    added: tuple[AddedPoint, ...] = ()


# --- does it hold ---


def check(
    text: str, notes: Mapping[str, str], elsewhere: Iterable[tuple[str, str]] = ()
) -> tuple[CheckedCitation, ...]:
    """The citations of a post against the cited notes' texts by path (one that is missing is gone).

    `elsewhere` yields paths and texts of further notes; it is read only where a text is no longer in its own note.
    """
    post = Post(text)
    found = {}
    cited = find_cited(text)
    paragraphs_of = cache(lambda path: _paragraphs(notes.get(path, "")))
    for citation in dict.fromkeys(entry.citation for entry in cited):
        found[citation] = _at_its_address(notes.get(citation.path, ""), citation) or _address_in(
            paragraphs_of(citation.path), citation.path, citation
        )
    lost = [citation for citation, address in found.items() if address is None]
    for path, other in elsewhere if lost else ():
        paragraphs = _paragraphs(other)
        for citation in lost:
            if found[citation] is None and path != citation.path:
                found[citation] = _address_in(paragraphs, path, citation)
    return tuple(_checked(post, entry, found[entry.citation], notes) for entry in cited)


def _checked(post: Post, cited: Cited, address: Address | None, notes: Mapping[str, str]) -> CheckedCitation:
    citation = cited.citation
    place = (citation.path, citation.start_line, citation.end_line)
    holds = address is not None and (address.path, address.start_line, address.end_line) == place
    absent: CitationState = "changed" if citation.path in notes else "gone"
    return CheckedCitation(
        line=post.line_of(cited.position) + 1,
        path=citation.path,
        start_line=citation.start_line,
        end_line=citation.end_line,
        sha256=citation.sha256,
        state="holds" if holds else "moved" if address else absent,
        text=address.text if address else None,
        moved_to=None if holds else address,
    )


def _at_its_address(note: str, citation: Citation) -> Address | None:
    """The quoted text at its own address, if the note still says it there."""
    lines = note.split("\n")[citation.start_line - 1 : citation.end_line] if citation.start_line else []
    if citation.length > LONGEST_QUOTATION or sum(map(len, lines)) > MOST_CITED:
        return None
    at_its_lines = clean("\n".join(lines))
    for start in range(len(at_its_lines) - citation.length + 1):
        quoted = at_its_lines[start : start + citation.length]
        if _hash(quoted) == citation.sha256:
            return Address(text=quoted, path=citation.path, start_line=citation.start_line, end_line=citation.end_line)
    return None


def _address_in(paragraphs: Iterable[tuple[int, str, str]], path: str, citation: Citation) -> Address | None:
    """The place nearest to the citation's line at which paragraphs say the quoted text."""
    found = []
    for first, paragraph, cleaned in paragraphs:
        quoted = _quoted(cleaned, citation)
        if quoted is not None:
            start, end = _narrowed(paragraph.split("\n"), quoted)
            found.append(Address(text=quoted, path=path, start_line=first + start, end_line=first + end - 1))
    return min(found, key=lambda place: abs(place.start_line - citation.start_line), default=None)


def _paragraphs(note: str) -> list[tuple[int, str, str]]:
    """Runs of lines that are not blank: the first line's number, the text, and the same cleaned."""
    found = []
    line, done = 1, 0
    for match in _PARAGRAPH.finditer(note):
        line += note.count("\n", done, match.start())
        done = match.start()
        found.append((line, match[0], clean(match[0])))
    return found


def _quoted(cleaned: str, citation: Citation) -> str | None:
    """The piece of a text that begins and ends with a word and has the length and hash of what was quoted."""
    if not 0 < citation.length <= LONGEST_QUOTATION:
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
    """The fewest lines, from 0 and up to one that is not among them, whose cleaned text contains a quotation."""
    start, end = 0, len(lines)
    while start + 1 < end and quoted in clean("\n".join(lines[start + 1 : end])):
        start += 1
    while start + 1 < end and quoted in clean("\n".join(lines[start : end - 1])):
        end -= 1
    return start, end


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


# --- new points ---


def update(text: str, outline: Outline) -> Revision:
    """Bring the points of an outline that are new to a post into it; only ever inserts.

    New is what the post was never offered, from a note that is new or changed: another choice among the sentences of
    the same notes is not.

    A point goes to the part that cites the most of its section's points and notes, behind the last block there that
    cites something; where none does, into a new section before the closing one. What was offered is remembered, so
    that a point that the writer deleted stays away. Raises `InputError` for a post without a memory.
    """
    memory = read_memory(text)
    if memory is None:
        raise InputError("remembers no topic; only what `kb outline` wrote with citations can be updated")
    fresh = _fresh(text, memory, outline)
    if not fresh:
        return Revision(text)
    return _Inserting(Post(text), memory).revised(fresh, [note.sha256 for note in outline.considered])


def _fresh(text: str, memory: Memory, outline: Outline) -> list[tuple[Section, list[Point]]]:
    """The sections that have something new, each with its new points."""
    unchanged = {note.path for note in outline.considered if note.sha256 in memory.notes}
    known = {*memory.points, *(entry.citation.sha256 for entry in find_cited(text))}
    fresh = []
    for section in outline.sections:
        points = [point for point in section.points if point.sha256 not in known and point.path not in unchanged]
        known.update(point.sha256 for point in points)
        if points:
            fresh.append((section, points))
    return fresh


class _Inserting:
    """Gathers what is to be inserted into a post, and where."""

    def __init__(self, post: Post, memory: Memory) -> None:
        self._post = post
        self._memory = memory
        self._memory_start, self._memory_end = memory.spans[0]
        self._cite = Citing(memory.brief.citations, next_footnote(post.text))
        self._insertions: list[tuple[int, str]] = []
        self._added: list[AddedPoint] = []
        self._places = [
            (entry.citation, *place) for entry in find_cited(post.text) if (place := post.block_at(entry.position))
        ]

    def revised(self, fresh: Sequence[tuple[Section, list[Point]]], notes: Iterable[str]) -> Revision:
        """The post with the new points of some sections, remembering them and the hashes of the notes considered."""
        placed: dict[Part, list[Point]] = {}
        new_sections = []
        for section, points in fresh:
            part = self._part_for(section)
            if part is None:
                new_sections.append((section, points))
            else:
                placed.setdefault(part, []).extend(points)
        for part, points in placed.items():
            self._extend(part, points)
        if new_sections:
            self._add_sections(new_sections)
        self._add_definitions()
        offered = (point.sha256 for _, points in fresh for point in points)
        remembered = memory_lines(offered, (sha256 for sha256 in notes if sha256 not in self._memory.notes))
        self._insertions.append((self._memory_end, remembered.replace("\n", self._post.newline)))
        return Revision(self._applied(), tuple(self._added))

    def _part_for(self, section: Section) -> Part | None:
        """The part that cites most of a section's points and, those being equal, most of its notes."""
        hashes = {point.sha256 for point in section.points}
        notes = set(section.notes)
        scores: dict[Part, tuple[int, int]] = {}
        for citation, part, _ in self._places:
            same_points, same_notes = scores.get(part, (0, 0))
            scores[part] = (same_points + (citation.sha256 in hashes), same_notes + (citation.path in notes))
        best = max(scores, key=lambda part: scores[part], default=None)
        return best if best is not None and any(scores[best]) else None

    def _extend(self, part: Part, points: Sequence[Point]) -> None:
        """Behind the last block of a part that cites something; where that is a list, as further items of it."""
        post = self._post
        block = max((block for _, other, block in self._places if other is part), key=lambda block: block.after)
        items = "\n".join(self._lines(points, block.bullet or "- "))
        followed = bool(post.line(block.after).strip())
        self._insert(post.end(block.after - 1), ("\n" if block.bullet else "\n\n") + items + "\n" * followed)
        self._note(points, post.title(part), new=False)

    def _add_sections(self, sections: Sequence[tuple[Section, list[Point]]]) -> None:
        post = self._post
        closing = self._closing()
        position = post.start(closing.heading.first) if closing and closing.heading else self._memory_start
        line = post.line_of(position)
        before = "" if position == post.start(line) else "\n\n"
        before = before or "\n" * bool(post.line(line - 1).strip())
        anchored = closing is not None and _CLOSING_ANCHOR in post.line(post.line_of(position))
        names = anchors(
            [section.heading for section, _ in sections],
            {"intro", "closing", "references", *re.findall(r'\bid="([^"]*)"', post.text)},
        )
        written = ""
        for (section, points), name in zip(sections, names, strict=True):
            heading = f"{'#' * self._level()} {as_text(section.heading)}"
            heading += f' <a id="{name}"></a>' if anchored else ""
            written += "\n".join([heading, "", *self._lines(points, "- "), "", ""])
            self._note(points, section.heading, new=True)
        self._insert(position, before + written)
        if anchored:
            self._add_contents([section.heading for section, _ in sections], names)

    def _closing(self) -> Part | None:
        """The part before which a new section goes: Closing thoughts, or what follows the last part that cites."""
        headed = [part for part in self._post.parts if part.heading]
        for part in headed:
            anchored = part.heading and _CLOSING_ANCHOR in self._post.line(part.heading.first)
            if anchored or self._post.title(part).casefold() == "closing thoughts":
                return part
        last = max((part.blocks[0].first for _, part, _ in self._places), default=0)
        return next((part for part in headed if part.blocks[0].first > last), None)

    def _level(self) -> int:
        """The level of the headings above what is cited."""
        headings = [part.heading for _, part, _ in self._places if part.heading]
        closing = self._closing()
        headings += [closing.heading] if closing and closing.heading else []
        return headings[0].level if headings else 2

    def _add_contents(self, headings: Sequence[str], names: Sequence[str]) -> None:
        """Entries in the table of contents, before that of the closing thoughts."""
        entry = _CONTENTS_END.search(self._post.text)
        if entry:
            lines = [
                f"{int(entry[1]) + number}. [{as_text(heading)}](#{name})\n"
                for number, (heading, name) in enumerate(zip(headings, names, strict=True))
            ]
            self._insert(entry.start(), "".join(lines))

    def _add_definitions(self) -> None:
        if not self._cite.definitions:
            return
        written = "\n".join(self._cite.definitions)
        last = last_definition(self._post.text)
        if last is None:
            self._insert(self._memory_start, f"{written}\n\n")
        else:
            self._insert(self._post.end(self._post.line_of(last)), f"\n{written}")

    def _lines(self, points: Iterable[Point], bullet: str) -> Iterator[str]:
        return (f"{bullet}{as_text(point.text)}{self._cite(point)}" for point in points)

    def _note(self, points: Iterable[Point], section: str, new: bool) -> None:
        self._added += [
            AddedPoint.model_validate(point.model_dump() | {"section": section, "new_section": new}) for point in points
        ]

    def _insert(self, position: int, text: str) -> None:
        """At an offset, or before the comment that remembers where the offset lies inside one."""
        position = next((start for start, end in self._memory.spans if start < position <= end), position)
        self._insertions.append((position, text.replace("\n", self._post.newline)))

    def _applied(self) -> str:
        pieces = []
        done = 0
        for position, insertion in sorted(self._insertions, key=lambda entry: entry[0]):
            pieces += [self._post.text[done:position], insertion]
            done = position
        return "".join([*pieces, self._post.text[done:]])
