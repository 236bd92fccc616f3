"""What is wrong with a settings or decisions file, in plain words."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

ADDRESS = r"^https?://[^\s/?#@]+(/[^\s?#]*)?$"  # without user name and password, which messages would show
NAME = r"^[a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9])?$"
FOLDER = r"[^./]"
WORDED = r"\w"

PATTERNS = {
    ADDRESS: "should be an address such as http://localhost:8000, without user name and password",
    NAME: "should consist of letters and digits, with dots, hyphens and underscores between them",
    FOLDER: "should be a folder other than the notebook itself, such as .kb",
    WORDED: "should be a name with a letter or a digit",
}
WORDS: Mapping[str, Callable[[Mapping[str, object]], str]] = {
    "extra_forbidden": lambda _: "is not a known key",
    "string_type": lambda _: "should be a string, in quotation marks",
    "string_too_short": lambda _: "is empty; give a value, or remove the line",
    "string_too_long": lambda limits: f"should have at most {limits['max_length']} characters",
    "string_pattern_mismatch": lambda limits: PATTERNS.get(str(limits["pattern"]), "is not of the form that is needed"),
    "bool_type": lambda _: "should be true or false",
    "bool_parsing": lambda _: "should be true or false",
    "float_type": lambda _: "should be a number",
    "float_parsing": lambda _: "should be a number",
    "greater_than": lambda limits: f"should be more than {limits['gt']:g}",
    "less_than_equal": lambda limits: f"should be at most {limits['le']:g}",
    "literal_error": lambda limits: f"should be one of {limits['expected']}",
    "tuple_type": lambda _: 'should be a list such as ["one", "another"]',
    "dict_type": lambda _: "should be a table",
    "model_type": lambda _: "should be a table, or in JSON an object",
    "value_error": lambda limits: str(limits["error"]),
    "missing": lambda _: "is missing",
    "list_type": lambda _: "should be a list",
    "json_invalid": lambda limits: f"is not valid JSON: {limits['error']}",
}
OTHER = "has a value that cannot be used"

_HEADER = re.compile(r"\s*\[\[?([^\[\]]+)\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"\s*([^=#\[\]]+?)\s*=")


def fault_of(error: ValidationError, toml: str, known_keys: Callable[[Sequence[str]], Sequence[str]]) -> str:
    """The first fault of a file: its line, its key and what it should be; for a key that does not exist, the one that
    was probably meant. `known_keys` gives the keys of a table by the names that lead to it.
    """
    first = error.errors()[0]
    path = [str(part) for part in first["loc"] if part != "[key]"]
    line = line_of(toml, path)
    place = f"line {line}: " if line else ""
    return f"{place}{'.'.join(path)} {_words(first)}{_hint(first, path, known_keys)}"


def first_fault(error: ValidationError) -> str:
    """The first fault of what people or programs wrote: where it is, such as `query[0].text`, and what it should be."""
    first = error.errors()[0]
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
    return f"{where} {_words(first)}".lstrip(". ")


def line_of(toml: str, path: Sequence[str]) -> int | None:
    """The 1-based line of a TOML file that sets a key, or else that of the nearest table around it."""
    found = [
        (len(shared), -number)
        for number, named in _named_lines(toml)
        if (shared := named[: len(path)]) == [*path][: len(named)]
    ]
    return -max(found)[1] if found else None


def parts_of(key: str) -> list[str]:
    """The parts of a dotted key such as `concepts."Request router".area`. Raises `ValueError` for what is none."""
    parts: list[str] = []
    value: object = tomllib.loads(f"{key} = 0")
    while isinstance(value, dict) and len(value) == 1:
        name = next(iter(value))
        parts.append(name)
        value = value[name]
    if value != 0:
        raise ValueError(f"{key!r} is not one key")
    return parts


def _words(fault: ErrorDetails) -> str:
    words = WORDS.get(fault["type"])
    return words(fault.get("ctx", {})) if words else OTHER


def _hint(fault: ErrorDetails, path: Sequence[str], known_keys: Callable[[Sequence[str]], Sequence[str]]) -> str:
    if fault["type"] != "extra_forbidden":
        return ""
    table, key = path[:-1], path[-1]
    known = known_keys(table)
    near = difflib.get_close_matches(key.lower(), known, 1)
    if near:
        return f"; did you mean `{'.'.join((*table, near[0]))}`?"
    return f"; known keys: {', '.join(known)}"


def _named_lines(toml: str) -> Iterator[tuple[int, list[str]]]:
    """The lines that begin a table or set a key, with the names that lead to it."""
    table: list[str] = []
    for number, line in enumerate(toml.splitlines(), 1):
        try:
            if header := _HEADER.fullmatch(line):
                table = parts_of(header[1])
                yield number, table
            elif key := _KEY.match(line):
                yield number, [*table, *parts_of(key[1])]
        except ValueError:  # a line inside a text of several lines
            continue
