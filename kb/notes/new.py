"""A text from standard input as a new note under `notes/`."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from io import StringIO
from itertools import count
from pathlib import Path

import tomlkit
import yaml
from tomlkit.exceptions import TOMLKitError

from kb.errors import InputError, NoteError
from kb.notes.files import write_file
from kb.notes.markup.front_matter import read_front_matter

SLUG_LENGTH = 80  # characters of a file name
_BLANK_LINES = re.compile(r"(?:[ \t]*(?:\r\n|\r|\n))*")
_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")  # unless escaped


def write_note(root: Path, title: str, text: str) -> Path:
    """Write a new note, named after its title; existing files are never touched. Raises `InputError`."""
    content = titled(text, title)
    path = next(path for path in _paths(root / "notes", slug(title)) if not path.exists())
    write_file(path, content if content.endswith("\n") else content + "\n", overwrite=False)
    return path


def titled(text: str, title: str) -> str:
    """A text with its title: in the front matter, replacing a title there, or else as a heading above the text.

    The body stays as it is. Raises `InputError` for front matter that cannot be parsed.
    """
    above = _BLANK_LINES.match(text)
    lines = list(StringIO(text[above.end() if above else 0 :], newline=""))
    length = _front_matter_lines(lines)
    if not length:
        return f"# {' '.join(title.split())}\n\n{text}"
    newline = "\r\n" if lines[0].endswith("\r\n") else "\n"
    opening, *block, closing = (line.rstrip("\r\n") + "\n" for line in lines[:length])
    edit = _toml_titled if opening.startswith("+++") else _yaml_titled
    try:
        head = opening + edit("".join(block), title) + closing
        taken = read_front_matter(head).values.get("title") == title
    except (NoteError, TOMLKitError, yaml.YAMLError):  # of rare notations that only one of two parsers accepts
        taken = False
    if not taken:
        raise InputError("standard input has front matter into which no title can be written; write it there yourself")
    return head.replace("\n", newline) + "".join(lines[length:])


def slug(title: str) -> str:
    """A title as a file name: lower-case ASCII words joined by hyphens."""
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", ascii_title.lower()).strip("-")
    return words[:SLUG_LENGTH].rstrip("-") or "note"


def _front_matter_lines(lines: list[str]) -> int:
    """How many of the first lines are front matter. Raises `InputError` if that is broken."""
    text = "".join(line.rstrip("\r\n") + "\n" for line in lines)
    front_matter = read_front_matter(text)
    if front_matter.fault:
        raise InputError(f"standard input {front_matter.fault}; correct it, and add it again")
    return text.count("\n", 0, front_matter.end)


def _toml_titled(block: str, title: str) -> str:
    document = tomlkit.parse(block)
    document["title"] = title
    return tomlkit.dumps(document)


def _yaml_titled(block: str, title: str) -> str:
    """The block with the title in place of the last one (which is the one that counts), or else as its first key."""
    quoted = json.dumps(title, ensure_ascii=False)  # a string of JSON is one of YAML
    value = _NOT_IN_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)
    root = yaml.compose(block, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):  # nothing but comments
        return f"title: {value}\n{block}"
    entry = f'"title": {value}' if root.flow_style else f"title: {value}"
    places = [(key.start_mark.index, node.end_mark.index) for key, node in root.value if key.value == "title"]
    if places:
        start, end = places[-1]
        end = start + len(block[start:end].rstrip())  # a block scalar includes the line breaks after it
        return block[:start] + entry + block[end:]
    if root.flow_style:
        start = root.start_mark.index + 1
        return block[:start] + entry + (", " if root.value else "") + block[start:]
    return f"{entry}\n{block}"


def _paths(folder: Path, stem: str) -> Iterator[Path]:
    yield folder / f"{stem}.md"
    yield from (folder / f"{stem}-{number}.md" for number in count(2))
