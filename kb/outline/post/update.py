"""Inserting new points into a post without changing the writer's own text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kb.errors import InputError
from kb.notes.prose import clean
from kb.outline.post.citations import (
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
from kb.outline.post.quotation import quotation
from kb.reports import AddedPoint, Outline, Point, Section

_CONTENTS_END = re.compile(r"^[ \t]*(\d{1,9})[.)][ \t]+\[[^\r\n]*\]\(#closing\)", re.MULTILINE)
_CLOSING_ANCHOR = 'id="closing"'


@dataclass(frozen=True)
class Revision:
    """A post with new points in it, and which they are."""

    text: str
    added: tuple[AddedPoint, ...] = ()


def update(text: str, outline: Outline) -> Revision:
    """Insert the points of an outline that are new to a post; nothing in the post is deleted or replaced.

    A point is new if the post was never offered it and its note is new or has changed since: another choice of
    sentences from unchanged notes is not news. What was offered is remembered in the post, so that a point that the
    writer deleted does not come back.

    A point goes into the part that cites most of its section's points, has its heading or cites most of its notes,
    after the last block there with a citation; if there is none, into a new section before the closing one. Raises
    `InputError` for a post without a memory.
    """
    memory = read_memory(text)
    if memory is None:
        raise InputError("remembers no topic; only what `kb outline` wrote with citations can be updated")
    fresh = _fresh(text, memory, outline)
    if not fresh:
        return Revision(text)
    return _Inserting(Post(text), memory).revised(fresh, [note.sha256 for note in outline.considered])


def _fresh(text: str, memory: Memory, outline: Outline) -> list[tuple[Section, list[Point]]]:
    """The sections that have new points, each with those points."""
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
    """Collects the insertions into a post and applies them."""

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
        """The post with the new points of some sections and a memory of them and of the `notes` considered (hashes)."""
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
        offered = (quoted.sha256 for _, points in fresh for point in points for quoted in (point, *point.also))
        self._remember(offered, notes)
        return Revision(self._applied(), tuple(self._added))

    def _part_for(self, section: Section) -> Part | None:
        """The part that cites most of a section's points and, in a tie, has its heading or cites most of its notes;
        None if no part does any of that.
        """
        hashes = {point.sha256 for point in section.points}
        notes = set(section.notes)
        scores = {part: (0, clean(self._post.title(part)) == section.heading, 0) for part in self._post.parts}
        for citation, part, _ in self._places:
            same_points, same_heading, same_notes = scores[part]
            scores[part] = (
                same_points + (citation.sha256 in hashes),
                same_heading,
                same_notes + (citation.path in notes),
            )
        best = max(scores, key=lambda part: scores[part], default=None)
        return best if best is not None and any(scores[best]) else None

    def _extend(self, part: Part, points: Sequence[Point]) -> None:
        """Insert points after the last block of a part with a citation or, without any, the last that is no comment;
        if that is a list, as further items.
        """
        post = self._post
        cited = [block for _, other, block in self._places if other is part]
        shown = [block for block in part.blocks if not post.line(block.first).lstrip().startswith("<!--")]
        block = max(cited or shown, key=lambda block: block.after)
        lines = self._lines(points, post.title(part), block.bullet or "- ")
        items = "\n".join(lines)
        followed = bool(post.line(block.after).strip())
        self._insert(post.end(block.after - 1), ("\n" if block.bullet else "\n\n") + items + "\n" * followed)
        self._report(points, lines, post.title(part), new=False)

    def _add_sections(self, sections: Sequence[tuple[Section, list[Point]]]) -> None:
        """Insert new sections before the closing one, with anchors and contents entries if that has an anchor."""
        post = self._post
        closing = self._closing()
        position = post.start(closing.heading.first) if closing and closing.heading else self._memory_start
        anchored = closing is not None and _CLOSING_ANCHOR in post.line(post.line_of(position))
        headings = [section.heading for section, _ in sections]
        names = anchors(headings, {"intro", "closing", "references", *re.findall(r'\bid="([^"]*)"', post.text)})
        written = ""
        for (section, points), name in zip(sections, names, strict=True):
            heading = f"{'#' * self._level()} {as_text(section.heading)}"
            heading += f' <a id="{name}"></a>' if anchored else ""
            lines = self._lines(points, section.heading)
            written += "\n".join([heading, "", *lines, "", ""])
            self._report(points, lines, section.heading, new=True)
        self._insert(position, self._blank_before(position) + written)
        if anchored:
            self._add_contents(headings, names)

    def _blank_before(self, position: int) -> str:
        """The newlines that separate a block inserted at an offset from the text before it."""
        line = self._post.line_of(position)
        if position != self._post.start(line):
            return "\n\n"
        return "\n" if self._post.line(line - 1).strip() else ""

    def _closing(self) -> Part | None:
        """The part before which new sections go: the closing thoughts, or else the part after the last with a
        citation.
        """
        headed = [part for part in self._post.parts if part.heading]
        for part in headed:
            anchored = part.heading and _CLOSING_ANCHOR in self._post.line(part.heading.first)
            if anchored or self._post.title(part).casefold() == "closing thoughts":
                return part
        last = max((part.blocks[0].first for _, part, _ in self._places), default=0)
        return next((part for part in headed if part.blocks[0].first > last), None)

    def _level(self) -> int:
        """The heading level of the first part with a citation, or else that of the closing part, or else 2."""
        headings = [part.heading for _, part, _ in self._places if part.heading]
        closing = self._closing()
        headings += [closing.heading] if closing and closing.heading else []
        return headings[0].level if headings else 2

    def _add_contents(self, headings: Sequence[str], names: Sequence[str]) -> None:
        """Insert entries into the table of contents, before that of the closing thoughts."""
        entry = _CONTENTS_END.search(self._post.text)
        if entry:
            lines = [
                f"{int(entry[1]) + number}. [{as_text(heading)}](#{name})\n"
                for number, (heading, name) in enumerate(zip(headings, names, strict=True))
            ]
            self._insert(entry.start(), "".join(lines))

    def _add_definitions(self) -> None:
        """Insert the definitions of new footnotes after the last one that cites a point, or before the memory."""
        if not self._cite.definitions:
            return
        written = "\n".join(self._cite.definitions)
        last = last_definition(self._post.text)
        if last is None:
            self._insert(self._memory_start, f"{written}\n\n")
        else:
            self._insert(self._post.end(self._post.line_of(last)), f"\n{written}")

    def _remember(self, offered: Iterable[str], notes: Iterable[str]) -> None:
        """Add the hashes of points and notes to the memory."""
        lines = memory_lines(offered, (sha256 for sha256 in notes if sha256 not in self._memory.notes))
        self._insertions.append((self._memory_end, lines.replace("\n", self._post.newline)))

    def _lines(self, points: Iterable[Point], heading: str, bullet: str = "- ") -> list[str]:
        return [f"{bullet}{quotation(point, heading)}{self._cite(point)}" for point in points]

    def _report(self, points: Iterable[Point], lines: Iterable[str], section: str, new: bool) -> None:
        self._added += [
            AddedPoint.model_validate(point.model_dump() | {"section": section, "new_section": new, "markdown": line})
            for point, line in zip(points, lines, strict=True)
        ]

    def _insert(self, position: int, text: str) -> None:
        """Insert text at an offset, or before the memory comment that contains the offset."""
        position = next((start for start, end in self._memory.spans if start < position <= end), position)
        self._insertions.append((position, text.replace("\n", self._post.newline)))

    def _applied(self) -> str:
        pieces = []
        done = 0
        for position, insertion in sorted(self._insertions, key=lambda entry: entry[0]):
            pieces += [self._post.text[done:position], insertion]
            done = position
        return "".join([*pieces, self._post.text[done:]])
