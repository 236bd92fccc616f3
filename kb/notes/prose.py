"""Markdown -> plain sentences with their lines. Pure."""

from __future__ import annotations

import html
import re
from bisect import bisect_left

from kb.models import Statement

# No pattern here may look far ahead of each of many places: a note of one mark repeated would take minutes.
CODE_SPAN = r"(?<!`)(?P<ticks>`++)(?P<code>.{1,2000}?)(?<!`)(?P=ticks)(?!`)"
_PROTECTED = re.compile(
    CODE_SPAN + r"|(?P<math>\$\$.{1,2000}?\$\$|\$[^$\s](?:[^$\n]*[^$\s])?\$)|\\(?P<escaped>[!-/:-@\[-`{-~])",
    re.DOTALL,
)
_LINE_MARKS = re.compile(
    r"^[ \t]*(?:>[ \t]?)*(?:#{1,6}[ \t]+|(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?)?(?:\[![\w-]+\][+-]?[ \t]*)?",
    re.MULTILINE,
)
# Each with a character without which it cannot match: most passages have few of them.
_REPLACEMENTS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("]", re.compile(r"^[ \t]*\[[^\]\n]+\]:[ \t]*\S+.*$", re.MULTILINE), ""),
    ("-", re.compile(r"^[ \t]*+(?:\|[ \t]*+)?:?-{2,}+:?[ \t]*+(?:\|[ \t]*+:?-*+:?[ \t]*+)*+$", re.MULTILINE), ""),
    ("", re.compile(r"^[ \t]*(?:[-*_][ \t]*){3,}$|^[ \t]*=+[ \t]*$", re.MULTILINE), ""),
    ("<", re.compile(r"<(https?://[^<>\s]+)>"), r"\1"),
    ("<", re.compile(r"</?[A-Za-z][^<>\n]*>"), ""),
    ("[[", re.compile(r"!?\[\[[^\[\]|\n]*\|([^\[\]\n]*)\]\]"), r"\1"),
    ("[[", re.compile(r"!?\[\[([^\[\]\n]*)\]\]"), r"\1"),
    ("[^", re.compile(r"\[\^[^\[\]\n]{1,200}\]"), ""),
    ("](", re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+[\"'][^\"'\n]*[\"'])?\)"), r"\1"),
    ("][", re.compile(r"\[([^\[\]\n]+)\]\[[^\[\]\n]*\]"), r"\1"),
    ("**", re.compile(r"(\*\*\*|\*\*)(?=\S)((?:[^*]|\*(?!\*)){1,1000}?)(?<=\S)\1"), r"\2"),
    ("~~", re.compile(r"~~(?=\S)((?:[^~]|~(?!~)){1,1000}?)(?<=\S)~~"), r"\1"),
    ("__", re.compile(r"(?<![\w_])__(?=\S)((?:[^_\n]|_(?!_)){1,1000}?)(?<=\S)__(?![\w_])"), r"\1"),
    ("*", re.compile(r"(?<![\w*])\*(?=[^\s*])([^*]*?[^\s*])\*(?![\w*])"), r"\1"),
    ("_", re.compile(r"(?<![\w_])_(?=[^\s_])([^_]*?[^\s_])_(?![\w_])"), r"\1"),
    ("|", re.compile(r"\|"), " "),
)
_HOLDER = re.compile("\x00(\\d+)\x01")
_ABBREVIATIONS = "".join(
    rf"(?<!\b{name}\.)" for name in (r"e\.g", r"i\.e", "et al", "vs", "cf", "Fig", "Eq", "Sec", "No", "ca", "approx")
)
_SENTENCE_END = re.compile(
    rf"(?:\.{_ABBREVIATIONS}|[!?])[\"')\]*_`]*(?=\s+[\"'(\[*_`$]*[A-Z0-9\u00c0-\uffff])|[。！？]"
)
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_FENCE = re.compile(r"^[ \t]*(?:>[ \t]?)*(`{3,}|~{3,})")
_NOT_PROSE = re.compile(r"^[ \t]*(?:\{%|!\[|\[[^\]]+\]:)")
_UNBREAKABLE = re.compile(
    CODE_SPAN
    + r"|\$[^$\n]+\$|!?\[[^\[\]]*\](?:\([^()\s]*\)|\[[^\[\]]*\])"
    + r"|(?P<stars>\*{1,3})(?=\S)[^*]+?(?P=stars)|\b__?(?=\S)[^_]+?__?\b",
    re.DOTALL,
)


def printable(text: str) -> str:
    """Text without control characters, which could rewrite a terminal, and directional ones, which reorder it."""
    return _CONTROLS.sub("", text)


def escaped(json: str) -> str:
    """JSON that means the same without those characters."""
    return _CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", json)


def clean(markdown: str) -> str:
    """Plain text of a piece of Markdown: marks dropped, words, code and formulas kept, whitespace collapsed.

    Works on any run of whole lines, so that a quotation can be checked against the lines it came from.
    """
    kept: list[str] = []

    def hold(match: re.Match[str]) -> str:
        kept.append(match["code"] or match["math"] or match["escaped"])
        return f"\x00{len(kept) - 1}\x01"

    text = _LINE_MARKS.sub("", _fences_opened(printable(markdown)))
    text = _without(_without(_PROTECTED.sub(hold, text), "<!--", "-->", 4000), "{%", "%}", 1000)
    for needed, pattern, replacement in _REPLACEMENTS:
        if needed in text:
            text = pattern.sub(replacement, text)
    text = _HOLDER.sub(lambda match: kept[int(match[1])], html.unescape(text))
    return " ".join(printable(text).split())  # an entity may have been a control character


def statements(markdown: str, first_line: int = 1) -> list[Statement]:
    """The sentences and bullets of a passage, cleaned, with their lines; code, tables and headings left out."""
    from kb.notes.blocks import paragraphs

    lines = markdown.split("\n")
    found = []
    for first, after in paragraphs(lines):
        block = "\n".join(lines[first:after])
        mark = _LINE_MARKS.match(block)
        for begin, stop in sentence_spans(block, mark.end() if mark else 0):
            sentence = block[begin:stop]
            text = clean(sentence)
            start = first + block.count("\n", 0, begin)
            end = start + block.count("\n", begin, stop)
            at_its_lines = "\n".join(lines[start : end + 1])
            # A number at the start of a line is a list mark to whoever sees that line alone: not quoted.
            if text and not _NOT_PROSE.match(sentence) and (sentence == at_its_lines or text in clean(at_its_lines)):
                found.append(Statement(text=text, start_line=first_line + start, end_line=first_line + end))
    return found


def sentence_spans(text: str, start: int = 0) -> list[tuple[int, int]]:
    """Character ranges `[start, end)` of the sentences of a text from `start` on, without the blanks between."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text, start)]
    if ends:
        unbreakable = [match.span() for match in _UNBREAKABLE.finditer(text)]
        ends = [end for end in ends if not _inside(end, unbreakable)]
    ends.append(len(text))
    spans = []
    for end in ends:
        begin = start + len(text[start:end]) - len(text[start:end].lstrip())
        if begin < end:
            spans.append((begin, end))
        start = end
    return spans


def _inside(position: int, spans: list[tuple[int, int]]) -> bool:
    """Whether a position lies in one of some spans, which are in order and apart."""
    before = bisect_left(spans, (position,)) - 1
    return before >= 0 and position < spans[before][1]


def _without(text: str, opening: str, closing: str, longest: int) -> str:
    """The text with a blank for each span from an opening mark to the closing one, at most so many characters apart."""
    pieces = []
    done, end = 0, -1
    start = text.find(opening)
    while start >= 0:
        inside = start + len(opening)
        end = text.find(closing, inside) if end < inside else end
        if end < 0:
            break
        if end - inside <= longest:
            pieces.append(text[done:start])
            done = inside = end + len(closing)
        start = text.find(opening, inside)
    return " ".join([*pieces, text[done:]])


def _fences_opened(markdown: str) -> str:
    """The text without the lines that open and close a code fence."""
    return "\n".join("" if _FENCE.match(line) else line for line in markdown.split("\n"))
