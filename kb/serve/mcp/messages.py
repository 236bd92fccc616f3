"""Single messages of assistants, as `kb mcp` passes them on, answered without the state of a connection."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.types import Message, Scope

from kb.serve.mcp.endpoint import ToolEndpoint

if TYPE_CHECKING:
    from kb.serve.live import LiveNotebook

VERSION_KEY = "io.modelcontextprotocol/protocolVersion"  # with which a request of the stateless protocol begins
PARSE_ERROR, INVALID_REQUEST = -32700, -32600  # of JSON-RPC
HOST = "127.0.0.1:1"  # the SDK wants a port; no connection has it


class Messages:
    """Answers messages, each as if it had been sent to `/mcp`, in an event loop that starts with the first."""

    def __init__(self, live: LiveNotebook) -> None:
        self._endpoint = ToolEndpoint(live)
        self._lock = threading.Lock()  # guards the two below
        self._stack = ExitStack()
        self._portal: BlockingPortal | None = None

    def answer(self, message: bytes) -> bytes:
        """The answer to a message in JSON, in JSON; nothing to a notification. Threads may share this."""
        with self._lock:
            if self._portal is None:
                self._portal = self._stack.enter_context(start_blocking_portal())
                self._stack.enter_context(self._portal.wrap_async_context_manager(self._endpoint.running()))
        return self._portal.call(self._answer, message)

    def close(self) -> None:
        """Stop the event loop."""
        with self._lock:
            self._stack.close()
            self._portal = None

    async def _answer(self, message: bytes) -> bytes:
        try:
            headers = dict(_headers(json.loads(message)))
        except (ValueError, RecursionError) as error:
            return _error(PARSE_ERROR, str(error))
        exchange = _Exchange(message)
        await self._endpoint(_scope(headers), exchange.receive, exchange.send)
        try:
            json.loads(exchange.body or b"null")
        except ValueError:  # of HTTP, in plain text
            return _error(INVALID_REQUEST, exchange.body.decode(errors="replace"))
        return exchange.body


class _Exchange:
    """The two ends of one request."""

    def __init__(self, message: bytes) -> None:
        self._message = message
        self.body = b""

    async def receive(self) -> Message:
        return {"type": "http.request", "body": self._message, "more_body": False}

    async def send(self, message: Message) -> None:
        self.body += message.get("body", b"")


def _headers(message: object) -> Iterator[tuple[str, str]]:
    """The headers that HTTP wants for a message; those of the stateless protocol repeat what the message says."""
    yield from (("host", HOST), ("content-type", "application/json"), ("accept", "application/json, text/event-stream"))
    params = message.get("params") if isinstance(message, Mapping) else None
    meta = params.get("_meta") if isinstance(params, Mapping) else None
    if not (isinstance(message, Mapping) and isinstance(params, Mapping) and isinstance(meta, Mapping)):
        return
    said = {
        "mcp-protocol-version": meta.get(VERSION_KEY),
        "mcp-method": message.get("method"),
        "mcp-name": params.get("name"),
    }
    if VERSION_KEY in meta:
        yield from ((name, str(value)) for name, value in said.items() if value is not None)


def _scope(headers: Mapping[str, str]) -> Scope:
    encoded = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/mcp",
        "raw_path": b"/mcp",
        "query_string": b"",
        "headers": encoded,
    }


def _error(code: int, message: str) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": message}}).encode()
