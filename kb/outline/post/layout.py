"""The text of a post -> its parts and blocks, with their lines and offsets. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from markdown_it.token import Token

from kb.notes.markup.blocks import parse_blocks
from kb.notes.markup.front_matter import read_front_matter

_NEWLINE = re.compile(r"\r\n?|\n")
_BULLET = re.compile(r" {0,3}[-*+][ \t]+")


@dataclass(frozen=True)
class PostBlock:
    """A top-level block, lines `[first, after)` from 0. `level` is that of a heading, 0 for other blocks; `bullet` is
    the list mark of a bullet list's last item.
    """

    first: int
    after: int
    level: int = 0
    bullet: str | None = None


@dataclass(frozen=True)
class Part:
    """A heading and the blocks up to the next heading; the first part may have no heading."""

    blocks: tuple[PostBlock, ...]

    @property
    def heading(self) -> PostBlock | None:
        """The heading at the start of the part."""
        return self.blocks[0] if self.blocks and self.blocks[0].level else None


class Post:
    """The unmodified text of a post, and its parts."""

    def __init__(self, text: str) -> None:
        self.text = text
        newlines = [match.span() for match in _NEWLINE.finditer(text)]
        self._starts = [0, *(end for _, end in newlines)]
        self._ends = [*(start for start, _ in newlines), len(text)]
        self.newline = "\r\n" if text.count("\r\n") * 2 > len(newlines) else "\n"

    @cached_property
    def parts(self) -> list[Part]:
        """The parts in order. Raises `NoteError` for broken front matter."""
        return _parts(self._blocks())

    def line_of(self, position: int) -> int:
        """The line, from 0, that contains an offset."""
        return bisect_right(self._starts, position) - 1

    def start(self, line: int) -> int:
        """The offset at which a line begins."""
        return self._starts[line]

    def end(self, line: int) -> int:
        """The offset at which a line ends, before its newline."""
        return self._ends[line]

    def line(self, number: int) -> str:
        """A line without its newline; an empty string for a line that does not exist."""
        return self.text[self._starts[number] : self._ends[number]] if 0 <= number < len(self._starts) else ""

    def block_at(self, position: int) -> tuple[Part, PostBlock] | None:
        """The block that contains an offset, with its part."""
        line = self.line_of(position)
        for part in self.parts:
            for block in part.blocks:
                if block.first <= line < block.after:
                    return part, block
        return None

    def title(self, part: Part) -> str:
        """The heading of a part without Markdown marks and anchors; an empty string if it has none."""
        if not part.heading:
            return ""
        words = re.sub(r"<[^<>]*>", "", self.line(part.heading.first))
        return re.sub(r"^\s*#+\s*|\s+#+\s*$", "", words).strip()

    def _blocks(self) -> list[PostBlock]:
        lines = [self.line(number) for number in range(len(self._starts))]
        lines[0] = lines[0].removeprefix("\ufeff")
        whole = "\n".join(lines)
        body = read_front_matter(whole).end
        skipped = whole[:body].count("\n")
        blocks: list[PostBlock] = []
        bullet: re.Match[str] | None = None
        for token in parse_blocks(lines[skipped:]):
            if token.type == "list_item_open" and token.level == 1 and token.map:
                bullet = _BULLET.match(lines[skipped + token.map[0]])
            elif token.type == "bullet_list_close" and token.level == 0:
                blocks[-1] = PostBlock(blocks[-1].first, blocks[-1].after, bullet=bullet[0] if bullet else None)
            elif token.level == 0 and token.nesting >= 0 and token.map:
                blocks.append(_block(token, lines, skipped))
        return blocks


def _block(token: Token, lines: list[str], skipped: int) -> PostBlock:
    first, after = (token.map[0] + skipped, token.map[1] + skipped) if token.map else (0, 0)
    while after > first + 1 and not lines[after - 1].strip():
        after -= 1
    return PostBlock(first, after, level=int(token.tag[1:]) if token.type == "heading_open" else 0)


def _parts(blocks: list[PostBlock]) -> list[Part]:
    groups: list[list[PostBlock]] = [[]]
    for block in blocks:
        if block.level:
            groups.append([])
        groups[-1].append(block)
    return [Part(tuple(group)) for group in groups if group]
