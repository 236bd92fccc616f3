"""Markdown -> blocks under their headings, and the kind of every line, from one parse of a whole note. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

from kb.models import Block, BlockKind, LineKind
from kb.notes.markup.dialects import (
    begins_bibtex,
    begins_export,
    is_caption,
    is_macro,
    is_metadata,
    is_row,
    only_points,
    without_indents,
)
from kb.notes.markup.html import html_until_fence
from kb.notes.markup.regions import regions_of, without_regions
from kb.notes.prose import clean

MAX_NAME = 300  # characters of a title or heading that are kept: every passage below repeats them

# Only blocks are of use here, and reading inline marks costs most of the time.
_PARSER = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin).disable("inline")
_PARSER.block.ruler.at("html_block", html_until_fence, {"alt": ["paragraph", "reference", "blockquote"]})
_TABBED_ITEM = re.compile(r"\t[-*+] ")
_TEXT = (LineKind.PROSE, LineKind.LIST, LineKind.QUOTATION)
_MAY_BE_METADATA = (*_TEXT, LineKind.HEADING, LineKind.DEFINITION)
_BARE_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]*")
_UNFINISHED = re.compile(r"[\w,]\s*$")
_OWN_LINE = re.compile(
    r"[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]|[ \t]*!?\[(?:!|[^\]\[]+\]:)"
)  # an item, a badge, a definition
_BLOCK_KINDS: dict[str, BlockKind] = {
    "heading_open": "heading",
    "paragraph_open": "paragraph",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "fence": "code",
    "code_block": "code",
    "table_open": "table",
    "blockquote_open": "quote",
}
# What a token makes of all its lines, inner tokens coming after outer ones.
_LINE_KINDS = {
    "heading_open": LineKind.HEADING,
    "fence": LineKind.CODE,
    "code_block": LineKind.CODE,
    "table_open": LineKind.TABLE,
    "math_block": LineKind.MATH,
    "math_block_label": LineKind.MATH,
    "html_block": LineKind.HTML,
}


@dataclass(frozen=True)
class Structure:
    """The top-level blocks of a text in order, which hold every line that is not blank; and a letter for the kind of
    each line.
    """

    blocks: tuple[Block, ...]
    kinds: str


def parse_blocks(lines: Sequence[str]) -> list[Token]:
    """The block tokens of some lines; `token.map` holds first line and line after the last, from 0."""
    return _parsed(lines)[0]


def _parsed(lines: Sequence[str]) -> tuple[list[Token], str]:
    """The block tokens of some lines, and the kind of each line. Lines that are a tool's are not read as Markdown."""
    tokens = _PARSER.parse("\n".join(lines))
    if indented := _indented_items(lines, tokens):
        lines = [line.removeprefix("\t") if number in indented else line for number, line in enumerate(lines)]
        tokens = _PARSER.parse("\n".join(lines))
    kinds = _kinds_of(lines, tokens)
    regions = regions_of(lines, kinds)
    if regions:
        tokens = _PARSER.parse("\n".join(without_regions(lines, regions)))
        kinds = _kinds_of(lines, tokens)
        for first, stop, kind in regions:
            kinds[first:stop] = [kind if lines[number].strip() else LineKind.BLANK for number in range(first, stop)]
    return tokens, "".join(_by_dialect(lines, kinds))


def structure_of(text: str, body_start: int, commented: str) -> Structure:
    """The structure of a note whose front matter ends, and whose body begins, at an offset. `commented` is the same
    text with its comments: a list item that has nothing else is blank.
    """
    lines = text[body_start:].split("\n")
    before = commented[body_start:].split("\n")
    tokens, kinds = _parsed(without_indents([_without_bare_item(*pair) for pair in zip(lines, before, strict=True)]))
    front_matter = LineKind.METADATA * text.count("\n", 0, body_start)
    return Structure(_Blocks(lines, kinds, body_start).of(tokens), front_matter + kinds)


def _without_bare_item(line: str, commented: str) -> str:
    """A line, blank if it has nothing but comments: a bare mark of a list would underline the line above it."""
    return "" if line != commented and _BARE_ITEM.fullmatch(line) else line


def _indented_items(lines: Sequence[str], tokens: Sequence[Token]) -> set[int]:
    """The lines of lists that outliners indent by a tab below a heading or paragraph: to CommonMark they are code."""
    found: set[int] = set()
    for token in tokens:
        if token.type == "code_block" and token.map and _TABBED_ITEM.match(lines[token.map[0]]):
            found.update(range(*token.map))
    return found


def _kinds_of(lines: Sequence[str], tokens: Sequence[Token]) -> list[LineKind]:
    """The kind of each line to CommonMark."""
    kinds = [LineKind.BLANK if not line.strip() else LineKind.DEFINITION for line in lines]
    containers: list[str] = []
    for token in tokens:
        if token.nesting == 1:
            containers.append(token.type)
        elif token.nesting == -1:
            containers.pop()
        kind = _LINE_KINDS.get(token.type)
        if token.type == "inline" and containers and containers[-1] == "paragraph_open":
            kind = _kind_of_paragraph(containers)
        elif token.type == "hr":
            kind = LineKind.METADATA
        if kind and token.map:
            for number in range(token.map[0], min(token.map[1], len(lines))):
                if lines[number].strip():
                    kinds[number] = kind
    return kinds


def _kind_of_paragraph(containers: Sequence[str]) -> LineKind:
    if "blockquote_open" in containers:
        return LineKind.QUOTATION
    return LineKind.LIST if "list_item_open" in containers else LineKind.PROSE


def _by_dialect(lines: Sequence[str], kinds: list[LineKind]) -> list[LineKind]:
    """Lines that are text to CommonMark and markup to somebody's tool, or that only point elsewhere."""
    braces = 0  # that are open in an entry of a bibliography, or in what an MDX file exports
    above = LineKind.BLANK
    for number, (line, kind) in enumerate(zip(lines, kinds, strict=True)):
        in_braces = kind in _TEXT and (braces > 0 or begins_bibtex(line) or begins_export(line))
        braces = braces + line.count("{") - line.count("}") if in_braces else 0
        if in_braces:
            kinds[number] = LineKind.CODE
        elif kind in _MAY_BE_METADATA and is_metadata(line):
            kinds[number] = LineKind.METADATA
        elif kind in _TEXT and (is_row(line) or (above == LineKind.TABLE and is_caption(line))):
            kinds[number] = LineKind.TABLE
        elif kind in _TEXT and is_macro(line):
            kinds[number] = LineKind.MATH
        elif kind in _TEXT and only_points(line) and not _continues(number, lines, kinds):
            kinds[number] = LineKind.DEFINITION
        above = kinds[number] if kinds[number] != LineKind.BLANK else above
    return kinds


def _continues(number: int, lines: Sequence[str], kinds: Sequence[LineKind]) -> bool:
    """Whether a line continues a sentence that the line before it leaves unfinished."""
    before = number - 1
    return (
        before >= 0
        and kinds[before] == kinds[number]
        and bool(_UNFINISHED.search(lines[before]))
        and not _OWN_LINE.match(lines[number])
    )


class _Blocks:
    """The top-level blocks of some lines, of which the first begins at an offset of the text."""

    def __init__(self, lines: list[str], kinds: str, body_start: int) -> None:
        self._lines = lines
        self._kinds = kinds
        self._starts = [body_start]
        for line in lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._path: list[tuple[int, str]] = []
        self._headings_of_items: dict[int, list[tuple[Token, Token]]] = {}

    def of(self, tokens: Sequence[Token]) -> tuple[Block, ...]:
        """The blocks of tokens, and of the lines between them."""
        blocks: list[Block] = []
        done = 0
        self._headings_of_items = _headings_of_items(tokens)
        for token, following in zip_longest(tokens, tokens[1:]):
            if token.level or not token.map or token.nesting < 0 or token.map[0] < done:
                continue
            begin, end = token.map[0], min(token.map[1], len(self._lines))
            blocks += self._between(done, begin)
            if token.type == "heading_open":
                self._descend(int(token.tag[1:]), following)
            kind = _BLOCK_KINDS.get(token.type, "other")
            blocks += self._list(begin, end) if kind == "list" else self._filled(kind, begin, end)
            done = end
        return (*blocks, *self._between(done, len(self._lines)))

    def _between(self, begin: int, end: int) -> list[Block]:
        """What the parser was not shown, or made nothing of."""
        is_code = {*self._kinds[begin:end]} - {LineKind.BLANK} == {LineKind.CODE}
        return self._filled("code" if is_code else "other", begin, end)

    def _list(self, begin: int, end: int) -> list[Block]:
        """A list, in parts where its items are headings: an outliner such as Logseq keeps a whole page in one."""
        blocks: list[Block] = []
        for token, following in self._headings_of_items.get(begin, ()):
            line = token.map[0] if token.map else begin
            blocks += self._filled("list", begin, line)
            self._descend(int(token.tag[1:]), following)
            blocks.append(self._block("heading", line, line + 1))
            begin = line + 1
        return blocks + self._filled("list", begin, end)

    def _filled(self, kind: BlockKind, begin: int, end: int) -> list[Block]:
        has_text = any(line.strip() for line in self._lines[begin:end])
        while has_text and not self._lines[begin].strip():
            begin += 1
        return [self._block(kind, begin, end)] if has_text else []

    def _block(self, kind: BlockKind, begin: int, end: int) -> Block:
        while end > begin + 1 and not self._lines[end - 1].strip():
            end -= 1
        return Block(
            kind=kind,
            start=self._starts[begin],
            end=self._starts[end - 1] + len(self._lines[end - 1]),
            heading_path=tuple(heading for _, heading in self._path),
        )

    def _descend(self, level: int, inline: Token | None) -> None:
        heading = shorten_name(clean(inline.content[: 10 * MAX_NAME])) if inline else ""
        self._path = [(above, text) for above, text in self._path if above < level]
        if heading:
            self._path.append((level, heading))


def _headings_of_items(tokens: Sequence[Token]) -> dict[int, list[tuple[Token, Token]]]:
    """The headings that begin items of top-level lists, with their text, by the first line of the list."""
    found: dict[int, list[tuple[Token, Token]]] = {}
    begin = 0
    for token, following in pairwise(tokens):
        if not token.level and token.nesting == 1 and token.map:
            begin = token.map[0]
        if token.type == "heading_open" and token.level == 2:
            found.setdefault(begin, []).append((token, following))
    return found


def shorten_name(words: str) -> str:
    """A title or heading, cut where it is longer than `MAX_NAME` characters."""
    return words if len(words) <= MAX_NAME else words[: MAX_NAME - 1].rstrip() + "…"
