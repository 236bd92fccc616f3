"""Standard output for results, standard error for everything else; no colour or bar unless on a terminal."""

from __future__ import annotations

import os
import re
import textwrap
import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.padding import Padding
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from kb.console import streams
from kb.notes.prose import escaped, printable

if TYPE_CHECKING:
    from rich.progress import Progress

PROGRESS_AFTER_SECONDS = 1.0
STAGE_WIDTH = len("publishing")
BAR_WIDTH = 20
RATE_WITHOUT_DECIMALS = 10  # notes a second
PIPED_WIDTH = 10_000  # programs read piped lines: they are never wrapped
PATH_SHARE = 0.55  # of the columns of a terminal, for the paths in a table
TITLE_SHARE = 0.6  # of what titles and paths share, where neither fits
INDENT = 4
CONSOLES = 32  # that are kept for clients; this process has two
HELD_BACK = "held back; `kb inbox`, `kb file NOTE AREA` or --detour takes a note in"

_COMMAND = re.compile(r"`[^`\n]{1,50}`")  # longer ones may be broken
_BLANK = "\0"  # inside a command, while its line is wrapped

Report = TypeVar("Report", bound=BaseModel)

AREA_STYLES = {"ml-systems": "cyan", "gnn": "green", "llm": "magenta", "detour": "yellow", "outside": "dim"}


class _Console(Console):
    """A console that leaves broken pipes to the command line."""

    def on_broken_pipe(self) -> None:
        raise  # called while a BrokenPipeError is handled


def out() -> Console:
    """The console of standard output."""
    return _console(streams.client(), to_stderr=False)


def err() -> Console:
    """The console of standard error."""
    return _console(streams.client(), to_stderr=True)


@lru_cache(maxsize=CONSOLES)
def _console(client: streams.ClientStreams | None, to_stderr: bool) -> Console:
    stream = streams.stderr() if to_stderr else streams.stdout()
    return _Console(
        file=stream if client else None,
        stderr=to_stderr,
        width=None if stream.isatty() else PIPED_WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
        _environ=client.terminal if client else os.environ,
    )


def plain(text: str) -> str:
    """Text on one line, without control characters."""
    return " ".join(printable(text).splitlines()).replace("\t", " ")


def styled(text: str, style: str = "") -> Text:
    """The same in a style."""
    return Text(plain(text), style=style)


def linked(title: str, path: Path, style: str = "") -> Text:
    """A title that opens a file where the terminal knows links."""
    text = styled(title, style)
    text.stylize(Style(link=path.absolute().as_uri()))
    return text


def area_text(area: str) -> Text:
    """The name of an area in its colour."""
    return styled(area, AREA_STYLES.get(area, ""))


def count(number: int, noun: str, plural: str | None = None) -> str:
    """A number and its noun: `1 note`, `2 notes`."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def grid() -> Table:
    """A table without lines."""
    return Table.grid(padding=(0, 2), pad_edge=False)


class PathText(Text):
    """A path for a cell of a table, shortened to the columns that it gets, so that what is shown names the note."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(shorten_path(plain(path), round(out().width * PATH_SHARE)), no_wrap=True)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[Segment]:
        shown = styled(shorten_path(plain(self.path), min(len(self), options.max_width)))
        return shown.__rich_console__(console, options)


def shared_widths(room: int, titles: Sequence[str], paths: Sequence[str]) -> tuple[int, int]:
    """The columns of `room` for titles, and those for paths: what one of the two does not need, the other has."""
    longest_title, longest_path = (max(map(cell_len, texts)) for texts in (titles, paths))
    for_titles = min(longest_title, max(round(room * TITLE_SHARE), room - longest_path))
    return for_titles, room - for_titles


def shorten_path(path: str, width: int) -> str:
    """A path or address, of which a terminal has `width` columns: where it is too long, without its first folders, and
    if need be without the middle of its name. As the name of a note, either finds it.
    """
    if not streams.stdout().isatty() or len(path) <= width:
        return path
    *folders, name = path.split("/")
    for left_out in range(1, len(folders) + 1):
        short = "/".join(("…", *folders[left_out:], name))
        if len(short) <= width:
            return short
    short = f"…/{name}" if folders else name
    return short[: width // 2] + "…" + short[-(width - width // 2 - 1) :]


def shorten_address(address: str, room: int = 0) -> str:
    """An address for a line below a heading, where `room` columns are for something else."""
    return shorten_path(plain(address), out().width - INDENT - room)


def say(line: str, style: str = "") -> None:
    """One line of result."""
    out().print(styled(line, style))


def print_heading(rank: int, title: str | Text) -> None:
    """The rank and the title of a result."""
    text = Text.assemble(f"{rank:>2}  ", styled(title, "bold") if isinstance(title, str) else title)
    out().print(text, no_wrap=out().is_terminal, overflow="ellipsis")


def indented(text: Text) -> None:
    """A paragraph below such a heading."""
    out().print(Padding(text, (0, 0, 0, INDENT), expand=False))


def print_table(table: Table, console: Console | None = None) -> None:
    """A table, without the padding of its last column."""
    console = console or out()
    with console.capture() as captured:
        console.print(table)
    lines = (line.rstrip() for line in captured.get().splitlines())
    console.file.write("".join(f"{line}\n" for line in lines))
    console.file.flush()


def notice(line: str) -> None:
    """One line on standard error."""
    err().print(Text(_wrapped(line), "yellow" if line.startswith("warning") else ""))


def remark(missing: Sequence[str], changed_notes: int) -> None:
    """Notices of results that were dropped, and of notes whose changes are not indexed yet."""
    for path in missing:
        notice(f"{path} is gone and was left out; run `kb sync`")
    if changed_notes:
        notice(f"{count(changed_notes, 'note')} changed since the last sync; run `kb sync`")


def complain(message: str) -> None:
    """An error message, of one line where a terminal does not wrap it."""
    line = Text(_wrapped(message))
    line.stylize("red", len("kb: "))
    err().print(line)


def _wrapped(line: str) -> str:
    """A line for standard error, with the name of the tool, in lines as wide as that is. A command in it, such as
    `kb inbox`, stays on one.
    """
    held = _COMMAND.sub(lambda match: match[0].replace(" ", _BLANK), f"kb: {plain(line)}")
    lines = textwrap.wrap(held, err().width, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace(_BLANK, " ")


def print_json(report: BaseModel) -> None:
    """A report as one line of JSON; control characters, and those that the stream cannot represent, are escaped."""
    stream = streams.stdout()
    stream.write(streams.json_for(stream, escaped(report.model_dump_json(by_alias=True))) + "\n")
    stream.flush()


def print_report(report: Report, as_json: bool, printer: Callable[[Report], None]) -> None:
    """A report as JSON, or as text by `printer`."""
    if as_json:
        print_json(report)
    else:
        printer(report)


def print_text(text: str) -> None:
    """Text for a file or a shell, unchanged."""
    stream = streams.stdout()
    stream.write(text)
    stream.flush()


class ProgressBar:
    """A progress bar on standard error that appears after a second: what happens now, how many notes are done, how many
    a second, and the time that is left.
    """

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

    def __call__(self, done: int, total: int, stage: str = "") -> None:
        if not err().is_terminal or time.monotonic() - self._started < PROGRESS_AFTER_SECONDS:
            return
        self._progress = self._progress or _start_progress(total)
        task = self._progress.task_ids[0]
        self._progress.update(task, completed=done, total=total, description=stage, rate=self._rate(done))
        self._progress.refresh()

    def _rate(self, done: int) -> str:
        """Notes a second since the beginning; with a decimal where they are few."""
        rate = done / (time.monotonic() - self._started)
        return f"{rate:.0f} a second" if rate >= RATE_WITHOUT_DECIMALS else f"{rate:.1f} a second"


def _start_progress(total: int) -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(f"{{task.description:<{STAGE_WIDTH}}}"),
        BarColumn(BAR_WIDTH),
        MofNCompleteColumn(),
        TextColumn("notes, {task.fields[rate]},"),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
    )
    progress = Progress(*columns, console=err(), transient=True)
    progress.add_task("", total=total, rate="")
    progress.start()
    return progress
