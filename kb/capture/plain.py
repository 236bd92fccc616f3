"""Plain text as Markdown. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from kb.capture.captured import Capture
from kb.capture.decoding import decoded
from kb.capture.escaping import escaped, fenced, one_line, readable

MAX_TITLE = 200  # characters of a first line that may be a title
_UNDERLINE = re.compile(r"(=|-|~)\1{2,}")
_ITEM = re.compile(r"([-*+•]|\d{1,9}[.)])[ \t]+(?=\S)")
_INDENTED = re.compile(r"(?: {4,}|\t)\S")


def capture_text(content: bytes, path: Path, full: bool = False) -> tuple[Capture, ...]:
    """A text file: its lists and underlined headings stay, indented lines become code, all else is text as it stands.

    A first line by itself is the title. Raises `InputError`.
    """
    blocks = [block.strip("\n").split("\n") for block in re.split(r"\n[ \t]*\n", readable(decoded(content, path)))]
    blocks = [block for block in blocks if any(line.strip() for line in block)]
    title = _title(blocks[0])
    body = "\n\n".join(_block(block) for block in (blocks[1:] if title and len(blocks) > 1 else blocks))
    return (Capture(path.as_posix(), title or one_line(path.stem), body, path.as_posix()),)


def _title(block: list[str]) -> str:
    """The words of a first block that is one line, underlined or not, and no sentence or item."""
    line = one_line(block[0])
    alone = len(block) == 1 or (len(block) == 2 and _is_underline(block[1]))
    fits = len(line) <= MAX_TITLE and not line.endswith((".", ",", ";", ":")) and not _ITEM.match(line)
    return line if alone and fits else ""


def _is_underline(line: str) -> bool:
    return bool(_UNDERLINE.fullmatch(line.strip()))


def _block(lines: list[str]) -> str:
    if any(map(_INDENTED.match, lines)) and not any(map(_ITEM.match, lines)):
        return fenced("\n".join(lines))
    if len(lines) > 1 and _is_underline(lines[1]):
        heading = f"{'##' if lines[1].strip().startswith('=') else '###'} {escaped(lines[0])}"
        return "\n\n".join([heading, *([_block(lines[2:])] if lines[2:] else [])])
    return "\n".join(_lines(lines))


def _lines(lines: list[str]) -> Iterator[str]:
    """Lines of one block, each ending where it ended."""
    for line in lines:
        item = _ITEM.match(line.strip())
        indent = " " * min(3, len(line) - len(line.lstrip())) if item else ""
        mark = f"{'-' if item[1] in '*+•' else item[1]} " if item else ""
        yield indent + mark + escaped(line.strip()[item.end() if item else 0 :])
