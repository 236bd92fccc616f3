"""The notes of an index in the course of a run: which of them a file is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from kb.decisions import is_under
from kb.models import Note, NoteRecord
from kb.notes import files


class KnownNotes:
    """Notes by path and by the bytes of their files. Sources are needed to tell a renamed note from a copy."""

    def __init__(self, root: Path, notes: Sequence[NoteRecord], sources: Sequence[str]) -> None:
        self.by_path = {note.path: note for note in notes}
        self._root = root
        self._sources = sources
        self._ids = {note.id for note in notes}
        self._by_bytes: dict[str, list[NoteRecord]] = {}
        for note in notes:
            self._by_bytes.setdefault(note.sha256, []).append(note)

    def origin(self, note: Note) -> NoteRecord | None:
        """The record of a note that was read: the one under its path, or one with the same bytes whose file is gone.

        While the source of that one cannot be seen (a drive that is not mounted), its file may still be there, and the
        note is a copy.
        """
        if note.path in self.by_path:
            return self.by_path[note.path]
        for candidate in self._by_bytes.get(note.sha256, []):
            if candidate.path in self.by_path and self._has_left(candidate):
                return candidate
        return None

    def rename(self, note: NoteRecord, path: str) -> None:
        """Know a note by its new path."""
        self.by_path[path] = self.by_path.pop(note.path)

    def new_id(self, path: str) -> str:
        """An id made from a path when first seen; a renamed note may hold the one that the path would give."""
        ids = (hashlib.sha256(f"{path}\0{number}".encode()).hexdigest()[:16] for number in count())
        id = next(id for id in ids if id not in self._ids)
        self._ids.add(id)
        return id

    def _has_left(self, note: NoteRecord) -> bool:
        if files.state_of(self._root, note.path) is not None:
            return False
        holders = [source for source in self._sources if is_under(note.path, source)]
        return all(self._can_be_seen(source) for source in holders)

    def _can_be_seen(self, source: str) -> bool:
        """Whether the folder of a source is there. A mount point without its drive is an empty folder."""
        place = self._root / source
        folder = place.parent if source.endswith(files.SUFFIXES) else place
        if not folder.is_dir():
            return False
        return folder.is_relative_to(self._root) or any(folder.iterdir())
