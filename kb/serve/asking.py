"""Asking the warm process: it runs the command, and this process stands for it on the terminal."""

import io
import os
import signal
import socket
import sys

from kb.serve import protocol
from kb.serve.protocol import Request, Stream

TERMINAL_VARIABLES = (
    "TERM",
    "COLORTERM",
    "COLUMNS",
    "LINES",
    "NO_COLOR",
    "FORCE_COLOR",
    "TTY_COMPATIBLE",
    "TTY_INTERACTIVE",
)
DUMB = ("dumb", "unknown")  # terminals that are taken to have 80 columns


class _OutputError(Exception):
    """A standard stream does not take what is written to it."""


class _Answer:
    """What has happened on the standard streams so far; with `collected`, what was written to standard output."""

    def __init__(self, collected: bytearray | None) -> None:
        self.shown = False
        self.collected = collected
        self.taken = b""  # of standard input

    def show(self, descriptor: int, content: bytes) -> None:
        """Write to a standard stream, or collect what it would show."""
        if self.collected is not None:
            self.collected += content if descriptor == 1 else b""
            return
        rest = memoryview(content)
        while rest:
            try:
                written = os.write(descriptor, rest)
            except OSError as error:
                raise _OutputError(error.strerror) from error
            self.shown = True
            rest = rest[written:]

    def read(self, size: int) -> bytes:
        """Read from standard input."""
        content = os.read(0, size)
        self.taken += content
        return content


def ask(path: str, arguments: list[str], notebook: str | None, collected: bytearray | None = None) -> int | None:
    """The exit code of a command that the process at a socket ran; None if this process has to run it. Standard output
    goes to `collected`, if given.

    Raises `FileNotFoundError` or `ConnectionRefusedError` if no process listens.
    """
    answer = _Answer(collected)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(protocol.SILENCE_SECONDS)
        try:
            connection.connect(path)
            if protocol.peer(connection) not in (None, os.geteuid()):
                raise ConnectionError("it belongs to another user")
            protocol.send(connection, protocol.REQUEST, _request(arguments, notebook).to_json())
            code = _follow(connection, answer)
        except (FileNotFoundError, ConnectionRefusedError):
            raise
        except KeyboardInterrupt:
            os.write(2, b"\n")  # as click does
            return 128 + signal.SIGINT
        except (OSError, _OutputError) as error:
            return _failed(answer, error)
    if code is None:
        _give_back(answer)
    return code


def _follow(connection: socket.socket, answer: _Answer) -> int | None:
    """Do what the process says until it has finished; None if it refuses."""
    while True:
        kind, payload = protocol.receive(connection)
        if kind == protocol.OUTPUT:
            answer.show(1, payload)
        elif kind == protocol.ERRORS:
            answer.show(2, payload)
        elif kind == protocol.READ:
            protocol.send(connection, protocol.INPUT, answer.read(int(payload)))
        elif kind == protocol.EXIT:
            return int(payload)
        elif kind == protocol.REFUSAL:
            return None


def _failed(answer: _Answer, error: Exception) -> int | None:
    """The exit code after a failure in the middle; None if nothing was shown yet, so that the command can still run in
    this process.
    """
    if isinstance(error.__cause__, BrokenPipeError):  # the reader of a pipe, such as `head`, stopped early
        return 128 + signal.SIGPIPE
    if answer.shown:
        _say(f"the warm process failed in the middle of its answer ({error}); run the command again")
        return 1
    if not isinstance(error, _OutputError) and answer.collected is None:
        _say(f"the warm process does not answer ({error}); the command runs without it")
    _give_back(answer)
    return None


def _say(line: str) -> None:
    try:
        os.write(2, f"kb: {line}\n".encode())
    except OSError:
        return  # there is no place left to say it


def _give_back(answer: _Answer) -> None:
    """Put what was read from standard input back, for the command to read."""
    if answer.taken:
        rest = sys.stdin.buffer.read()
        sys.stdin = io.TextIOWrapper(io.BytesIO(answer.taken + rest), sys.stdin.encoding)


def _request(arguments: list[str], notebook: str | None) -> Request:
    return Request(
        arguments=arguments,
        folder=os.getcwd(),
        notebook=notebook,
        terminal=_terminal(),
        streams=[Stream(stream.encoding, stream.isatty()) for stream in (sys.stdin, sys.stdout, sys.stderr)],
    )


def _terminal() -> dict[str, str]:
    """The variables that describe the terminal, with the size that rich would find."""
    terminal = {name: value for name in TERMINAL_VARIABLES if (value := os.environ.get(name)) is not None}
    if terminal.get("TERM", "").lower() not in DUMB:
        for name, size in zip(("COLUMNS", "LINES"), _size(), strict=True):
            if not terminal.get(name, "").isdigit():
                terminal[name] = str(size)
    return terminal


def _size() -> tuple[int, int]:
    """Columns and lines of the terminal that one of the standard streams is connected to."""
    for descriptor in range(3):
        try:
            columns, lines = os.get_terminal_size(descriptor)
        except OSError:
            continue
        return columns or 80, lines or 25
    return 80, 25
