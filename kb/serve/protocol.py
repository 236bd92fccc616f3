"""What a client and the warm process send each other: frames of a kind, a length and that many bytes.

The client sends one `REQUEST` or `MESSAGE`. The process answers with any number of `OUTPUT`, `ERRORS` and `READ`
frames, and at last with `EXIT` or `REFUSAL`; while it is busy it sends a `BEAT`, which is a single byte.
"""

import json
import socket
import sys
from collections.abc import Mapping

BEAT = b"."
REQUEST = b"?"  # JSON: the fields of `Request`
MESSAGE = b"m"  # what an assistant wrote, in JSON; the answer to it comes as `OUTPUT`
OUTPUT = b"1"  # for standard output
ERRORS = b"2"  # for standard error
READ = b"0"  # a number of bytes wanted of standard input; the client answers with `INPUT`, empty at its end
INPUT = b"<"
EXIT = b"x"  # the exit code
REFUSAL = b"-"  # the client has to run the command itself
MAX_FRAME = 1 << 26
BEAT_SECONDS = 0.5
SILENCE_SECONDS = 2.0  # after which the other side counts as stuck
LENGTH = 4


class Stream:
    """How a client's standard stream takes text: its encoding, and whether it is a terminal."""

    def __init__(self, encoding: str, terminal: bool) -> None:
        self.encoding = encoding
        self.terminal = terminal


class Request:
    """A command and what its answer depends on: the working directory, the notebook that `--notebook` names, the
    variables that describe the terminal, and the standard streams in the order of their numbers.
    """

    def __init__(
        self,
        arguments: list[str],
        folder: str,
        notebook: str | None,
        terminal: Mapping[str, str],
        streams: list[Stream],
    ) -> None:
        self.arguments = arguments
        self.folder = folder
        self.notebook = notebook
        self.terminal = terminal
        self.streams = streams

    def to_json(self) -> bytes:
        """The request as a frame's bytes."""
        return json.dumps({**vars(self), "streams": [vars(stream) for stream in self.streams]}).encode()

    @classmethod
    def from_json(cls, payload: bytes) -> "Request":
        """The request in a frame. Raises `ValueError`, `TypeError` or `KeyError` for anything else."""
        fields = json.loads(payload)
        return cls(**{**fields, "streams": [Stream(**stream) for stream in fields["streams"]]})


def send(connection: socket.socket, kind: bytes, payload: bytes | bytearray = b"") -> None:
    """Send a frame."""
    connection.sendall(kind if kind == BEAT else b"".join((kind, len(payload).to_bytes(LENGTH, "big"), payload)))


def receive(connection: socket.socket) -> tuple[bytes, bytes]:
    """The kind and the bytes of the next frame. Raises `OSError`, also after the other side has closed."""
    kind = _exactly(connection, 1)
    if kind == BEAT:
        return kind, b""
    length = int.from_bytes(_exactly(connection, LENGTH), "big")
    if length > MAX_FRAME:
        raise ConnectionError("the other side does not speak this protocol")
    return kind, _exactly(connection, length)


def _exactly(connection: socket.socket, length: int) -> bytes:
    received = bytearray()
    while len(received) < length:
        part = connection.recv(length - len(received))
        if not part:
            raise ConnectionResetError("the connection was closed")
        received += part
    return bytes(received)


def peer(connection: socket.socket) -> int | None:
    """The user that runs the process at the other end; None where the system does not tell."""
    if sys.platform == "linux":
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)  # process, user, group
    elif sys.platform == "darwin":
        credentials = connection.getsockopt(0, 1, 76)  # LOCAL_PEERCRED: version, user, groups
    else:
        return None
    return int.from_bytes(credentials[4:8], sys.byteorder)
