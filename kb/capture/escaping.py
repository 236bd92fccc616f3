"""Text from elsewhere as Markdown that cannot leave its place: no comment, link, heading or fence of its own. Pure."""

from __future__ import annotations

import re
import unicodedata

from kb.notes.prose import printable

# Pandoc's rule for inline formulas, which are kept; none may hold what begins or ends a comment or a link.
_MATH = re.compile(r"(?<![\\$\w])\$(?=[^\s$])(?:(?!<!--|-->|%%|\{%|\[\[|`)[^$\n]){1,500}(?<=[^\s\\])\$(?![\d$])")
_SPECIAL = re.compile(
    r"(?P<entity><(?=[!/?A-Za-z])|(?<=--)>|&(?=#?\w{1,31};))"
    r"|(?P<escaped>[\\`*$]|(?<![^\W_])_|_(?![^\W_])|~(?=~)|%(?=%)|(?<=%)%|(?<=\{)[%{:/]|\[(?=[\[^!])|(?<=[\[!^])\["
    r"|(?<=\])[(\[:]|(?<!\w)\#(?=\w))"
)
# At the start of a line: a heading, list, quotation, rule, table, fence of Pandoc, or underline of a heading.
_LEADING = re.compile(
    r"(?:\#{1,6}(?!\#)|[-+=]+|>|:{3,}|\|)(?=\s|$|(?<=[>|:])|(?<=--)|(?<===))|\#(?=\+)|(?P<number>\d{1,9})(?=[.)](?:\s|$))"
)
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_FENCE_RUN = re.compile(r"`{3,}")
_LINE_END = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_LANGUAGE = re.compile(r"[\w+#.-]{1,30}")


def readable(text: str) -> str:
    """Text without control characters, lone surrogates, soft hyphens and characters that no font has; NFC."""
    clean = printable(_LINE_END.sub("\n", text))
    if not clean.isascii():
        clean = unicodedata.normalize("NFC", "".join(char for char in clean if not _is_unreadable(char)))
    return clean


def one_line(text: str) -> str:
    """Text on one line, with single blanks."""
    return " ".join(readable(text).split())


def escaped(text: str) -> str:
    """A paragraph of plain text as one line of Markdown that shows the same text. Inline formulas stay formulas."""
    return begun(inline(one_line(text)))


def inline(text: str) -> str:
    """Plain text as Markdown inside a line, its blanks as they are. Inline formulas stay formulas."""
    pieces, done = [], 0
    for formula in _MATH.finditer(text):
        pieces += [_SPECIAL.sub(_replacement, text[done : formula.start()]), formula[0]]
        done = formula.end()
    pieces.append(_SPECIAL.sub(_replacement, text[done:]))
    return "".join(pieces)


def begun(line: str) -> str:
    """A line of Markdown that does not begin a heading, list, quotation, table or fence."""
    return _LEADING.sub(_leading, line, count=1) if _LEADING.match(line) else line


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a plain text, between its blank lines, each as one escaped line."""
    return [line for part in re.split(r"\n\s*\n", readable(text)) if (line := escaped(part))]


def quoted(text: str) -> str:
    """A plain text as a quotation."""
    return "\n>\n".join(f"> {paragraph}" for paragraph in paragraphs(text))


def fenced(code: str, language: str = "") -> str:
    """A block of code, in a fence longer than any in it."""
    body = readable(code).strip("\n")
    longest = max(map(len, _FENCE_RUN.findall(body)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language if _LANGUAGE.fullmatch(language) else ''}\n{body}\n{fence}"


def linked(address: str) -> str:
    """An http(s) address as a link; any other text is escaped."""
    plain = one_line(address)
    return f"<{plain}>" if re.fullmatch(r"https?://[^\s<>]+", plain) else escaped(plain)


def _is_unreadable(char: str) -> bool:
    return char in "\ufeff\u00ad" or unicodedata.category(char) in ("Cs", "Co", "Cn")


def _replacement(match: re.Match[str]) -> str:
    return _ENTITIES[match[0]] if match["entity"] else "\\" + match[0]


def _leading(match: re.Match[str]) -> str:
    return f"{match[0]}\\" if match["number"] else f"\\{match[0]}"
