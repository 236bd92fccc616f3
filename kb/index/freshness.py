"""Whether the files of notes still match what was indexed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Literal

from kb.errors import NoteError
from kb.index.catalog import IndexedFile
from kb.index.reader import IndexReader
from kb.models import FileState, NoteRecord
from kb.notes import READING, files

State = Literal["current", "changed"]


def file_state(reader: IndexReader, note: NoteRecord) -> FileState | None:
    """The size and modification time of a note's file; None where it is gone or must not be opened.

    The path of a remote note comes from a server and is not trusted: only a file inside the notebook is opened.
    """
    if note.remote and not is_inside(reader.root, note.path):
        return None
    return files.state_of(reader.root, note.path)


def is_inside(root: Path, path: str) -> bool:
    """Whether a path is relative, has no `..`, and leads to a place inside the notebook once links are followed."""
    named = PurePosixPath(path)
    if named.is_absolute() or ".." in named.parts:
        return False
    try:
        return (root / named).resolve().is_relative_to(root)
    except (OSError, ValueError, RuntimeError):  # a name that is too long or holds a NUL, or links in a circle
        return False


def is_read(note: NoteRecord | IndexedFile) -> bool:
    """Whether a note was read as this version of kb reads notes, or on another machine. If not, the next sync reads it
    again.
    """
    return note.remote or note.reading == READING


def is_changed(root: Path, note: NoteRecord | IndexedFile, state: FileState) -> bool:
    """Whether a file no longer matches what was indexed; it is read only where size or modification time differ."""
    if (state.size, state.mtime_ns) == (note.size, note.mtime_ns):
        return False
    try:
        return files.read(root, note.path).sha256 != note.sha256
    except NoteError:
        return True


def state_of(reader: IndexReader, note: NoteRecord) -> State | None:
    """Whether a note's file still matches what was indexed; None where it is gone. A remote note without a file on this
    machine is current.
    """
    state = file_state(reader, note)
    if state is None:
        return "current" if note.remote else None
    return "changed" if is_changed(reader.root, note, state) else "current"


def text_of(reader: IndexReader, note: NoteRecord) -> str:
    """The current text of a note's file; for a remote note without one, its passages at their lines. Raises
    `NoteError`.
    """
    if not note.remote or file_state(reader, note):
        return files.read(reader.root, note.path).text
    lines: list[str] = []
    for chunk in reader.catalog.chunks_of([note.id]).get(note.id, []):
        lines += [""] * (chunk.end_line - len(lines))
        for number, line in enumerate(chunk.text.split("\n"), chunk.start_line - 1):
            lines[number] = f"{lines[number]} {line}".strip() if lines[number] else line
    return "\n".join(lines) + "\n"


def current_notes(reader: IndexReader, notes: Sequence[NoteRecord]) -> list[NoteRecord]:
    """Those of some notes whose files still match what was indexed; the user is told how many do not."""
    current = [note for note in notes if state_of(reader, note) == "current"]
    if len(current) < len(notes):
        left_out = len(notes) - len(current)
        said = "1 note" if left_out == 1 else f"{left_out} notes"
        reader.notify(f"{said} changed since the last sync and were left out; run `kb sync`")
    return current
