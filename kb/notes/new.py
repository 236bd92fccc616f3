"""A text from standard input as a new note under `notes/`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from kb.notes.files import write_file

SLUG_LENGTH = 80  # characters of a file name


def write_note(root: Path, title: str, text: str) -> Path:
    """Write a new note, named after its title; an existing file is never touched. Raises `InputError`."""
    folder = root / "notes"
    content = text if text.lstrip().startswith("---") else f"# {title}\n\n{text}"
    path = next(path for path in _paths(folder, slug(title)) if not path.exists())
    write_file(path, content if content.endswith("\n") else content + "\n", overwrite=False)
    return path


def slug(title: str) -> str:
    """A title as a file name: lower-case ASCII words joined by hyphens."""
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", ascii_title.lower()).strip("-")
    return words[:SLUG_LENGTH].rstrip("-") or "note"


def _paths(folder: Path, stem: str) -> Iterator[Path]:
    yield folder / f"{stem}.md"
    yield from (folder / f"{stem}-{number}.md" for number in count(2))
