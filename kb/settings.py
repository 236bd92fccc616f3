"""Listing the settings in `kb.toml`, and changing them there."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, JsonValue, ValidationError

from kb.errors import ConfigError, InputError, reason
from kb.faults import fault_of, parts_of
from kb.models import Frozen
from kb.notebook import CONFIG_NAME, Settings, known_keys, load_settings
from kb.notes.files import replacing
from kb.reports import Setting, SettingList

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def list_settings(root: Path) -> SettingList:
    """All settings of a notebook. Raises `ConfigError` for an invalid file."""
    found = tuple(_listed(load_settings(root), Settings()))
    return SettingList(path=str(root / CONFIG_NAME), settings=found)


def find_setting(root: Path, key: str) -> Setting:
    """One setting, or one value inside it, such as `areas.llm.terms`. Raises `InputError` for what is not a setting."""
    parts = _parts(key)
    settings = {setting.key: setting for setting in list_settings(root).settings}
    longest = next((n for n in range(len(parts), 0, -1) if ".".join(parts[:n]) in settings), None)
    if longest is None:
        raise InputError(_unknown(key, list(settings)))
    if parts[2:] and longest < len(parts) and parts[2] not in (known := known_keys(parts)):
        raise InputError(_unknown(key, [".".join((*parts[:2], name)) for name in known]))
    setting = settings[".".join(parts[:longest])]
    value = setting.value
    for part in parts[longest:]:
        value = value.get(part) if isinstance(value, dict) else None
    inner = {"key": key, "value": value, "default": None} if longest < len(parts) else {}
    return setting.model_copy(update=inner)


def change_setting(root: Path, key: str, text: str | None) -> Setting:
    """Set a setting to a value as TOML writes it, quotation marks around a string being optional; None goes back to the
    default. Comments stay. Raises `InputError` for a key or value that is wrong, and `ConfigError` for a file that is.
    """
    path = root / CONFIG_NAME
    parts = _parts(key)
    before = _content(path, key)
    candidates = [None] if text is None else _values(text)
    faults = []
    for value in candidates:
        after = _with_setting(before, parts, value)
        try:
            Settings.model_validate(tomllib.loads(after))
        except ValidationError as error:
            faults.append(_refusal(path, after, parts, error))
            continue
        _replace(path, before, after, key)
        return find_setting(root, key)
    raise faults[0]


def write_setting(root: Path, key: str, value: str | None) -> None:
    """Set a text in `kb.toml`, or remove it; all else in the file stays. Raises `ConfigError`."""
    path = root / CONFIG_NAME
    before = _content(path, key)
    _replace(path, before, _with_setting(before, [key], value), key)


def check_settings(root: Path) -> None:
    """Raise `ConfigError` for an invalid `kb.toml`."""
    load_settings(root)


def _listed(settings: BaseModel, defaults: BaseModel, table: str = "") -> Iterator[Setting]:
    for name, field in type(settings).model_fields.items():
        value, default = getattr(settings, name), getattr(defaults, name)
        if isinstance(value, Frozen):
            yield from _listed(value, default, f"{name}.")
            continue
        plain, usual = (
            one.model_dump(mode="json", exclude_defaults=True, include={name}) for one in (settings, defaults)
        )
        yield Setting(
            key=table + name,
            value=plain.get(name, default if not isinstance(default, dict) else {}),
            default=usual.get(name, default if not isinstance(default, dict) else {}),
            meaning=field.description or "",
        )


def _parts(key: str) -> list[str]:
    try:
        return parts_of(key)
    except ValueError as error:
        raise InputError(
            f'{key!r} is not the key of a setting; write outline.llm or concepts."My router".area'
        ) from error


def _unknown(key: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(key.lower(), known, 1)
    return f"{key!r} is not a setting; " + (f"did you mean {near[0]}?" if near else "`kb config` lists all")


def _values(text: str) -> list[JsonValue]:
    """What a text may stand for: a value of TOML, and a string."""
    try:
        return [tomllib.loads(f"value = {text}")["value"], text]
    except tomllib.TOMLDecodeError:
        return [text]


def _refusal(path: Path, after: str, parts: Sequence[str], error: ValidationError) -> Exception:
    """What is wrong with the new value, or else with another line of the file."""
    place = [str(part) for part in error.errors()[0]["loc"] if part != "[key]"]
    if place[: len(parts)] == [*parts][: len(place)]:
        return InputError(f"nothing was changed: {fault_of(error, '', known_keys)}")
    return ConfigError(f"{path}: {fault_of(error, after, known_keys)}; correct that first, with `kb config edit`")


def _content(path: Path, key: str) -> str:
    try:
        content = path.read_bytes().decode() if path.exists() else ""
        tomllib.loads(content)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be changed: {reason(error)}; set `{key}` there yourself") from error
    return content


def _replace(path: Path, before: str, after: str, key: str) -> None:
    if after == before:
        return
    try:
        with replacing(path) as file:
            file.write(after.encode())
    except OSError as error:
        raise ConfigError(f"{path} cannot be changed: {reason(error)}; set `{key}` there yourself") from error


def _with_setting(toml: str, parts: Sequence[str], value: JsonValue) -> str:
    """A file with a value set or, for None, removed. A new one at the top level follows the comment that explains it
    or comes first: after a table, it would belong to that.
    """
    import tomlkit

    document = tomlkit.parse(toml)
    if len(parts) == 1 and parts[0] not in document and value is not None:
        line = f"{parts[0]} = {tomlkit.item(value).as_string()}\n"
        explained = re.search(rf"^# {re.escape(parts[0])} = .*\n", toml, re.MULTILINE)
        place = explained.end() if explained and "[" not in _uncommented(toml[: explained.end()]) else 0
        return toml[:place] + line + toml[place:]
    _assign(document, parts, value)
    return tomlkit.dumps(document)


def _uncommented(toml: str) -> str:
    """The first characters of the lines that are no comments."""
    return "".join(line.lstrip()[:1] for line in toml.splitlines() if not line.lstrip().startswith("#"))


def _assign(document: TOMLDocument, parts: Sequence[str], value: JsonValue) -> None:
    """Set or remove a value in a document, in a new table if need be."""
    import tomlkit

    table = document
    for number, part in enumerate(parts[:-1], 1):
        if part not in table:
            if value is None:
                return
            table.add(part, tomlkit.table(is_super_table=number < len(parts) - 1))
        inner = table[part]
        if not hasattr(inner, "add"):
            raise InputError(f"{'.'.join(parts[:number])} is not a table in the file; change it with `kb config edit`")
        table = inner
    if value is not None:
        table[parts[-1]] = value
    elif parts[-1] in table:
        del table[parts[-1]]
