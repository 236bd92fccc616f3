"""The notes of an index during a sync, to tell which of them a file is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from kb.decisions import is_under
from kb.models import Note, NoteRecord
from kb.notes import files
from kb.notes.scan import is_reachable


class KnownNotes:
    """Notes by path and by the hash of their files. The sources tell a renamed note from a copy."""

    def __init__(self, root: Path, notes: Sequence[NoteRecord], sources: Sequence[str]) -> None:
        self.by_path = {note.path: note for note in notes}
        self._root = root
        self._sources = sources
        self._ids = {note.id for note in notes}
        self._by_bytes: dict[str, list[NoteRecord]] = {}
        for note in notes:
            self._by_bytes.setdefault(note.sha256, []).append(note)

    def origin(self, note: Note) -> NoteRecord | None:
        """The record of a note that was read: the one with its path, or else one with the same bytes whose file has
        left its sources. A note with the same bytes as one that is still there is a copy, and has no origin.
        """
        if note.path in self.by_path:
            return self.by_path[note.path]
        for candidate in self._by_bytes.get(note.sha256, []):
            if candidate.path in self.by_path and self.has_left(candidate):
                return candidate
        return None

    def rename(self, note: NoteRecord, path: str) -> None:
        """Give a note its new path."""
        self.by_path[path] = self.by_path.pop(note.path)

    def new_id(self, path: str) -> str:
        """An unused id, made from a path: a note that was renamed since may have the first one."""
        ids = (hashlib.sha256(f"{path}\0{number}".encode()).hexdigest()[:16] for number in count())
        id = next(id for id in ids if id not in self._ids)
        self._ids.add(id)
        return id

    def has_left(self, note: NoteRecord) -> bool:
        """Whether the file of a note is gone for certain: while one of its sources cannot be reached, such as a drive
        that is not mounted, the file may still be there. The file of a remote note is on another machine.
        """
        if note.remote or files.state_of(self._root, note.path) is not None:
            return False
        holders = [source for source in self._sources if is_under(note.path, source)]
        return all(is_reachable(self._root, source) for source in holders)
