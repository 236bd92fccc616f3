"""Running a command for a client, which prints what the command writes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TextIO

from kb.cli import run
from kb.cli.session import Client, UnansweredError
from kb.cli.session import answering as for_client
from kb.console.streams import IN_TEXT, ClientStreams, register_substitutes
from kb.console.streams import answering as to_streams
from kb.serve.channel import Channel
from kb.serve.live import LiveNotebook
from kb.serve.protocol import ERRORS, OUTPUT, Request, Stream

register_substitutes()


class _Output(io.RawIOBase):
    """A client's standard output or standard error."""

    def __init__(self, channel: Channel, kind: bytes, stream: Stream) -> None:
        self._channel = channel
        self._kind = kind
        self._terminal = stream.terminal

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._terminal

    def write(self, content: memoryview, /) -> int:  # type: ignore[override]
        self._channel.write(self._kind, content)
        return len(content)


class _Input(io.RawIOBase):
    """A client's standard input, which is read where a command asks for it."""

    def __init__(self, channel: Channel, stream: Stream) -> None:
        self._channel = channel
        self._terminal = stream.terminal

    def readable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._terminal

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        content = self._channel.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)


def answer(live: LiveNotebook, request: Request, channel: Channel) -> None:
    """Run a client's command, and tell the client how it ended, or that its own process has to run it.

    Raises `GoneError` where the client ends first.
    """
    streams = _streams(request, channel)
    named = Path(request.notebook) if request.notebook is not None else None
    folder = Path(request.folder)
    client = Client(folder, named, lambda notify, progress: live.for_command(notify, progress, folder))
    try:
        with to_streams(streams), for_client(client):
            code = run(request.arguments)
            streams.stdout.flush()
            streams.stderr.flush()
    except UnansweredError:
        channel.refuse()
    else:
        channel.end(code)


def _streams(request: Request, channel: Channel) -> ClientStreams:
    """The client's standard streams, buffered as Python buffers those of a process."""
    stdin, stdout, stderr = request.streams
    return ClientStreams(
        io.TextIOWrapper(io.BufferedReader(_Input(channel, stdin)), stdin.encoding, "replace"),
        _text(channel, OUTPUT, stdout, line_buffering=stdout.terminal),
        _text(channel, ERRORS, stderr, line_buffering=True),
        request.terminal,
    )


def _text(channel: Channel, kind: bytes, stream: Stream, line_buffering: bool) -> TextIO:
    buffer = io.BufferedWriter(_Output(channel, kind, stream))  # type: ignore[type-var]
    return io.TextIOWrapper(buffer, stream.encoding, IN_TEXT, newline="\n", line_buffering=line_buffering)
