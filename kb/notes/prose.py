"""Turns Markdown into plain text and finds the ends of sentences. Pure."""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from functools import cache

# No pattern may scan far from many starting points: a note that repeats one mark would take quadratic time.
CODE_SPAN = r"(?<!`)(?P<ticks>`++)(?P<code>.{1,2000}?)(?<!`)(?P=ticks)(?!`)"
_PROTECTED = re.compile(
    CODE_SPAN + r"|(?P<math>\$\$.{1,2000}?\$\$"
    r"|\$[^$\s](?:[^$\n]*[^$\s])?\$(?!\d)"  # before a digit it is the next price
    r"|\\{1,2}\((?=[^()\n]{0,100}(?:[_^={]|\\[A-Za-z]))[^\n]{1,500}?\\{1,2}\))"  # \( x_i \)
    r"|\\(?P<escaped>[!-/:-@\[-`{-~])",
    re.DOTALL,
)
LINE_MARKS = re.compile(
    r"^(?=[ \t>#*+\d\[-])[ \t]*(?:>[ \t]?)*(?:#{1,6}[ \t]+|(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?)?"
    r"(?:\[![\w-]+\][+-]?[ \t]*)?",
    re.MULTILINE,
)
_ATTACHMENT = r"[^\[\]|\n]*\.(?!md\b|markdown\b)[A-Za-z][A-Za-z0-9]{1,4}(?:#[^\[\]|\n]*)?"
_DESTINATION = r"\((?:\s*+<[^<>\n]*>\s*+|\s*+[^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+(?:\"[^\"\n]*\"|'[^'\n]*'))?\s*)\)"
# (required text, pattern, replacement). Looking for the required text first saves most searches, and a command that
# shows little text need not compile most of the patterns.
_REPLACEMENTS: tuple[tuple[str, str, str], ...] = (
    ("{", r"\{\{[^{}\n]*\}\}", ""),
    ("{", r"(?<=[)\]*\x01])\{[:.#\w][^{}\n]*\}|(?<=_)\{(?:[:.#]|[\w-]+=[\"'])[^{}\n]*\}", ""),
    ("{", r"(?m)[ \t]\{[.#][A-Za-z][^{}\n]*\}[ \t]*$", ""),
    ("]", r"(?m)^[ \t]*\[[^\]\n]+\]:[ \t]*\S+.*$", ""),
    ("-", r"(?m)^[ \t]*+(?:\|[ \t]*+)?:?-{2,}+:?[ \t]*+(?:\|[ \t]*+:?-*+:?[ \t]*+)*+$", ""),
    ("", r"(?m)^[ \t]*(?:[-*_][ \t]*){3,}$|^[ \t]*=+[ \t]*$", ""),
    ("<", r"<(https?://[^<>\s]+)>", r"\1"),
    ("<", r"</?[A-Za-z][^<>\n]*>|<[A-Za-z][^<>]{0,500}=[^<>]{0,500}>", ""),
    ("((", r"\(\([0-9a-f-]{36}\)\)", ""),  # Logseq: a block elsewhere
    ("^", r"(?m)[ \t]\^[A-Za-z0-9-]{3,}[ \t]*$", ""),  # Obsidian: the name of a block
    # Obsidian: an embedded picture or file, which has no words of its own but a caption.
    ("![[", rf"!\[\[{_ATTACHMENT}(?:\|\d+(?:x\d+)?)?\]\]", ""),
    ("[[", r"!?\[\[[^\[\]|\n]*\|([^\[\]\n]*)\]\]", r"\1"),
    ("[[", r"!?\[\[([^\[\]\n]*)\]\]", r"\1"),
    ("[^", r"\[\^[^\[\]\n]{1,200}\]", ""),
    ("![", rf"!\[([^\[\]]*)\]{_DESTINATION}", r"\1"),  # first: a link may hold an image
    ("](", r"\[(\*{1,3}|_{1,3})([^\[\]*_]+)\1\](?=\()", r"[\2]"),  # emphasis may end next to it
    ("](", rf"\[([^\[\]]*+(?:\[[^\[\]]*+\][^\[\]]*+){{0,4}})\]{_DESTINATION}", r"\1"),
    ("](", r"\]\(https?://[^()\s]*\)", ""),  # the end of a link over several paragraphs
    ("][", r"\[([^\[\]\n]+)\]\[[^\[\]\n]*\]", r"\1"),
    ("**", r"(\*\*\*|\*\*)(?=\S)((?:[^*]|\*(?!\*)){1,1000}?)(?<=\S)\1", r"\2"),
    ("**", r"\*\*[ \t]+([^*\n]{1,300}?)(?<=\S)\*\*(?!\w)", r" \1"),  # ** so**, as editors leave it behind
    ("**", r"(?<!\w)\*\*(?=[^*\s])([^*\n]{1,300}?)(?:[ \t]+|[ \t]*\n)\*\*", r"\1 "),
    ("~~", r"~~(?=\S)((?:[^~]|~(?!~)){1,1000}?)(?<=\S)~~", r"\1"),
    ("__", r"(?<![\w_])__(?=\S)((?:[^_\n]|_(?!_)){1,1000}?)(?<=\S)__(?![\w_])", r"\1"),
    ("*", r"(?<![\w*])\*(?=[^\s*])([^*]*?[^\s*])\*(?![\w*])", r"\1"),
    ("_", r"(?<![\w_])_(?=[^\s_])([^_]*?[^\s_])_(?![\w_])", r"\1"),
    ("|", r"\|", " "),
)
_HOLDER = re.compile("\x00(\\d+)\x01")
_ABBREVIATED = (
    r"e\.g",
    r"i\.e",
    r"i\.i\.d",
    r"a\.k\.a",
    r"w\.r\.t",
    "et al",
    "vs",
    "cf",
    "resp",
    "Fig",
    "Figs",
    "Eq",
    "Eqs",
    "Sec",
    "Secs",
    "Ch",
    "No",
    "ca",
    "approx",
    "Dr",
    "Mr",
    "Mrs",
    "Prof",
)
_ABBREVIATION = re.compile(rf"\b(?:{'|'.join(_ABBREVIATED)})\Z")
_LONGEST_ABBREVIATION = max(map(len, _ABBREVIATED))
# In scripts without blanks, brackets that close after a full stop belong to its sentence; what they quote is a part of
# one where a particle follows.
_SENTENCE_END = re.compile(
    r"[.!?][\"')\]*_`]*(?=\s+[\"'(\[*_`$]*[A-Z0-9\u00c0-\uffff])"
    r"|(?:[。！？]|．(?![0-9０-９]))(?:(?![。！？．」』”’）)*_])|[。！？．]*[」』”’）)*_]++(?![とっはがをのにでも、，。]))"
)
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_FENCE = re.compile(r"^[ \t]*(?:>[ \t]?)*(`{3,}|~{3,})")
_UNBREAKABLE = re.compile(
    CODE_SPAN
    + r"|\$[^$\n]+\$|!?\[[^\[\]]*\](?:\(\s*+[^()\s]*+(?:\s++\"[^\"\n]*\")?\s*+\)|\[[^\[\]]*\])"
    + r"|(?P<stars>\*{1,3})(?=\S)[^*]+?(?P=stars)|\b__?(?=\S)[^_]+?__?\b",
    re.DOTALL,
)


def printable(text: str) -> str:
    """Text without control and bidirectional characters, which could manipulate a terminal or reorder its text."""
    if text.replace("\n", "").replace("\t", "").isprintable():  # many times faster, and nearly always so
        return text
    return _CONTROLS.sub("", text)


def escaped(json: str) -> str:
    """Equivalent JSON with those characters escaped."""
    return _CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", json)


def clean(markdown: str) -> str:
    """The plain text of some lines of Markdown: words, code and formulas without markup, whitespace collapsed.

    The lines may be cut out of any context, so that a quotation can be checked against the lines that it cites.
    """
    kept: list[str] = []

    def hold(match: re.Match[str]) -> str:
        math = match["math"]
        if math and math.startswith("\\\\"):  # Kramdown escapes what MathJax reads
            math = math.replace("\\\\", "\\").replace("\\_", "_")
        kept.append(match["code"] or math or match["escaped"])
        return f"\x00{len(kept) - 1}\x01"

    text = LINE_MARKS.sub("", _without_fences(printable(markdown)))
    if any(mark in text for mark in "`$\\"):
        text = _PROTECTED.sub(hold, text)
    text = _without(_without(text, "<!--", "-->", 4000), "{%", "%}", 1000)
    for needed, pattern, replacement in _REPLACEMENTS:
        if needed in text:
            text = _compiled(pattern).sub(replacement, text)
    text = html.unescape(text)
    if kept:
        text = _HOLDER.sub(lambda match: kept[int(match[1])], text)
    return " ".join(printable(text).split())  # an HTML entity may have stood for a control character


_compiled = cache(re.compile)


def sentence_spans(text: str, start: int = 0) -> list[tuple[int, int]]:
    """Character ranges `[start, end)` of the sentences of `text[start:]`, without the whitespace between them."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text, start) if not _abbreviates(text, match.start())]
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


def _abbreviates(text: str, at: int) -> bool:
    """Whether the full stop at an index ends an abbreviation."""
    return text[at] == "." and bool(_ABBREVIATION.search(text, max(at - _LONGEST_ABBREVIATION, 0), at))


def _inside(position: int, spans: list[tuple[int, int]]) -> bool:
    """Whether a position lies inside one of some sorted, disjoint spans."""
    before = bisect_left(spans, (position,)) - 1
    return before >= 0 and position < spans[before][1]


def _without(text: str, opening: str, closing: str, longest: int) -> str:
    """The text with a space in place of each pair of marks and the at most `longest` characters between them."""
    pieces = []
    done, end = 0, -1
    start = text.find(opening)
    if start < 0:
        return text
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


def _without_fences(markdown: str) -> str:
    """The text with blank lines for those that open or close a code fence."""
    if "```" not in markdown and "~~~" not in markdown:
        return markdown
    return "\n".join("" if _FENCE.match(line) else line for line in markdown.split("\n"))
