"""A draft -> its sections and their blocks, by which it can be put together in another order. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from kb.notes.prose import clean
from kb.outline.post.citations import Cited, find_cited
from kb.outline.post.fill import needs_evidence
from kb.outline.post.layout import Part, Post, PostBlock
from kb.outline.post.wording import quoted_at

USUAL_LEVEL = 2  # of the headings of sections, where no section cites a note

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_INDENT = re.compile(r"[ \t]*")


@dataclass(frozen=True)
class Piece:
    """Lines `[first, after)` from 0 of a draft, which stay together: a block, or an item of a bullet list."""

    first: int
    after: int
    is_item: bool = False


@dataclass(frozen=True)
class CutSection:
    """A heading and the pieces up to the next heading of a section."""

    heading: Piece
    title: str
    pieces: tuple[Piece, ...]

    @property
    def whole(self) -> Piece:
        """All lines of the section."""
        return Piece(self.heading.first, (self.heading, *self.pieces)[-1].after)


class CutDraft:
    """A draft's sections: what is between its introduction and its conclusions. Their headings have the level of the
    first that cites a note; deeper ones are pieces of a section. Raises `NoteError` for broken front matter.
    """

    def __init__(self, text: str) -> None:
        self.post = Post(text)
        self.cited = find_cited(text)

    @cached_property
    def sections(self) -> tuple[CutSection, ...]:
        """The sections in their order."""
        return tuple(
            CutSection(_piece(heading), clean(self.post.title(group[0])), tuple(self._pieces(group)))
            for group in self._between(self.level)
            if (heading := group[0].heading)
        )

    @cached_property
    def level(self) -> int:
        """The level of the sections' headings."""
        places = (self.post.block_at(entry.position) for entry in self.cited)
        headings = (place[0].heading for place in places if place)
        return next((heading.level for heading in headings if heading), USUAL_LEVEL)

    def raw(self, piece: Piece) -> str:
        """The Markdown of a piece, without the newline at its end."""
        return self.post.text[self.post.start(piece.first) : self.post.end(piece.after - 1)]

    def said(self, piece: Piece) -> str:
        """What a piece says to readers, without Markdown where it has words; nothing for a comment."""
        shown = _COMMENT.sub(" ", self.raw(piece))
        return clean(shown) or shown.strip()

    def cited_in(self, piece: Piece) -> list[tuple[Cited, str]]:
        """The citations in a piece, each with what is quoted there."""
        lines = range(piece.first, piece.after)
        return [entry for entry in self._quoted if self.post.line_of(entry[0].position) in lines]

    @cached_property
    def _quoted(self) -> list[tuple[Cited, str]]:
        return [*zip(self.cited, quoted_at(self.post.text, self.cited), strict=True)]

    def _between(self, level: int) -> Iterator[list[Part]]:
        """The parts of each section, from the first to the last whose heading needs evidence; a title needs none."""
        groups: list[list[Part]] = []
        for part in self.post.parts:
            if part.heading and part.heading.level <= level:
                groups.append([part])
            elif groups:
                groups[-1].append(part)
        title = level == 1 and len(groups[:1])
        needed = [
            number for number, group in enumerate(groups) if number >= title and self._is_section(group[0], level)
        ]
        return iter(groups[needed[0] : needed[-1] + 1] if needed else [])

    def _is_section(self, part: Part, level: int) -> bool:
        return bool(part.heading and part.heading.level == level and needs_evidence(clean(self.post.title(part))))

    def _pieces(self, parts: list[Part]) -> Iterator[Piece]:
        blocks = [block for part in parts for block in part.blocks]
        for block in blocks[1:]:
            if block.bullet is None:
                yield _piece(block)
            else:
                yield from self._items(block)

    def _items(self, block: PostBlock) -> Iterator[Piece]:
        """The items of a bullet list: each begins where a bullet is as far to the left as the first one."""
        first = _INDENT.match(self.post.line(block.first))
        mark = re.compile(rf"{first[0] if first else ''}[-*+][ \t]")
        starts = [line for line in range(block.first, block.after) if mark.match(self.post.line(line))]
        for start, end in zip(starts, [*starts[1:], block.after], strict=True):
            yield Piece(start, self._last_written(start, end), is_item=True)

    def _last_written(self, start: int, end: int) -> int:
        """The end of some lines without the blank ones there."""
        return next(line for line in range(end, start, -1) if self.post.line(line - 1).strip())


def _piece(block: PostBlock) -> Piece:
    return Piece(block.first, block.after)
