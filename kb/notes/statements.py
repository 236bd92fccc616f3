"""Finds the sentences and bullets of a passage. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kb.models import Statement
from kb.notes.blocks import paragraphs
from kb.notes.prose import LINE_MARKS, clean, sentence_spans

_NOT_PROSE = re.compile(r"^[ \t]*(?:\{%|!\[|\[[^\]]+\]:)")


def statements(markdown: str, first_line: int = 1) -> list[Statement]:
    """The sentences and bullets of a passage as plain text with their lines, without code, tables and headings.

    `first_line` is the line of the note at which the passage begins.
    """
    lines = markdown.split("\n")
    return [
        Statement(text=text, start_line=first_line + start, end_line=first_line + end)
        for first, stop in paragraphs(lines)
        for text, start, end in _sentences(lines, first, stop)
    ]


def _sentences(lines: Sequence[str], first: int, stop: int) -> Iterator[tuple[str, int, int]]:
    """The sentences of the paragraph `lines[first:stop]` as plain text, with first and last line.

    A sentence that its own lines do not contain when read without their context cannot be cited and is left out: a
    line that begins with `3. ` in the middle of a sentence reads as a list item.
    """
    paragraph = "\n".join(lines[first:stop])
    mark = LINE_MARKS.match(paragraph)
    for begin, after in sentence_spans(paragraph, mark.end() if mark else 0):
        sentence = paragraph[begin:after]
        text = clean(sentence)
        start = first + paragraph.count("\n", 0, begin)
        end = start + paragraph.count("\n", begin, after)
        cited = "\n".join(lines[start : end + 1])
        if text and not _NOT_PROSE.match(sentence) and (sentence == cited or text in clean(cited)):
            yield text, start, end
