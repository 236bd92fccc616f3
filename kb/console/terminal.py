"""Standard output for results, standard error for everything else; calm when piped."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kb.notes.prose import escaped, printable

if TYPE_CHECKING:
    from rich.progress import Progress

PROGRESS_AFTER_SECONDS = 1.0
PIPED_WIDTH = 10_000  # lines are for programs then: never wrapped

Report = TypeVar("Report", bound=BaseModel)

AREA_STYLES = {"ml-systems": "cyan", "gnn": "green", "llm": "magenta", "detour": "yellow", "outside": "dim"}


class _Console(Console):
    """A console that leaves a reader's early end to the command line."""

    def on_broken_pipe(self) -> None:
        raise  # called while a BrokenPipeError is handled


@cache
def out() -> Console:
    """The console of standard output."""
    return _Console(width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False, markup=False, emoji=False)


@cache
def err() -> Console:
    """The console of standard error."""
    return _Console(
        stderr=True, width=None if sys.stderr.isatty() else PIPED_WIDTH, highlight=False, markup=False, emoji=False
    )


def plain(text: str) -> str:
    """A piece of text on one line, without the characters that steer a terminal."""
    return " ".join(printable(text).splitlines()).replace("\t", " ")


def styled(text: str, style: str = "") -> Text:
    """A harmless piece of text in a style."""
    return Text(plain(text), style=style)


def area_text(area: str) -> Text:
    """The name of an area in its colour."""
    return styled(area, AREA_STYLES.get(area, ""))


def count(number: int, noun: str) -> str:
    """A number with its noun, in the plural but for one."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def shorten_path(path: str, width: int) -> str:
    """A path cut in the middle where it is too long for a terminal; its name stays."""
    if not sys.stdout.isatty() or len(path) <= width:
        return path
    return path[: width // 3] + "…" + path[-(width - width // 3 - 1) :]


def say(line: str, style: str = "") -> None:
    """One line of result."""
    out().print(styled(line, style))


def print_table(table: Table, console: Console | None = None) -> None:
    """A table without the blanks that pad its last column."""
    console = console or out()
    with console.capture() as captured:
        console.print(table)
    lines = (line.rstrip() for line in captured.get().splitlines())
    console.file.write("".join(f"{line}\n" for line in lines))
    console.file.flush()


def notice(line: str) -> None:
    """One line beside the results."""
    err().print(styled(f"kb: {line}", "yellow" if line.startswith("warning") else ""))


def complain(message: str) -> None:
    """One line saying what failed."""
    line = Text("kb: ")
    line.append(" ".join(printable(message).split()), style="red")
    err().print(line, soft_wrap=True)


def print_json(report: BaseModel) -> None:
    """A report as one line of JSON, in which what could steer a terminal is written as `\\u` and its number."""
    sys.stdout.write(escaped(report.model_dump_json(by_alias=True)) + "\n")
    sys.stdout.flush()


def print_report(report: Report, as_json: bool, printer: Callable[[Report], None]) -> None:
    """A report as JSON, or by its own printer."""
    if as_json:
        print_json(report)
    else:
        printer(report)


def print_text(text: str) -> None:
    """Text for a file or a shell, to the letter."""
    sys.stdout.write(text)
    sys.stdout.flush()


class ProgressBar:
    """A bar on standard error that appears when a run takes longer than a second."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._progress: Progress | None = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._progress:
            self._progress.stop()

    def __call__(self, done: int, total: int) -> None:
        if not err().is_terminal or time.monotonic() - self._started < PROGRESS_AFTER_SECONDS:
            return
        self._progress = self._progress or _start_progress(total)
        self._progress.update(self._progress.task_ids[0], completed=done, total=total)


def _start_progress(total: int) -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("notes"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    progress = Progress(*columns, console=err(), transient=True)
    progress.add_task("notes", total=total)
    progress.start()
    return progress
