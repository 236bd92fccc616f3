"""Which notes there are of what is to be captured."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from kb.capture.captured import Capture
from kb.capture.filing.note import marked, marked_keys
from kb.capture.identifiers import identify
from kb.index.reader import IndexReader
from kb.models import NoteRecord
from kb.notes.new import free_path, slug


class KnownCaptures:
    """The captured notes of a notebook by their keys, and the notes on a single source by the keys of that."""

    def __init__(self, reader: IndexReader) -> None:
        self._root = reader.root
        self._captured: dict[str, str] = {}
        self._about: dict[str, str] = {}
        self._records = {note.path: note for note in reader.catalog.notes() if not note.remote}
        for note in self._records.values():
            self._know(note)

    def captured(self, key: str) -> str | None:
        """The path of the note that was captured under a key."""
        return self._captured.get(marked(key))

    def about(self, keys: Iterable[str]) -> str | None:
        """The path of a note that has one of some keys as its only source, or was captured from it."""
        return next((path for key in keys if (path := self._about.get(key))), None)

    def record(self, path: str) -> NoteRecord | None:
        """The note in the catalog with a path."""
        return self._records.get(path)

    def found_again(self, name: str, key: str) -> Path | None:
        """The file that a new note would be named after, if it was captured under a key but left the index since."""
        path = self._root / "notes" / f"{slug(name)}.md"
        return path if path.is_file() and marked(key) in _marked_in(path) else None

    def free(self, name: str, taken: set[Path]) -> Path:
        """A path for a new note that neither exists nor is taken."""
        path = free_path(self._root / "notes", name)
        number = 2
        while path in taken or path.exists():
            path = self._root / "notes" / f"{slug(name)}-{number}.md"
            number += 1
        return path

    def _know(self, note: NoteRecord) -> None:
        keys = _marked_in(self._root / note.path)
        self._captured |= {key: note.path for key in keys if key not in self._captured}
        if keys or len(note.sources) == 1:
            for source in note.sources:
                if named := identify(source):
                    self._about.setdefault(named.key, note.path)


def keys_of(capture: Capture) -> list[str]:
    """The keys by which there may be a note on what was captured: its own, and those of its source and its DOI."""
    sources = (capture.source, capture.fields.get("doi", ""))
    return [capture.key, *(named.key for source in sources if (named := identify(source)))]


def _marked_in(path: Path) -> list[str]:
    try:
        return marked_keys(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return []
