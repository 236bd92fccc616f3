"""Resolves the links between notes. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from pathlib import PurePosixPath

from kb.models import NoteRecord


def link_targets(notes: Sequence[NoteRecord]) -> list[set[int]]:
    """For each note, the indices of the notes it links to, itself excluded.

    A link may name a path, relative to the note's folder or the notebook, or a file name or title.
    """
    names = _known_names(notes)
    targets = []
    for index, note in enumerate(notes):
        folder = posixpath.dirname(note.path)
        found = (_target(names, folder, link) for link in note.links)
        targets.append({target for target in found if target is not None} - {index})
    return targets


def missing_targets(notes: Sequence[NoteRecord]) -> list[list[str]]:
    """For each note, the links that match no note."""
    names = _known_names(notes)
    return [
        [link for link in note.links if _target(names, posixpath.dirname(note.path), link) is None] for note in notes
    ]


def _known_names(notes: Sequence[NoteRecord]) -> dict[str, int]:
    """The index of the note to which each name refers; if notes share a name, the most exact kind of name wins."""
    names: dict[str, int] = {}
    for kind in zip(*map(_names, notes), strict=True):
        for index, name in enumerate(kind):
            names.setdefault(name.casefold(), index)
    return names


def _names(note: NoteRecord) -> tuple[str, str, str, str]:
    """The names by which a link may refer to a note, the most exact first."""
    path = PurePosixPath(note.path)
    return note.path, path.name, path.stem, note.title


def _target(names: dict[str, int], folder: str, link: str) -> int | None:
    for name in (posixpath.join(folder, link), link):
        target = names.get(posixpath.normpath(name).casefold())
        if target is not None:
            return target
    return None
