"""What the commands share: opening the notebook, the types of options, and stopping in good order."""

from __future__ import annotations

import calendar
import datetime
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from kb.errors import InputError

if TYPE_CHECKING:
    from kb.knowledge import KnowledgeBase

AREA = click.Choice(["ml-systems", "gnn", "llm", "detour"])
STORED_AREA = click.Choice(["ml-systems", "gnn", "llm", "detour", "outside"])
MAX_INPUT = 10_000_000  # bytes
JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
YES_OPTION = click.option("--yes", is_flag=True, help="Also when most notes would leave the index.")


@contextmanager
def knowledge_base() -> Iterator[KnowledgeBase]:
    """The notebook that `--notebook`, the environment or the working directory names."""
    from kb.console.terminal import notice
    from kb.knowledge import KnowledgeBase

    root: Path | None = click.get_current_context().find_root().obj
    with KnowledgeBase(root, notify=notice) as knowledge:
        yield knowledge


@contextmanager
def new_knowledge_base() -> Iterator[KnowledgeBase]:
    """The same, made a notebook where there is none."""
    from kb.console.terminal import notice
    from kb.knowledge import KnowledgeBase

    root: Path | None = click.get_current_context().find_root().obj
    with KnowledgeBase(root, create=True, notify=notice) as knowledge:
        yield knowledge


@contextmanager
def patient_knowledge_base() -> Iterator[KnowledgeBase]:
    """The same with a progress bar, for what may take long and changes nothing."""
    from kb.console.terminal import ProgressBar, notice
    from kb.knowledge import KnowledgeBase

    root: Path | None = click.get_current_context().find_root().obj
    with ProgressBar() as bar, KnowledgeBase(root, notify=notice, progress=bar) as knowledge:
        yield knowledge


def joined(words: tuple[str, ...]) -> str:
    """Arguments as one text; bytes that are not UTF-8 become question marks."""
    return " ".join(words).encode(errors="replace").decode()


def read_standard_input() -> str:
    """All of standard input. Raises `InputError` where it is not UTF-8, or has no end."""
    with click.open_file("-", "rb") as stream:
        content: bytes = stream.read(MAX_INPUT + 1)
    if len(content) > MAX_INPUT:
        raise InputError(f"standard input is larger than {MAX_INPUT // 1_000_000} MB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"standard input is not UTF-8 (byte 0x{content[error.start]:02x} at {error.start})") from error


class Stopping:
    """Remembers the first signal that asked the process to end."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def __call__(self) -> bool:
        return self.signal is not None

    def receive(self, number: int, _: FrameType | None) -> None:
        """A second signal does what it would have done without us."""
        self.signal = number
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def long_run(create: bool = False) -> Iterator[tuple[KnowledgeBase, Stopping]]:
    """A notebook for a run with a progress bar that a signal ends after the batch in hand."""
    from kb.console.terminal import ProgressBar, notice
    from kb.knowledge import KnowledgeBase

    stopping = Stopping()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stopping.receive) for number in numbers}
    root: Path | None = click.get_current_context().find_root().obj
    try:
        with (
            ProgressBar() as bar,
            KnowledgeBase(root, create=create, notify=notice, progress=bar, should_stop=stopping) as knowledge,
        ):
            yield knowledge, stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class DateType(click.ParamType[datetime.date]):
    """A date as `2024`, `2024-05` or `2024-05-31`; the first or the last day of what is named."""

    name = "date"

    def __init__(self, last: bool) -> None:
        self._last = last

    def convert(
        self, value: str | datetime.date, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime.date:
        if isinstance(value, datetime.date):
            return value
        parts = value.split("-")
        try:
            numbers = [int(part) for part in parts]
            year = numbers[0]
            month = numbers[1] if len(numbers) > 1 else (12 if self._last else 1)
            last_day = calendar.monthrange(year, month)[1]
            day = numbers[2] if len(numbers) > 2 else (last_day if self._last else 1)
            return datetime.date(year, month, day)
        except (ValueError, IndexError):
            self.fail(f"{value!r} is no date; write 2024, 2024-05 or 2024-05-31", param, ctx)
