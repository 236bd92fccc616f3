"""Which note a writer means."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import PurePath

from kb.errors import InputError
from kb.models import NoteRecord


def find_note(notes: Sequence[NoteRecord], name: str, path: str) -> NoteRecord:
    """The note at `path`, or else with `name` as its path, file name without ending, or title.

    Raises `InputError` where none or several are meant, with what may have been meant.
    """
    wanted = name.casefold()
    for matches in (
        [note for note in notes if note.path in (path, name)],
        [note for note in notes if PurePath(note.path).stem.casefold() == wanted],
        [note for note in notes if note.title.casefold() == wanted],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise InputError(f"{name!r} names several notes: {', '.join(note.path for note in matches)}")
    if not notes:
        raise InputError("the notebook has no notes yet; run `kb add`")
    names = [PurePath(note.path).stem for note in notes] + [note.path for note in notes]
    near = difflib.get_close_matches(name, names, n=2)
    hint = f"did you mean {' or '.join(near)}?" if near else "`kb list` shows them"
    raise InputError(f"there is no note {name!r}; {hint}")
