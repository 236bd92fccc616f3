"""The numbers of the last list of notes that a command printed, by which the next command may name a note.

They lie in the index folder and can be deleted at any time.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from kb.errors import InputError
from kb.index import PRIVATE_FILE
from kb.models import Frozen
from kb.notes.files import replacing

LIST_NAME = "numbers.json"
_NUMBER = re.compile(r"[1-9][0-9]{0,4}")


class Place(Frozen):
    """A note, and the line at which it was listed."""

    path: str
    line: int = 1


class NumberedList(Frozen):
    """The notes that a command listed, by the numbers that it printed: a search leaves out those of weak hits."""

    command: str
    places: dict[int, Place]


def is_number(name: str) -> bool:
    """Whether the name of a note may be a number of the list."""
    return _NUMBER.fullmatch(name) is not None


def write_list(folder: Path, listed: NumberedList) -> None:
    """Remember a list, where the folder can be written."""
    content = listed.model_dump_json().encode()
    path = folder / LIST_NAME
    with suppress(OSError):
        if not path.exists() or path.read_bytes() != content:
            with replacing(path, PRIVATE_FILE) as file:
                file.write(content)


def place_of(folder: Path, name: str) -> Place:
    """What the list has at a number. Raises `InputError` where there is no list, or no such number in it."""
    try:
        listed = NumberedList.model_validate_json((folder / LIST_NAME).read_bytes())
    except (OSError, ValidationError):
        reason = f"{name!r} is a number, but nothing was listed yet; run `kb search`, or give the note's path"
        raise InputError(reason) from None
    if int(name) not in listed.places:
        count = len(listed.places)
        notes = "no notes" if not count else "1 note" if count == 1 else f"{count} notes"
        raise InputError(f"there is no number {name}; the last `kb {listed.command}` listed {notes}")
    return listed.places[int(name)]
