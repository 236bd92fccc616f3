"""Finds the sentences and bullets of a passage. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kb.models import LineKind, Statement
from kb.notes.prose import CODE_SPAN, LINE_MARKS, clean, sentence_spans
from kb.notes.words import searchable

SAYING = (LineKind.PROSE, LineKind.LIST, LineKind.QUOTATION)  # the kinds of line that state something

MIN_WORDS = 3  # outside its links, formulas and code, of a statement that has such

_LINK = re.compile(r"!?\[\[[^\[\]]*\]\]|!?\[[^\[\]]*\](?:\([^()]*\)|\[[^\[\]]*\])|<?https?://[^\s<>]+")
_FORMULA_OR_CODE = re.compile(CODE_SPAN + r"|\$\$.+?\$\$|\$[^$\n]+\$", re.DOTALL)
_HALF_BOLD = re.compile(r"^\*\*(?=\w)|(?<=\S)\*\*$")  # of a sentence in a run of bold ones
_WORD = re.compile(r"\w+")
_ITEM = re.compile(r"[ \t]*(?:>[ \t]?)*(?:[-*+]|\d{1,9}[.)])[ \t]+\S")


def statements(text: str, kinds: str, first_line: int = 1) -> list[Statement]:
    """The sentences and bullets of a passage as plain text with their lines, given the `LineKind` of each line.

    `first_line` is the line of the note at which the passage begins.
    """
    return [statement for paragraph in paragraphs(text, kinds, first_line) for statement in paragraph]


def paragraphs(text: str, kinds: str, first_line: int = 1) -> list[list[Statement]]:
    """The statements of each paragraph, list item and quotation that has any."""
    lines = text.split("\n")
    found = [
        [
            Statement(text=said, start_line=first_line + start, end_line=first_line + end)
            for said, start, end in _sentences(lines, first, stop)
        ]
        for first, stop in _paragraphs(lines, kinds)
    ]
    return [paragraph for paragraph in found if paragraph]


def stated(text: str, kinds: str) -> str:
    """The lines of a passage that state something: prose, lists and quotations."""
    return "\n".join(line for line, kind in zip(text.split("\n"), kinds, strict=False) if kind in SAYING)


def _paragraphs(lines: Sequence[str], kinds: str) -> Iterator[tuple[int, int]]:
    """First line, and line after the last, of each paragraph, list item and quotation."""
    start: int | None = None
    for number in range(len(lines) + 1):
        kind = kinds[number] if number < min(len(lines), len(kinds)) else LineKind.BLANK
        begins = kind in (LineKind.LIST, LineKind.QUOTATION) and bool(_ITEM.match(lines[number]))
        if start is not None and (kind != kinds[start] or begins):
            yield start, number
            start = None
        if start is None and kind in SAYING:
            start = number


def _sentences(lines: Sequence[str], first: int, stop: int) -> Iterator[tuple[str, int, int]]:
    """The sentences of the paragraph `lines[first:stop]` as plain text, with first and last line.

    A sentence that its own lines do not contain when read without their context cannot be cited and is left out: a
    line that begins with `3. ` in the middle of a sentence reads as a list item. So is one of links, formulas or code
    alone.
    """
    paragraph = "\n".join(lines[first:stop])
    mark = LINE_MARKS.match(paragraph)
    for begin, after in sentence_spans(paragraph, mark.end() if mark else 0):
        sentence = paragraph[begin:after]
        text = _HALF_BOLD.sub("", clean(sentence))
        start = first + paragraph.count("\n", 0, begin)
        end = start + paragraph.count("\n", begin, after)
        cited = "\n".join(lines[start : end + 1])
        if text and _has_words(sentence) and (sentence == cited or text in clean(cited)):
            yield text, start, end


def _has_words(sentence: str) -> bool:
    """Whether a sentence says something itself, apart from what it links to, calculates or quotes as code."""
    rest, left_out = _FORMULA_OR_CODE.subn(" ", sentence)
    rest, links = _LINK.subn(" ", rest)
    return not (left_out or links) or len(_WORD.findall(searchable(rest))) >= MIN_WORDS
