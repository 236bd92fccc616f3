"""The captured part of each note as it was last captured, by the note's id: what a merge compares with."""

from __future__ import annotations

import hashlib
from collections.abc import Container
from contextlib import suppress
from pathlib import Path

from kb.index import PRIVATE_FILE, PRIVATE_FOLDER
from kb.notes.files import replacing

BASES_NAME = "captured"


def store_base(folder: Path, id: str, text: str) -> None:
    """Remember the captured part of a note. Without room for it, edits cannot be told from changes of the source."""
    place = folder / BASES_NAME
    with suppress(OSError):
        place.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        with replacing(place / f"{id}.md", PRIVATE_FILE) as file:
            file.write(text.encode())


def load_base(folder: Path, id: str, sha256: str) -> str | None:
    """The captured part of a note, if it is still known and has this hash."""
    with suppress(OSError, UnicodeDecodeError):
        content = (folder / BASES_NAME / f"{id}.md").read_bytes()
        if hashlib.sha256(content).hexdigest() == sha256:
            return content.decode()
    return None


def drop_bases(folder: Path, kept: Container[str]) -> None:
    """Delete the captured parts of notes whose ids are not among some."""
    for path in (folder / BASES_NAME).glob("*.md"):
        if path.stem not in kept:
            path.unlink(missing_ok=True)
