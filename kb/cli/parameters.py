"""Types and bundles of options, and options that several commands have."""

from __future__ import annotations

import calendar
import dataclasses
import datetime
import functools
import os
import re
from collections.abc import Callable
from typing import Any

import click

from kb.cli.session import located

AREA = click.Choice(["ml-systems", "gnn", "llm", "detour"])
VERDICT_AREA = click.Choice(["ml-systems", "gnn", "llm", "outside"])
STORED_AREA = click.Choice(["ml-systems", "gnn", "llm", "detour", "outside"])
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


class FilePath(click.Path):
    """A path whose name is UTF-8: no other name can be stored, or printed as JSON."""

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        name = os.fspath(value)
        if as_text(name) != name:
            self.fail(f"the name {as_text(name)!r} is not UTF-8; rename the file", param, ctx)
        super().convert(located(name), param, ctx)
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


class TextType(click.ParamType[str]):
    """A text on one line that is not blank."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = " ".join(as_text(value).split())
        if not text:
            self.fail("the text is empty", param, ctx)
        return text
