"""Titles of notes that are told apart by the folders that they lie in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import PurePosixPath

from kb.index.reader import IndexReader
from kb.models import NoteRecord
from kb.notes.naming import name_of_file
from kb.outline.naming.forms import is_generic, tidy

TEMPLATE = 3  # notes with the same title, from which on it is that of a template


def with_own_titles(reader: IndexReader, notes: Mapping[str, NoteRecord]) -> dict[str, NoteRecord]:
    """Some notes, by id. One whose title many notes have, as each part of a book has its "Evaluation", is named after
    its folder as well: "Candidate retrieval: Evaluation".
    """
    counts = reader.cached("titles", lambda: Counter(_key(note.title) for note in reader.catalog.notes()))
    return {
        id: _named_after_folder(note) if counts[_key(note.title)] >= TEMPLATE else note for id, note in notes.items()
    }


def _key(title: str) -> str:
    return tidy(title).casefold()


def _named_after_folder(note: NoteRecord) -> NoteRecord:
    folder = tidy(name_of_file(str(PurePosixPath(note.path).with_name("README.md"))))
    title = tidy(note.title)
    if is_generic(folder) or {*folder.casefold().split()} <= {*title.casefold().split()}:
        return note
    named = folder.capitalize() if folder.islower() else folder
    return note.model_copy(update={"title": f"{named}: {title}"})
