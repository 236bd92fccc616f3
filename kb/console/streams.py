"""The standard streams of a command: those of this process, or of a client whose command a thread runs. A character
that one cannot represent is replaced, and never an error.
"""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO

SUBSTITUTES = {"█": "#", "→": ">", "…": "~", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"'}
IN_TEXT = "kb.text"
IN_JSON = "kb.json"


class ClientStreams:
    """The standard streams of a client, and those of its environment variables that describe its terminal."""

    def __init__(self, stdin: TextIO, stdout: TextIO, stderr: TextIO, terminal: Mapping[str, str]) -> None:
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.terminal = terminal


_client: ContextVar[ClientStreams | None] = ContextVar("client", default=None)


def client() -> ClientStreams | None:
    """The client whose command this thread runs, if it does not run one of its own process."""
    return _client.get()


@contextmanager
def answering(streams: ClientStreams) -> Iterator[None]:
    """Let what this thread prints go to a client."""
    token = _client.set(streams)
    try:
        yield
    finally:
        _client.reset(token)


def stdin() -> TextIO:
    """Standard input of the command."""
    return answered.stdin if (answered := _client.get()) else sys.stdin


def stdout() -> TextIO:
    """Standard output of the command."""
    return answered.stdout if (answered := _client.get()) else sys.stdout


def stderr() -> TextIO:
    """Standard error of the command."""
    return answered.stderr if (answered := _client.get()) else sys.stderr


def register_substitutes() -> None:
    """Make the two ways to replace characters known by their names, to be used as `errors` of a stream."""
    codecs.register_error(IN_TEXT, _substituted)
    codecs.register_error(IN_JSON, _escaped)


def tolerate_any_encoding() -> None:
    """Replace what a standard stream cannot represent, for the rest of this process."""
    register_substitutes()
    for stream, errors in ((sys.stdout, IN_TEXT), (sys.stderr, IN_TEXT), (sys.stdin, "replace")):
        if isinstance(stream, io.TextIOWrapper) and stream.errors != errors:
            stream.reconfigure(errors=errors)


def json_for(stream: TextIO, json: str) -> str:
    """JSON in which every character that a stream cannot represent is written as an escape."""
    encoding = stream.encoding or "utf-8"
    return json.encode(encoding, IN_JSON).decode(encoding)


def _substituted(error: UnicodeError) -> tuple[str, int]:
    """Look-alikes of some signs, question marks for all others."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(SUBSTITUTES.get(sign, "?") for sign in error.object[error.start : error.end]), error.end


def _escaped(error: UnicodeError) -> tuple[str, int]:
    r"""Escapes such as `\u00e9`, two for a character beyond the basic plane."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)), error.end
