"""`kb mcp` next to a warm process: what an assistant writes goes there line by line, and the answers come back.

This process holds neither models nor an index, so it starts at once, and any number of them cost little. It needs few
imports.
"""

import os
import signal
import socket
import sys
import threading
import time

from kb.serve import address, client, protocol

START_SECONDS = 20.0  # in which a warm process that was just started listens
RETRY_SECONDS = 0.02
PATIENCE_SECONDS = 30.0  # of silence; while it works, a warm process says so twice a second
END_SECONDS = 5.0  # that answers are waited for once the input has ended
INTERNAL_ERROR = -32603  # of JSON-RPC


def relay(root: str) -> int | None:
    """Pass on the lines of standard input, and print the answers, until the input ends. Returns the exit code; None if
    no warm process of the notebook can be had, so that this process has to answer.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # there is nothing to end in order
    try:
        with _connected(root):
            pass
    except OSError:
        return None
    _Relay(root).run()
    return 0


class _Relay:
    """Lines that are under way; they are answered in any order."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._printing = threading.Lock()

    def run(self) -> None:
        threads: list[threading.Thread] = []
        for line in sys.stdin.buffer:
            if line.strip():
                threads = [thread for thread in threads if thread.is_alive()]
                threads.append(threading.Thread(target=self._pass_on, args=(line,), daemon=True))
                threads[-1].start()
        end = time.monotonic() + END_SECONDS
        for thread in threads:
            thread.join(max(end - time.monotonic(), 0))

    def _pass_on(self, line: bytes) -> None:
        try:
            with _connected(self._root) as connection:
                answer = _asked(connection, line)
        except OSError as error:
            answer = _failure(line, error)
        if answer:
            with self._printing:
                sys.stdout.buffer.write(answer.strip() + b"\n")
                sys.stdout.buffer.flush()


def _connected(root: str) -> socket.socket:
    """A connection to the warm process, which is started where none listens. Raises `OSError`."""
    started, end = False, time.monotonic() + START_SECONDS
    while True:
        path = address.socket_path(root)
        if path is None or not address.make_folder(path):
            raise ConnectionError("there is no folder for its socket")
        try:
            return _connection(path)
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > end or client.has_failed(path, time.time()):
                raise
            started = started or client.start(root, path)
            time.sleep(RETRY_SECONDS)


def _connection(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(PATIENCE_SECONDS)
        connection.connect(path)
        if protocol.peer(connection) not in (None, os.geteuid()):
            raise PermissionError("it belongs to another user")
    except OSError:
        connection.close()
        raise
    return connection


def _asked(connection: socket.socket, line: bytes) -> bytes:
    """What the warm process answers to one line; nothing to a notification. Raises `OSError`."""
    protocol.send(connection, protocol.MESSAGE, line)
    answer = b""
    while True:
        kind, payload = protocol.receive(connection)
        if kind == protocol.OUTPUT:
            answer += payload
        elif kind == protocol.EXIT:
            return answer
        elif kind == protocol.REFUSAL:
            raise ConnectionError("it is busy")


def _failure(line: bytes, error: OSError) -> bytes:
    """The answer to a request that the warm process did not answer; nothing to what is no request. It is not asked
    again: a note might be added twice.
    """
    import json

    try:
        identifier = json.loads(line)["id"]
    except (ValueError, TypeError, KeyError):
        return b""
    message = f"the warm process of kb did not answer ({error}); ask again"
    failed = {"jsonrpc": "2.0", "id": identifier, "error": {"code": INTERNAL_ERROR, "message": message}}
    return json.dumps(failed).encode()
