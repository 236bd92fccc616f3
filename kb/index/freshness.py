"""Whether the files of notes still say what was indexed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Literal

from kb.errors import NoteError
from kb.index.catalog import IndexedFile
from kb.index.reader import IndexReader
from kb.models import FileState, NoteRecord
from kb.notes import files

State = Literal["current", "changed"]


def file_state(reader: IndexReader, note: NoteRecord) -> FileState | None:
    """What the directory entry of a note's file says now; None where it is gone, or not to be opened on this machine.

    The path of a remote note is somebody else's word: no file outside the notebook is looked at for it.
    """
    if note.remote and not is_inside(reader.root, note.path):
        return None
    return files.state_of(reader.root, note.path)


def is_inside(root: Path, path: str) -> bool:
    """Whether a path is relative, has no `..`, and leads to a place in the notebook, links followed."""
    named = PurePosixPath(path)
    if named.is_absolute() or ".." in named.parts:
        return False
    return (root / named).resolve().is_relative_to(root)


def is_changed(root: Path, note: NoteRecord | IndexedFile, state: FileState) -> bool:
    """Whether a file no longer says what was indexed; its bytes are read only when size or time differ."""
    if (state.size, state.mtime_ns) == (note.size, note.mtime_ns):
        return False
    try:
        return files.read(root, note.path).sha256 != note.sha256
    except NoteError:
        return True


def state_of(reader: IndexReader, note: NoteRecord) -> State | None:
    """Whether a note's file still says what was indexed; None where it is gone. The file of a remote note need not be
    on this machine: then the note says what it said when it was pulled.
    """
    state = file_state(reader, note)
    if state is None:
        return "current" if note.remote else None
    return "changed" if is_changed(reader.root, note, state) else "current"


def text_of(reader: IndexReader, note: NoteRecord) -> str:
    """What a note's file says now; for a remote note without one, its passages at their lines. Raises `NoteError`."""
    if not note.remote or file_state(reader, note):
        return files.read(reader.root, note.path).text
    lines: list[str] = []
    for chunk in reader.catalog.chunks_of([note.id]).get(note.id, []):
        lines += [""] * (chunk.end_line - len(lines))
        for number, line in enumerate(chunk.text.split("\n"), chunk.start_line - 1):
            lines[number] = f"{lines[number]} {line}".strip() if lines[number] else line
    return "\n".join(lines) + "\n"


def current_notes(reader: IndexReader, notes: Sequence[NoteRecord]) -> list[NoteRecord]:
    """Those of some notes whose files still say what was indexed; how many do not is said to the user."""
    current = [note for note in notes if state_of(reader, note) == "current"]
    if len(current) < len(notes):
        left_out = len(notes) - len(current)
        reader.notify(f"{left_out} notes changed since the last sync and were left out; run `kb sync`")
    return current
