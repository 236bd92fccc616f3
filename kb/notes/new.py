"""New notes under `notes/`: from a text, and from a template."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path

from kb.errors import InputError, NoteError
from kb.models import FiledArea, LineKind, Note, NoteFile
from kb.notes.files import read_post, write_file
from kb.notes.markup.settings import Value, with_values
from kb.notes.naming import name_of_file
from kb.notes.parse import parse_note
from kb.notes.prose import clean

SLUG_LENGTH = 80  # characters of a file name
TEMPLATES = {
    "note": "## Summary\n\n## Claims\n\n## Numbers\n\n## Open questions\n",
    "blank": "",
}
_BLANK_LINES = re.compile(r"(?:[ \t]*(?:\r\n|\r|\n))*")
_UNNAMED = "0.md"  # a file whose name says nothing about its title


def write_note(root: Path, title: str | None, text: str, date: datetime.date) -> Path:
    """Write a text as a new note, named after its title, by default that of the text; existing files are never touched.

    The note has the date, unless it states one of its own. Raises `InputError` for a text without a title, or with
    front matter that cannot be parsed.
    """
    content = text[_BLANK_LINES.match(text).end() :]  # type: ignore[union-attr]  # it matches every text
    named = title or _title_in(content)
    path = free_path(root / "notes", named)
    try:
        note = _parsed(content, path.name)
        written = with_front_matter(content, _missing(note, named, date))
    except NoteError as error:
        raise InputError(f"the text {error}; correct it, and add it again") from error
    write_file(path, written if written.endswith("\n") else written + "\n", overwrite=False)
    return path


def write_frame(root: Path, title: str, area: FiledArea | None, template: str, date: datetime.date) -> Path:
    """Write a new note with the frame of a template: a name among `TEMPLATES`, or the path of a Markdown file. Existing
    files are never touched. Raises `InputError`.
    """
    frame = TEMPLATES.get(template)
    if frame is None and not Path(template).is_file():
        raise InputError(f"there is no template {template}; use {', '.join(TEMPLATES)}, or the path of a Markdown file")
    if frame is None:
        frame = read_post(Path(template))
    values: dict[str, Value] = {"title": title, "date": date}
    if area:
        values["area"] = area
    try:
        content = with_front_matter(frame, values | {"kind": "note"})
    except NoteError as error:
        raise InputError(f"the template {template} {error}") from error
    path = free_path(root / "notes", title)
    write_file(path, content, overwrite=False)
    return path


def with_front_matter(text: str, values: Mapping[str, Value]) -> str:
    """A text with some values in its front matter, which is put above it if it has none. The body stays as it is.
    Raises `NoteError` for front matter that cannot be parsed.
    """
    if not values:
        return text
    written = with_values(text, values)
    if written is not None:
        return written
    front_matter = with_values("---\n---\n", values)
    return f"{front_matter}\n{text}"


def free_path(folder: Path, title: str) -> Path:
    """The path of a file of a folder that does not exist yet, named after a title."""
    return next(path for path in _paths(folder, slug(title)) if not path.exists())


def _missing(note: Note, title: str, date: datetime.date) -> dict[str, Value]:
    """What the front matter of a note has to say so that it has this title and a date."""
    values: dict[str, Value] = {}
    if note.title != title:
        values["title"] = title
    if note.date is None:
        values["date"] = date
    return values


def _title_in(text: str) -> str:
    """The title of a text: of its front matter, or else its first heading. Raises `InputError` where it has none."""
    try:
        note = _parsed(text, _UNNAMED)
    except NoteError as error:
        raise InputError(f"the text {error}; correct it, and add it again") from error
    if note.title != name_of_file(_UNNAMED):
        return note.title
    lines = zip(note.text.split("\n"), note.kinds, strict=False)
    heading = next((clean(line) for line, kind in lines if kind == LineKind.HEADING), "")
    if not heading:
        raise InputError("the text has no heading to be its title; give one with --title")
    return heading


def _parsed(text: str, path: str) -> Note:
    return parse_note(NoteFile(path=path, size=0, mtime_ns=0, sha256="", text=text))


def slug(title: str) -> str:
    """A title as a file name: lower-case ASCII words joined by hyphens."""
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", ascii_title.lower()).strip("-")
    return words[:SLUG_LENGTH].rstrip("-") or "note"


def _paths(folder: Path, stem: str) -> Iterator[Path]:
    yield folder / f"{stem}.md"
    yield from (folder / f"{stem}-{number}.md" for number in count(2))
