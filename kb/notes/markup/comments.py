"""Comments of a note, which are private: blanked out before anything else is read. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.notes.prose import CODE_SPAN

_TOKEN = re.compile(
    # A fence may be in a quotation or begin a list item.
    r"(?P<line>^[ \t]*(?:>[ \t]?)*(?P<item>(?:[-*+]|\d{1,9}[.)])[ \t]+)?)(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})"
    rf"|(?P<span>{CODE_SPAN})|(?P<comment><!--|%%|\{{[ \t]*/\*|\{{::comment\}}|\{{\{{[<%][ \t]*comment[ \t]*[>%]\}}\}}"
    r"|\{%-?[ \t]*(?:\#[^\n]*?%\}|comment\b[^%\n]*%\})|^[ \t]*(?:[-*+][ \t]+)?\#\+BEGIN_COMMENT\b"
    r"|^[ \t]*(?:>[ \t]?)*\[(?:comment|_metadata_|[^\w\[\]\n]*|_|\^_\^)\]:[ \t]*(?:\#|<>)(?=\s))",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
# How comments end, by how they begin. What does not end is not a comment.
_ENDS = (
    ("{%", re.compile(r"\{%-?[ \t]*endcomment[ \t]*-?%\}", re.IGNORECASE)),
    ("{{", re.compile(r"\{\{[<%][ \t]*/comment[ \t]*[>%]\}\}", re.IGNORECASE)),
    ("{:", re.compile(r"\{:/(?:comment)?\}", re.IGNORECASE)),
    ("{", re.compile(r"\*/[ \t]*\}")),
    ("#", re.compile(r"\#\+END_COMMENT\b", re.IGNORECASE)),
)
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_BLOCK_END = re.compile(r"\n[ \t]*(?:\n|<!--|(?:[-*+]|1[.)])[ \t]|\#{1,6}[ \t])")  # which no code span crosses
# The title of a link definition, which may go on in the next lines, and the rest of its last line.
_TITLE = re.compile(r"(?:[ \t]*\n?[ \t]*(?:\((?:[^()\n]|\n(?!\s*\n))*\)|\"(?:[^\"\n]|\n(?!\s*\n))*\"))?[^\n]*")
_VISIBLE = re.compile(r"\S")
_LEADING = re.compile(r"[ \t]*(?:>[ \t]?)*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?)?")
_MARKS = ("<!--", "%%", "{%", "/*", "{{", "{::", "#+", "]: #", "]:#", "]: <>", "]:<>")
MOST_INDENTED = 100  # blanks before a mark that begins a line


def without_comments(text: str) -> str:
    """A text in which every comment is blanks, so that line numbers and the length of lines stay. What follows one that
    begins a line stands in its place: blanks before it would make it code.
    """
    kept: list[str] = []
    done = number = 0
    places: dict[int, int] = {}
    for start, end in comment_spans(text):
        kept += [text[done:start], _VISIBLE.sub(" ", text[start:end])]
        number += text.count("\n", done, end)
        done = end
        before = text[text.rfind("\n", 0, start) + 1 : start]
        begins_line = bool(_LEADING.fullmatch(before))
        if begins_line or "\n" in text[start:end]:
            places[number] = len(before) if begins_line else 0
    if not kept:
        return text
    lines = "".join([*kept, text[done:]]).split("\n")
    for place, column in places.items():
        line = lines[place]
        lines[place] = (line[:column] + line[column:].lstrip(" \t")).ljust(len(line))
    return "\n".join(lines)


def comment_spans(text: str) -> Iterator[tuple[int, int]]:
    """The character ranges `[start, end)` of comments: `<!-- -->` and Obsidian's `%% %%`, in a sentence or over
    several paragraphs, comments of Liquid, Hugo, Kramdown, MDX and Org, and the link definition `[//]: # (…)`. What is
    code is no comment.
    """
    if not any(mark in text for mark in _MARKS):
        return
    position = 0
    ends = _Ends(text)
    while token := _TOKEN.search(text, position):
        position = token.end()
        if token["fence"]:
            position = _end_of_fence(text, token)
        elif token["span"] and _BLOCK_END.search(token["span"]):
            position = token.start() + len(token["ticks"])  # a code span ends with its paragraph
        elif token["comment"] and (end := ends.of(token)):
            position = end
            yield token.start("comment"), end


def _end_of_fence(text: str, opening: re.Match[str]) -> int:
    """The offset behind the code that a fence opens, at the latest where the quotation or list item around it ends. A
    fence that nothing closes hides no comment: whether it is one depends on what surrounds it.
    """
    fence, start = opening["fence"], opening.end()
    closing = re.compile(rf"^[ \t]*(?:>[ \t]?)*{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$", re.MULTILINE)
    found = closing.search(text, start)
    around = _end_of_container(opening)
    outside = around.search(text, start) if around else None
    if outside and (not found or outside.start() < found.start()):
        return outside.start()
    return found.end() if found else start


def _end_of_container(opening: re.Match[str]) -> re.Pattern[str] | None:
    """What begins the first line after a quotation or list item in which a fence opens; None for a fence in neither."""
    if ">" in opening["line"]:
        return re.compile(r"^(?![ \t]*>)", re.MULTILINE)
    if opening["item"] and "\t" not in opening["line"]:
        return re.compile(rf"^(?! {{{len(opening['line'])}}}|[ \t]*$|\t)", re.MULTILINE)
    return None


class _Ends:
    """Where the comments of a text end; a mark behind the last end need not be looked for, however many there are."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._last_html = text.rfind("-->")
        self._last = {begins: max((at.start() for at in end.finditer(text)), default=-1) for begins, end in _ENDS}

    def of(self, opening: re.Match[str]) -> int | None:
        """The offset behind the mark that ends a comment; None for a mark that opens none."""
        text, start = self._text, opening.end("comment")
        before = text[max(0, opening.start() - MOST_INDENTED) : opening.start()].rpartition("\n")[2]
        mark = opening["comment"].lstrip(" \t>-*+")
        if mark.endswith("%}") and "#" in mark:
            return start
        if mark == "<!--":
            if self._last_html >= start:
                return text.index("-->", start) + len("-->")
            return None if before.strip() else len(text)
        if mark == "%%":
            return self._end_of_percents(start, before)
        if mark.startswith("["):
            return _TITLE.match(text, start).end()  # type: ignore[union-attr]  # matches anything
        begins, end = next(pair for pair in _ENDS if mark.startswith(pair[0]))
        closed = end.search(text, start) if self._last[begins] >= start else None
        return closed.end() if closed else None

    def _end_of_percents(self, start: int, before: str) -> int | None:
        """In a sentence, signs over several paragraphs are a comment where they look like brackets: `40%%` opens none,
        and `%%time` closes none.
        """
        text = self._text
        end = text.find("%%", start)
        if end < 0:
            return None
        after = end + len("%%")
        brackets = before[-1:].isspace() and not text[after : after + 1].isalnum()
        return None if before.strip() and not brackets and _BLANK_LINE.search(text, start, end) else after
