"""Opening the notebook for a command, reading standard input, and stopping on a signal."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from kb import rooms
from kb.console import streams
from kb.errors import CatalogError, EvidenceError, InputError

if TYPE_CHECKING:
    from kb.knowledge import KnowledgeBase
    from kb.models import Notify, Progress

EMPTY = "this notebook has no notes yet; `kb add FOLDER` takes a folder's notes in, `kb new TITLE` starts one"
MAX_INPUT = 10_000_000  # bytes
STDERR = 2
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _silent(*_: object) -> None:
    """Discard progress."""


class UnansweredError(Exception):
    """A command of a client that only a process of its own can run."""


class Client:
    """What a command of a client needs of it: its working directory, the notebook that its `--notebook` names, and how
    to open the notebook.
    """

    def __init__(self, folder: Path, notebook: Path | None, open: Callable[[Notify, Progress], KnowledgeBase]) -> None:
        self.folder = folder
        self.notebook = notebook
        self.open = open


_client: ContextVar[Client | None] = ContextVar("client", default=None)


@contextmanager
def answering(client: Client) -> Iterator[None]:
    """Let this thread run a command of a client."""
    token = _client.set(client)
    try:
        yield
    finally:
        _client.reset(token)


def located(path: str) -> str:
    """The path of a file that the command names, for this process to open."""
    client = _client.get()
    return os.path.join(client.folder, path) if client else path


def named_notebook() -> Path | None:
    """The folder that `--notebook` names."""
    root: Path | None = click.get_current_context().find_root().obj
    return root


@contextmanager
def knowledge_base(create: bool = False) -> Iterator[KnowledgeBase]:
    """The notebook that `--notebook`, the environment or the working directory names; `create` makes one if needed."""
    with _opened(create) as knowledge, _told_if_empty(knowledge):
        yield knowledge


@contextmanager
def knowledge_base_with_progress() -> Iterator[KnowledgeBase]:
    """The same with a progress bar, for commands that may take long and change nothing."""
    with rooms.terminal.ProgressBar() as bar, _opened(progress=bar) as knowledge, _told_if_empty(knowledge):
        yield knowledge


@contextmanager
def _told_if_empty(knowledge: KnowledgeBase) -> Iterator[None]:
    """Say how to fill a notebook without notes, after a command that found nothing in it."""
    try:
        yield
    except (InputError, EvidenceError):
        _tell_if_empty(knowledge)
        raise
    _tell_if_empty(knowledge)


def _tell_if_empty(knowledge: KnowledgeBase) -> None:
    with suppress(CatalogError):  # which the command itself has told of
        if knowledge.is_empty():
            rooms.terminal.notice(EMPTY)


def _opened(create: bool = False, progress: Progress = _silent) -> KnowledgeBase:
    named, notice = named_notebook(), rooms.terminal.notice
    client = _client.get()
    if client is None:
        return rooms.knowledge.KnowledgeBase(named, create=create, notify=notice, progress=progress, numbered=True)
    if create or named != client.notebook:
        raise UnansweredError("the client names another notebook, or may need a new one")
    return client.open(notice, progress)


def read_standard_bytes() -> bytes:
    """All of standard input. Raises `InputError` if it is larger than 10 MB."""
    content = streams.stdin().buffer.read(MAX_INPUT + 1)
    if len(content) > MAX_INPUT:
        raise InputError(f"standard input is larger than {MAX_INPUT // 1_000_000} MB")
    return content


def read_standard_input() -> str:
    """All of standard input as text. Raises `InputError` if it is not UTF-8, or larger than 10 MB."""
    content = read_standard_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = f"byte 0x{error.object[error.start]:02x} at {error.start}"
        raise InputError(f"standard input is not UTF-8 ({byte}); convert it") from error


class Stopping:
    """Remembers the first signal that asked the process to end."""

    def __init__(self, end: Callable[[], object]) -> None:
        self.signal: int | None = None
        self._end = end

    def __call__(self) -> bool:
        return self.signal is not None

    def receive(self, number: int, _: FrameType | None) -> None:
        """Remember a signal; the next one has its default effect."""
        self.signal = number
        signal.signal(number, signal.SIG_DFL)
        self._end()


def _acknowledge() -> None:
    """Say that the run stops. A signal may arrive in the middle of writing to a stream, so this goes around them."""
    clear = b"\r\x1b[2K" if os.isatty(STDERR) else b""  # where the progress bar is
    with suppress(OSError):
        os.write(STDERR, clear + b"kb: stopping after the batch in hand; once more stops without waiting for it\n")


@contextmanager
def ended_by_signals(end: Callable[[], object] = _silent) -> Iterator[Stopping]:
    """Let the first signal call `end`; the second has its default effect."""
    stopping = Stopping(end)
    before = {number: signal.signal(number, stopping.receive) for number in SIGNALS}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def long_run(create: bool = False) -> Iterator[tuple[KnowledgeBase, Stopping]]:
    """A notebook for a run with a progress bar; a signal is acknowledged, and ends it after the current batch."""
    terminal = rooms.terminal
    with (
        ended_by_signals(_acknowledge) as stopping,
        terminal.ProgressBar() as bar,
        rooms.knowledge.KnowledgeBase(
            named_notebook(), create=create, notify=terminal.notice, progress=bar, should_stop=stopping
        ) as knowledge,
    ):
        yield knowledge, stopping
