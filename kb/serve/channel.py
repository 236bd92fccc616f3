"""The warm process's end of a connection to a client."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from kb.serve import protocol

LARGE = 1 << 16  # bytes
DELAY_SECONDS = 0.05


class GoneError(BaseException):
    """The client has ended: whatever runs for it is to stop, past all handlers of errors."""


class Channel:
    """A connection to a client; several threads may send through it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._sending = threading.Lock()  # guards all below
        self._kind = protocol.OUTPUT
        self._unsent = bytearray()  # of that kind
        self._sent_at = time.monotonic()
        self._gone = False
        self._told = False  # that it is gone

    def request(self) -> protocol.Request | bytes:
        """The client's request, or the message of an assistant. Raises `OSError` or `ValueError` if neither comes in
        time.
        """
        self._connection.settimeout(protocol.SILENCE_SECONDS)
        kind, payload = protocol.receive(self._connection)
        if kind not in (protocol.REQUEST, protocol.MESSAGE):
            raise ValueError("the client sent no request")
        self._connection.settimeout(None)
        return payload if kind == protocol.MESSAGE else protocol.Request.from_json(payload)

    def write(self, kind: bytes, content: bytes | memoryview) -> None:
        """Let the client print something, in the order of the calls. Raises `GoneError`.

        What is written line by line goes out together, or else the client would wake for each line.
        """
        with self._sending:
            if kind != self._kind:
                self._flush()
                self._kind = kind
            self._unsent += content
            if len(self._unsent) > LARGE or time.monotonic() - self._sent_at > DELAY_SECONDS:
                self._flush()
            self._require_client()

    def read(self, size: int) -> bytes:
        """At most `size` bytes of the client's standard input; none at its end. Raises `GoneError`."""
        self._finish(protocol.READ, str(size).encode())
        try:
            return protocol.receive(self._connection)[1]
        except OSError as error:
            raise GoneError from error

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Let the client know in short intervals that its command still runs."""
        done = threading.Event()
        threading.Thread(target=self._beat, args=(done,), daemon=True).start()
        try:
            yield
        finally:
            done.set()

    def refuse(self) -> None:
        """Let the client run its command itself. Raises `GoneError`."""
        self._finish(protocol.REFUSAL)

    def end(self, code: int) -> None:
        """Tell the client the exit code of its command. Raises `GoneError`."""
        self._finish(protocol.EXIT, str(code).encode())

    def _finish(self, kind: bytes, payload: bytes = b"") -> None:
        with self._sending:
            self._flush()
            self._send(kind, payload)
            self._require_client()

    def _beat(self, done: threading.Event) -> None:
        while not done.wait(protocol.BEAT_SECONDS):
            with self._sending:
                if not done.is_set():
                    self._flush()
                    self._send(protocol.BEAT)

    def _flush(self) -> None:
        if self._unsent:
            content, self._unsent = self._unsent, bytearray()
            self._send(self._kind, content)

    def _send(self, kind: bytes, payload: bytes | bytearray = b"") -> None:
        if not self._gone:
            self._sent_at = time.monotonic()
            try:
                protocol.send(self._connection, kind, payload)
            except OSError:
                self._gone = True

    def _require_client(self) -> None:
        """Raise `GoneError`, but not again: streams are flushed when they are freed."""
        if self._gone and not self._told:
            self._told = True
            raise GoneError
