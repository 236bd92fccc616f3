"""The title of a note: from its front matter, its first heading, or its file's name. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from pydantic import JsonValue

from kb.models import LineKind
from kb.notes.markup.blocks import shorten_name
from kb.notes.markup.front_matter import as_texts
from kb.notes.naming import name_of_file
from kb.notes.prose import clean

# What may come before the heading that is a title: badges and other links, and markup.
_BEFORE_A_TITLE = (LineKind.BLANK, LineKind.METADATA, LineKind.DEFINITION, LineKind.HTML)
MAX_TITLE_WORDS = 10  # of a line that is not marked as a heading
_LEVEL_1 = re.compile(r"^ {0,3}#(?:[ \t]+|$)")
_UNDERLINE = re.compile(r"^ {0,3}=+[ \t]*$")
_IMAGE = re.compile(r"\[?!\[[^\[\]]*\]\([^()]*\)(?:\]\([^()]*\))?")
_WORD_OF_NAME = re.compile(r"[^\W\d_]{3,}|[\u3040-\u9fff\uac00-\ud7af]+")
_BULLET = re.compile(r"^\s*[-*+]\s+")  # an outliner's headings are items
_TAGS = re.compile(r"(?:\s+#[^\W\d][\w/-]*)+\s*$")
_OF_BLOCK = re.compile(r"\s*[\w-]+:: |\t[-*+] ")  # a property, or a child, of an outliner's block
_CLOSING = re.compile(r"[ \t]#+[ \t]*$")
_ENDS = re.compile(r"[.,:;!…]$")
_NUMBERED = re.compile(r"[\d\W_]+")  # a name such as 202403081230, which tells nothing


def title_of(front_matter: dict[str, JsonValue], lines: Sequence[str], kinds: str, path: str) -> str:
    """The title of a note, given its lines and their kinds."""
    named = _text(front_matter.get("title")) or _leading_heading(lines, kinds, path) or _text(front_matter.get("name"))
    named = named or _leading_line(lines, kinds, path)
    if named:
        return named
    stem = name_of_file(path)
    aliases = aliases_of(front_matter)
    return shorten_name(clean(aliases[0]) if aliases and _NUMBERED.fullmatch(stem) else stem)


def aliases_of(front_matter: dict[str, JsonValue]) -> tuple[str, ...]:
    """The other names of a note; Logseq may write them as links."""
    named = as_texts(front_matter.get("aliases") or front_matter.get("alias"))
    return tuple(filter(None, (alias.removeprefix("[[").removesuffix("]]").strip() for alias in named)))


def _text(value: JsonValue) -> str:
    """A value of front matter on one line, without Markdown."""
    return shorten_name(clean(" ".join(as_texts(value, r"\n"))))


def _leading_heading(lines: Sequence[str], kinds: str, path: str) -> str:
    """A heading that no text precedes, without tags. One of level 1 is a title unless it is the first of several parts,
    or a block of an outliner; of these, one that has half the words of the file's name is, and of those of lower levels
    one that has them all.
    """
    number = _after_contents(lines, kinds)
    if number is None or kinds[number] != LineKind.HEADING:
        return ""
    if not lines[number].strip("# \t"):
        return ""
    line = _CLOSING.sub("", _BULLET.sub("", lines[number]))
    heading = shorten_name(clean(_IMAGE.sub("", line)) or clean(line))
    heading = _TAGS.sub("", heading) or heading
    is_block = bool(_OF_BLOCK.match("".join(lines[number + 1 : number + 2])))
    is_only_part = (
        _is_level_1(lines, number)
        and not is_block
        and not any(
            kind == LineKind.HEADING and _is_level_1(lines, below)
            for below, kind in enumerate(kinds[number + 2 :], number + 2)
        )
    )
    share = 1.0 if line.startswith("##") else 0.5
    return heading if is_only_part or _agrees(heading, path, share, _is_level_1(lines, number)) else ""


def _after_contents(lines: Sequence[str], kinds: str) -> int | None:
    """The first line that may be a title or text; a heading over nothing but links is none, such as that of a table of
    contents, where another of a higher level follows.
    """
    first = next((number for number, kind in enumerate(kinds) if kind not in _BEFORE_A_TITLE), None)
    if first is None or kinds[first] != LineKind.HEADING or _is_level_1(lines, first):
        return first
    pointing = kinds[first + 1 :].lstrip(LineKind.BLANK).startswith(LineKind.DEFINITION)
    below = next((number for number, kind in enumerate(kinds) if number > first and kind not in _BEFORE_A_TITLE), None)
    return below if pointing and below is not None and _is_level_1(lines, below) else first


def _leading_line(lines: Sequence[str], kinds: str, path: str) -> str:
    """A line of a few words that stands alone above the first heading, as titles do in notes that were plain text, if
    it has the words of the file's name or of its folder's.
    """
    first = next((number for number, kind in enumerate(kinds) if kind not in _BEFORE_A_TITLE), None)
    if first is None or kinds[first : first + 2] != LineKind.PROSE + LineKind.BLANK:
        return ""
    below = kinds[first + 1 :].lstrip(LineKind.BLANK)
    line = shorten_name(clean(lines[first]))
    if not below.startswith(LineKind.HEADING) or len(line.split()) > MAX_TITLE_WORDS or _ENDS.search(line):
        return ""
    folder = str(PurePosixPath(path).parent)
    return line if _agrees(line, path, 0.5, False) or _agrees(line, folder, 0.5, False) else ""


def _is_level_1(lines: Sequence[str], number: int) -> bool:
    following = lines[number + 1] if number + 1 < len(lines) else ""
    return bool(_LEVEL_1.match(lines[number]) or _UNDERLINE.match(following))


def _agrees(heading: str, path: str, share: float, if_unnamed: bool) -> bool:
    """Whether a heading has a share of the words of a file's name, by their beginnings; `if_unnamed` where that has
    none.
    """
    words = _WORD_OF_NAME.findall(name_of_file(path).casefold())
    found = [word for word in words if word[:6] in heading.casefold()]
    return len(found) >= share * len(words) if words else if_unnamed
