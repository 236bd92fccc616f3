"""An element of a page as Markdown: every text in it, with headings, code, formulas, tables, quotations and links."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from kb.capture.escaping import begun, fenced, inline, one_line, readable
from kb.capture.web.text.code import code_of, language_of
from kb.capture.web.text.formulas import FORMULA
from kb.capture.web.text.table import rows_of

if TYPE_CHECKING:
    from lxml.html import HtmlElement

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = frozenset(
    [
        *HEADINGS,
        *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl", "dt"),
        *(
            "fieldset",
            "figcaption",
            "figure",
            "footer",
            "form",
            "header",
            "hgroup",
            "hr",
            "legend",
            "li",
            "main",
            "menu",
        ),
        *("nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    ]
)
_EMPHASIS = {"b": "**", "strong": "**", "em": "*", "i": "*"}
_CODE = ("code", "kbd", "samp", "tt")
_LIST = re.compile(r"(?:-|\d+\.) ")
_BRACKET = re.compile(r"(?P<code>(`+).+?(?<!`)\2(?!`))|(?<!\\)[\[\]]")
_NO_BLANKS = {"(": "%28", ")": "%29", "<": "%3C", ">": "%3E", " ": "%20"}


def markdown_of(element: HtmlElement, top: int = 2) -> str:
    """The text of an element; its highest headings are of level `top`."""
    levels = [HEADINGS.index(heading.tag) for heading in element.iter(*HEADINGS) if heading.text_content().strip()]
    return "\n\n".join(_Writer(element, top - min(levels, default=0)).blocks(element)) + "\n"


class _Writer:
    """Writes the elements of one page; headings are `shift` levels lower than their index in `HEADINGS`."""

    def __init__(self, tree: HtmlElement, shift: int) -> None:
        self._shift = shift
        self._holders: set[HtmlElement] = set()  # elements that are no block, but hold one
        self._writers: dict[str, Callable[[HtmlElement], list[str]]] = {
            **dict.fromkeys(HEADINGS, self._heading),
            "blockquote": self._quotation,
            "dt": self._term,
            "ol": self._list,
            "pre": lambda block: [fenced(code, language_of(block))] if (code := code_of(block)).strip() else [],
            "table": self._table,
            "ul": self._list,
            FORMULA: lambda formula: [f"$$\n{formula.text}\n$$"],
        }
        for block in tree.iter():
            if self._is_block(block):
                for above in block.iterancestors():
                    if above in self._holders:
                        break
                    self._holders.add(above)

    def blocks(self, element: HtmlElement) -> list[str]:
        """The blocks of an element, each without blank lines around it."""
        found: list[str] = []
        run = [_text(element.text)]
        for child in element:
            if self._is_block(child):
                found += _paragraphs("".join(run))
                found += self._writers.get(child.tag, self.blocks)(child)
                run = []
            else:
                run.append(self._inline(child))
            run.append(_text(child.tail))
        return [*found, *_paragraphs("".join(run))]

    def _is_block(self, element: HtmlElement) -> bool:
        if element.tag == FORMULA:
            return element.get("display") is not None
        return element.tag in _BLOCKS or element in self._holders

    def _inline(self, element: HtmlElement) -> str:
        if element.tag == "br":
            return "\n"
        if element.tag == FORMULA:
            return f"${element.text}$"
        if element.tag in _CODE:
            return _code_span(element.text_content())
        inner = _text(element.text) + "".join(self._inline(child) + _text(child.tail) for child in element)
        if element.tag in ("sub", "sup") and inner.strip():
            return f"<{element.tag}>{inner.strip()}</{element.tag}>"
        if element.tag == "a":
            return _link(inner, element.get("href") or "")
        return _emphasised(inner, _EMPHASIS[element.tag]) if element.tag in _EMPHASIS else inner

    def _line(self, element: HtmlElement) -> str:
        return " ".join(" ".join(self.blocks(element)).split())

    def _heading(self, element: HtmlElement) -> list[str]:
        level = min(HEADINGS.index(element.tag) + self._shift, 6)
        text = self._line(element).replace("**", "")
        return [f"{'#' * level} {text}"] if text else []

    def _term(self, element: HtmlElement) -> list[str]:
        text = self._line(element)
        return [_emphasised(text, "**")] if text else []

    def _quotation(self, element: HtmlElement) -> list[str]:
        text = "\n\n".join(self.blocks(element))
        return ["\n".join(f"> {line}".rstrip() for line in text.split("\n"))] if text else []

    def _list(self, element: HtmlElement) -> list[str]:
        items: list[list[str]] = []
        for child in element:
            if child.tag in ("ol", "ul") and items:  # written next to the item that it belongs to
                items[-1] += self._list(child)
            elif self._is_block(child) and (blocks := self.blocks(child)):
                items.append(blocks)
        start = element.get("start") or "1"
        number = int(start) if element.tag == "ol" and start.isascii() and start.isdigit() and len(start) < 9 else 1
        ordered = element.tag == "ol"
        written = [_item(f"{number + n}. " if ordered else "- ", blocks) for n, blocks in enumerate(items)]
        tight = all(_LIST.match(block) for blocks in items for block in blocks[1:])
        return [("\n" if tight else "\n\n").join(written)] if written else []

    def _table(self, element: HtmlElement) -> list[str]:
        rows = rows_of(element)
        if rows is None:
            return self.blocks(element)
        heads = all(cell is None or cell.tag == "th" or _is_in_head(cell) for cell in rows[0])
        lines = [
            [re.sub(r"(?<!\\)\|", r"\|", self._line(cell)) if cell is not None else "" for cell in row] for row in rows
        ]
        width = max(map(len, lines))
        written = [f"| {' | '.join(line)} |" for line in (lines if heads else [[""] * width, *lines])]
        caption = [text for each in element.iter("caption") if (text := self._line(each))]
        return [*caption, "\n".join([written[0], f"|{' --- |' * width}", *written[1:]])]


def _is_in_head(cell: HtmlElement) -> bool:
    return any(above.tag == "thead" for above in cell.iterancestors("thead", "table"))


def _item(mark: str, blocks: list[str]) -> str:
    text = blocks[0]
    for block in blocks[1:]:
        text += ("\n" if _LIST.match(block) else "\n\n") + block
    return mark + text.replace("\n", "\n" + " " * len(mark)).replace("\n" + " " * len(mark) + "\n", "\n\n")


def _text(text: str | None) -> str:
    if not text:
        return ""
    return inline(re.sub(r"\s+", " ", readable(text))) if not text.isspace() else " "


def _paragraphs(text: str) -> list[str]:
    """The paragraphs of a line of Markdown: two line breaks part them."""
    parts = re.split(r"\n{2,}", re.sub(r"[ ]*\n[ ]*", "\n", text).strip())
    return ["\n".join(begun(" ".join(line.split())) for line in part.split("\n")) for part in parts if part.strip()]


def _code_span(text: str) -> str:
    code = one_line(text)
    if not code:
        return ""
    ticks = "`" * (max((len(run) for run in re.findall(r"`+", code)), default=0) + 1)
    return f"{ticks} {code} {ticks}" if "`" in code else f"`{code}`"


def _emphasised(text: str, mark: str) -> str:
    """A text between marks, the blanks at its ends outside them."""
    inner = text.strip()
    if not inner or mark in inner or "\n\n" in inner:
        return text
    before, _, after = text.partition(inner)
    return f"{before}{mark}{inner}{mark}{after}"


def _link(text: str, address: str) -> str:
    """A link to another page; one within a page is its text."""
    inner = text.strip()
    if not inner or not address.startswith(("http://", "https://")):
        return text
    target = "".join(_NO_BLANKS.get(char, char) for char in one_line(address))
    shown = _BRACKET.sub(lambda match: match[0] if match["code"] else f"\\{match[0]}", " ".join(inner.split()))
    before, _, after = text.partition(inner)
    return f"{before}[{shown}]({target}){after}"
