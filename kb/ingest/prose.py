"""Markdown -> plain sentences with their lines. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from kb.models import Statement

_PROTECTED = re.compile(
    r"(?P<code>(?P<ticks>`+)(?P<inside>.+?)(?P=ticks))|(?P<math>\$\$.+?\$\$|\$[^$\s](?:[^$\n]*[^$\s])?\$)", re.DOTALL
)
_LINE_MARKS = re.compile(
    r"^[ \t]*(?:>[ \t]?)*(?:#{1,6}[ \t]+|(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?)?(?:\[![\w-]+\][+-]?[ \t]*)?",
    re.MULTILINE,
)
# Each with a character without which it cannot match: most passages have few of them.
_REPLACEMENTS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("<", re.compile(r"<!--.*?-->", re.DOTALL), " "),
    ("%", re.compile(r"\{%.*?%\}", re.DOTALL), " "),
    ("]", re.compile(r"^[ \t]*\[[^\]\n]+\]:[ \t]*\S+.*$", re.MULTILINE), ""),
    ("-", re.compile(r"^[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)*$", re.MULTILINE), ""),
    ("", re.compile(r"^[ \t]*(?:[-*_][ \t]*){3,}$|^[ \t]*=+[ \t]*$", re.MULTILINE), ""),
    ("<", re.compile(r"</?[A-Za-z][^<>\n]*>"), ""),
    ("<", re.compile(r"<(https?://[^<>\s]+)>"), r"\1"),
    ("[[", re.compile(r"!?\[\[[^\[\]|\n]*\|([^\[\]\n]*)\]\]"), r"\1"),
    ("[[", re.compile(r"!?\[\[([^\[\]\n]*)\]\]"), r"\1"),
    ("[^", re.compile(r"\[\^[^\]\n]+\]"), ""),
    ("](", re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+[\"'][^\"'\n]*[\"'])?\)"), r"\1"),
    ("][", re.compile(r"\[([^\[\]\n]+)\]\[[^\[\]\n]*\]"), r"\1"),
    ("**", re.compile(r"(\*\*\*|\*\*)(?=\S)(.+?)(?<=\S)\1", re.DOTALL), r"\2"),
    ("~~", re.compile(r"~~(?=\S)(.+?)(?<=\S)~~", re.DOTALL), r"\1"),
    ("__", re.compile(r"(?<![\w_])__(?=\S)([^\n]+?)(?<=\S)__(?![\w_])"), r"\1"),
    ("*", re.compile(r"(?<![\w*])\*(?=[^\s*])([^*]*?[^\s*])\*(?![\w*])"), r"\1"),
    ("_", re.compile(r"(?<![\w_])_(?=[^\s_])([^_]*?[^\s_])_(?![\w_])"), r"\1"),
    ("|", re.compile(r"[ \t]*\|[ \t]*"), " "),
    ("\\", re.compile(r"\\([!-/:-@\[-`{-~])"), r"\1"),
)
_HOLDER = re.compile("\ue000(\\d+)\ue001")
_ABBREVIATIONS = (
    r"(?<!\be\.g)(?<!\bi\.e)(?<!\bet al)(?<!\bvs)(?<!\bcf)(?<!\bFig)(?<!\bEq)(?<!\bSec)(?<!\bNo)(?<!\bca)(?<!\bapprox)"
)
_SENTENCE_END = re.compile(
    rf"(?:{_ABBREVIATIONS}\.|[!?])[\"')\]*_`]*(?=\s+[\"'(\[*_`$]*[A-Z0-9\u00c0-\uffff])|[。！？]"
)
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_FENCE = re.compile(r"^[ \t]*(?:>[ \t]?)*(`{3,}|~{3,})")
_ITEM = re.compile(r"^[ \t]*(?:>[ \t]?)*(?:[-*+]|\d{1,9}[.)])[ \t]+\S")
_NOT_PROSE = re.compile(r"^[ \t]*(?:#{1,6}(?:[ \t]|$)|\||<|\{%|\$\$|!\[|\[[^\]]+\]:|(?:[-*_][ \t]*){3,}$|=+[ \t]*$)")


def printable(text: str) -> str:
    """Text without control characters, which could rewrite a terminal, and directional ones, which reorder it."""
    return _CONTROLS.sub("", text)


def clean(markdown: str) -> str:
    """Plain text of a piece of Markdown: marks dropped, words, code and formulas kept, whitespace collapsed.

    Works on any run of whole lines, so that a quotation can be checked against the lines it came from.
    """
    kept: list[str] = []

    def hold(match: re.Match[str]) -> str:
        kept.append(match["inside"] if match["code"] else match["math"])
        return f"\ue000{len(kept) - 1}\ue001"

    text = _LINE_MARKS.sub("", _fences_opened(markdown))
    text = _PROTECTED.sub(hold, text)
    for needed, pattern, replacement in _REPLACEMENTS:
        if needed in text:
            text = pattern.sub(replacement, text)
    text = _HOLDER.sub(lambda match: kept[int(match[1])], html.unescape(text))
    return " ".join(printable(text).split())


def statements(markdown: str, first_line: int = 1) -> list[Statement]:
    """The sentences and bullets of a passage, cleaned, with their lines; code, tables and headings left out."""
    found = []
    for block, start in _prose_blocks(markdown.split("\n")):
        mark = _LINE_MARKS.match(block)
        offset = mark.end() if mark else 0
        for begin, end in sentence_spans(block, offset):
            text = clean(block[begin:end])
            if text:
                line = first_line + start + block.count("\n", 0, begin)
                found.append(
                    Statement(text=text, start_line=line, end_line=line + block[begin:end].rstrip().count("\n"))
                )
    return found


def sentence_spans(text: str, start: int = 0) -> list[tuple[int, int]]:
    """Character ranges `[start, end)` of the sentences of a text from `start` on, without the blanks between."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text, start)] + [len(text)]
    spans = []
    for end in ends:
        begin = start + len(text[start:end]) - len(text[start:end].lstrip())
        if begin < end:
            spans.append((begin, end))
        start = end
    return spans


def _fences_opened(markdown: str) -> str:
    """The text without the lines that open and close a code fence."""
    return "\n".join("" if _FENCE.match(line) else line for line in markdown.split("\n"))


def _prose_blocks(lines: list[str]) -> Iterator[tuple[str, int]]:
    """Paragraphs and single list items, each with the index of its first line."""
    block: list[str] = []
    start = 0
    fence = ""
    for index, line in enumerate([*lines, ""]):
        mark = _FENCE.match(line)
        breaks = bool(fence) or bool(mark) or not line.strip() or bool(_NOT_PROSE.match(line))
        if block and (breaks or _ITEM.match(line)):
            yield "\n".join(block), start
            block = []
        if mark:
            fence = "" if fence and mark[1].startswith(fence) else fence or mark[1]
        elif not breaks:
            start = start if block else index
            block.append(line)
