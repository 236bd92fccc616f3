"""Front matter: the settings block at the top of a note, as Jekyll, Hugo and Obsidian write it."""

from __future__ import annotations

import datetime
import json
import re
import tomllib
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

import yaml
from pydantic import JsonValue, TypeAdapter, ValidationError

from kb.errors import NoteError
from kb.faults import first_fault
from kb.notes.markup.comments import without_comments
from kb.notes.prose import printable

MAX_CHARACTERS = 64_000
MAX_DEPTH = 20
MAX_UNQUOTED = 5  # values that should be in quotation marks
MAX_INTEGER_BITS = 64
TOO_DEEP = f"has front matter nested deeper than {MAX_DEPTH} levels"

_YAML = re.compile(r"\A---[ \t]*\n(?P<body>.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_TOML = re.compile(r"\A\+\+\+[ \t]*\n(?P<body>.*?)^\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_JSON = re.compile(r"\A(?P<body>\{[ \t]*\n.*?^\})[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
# `title: GraphSAGE: sampled neighbours`
_COLON_WITHIN = re.compile(r"""^(?P<key>[ ]*(?:-[ ]+)?[\w-]+:[ ]+)(?P<value>[^\s"'\[\]{}|>&*!#%@`,?-].*?:[ ].*)$""")
_COMMENT = re.compile(r"\s#")
_KEPT_AS_TEXT = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:float")
_MAPPING = TypeAdapter(dict[str, JsonValue])


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # chosen at run time
    """A safe loader that takes dates and decimals as text: no such date may exist, and an arXiv id ends in a zero."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _KEPT_AS_TEXT]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class FrontMatter(NamedTuple):
    """The settings block at the top of a note: its values by lower-case key, the offset behind it, and what is wrong
    with it. One that cannot be read is metadata all the same, and has no values.
    """

    values: dict[str, JsonValue]
    end: int
    fault: str | None = None


def read_front_matter(text: str) -> FrontMatter:
    """The front matter of a note: YAML, TOML or JSON; `({}, 0)` where it has none."""
    for pattern, parse in ((_YAML, _parse_yaml), (_TOML, _parse_toml), (_JSON, _parse_json)):
        match = pattern.match(text)
        if match and (parse is _parse_toml or _looks_like_mapping(match["body"])):
            try:
                if len(match["body"]) > MAX_CHARACTERS:
                    raise NoteError(f"has front matter of more than {MAX_CHARACTERS:,} characters")
                values = parse(without_comments(match["body"]))
            except NoteError as error:
                return FrontMatter({}, match.end(), str(error))
            return FrontMatter({key.lower(): value for key, value in values.items()}, match.end())
    return FrontMatter({}, 0)


def as_texts(value: JsonValue, separators: str = r",") -> tuple[str, ...]:
    """A front matter value that is one text or a list of texts, as a tuple without blanks or repeats."""
    parts = value if isinstance(value, list) else re.split(separators, value) if isinstance(value, str) else [value]
    texts = (printable(str(part)).strip() for part in parts if part is not None and not isinstance(part, (dict, list)))
    return tuple(dict.fromkeys(text for text in texts if text))


def _looks_like_mapping(body: str) -> bool:
    """Between two thematic breaks there may be prose; front matter has a key on its first line of substance."""
    lines = [line for line in body.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return not lines or bool(re.match(r"""\s*[\w"'][^:\n]*:(\s|$)|\{""", lines[0]))


def _parse_yaml(body: str) -> dict[str, JsonValue]:
    """The values of YAML. A value with a colon that should be in quotation marks is read as if it were."""
    for _ in range(MAX_UNQUOTED):
        try:
            return _load_yaml(body)
        except NoteError as error:
            quoted = _with_quotes(body, error.__cause__)
            if quoted == body:
                raise
            body = quoted
    return _load_yaml(body)


def _with_quotes(body: str, error: BaseException | None) -> str:
    """YAML in which the value that an error is about has quotation marks, if a colon in it is the reason."""
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    lines = body.split("\n")
    if mark is not None and mark.line < len(lines):
        lines[mark.line] = _COLON_WITHIN.sub(_quoted, lines[mark.line])
    return "\n".join(lines)


def _quoted(match: re.Match[str]) -> str:
    value = _COMMENT.split(match["value"], maxsplit=1)[0].rstrip()
    return match["key"] + json.dumps(value, ensure_ascii=False)


def _load_yaml(body: str) -> dict[str, JsonValue]:
    try:
        _check_shape(body)
        loaded = yaml.load(body, Loader=_Loader)  # noqa: S506  # a subclass of SafeLoader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise NoteError(f"has broken front matter: line {line}: {error.problem}") from error
    except (yaml.YAMLError, ValueError, ArithmeticError, TypeError, LookupError, AttributeError) as error:
        raise NoteError(f"has broken front matter: {_one_line(error)}") from error
    return _as_mapping(loaded)


def _check_shape(body: str) -> None:
    """Refuse aliases, which can expand without bound, and deep nesting, before anything is built of it.

    What libyaml cannot parse is looked at once more without it: it reads ahead, and may have a limit of its own there.
    """
    try:
        _check_events(yaml.parse(body, Loader=_Loader))
    except yaml.YAMLError:
        with suppress(yaml.YAMLError):
            _check_events(yaml.parse(body, Loader=yaml.SafeLoader))
        raise


def _check_events(events: Iterable[yaml.Event]) -> None:
    depth = 0
    for event in events:
        if isinstance(event, yaml.AliasEvent):
            raise NoteError("has front matter with YAML aliases; write the values out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise NoteError(TOO_DEEP)


def _parse_toml(body: str) -> dict[str, JsonValue]:
    try:
        loaded = tomllib.loads(body)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        raise NoteError(f"has broken front matter: {_one_line(error)}") from error
    return _as_mapping(loaded)


def _parse_json(body: str) -> dict[str, JsonValue]:
    try:
        return _as_mapping(json.loads(body))
    except (ValueError, RecursionError) as error:
        raise NoteError(f"has broken front matter: {_one_line(error)}") from error


def _as_mapping(loaded: object) -> dict[str, JsonValue]:
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise NoteError("has front matter that is not a list of keys")
    try:
        return _MAPPING.validate_python(_plain(loaded))
    except ValidationError as error:
        raise NoteError(f"has front matter that cannot be kept: {first_fault(error)}") from error


def _plain(value: object, depth: int = 0) -> object:
    """YAML and TOML values as JSON ones: keys and dates become text. Raises `NoteError` for deep nesting."""
    if depth > MAX_DEPTH:
        raise NoteError(TOO_DEEP)
    if isinstance(value, dict):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, int) and value.bit_length() > MAX_INTEGER_BITS:
        return hex(value)  # Python refuses to write a huge one in decimals
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    return value.isoformat() if isinstance(value, (datetime.date, datetime.time)) else str(value)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
