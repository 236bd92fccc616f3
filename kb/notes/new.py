"""A text from standard input as a new note under `notes/`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from kb.errors import InputError, NoteError
from kb.notes.files import write_file
from kb.notes.markup.settings import with_values

SLUG_LENGTH = 80  # characters of a file name
_BLANK_LINES = re.compile(r"(?:[ \t]*(?:\r\n|\r|\n))*")


def write_note(root: Path, title: str, text: str) -> Path:
    """Write a new note, named after its title; existing files are never touched. Raises `InputError`."""
    content = titled(text, title)
    path = free_path(root / "notes", title)
    write_file(path, content if content.endswith("\n") else content + "\n", overwrite=False)
    return path


def free_path(folder: Path, title: str) -> Path:
    """The path of a file of a folder that does not exist yet, named after a title."""
    return next(path for path in _paths(folder, slug(title)) if not path.exists())


def titled(text: str, title: str) -> str:
    """A text with its title: in the front matter, replacing a title there, or else as a heading above the text.

    The body stays as it is. Raises `InputError` for front matter that cannot be parsed.
    """
    above = _BLANK_LINES.match(text)
    try:
        written = with_values(text[above.end() if above else 0 :], {"title": title})
    except NoteError as error:
        raise InputError(f"standard input {error}; correct it, and add it again") from error
    return f"# {' '.join(title.split())}\n\n{text}" if written is None else written


def slug(title: str) -> str:
    """A title as a file name: lower-case ASCII words joined by hyphens."""
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", ascii_title.lower()).strip("-")
    return words[:SLUG_LENGTH].rstrip("-") or "note"


def _paths(folder: Path, stem: str) -> Iterator[Path]:
    yield folder / f"{stem}.md"
    yield from (folder / f"{stem}-{number}.md" for number in count(2))
