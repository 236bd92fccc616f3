"""The warm process's end of a connection to a client."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from kb.serve import protocol


class GoneError(BaseException):
    """The client has ended: whatever runs for it is to stop, past all handlers of errors."""


class Channel:
    """A connection to a client; several threads may send through it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._gone = False

    def request(self) -> protocol.Request:
        """The client's request. Raises `OSError` or `ValueError` if none comes in time."""
        self._connection.settimeout(protocol.SILENCE_SECONDS)
        kind, payload = protocol.receive(self._connection)
        if kind != protocol.REQUEST:
            raise ValueError("the client sent no request")
        self._connection.settimeout(None)
        return protocol.Request.from_json(payload)

    def send(self, kind: bytes, payload: bytes = b"") -> None:
        """Send a frame. Raises `GoneError` once, and then does nothing: buffers are flushed when freed."""
        with self._sending:
            if self._gone:
                return
            try:
                protocol.send(self._connection, kind, payload)
            except OSError as error:
                self._gone = True
                raise GoneError from error

    def read(self, size: int) -> bytes:
        """At most `size` bytes of the client's standard input; none at its end. Raises `GoneError`."""
        self.send(protocol.READ, str(size).encode())
        try:
            return protocol.receive(self._connection)[1]
        except OSError as error:
            raise GoneError from error

    def beat(self) -> None:
        """Let the client know that its command still runs, unless it has something to read anyway."""
        if self._sending.acquire(blocking=False):
            try:
                with suppress(OSError):
                    self._connection.send(protocol.BEAT, socket.MSG_DONTWAIT)
            finally:
                self._sending.release()

    def refuse(self) -> None:
        """Let the client run its command itself."""
        self.send(protocol.REFUSAL)

    def finish(self, code: int) -> None:
        """Tell the client the exit code of its command."""
        self.send(protocol.EXIT, str(code).encode())
