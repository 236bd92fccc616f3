"""The socket of a warm process: for whoever connects, it runs a command, each in a thread of its own."""

from __future__ import annotations

import os
import socket
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from kb import rooms
from kb.serve import protocol
from kb.serve.answering import answer
from kb.serve.channel import Channel, GoneError
from kb.serve.live import LiveNotebook

if TYPE_CHECKING:
    from kb.serve.mcp.messages import Messages

BACKLOG = 128
TOGETHER = 16  # commands that run at a time; each may open a connection to the catalog, with a cache of its own
TURN_SECONDS = 5.0  # that a client waits for its turn: others may have stopped reading what they asked for
LAST_SECONDS = 0.2  # for a client that connected just before the socket went away


class Listener:
    """Answers clients until it is closed."""

    def __init__(self, live: LiveNotebook, path: str, server: socket.socket) -> None:
        self._live = live
        self._path = path
        self._server = server
        self._inode = os.stat(path).st_ino
        self._turns = threading.Semaphore(TOGETHER)
        self._lock = threading.Lock()  # guards all below
        self._waiting_clients = 0
        self._last_used = time.monotonic()
        self._messages: Messages | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def idle_seconds(self) -> float:
        """How long no client has been waiting for an answer."""
        with self._lock:
            return 0.0 if self._waiting_clients else time.monotonic() - self._last_used

    def is_reachable(self) -> bool:
        """Whether clients can still find the socket."""
        try:
            return os.stat(self._path).st_ino == self._inode
        except OSError:
            return False

    def close(self) -> None:
        """Remove the socket, and return when all clients have their answers."""
        if self.is_reachable():
            os.unlink(self._path)
        time.sleep(LAST_SECONDS)
        while self.idle_seconds() == 0:
            time.sleep(LAST_SECONDS)
        self._server.close()
        if self._messages is not None:
            self._messages.close()

    def _opened_messages(self) -> Messages:
        """What answers assistants, of whom most processes never hear."""
        with self._lock:
            if self._messages is None:
                self._messages = rooms.messages.Messages(self._live)
            return self._messages

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:  # it was closed
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        channel = Channel(connection)
        with connection, self._waiting(), channel.beating(), suppress(GoneError):
            if protocol.peer(connection) not in (None, os.geteuid()):
                return
            try:
                request = channel.request()
            except (OSError, ValueError, TypeError, KeyError):  # it is no client of ours, or has ended
                return
            if not self._turns.acquire(timeout=TURN_SECONDS):
                channel.refuse()
                return
            try:
                if isinstance(request, bytes):
                    channel.write(protocol.OUTPUT, self._opened_messages().answer(request))
                    channel.end(0)
                else:
                    answer(self._live, request, channel)
            except Exception:  # the client runs the command itself, and shows what is wrong
                traceback.print_exc()
                channel.refuse()
            finally:
                self._turns.release()

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        with self._lock:
            self._waiting_clients += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting_clients -= 1
                self._last_used = time.monotonic()


@contextmanager
def listen(live: LiveNotebook, path: str) -> Iterator[Listener]:
    """Run the commands of clients that connect to a socket, in threads of their own, until the block ends.

    `path` is one that `claimed` gave to this process. Raises `OSError` where the socket cannot be made.
    """
    # Click would take the notebook of this process for one that the client's command names.
    os.environ.pop("KB_NOTEBOOK", None)
    unready = f"{path}.new"
    with suppress(FileNotFoundError):
        os.unlink(unready)
    server = socket.socket(socket.AF_UNIX)
    server.bind(unready)
    os.chmod(unready, 0o600)
    server.listen(BACKLOG)
    os.replace(unready, path)  # nobody finds it before it listens
    listener = Listener(live, path, server)
    try:
        yield listener
    finally:
        listener.close()
