"""Reads files of JSON lines that people wrote. Each line is validated on its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from kb.errors import InputError, reason
from kb.faults import first_fault
from kb.models import Frozen

Entry = TypeVar("Entry", bound=Frozen)


def read_json_lines(path: Path, kind: type[Entry]) -> Iterator[tuple[int, Entry]]:
    """The entries of a file with the numbers of their lines, from 1; blank lines are skipped.

    Raises `InputError` for a file that cannot be read, and for an invalid line, with its number and key.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {reason(error)}") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, _entry(f"{path}:{number}", line, kind)


def _entry(place: str, line: str, kind: type[Entry]) -> Entry:
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        raise InputError(f"{place}: {first_fault(error)}") from error
