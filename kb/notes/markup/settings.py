"""Sets values in a note's front matter, in its own notation. Pure."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Mapping, MutableMapping
from io import StringIO
from typing import Any, TypeVar

import tomlkit
import yaml
from pydantic import JsonValue
from tomlkit.exceptions import TOMLKitError

from kb.errors import NoteError
from kb.notes.markup.front_matter import read_front_matter

Value = str | bool | datetime.date
Mapped = TypeVar("Mapped", bound=MutableMapping[str, Any])

_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")  # unless escaped
_PLAIN_WORD = re.compile(r"[a-z]+")


def with_values(text: str, values: Mapping[str, Value]) -> str | None:
    """A text with some values in its front matter: in place of those under the same keys, in any case, or else as its
    first keys. The body stays as it is. None for a text without front matter.

    Raises `NoteError` for front matter that cannot be parsed, or into which the values cannot be written.
    """
    lines = list(StringIO(text, newline=""))
    length = _front_matter_lines(lines)
    if not length:
        return None
    newline = "\r\n" if lines[0].endswith("\r\n") else "\n"
    head = "".join(line.rstrip("\r\n") + "\n" for line in lines[:length])
    before = read_front_matter(head).values
    try:
        edited = _edited(head, values)
        taken = read_front_matter(edited).values == before | {key: _as_read(value) for key, value in values.items()}
    except (TOMLKitError, yaml.YAMLError, ValueError):  # of rare notations that only one of two parsers accepts
        taken = False
    if not taken:
        raise NoteError("has front matter into which no value can be written")
    return edited.replace("\n", newline) + "".join(lines[length:])


def _front_matter_lines(lines: list[str]) -> int:
    """How many of the first lines are front matter. Raises `NoteError` if that is broken."""
    text = "".join(line.rstrip("\r\n") + "\n" for line in lines)
    front_matter = read_front_matter(text)
    if front_matter.fault:
        raise NoteError(front_matter.fault)
    return text.count("\n", 0, front_matter.end)


def _as_read(value: Value) -> JsonValue:
    return value.isoformat() if isinstance(value, datetime.date) else value


def _edited(head: str, values: Mapping[str, Value]) -> str:
    """Front matter with its delimiters, and some values in it."""
    if head.startswith("{"):
        return json.dumps(_with(json.loads(head), values, _as_read), ensure_ascii=False, indent=2) + "\n"
    opening, *block, closing = head.removesuffix("\n").split("\n")
    body = "".join(f"{line}\n" for line in block)
    if opening.startswith("+++"):
        body = tomlkit.dumps(_with(tomlkit.parse(body), values, lambda value: value))
    else:
        for key, value in reversed([*values.items()]):
            body = _yaml_with(body, key, value)
    return f"{opening}\n{body}{closing}\n"


def _with(document: Mapped, values: Mapping[str, Value], as_written: Callable[[Value], object]) -> Mapped:
    """A document of TOML or JSON with some values in place of those under the same keys, in any case."""
    spelled = {key.lower(): key for key in document}
    for key, value in values.items():
        document[spelled.get(key, key)] = as_written(value)
    return document


def _yaml_with(block: str, key: str, value: Value) -> str:
    """The block with a value in place of the last one under its key (which is the one that counts), or else first."""
    written = as_yaml(value)
    root = yaml.compose(block, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):  # nothing but comments
        return f"{key}: {written}\n{block}"
    places = [(name.end_mark.index, node.end_mark.index) for name, node in root.value if str(name.value).lower() == key]
    if places:
        start, end = places[-1]
        end = start + len(block[start:end].rstrip())  # a block scalar includes the line breaks after it
        return f"{block[:start]}: {written}{block[end:]}"
    if root.flow_style:
        start = root.start_mark.index + 1
        return f'{block[:start]}"{key}": {written}{", " if root.value else ""}{block[start:]}'
    return f"{key}: {written}\n{block}"


def as_yaml(value: Value) -> str:
    """A value as YAML writes it on one line."""
    if isinstance(value, str):
        if _PLAIN_WORD.fullmatch(value) and yaml.safe_load(value) == value:
            return value
        quoted = json.dumps(value, ensure_ascii=False)  # a string of JSON is one of YAML
        return _NOT_IN_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)
    return str(value).lower()
