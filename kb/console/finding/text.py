"""A note set in type, with the lines of its passages in the margin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Heading, Markdown, MarkdownElement
from rich.table import Table

from kb.console.finding.notes import print_properties
from kb.console.terminal import out, print_text
from kb.notes.markup.front_matter import read_front_matter
from kb.notes.prose import printable
from kb.reports import NoteDetail

MAX_WIDTH = 100  # columns: longer lines are hard to read
_PARSER = MarkdownIt().enable(["strikethrough", "table"]).use(dollarmath_plugin, allow_space=False, allow_digits=False)


class _LeftHeading(Heading):
    """A heading at the left, without a frame."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.text.justify = "left"
        yield self.text


class _Markdown(Markdown):
    """Markdown that is parsed already, in part or as a whole."""

    elements: ClassVar[dict[str, type[MarkdownElement]]] = {**Markdown.elements, "heading_open": _LeftHeading}

    def __init__(self, tokens: list[Token]) -> None:
        super().__init__("", code_theme="ansi_dark", hyperlinks=False)
        self.parsed = tokens


def print_typeset(root: Path, note: NoteDetail) -> None:
    """The properties of a note below a root; then its text without front matter, with the line at which each passage
    begins at the left.
    """
    print_properties(root, note)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column()
    for line, tokens in _parts(printable(note.text), frozenset(note.passages)):
        table.add_row("", "")
        table.add_row("" if line is None else f":{line}", _Markdown(tokens))
    width = min(out().width, MAX_WIDTH)
    with out().capture() as captured:
        out().print(table, width=width)
    print_text("".join(f"{row.rstrip()}\n" for row in captured.get().splitlines()))


def _parts(text: str, passages: frozenset[int]) -> Iterator[tuple[int | None, list[Token]]]:
    """The body of a note in parts that begin with a passage, each with the line of that. A passage that begins in the
    middle of a list, a table or the like begins no part.
    """
    end = read_front_matter(text).end
    above = text.count("\n", 0, end) + 1
    line: int | None = None
    part: list[Token] = []
    for token in _tokens(text[end:]):
        start = token.map[0] + above if token.level == 0 and token.nesting >= 0 and token.map else None
        if start in passages and start is not None:
            if part:
                yield line, part
            line, part = start, []
        part.append(token)
    if part:
        yield line, part


def _tokens(text: str) -> Iterator[Token]:
    """The tokens of Markdown, with its formulas as they are written: as text, or as code on lines of their own."""
    for token in _PARSER.parse(text):
        if token.type in ("math_block", "math_block_label"):
            token.type, token.content = "code_block", f"$${token.content}$$"
        for child in token.children or ():
            if child.type in ("math_inline", "math_inline_double"):
                child.type, child.content = "text", f"{child.markup}{child.content}{child.markup}"
        yield token
