"""Running the server: a socket on the loopback interface, and an end that is clean."""

from __future__ import annotations

import contextlib
import ctypes
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn

from kb.cli.session import ended_by_signals
from kb.errors import InputError, NotebookError, reason
from kb.models import Encoder, Notify
from kb.serve.claim import claimed
from kb.serve.http.access import Access
from kb.serve.http.app import application
from kb.serve.http.running import recorded
from kb.serve.http.served import Served
from kb.serve.live import LiveNotebook
from kb.serve.socket import listen
from kb.serve.watching import watching

LOOPBACK = "127.0.0.1"
GRACE_SECONDS = 5  # for requests that are under way when the server is to end
ARENAS = 2  # of memory: by default each thread may have its own, which keep what it frees
M_ARENA_MAX = -8  # of mallopt(3)
IDLE_SECONDS = 60  # after which a connection is closed, so that a person who types seldom meets a closed one


class HttpServer(uvicorn.Server):
    """A server of a notebook on a socket that listens. `ready` is called once requests are answered; signals are left
    to the caller.
    """

    def __init__(self, live: LiveNotebook, listener: socket.socket, ready: Callable[[Access], None]) -> None:
        self.served = Served(live, Access(listener.getsockname()[1]), self.end)
        self._ready = ready
        config = uvicorn.Config(
            application(self.served),
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            ws="none",
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        super().__init__(config)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready(self.served.access)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def end(self) -> None:
        """Answer what is under way, and end."""
        self.served.live.stopping.set()
        self.should_exit = True


def serve(
    root: Path,
    port: int,
    ready: Callable[[Access], None],
    notify: Notify,
    encoder: Encoder | None = None,
) -> int:
    """Serve a notebook, and watch its notes, until the process receives a signal or a request to stop; returns the exit
    code.

    `ready` is called once the server listens. Port 0 is any free one. Raises `InputError` for a port in use,
    `ConfigError` for settings that the user has not allowed, and `NotebookError` where the notebook is served already.
    """
    _share_arenas()
    live = LiveNotebook(root, notify, encoder)
    with listening(port) as listener:
        server = HttpServer(live, listener, ready)
        with (
            recorded(root, server.served.access),
            contextlib.closing(server.served),
            _answering_commands(live),
            watching(live, server.served.jobs.sync, notify),
            ended_by_signals(server.end) as stopping,
        ):
            server.run([listener])
    return 128 + stopping.signal if stopping.signal else 0


def _share_arenas() -> None:
    """Bound the arenas from which threads allocate memory, where the C library is that of GNU."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


@contextlib.contextmanager
def _answering_commands(live: LiveNotebook) -> Iterator[None]:
    """Answer commands too, unless another process of this notebook does so already."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(NotebookError):
            stack.enter_context(listen(live, stack.enter_context(claimed(live.root))))
        yield


@contextlib.contextmanager
def listening(port: int) -> Iterator[socket.socket]:
    """A socket on the loopback interface. Raises `InputError` for a port in use."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError as error:
            raise InputError(f"port {port} cannot be used: {reason(error)}; --port 0 takes a free one") from error
        yield listener
