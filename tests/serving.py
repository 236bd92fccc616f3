"""A server of a notebook in a thread of the test, and a client for it."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from kb.models import Encoder
from kb.serve.http.server import HttpServer, listening
from kb.serve.live import LiveNotebook

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Asks a server; every request has a connection of its own. The token is sent unless `token` says otherwise."""

    def __init__(self, address: str, token: str) -> None:
        self.host = address.removeprefix("http://").rstrip("/")
        self.token = token

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        connection = http.client.HTTPConnection(self.host, timeout=30)
        with closing(connection):
            connection.request(method, path, body, {"Authorization": f"Bearer {self.token}", **(headers or {})})
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())

    def get(self, path: str, **query: object) -> Answer:
        return self.ask("GET", f"{path}?{urlencode(query, doseq=True)}")

    def post(self, path: str, **fields: object) -> Answer:
        return self.ask("POST", path, JSON, json.dumps(fields).encode())


@contextmanager
def serving(root: Path, encoder: Encoder) -> Iterator[tuple[HttpServer, Client]]:
    """A server of a notebook on a free port."""
    ready = threading.Event()
    live = LiveNotebook(root, lambda line: None, encoder)
    with listening(0) as listener:
        server = HttpServer(live, listener, lambda access: ready.set())
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            assert ready.wait(30)
            yield server, Client(server.served.access.address, server.served.access.token)
        finally:
            server.end()
            thread.join(30)
            server.served.close()
