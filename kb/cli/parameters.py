"""Types and bundles of options, and options that several commands have."""

from __future__ import annotations

import calendar
import dataclasses
import datetime
import functools
import math
import os
import re
from collections.abc import Callable
from typing import Any

import click

from kb.cli.session import located
from kb.cli.usage import nearest

MOST_NOTES = 1000  # that a command shows
JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
YES_OPTION = click.option("--yes", is_flag=True, help="Proceed even if most notes would leave the index.")

Callback = Callable[..., Any]
Decorator = Callable[[Callback], Callback]


def as_text(*words: str) -> str:
    """Arguments as one text, read as UTF-8 even if the locale is ASCII. Bytes that are not UTF-8 become U+FFFD."""
    return " ".join(words).encode(errors="surrogateescape").decode(errors="replace")


def bundled(name: str, bundle: type[Any], *options: Decorator) -> Decorator:
    """Pass the values of some options to a command as one dataclass, in its parameter `name`.

    The dataclass has a field for each of the options.
    """
    fields = [field.name for field in dataclasses.fields(bundle)]

    def decorate(command: Callback) -> Callback:
        @functools.wraps(command)
        def with_bundle(*arguments: Any, **values: Any) -> Any:
            values[name] = bundle(**{field: values.pop(field) for field in fields})
            return command(*arguments, **values)

        decorated: Callback = with_bundle
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


class OneOf(click.Choice[str]):
    """One of some words."""

    def get_invalid_choice_message(self, value: object, ctx: click.Context | None) -> str:
        """What the words are, and which was probably meant."""
        word = as_text(str(value))
        meant = nearest(word, self.choices)
        return f"{word!r} is not one of {', '.join(self.choices)}" + (f"; {meant}" if meant else "")


AREA = OneOf(["ml-systems", "gnn", "llm", "detour"])
VERDICT_AREA = OneOf(["ml-systems", "gnn", "llm", "outside"])
STORED_AREA = OneOf(["ml-systems", "gnn", "llm", "detour", "outside"])


class WholeNumber(click.ParamType[int]):
    """A whole number, at least and at most of some size."""

    name = "n"

    def __init__(self, least: int, most: int | None = None) -> None:
        self._least = least
        self._most = most

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            number = int(value)
        except ValueError:
            self.fail(f"{as_text(str(value))!r} is not a whole number", param, ctx)
        if number < self._least or (self._most is not None and number > self._most):
            bounds = f"from {self._least} to {self._most}" if self._most is not None else f"of at least {self._least}"
            self.fail(f"{number} is out of range; give a number {bounds}", param, ctx)
        return number


class FilePath(click.Path):
    """A path whose name is UTF-8: no other name can be stored, or printed as JSON."""

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        name = os.fspath(value)
        if as_text(name) != name:
            self.fail(f"the name {as_text(name)!r} is not UTF-8; rename the file", param, ctx)
        path = located(name)
        if self.exists and not os.path.lexists(path):
            self.fail(f"{name} does not exist", param, ctx)
        if not self.dir_okay and os.path.isdir(path):
            self.fail(f"{name} is a folder, not a file", param, ctx)
        if not self.file_okay and os.path.isfile(path):
            self.fail(f"{name} is a file, not a folder", param, ctx)
        super().convert(path, param, ctx)
        return self.coerce_path_result(value)


class DateType(click.ParamType[datetime.date]):
    """A date such as `2024-05-31`, `2024-5-1`, `2024-05` or `2024`: the first or the last day of a month or year."""

    name = "date"

    def __init__(self, last: bool) -> None:
        self._last = last

    def convert(
        self, value: str | datetime.date, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime.date:
        if isinstance(value, datetime.date):
            return value
        match = re.fullmatch(r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2}))?)?", value)
        try:
            if not match:
                raise ValueError
            year = int(match[1])
            month = int(match[2] or (12 if self._last else 1))
            last_day = calendar.monthrange(year, month)[1]
            return datetime.date(year, month, int(match[3] or (last_day if self._last else 1)))
        except ValueError:
            self.fail(f"{as_text(value)!r} is not a date; write 2024, 2024-05 or 2024-05-31", param, ctx)


class NumberType(click.ParamType[float]):
    """A number."""

    name = "x"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            self.fail(f"{as_text(str(value))!r} is not a number", param, ctx)
        return number


class TextType(click.ParamType[str]):
    """A text on one line that is not blank."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = " ".join(as_text(value).split())
        if not text:
            self.fail("the text is empty; give at least a word", param, ctx)
        return text
