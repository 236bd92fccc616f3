"""Requests to a Chroma server through its HTTP API (version 2), with a timeout and retries.

Chroma's own client has no timeout, and takes a second of imports and three requests before the first question.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
import weakref
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from kb.errors import ServerError, reason
from kb.notebook import TOKEN_VARIABLE, ChromaSettings

PAUSES = (0.1, 0.4, 1.2)  # seconds before each further attempt
TOO_MANY = 429
TOKEN_HEADER = "X-Chroma-Token"  # noqa: S105  # the name of one, as Chroma Cloud reads it


class Questions:
    """Requests to one database on a server. No proxy is used and no redirect followed.

    Each thread has a connection of its own, which stays open until the thread ends. Every method may raise
    `ServerError`.
    """

    def __init__(self, settings: ChromaSettings, token: str | None) -> None:
        self.url = (settings.url or "").rstrip("/")
        parts = urlsplit(self.url)
        self._kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._place = (parts.hostname or "", parts.port)
        self._root = f"{parts.path}/api/v2"
        self._database = f"/tenants/{quote(settings.tenant)}/databases/{quote(settings.database)}"
        self._timeout = settings.timeout
        self._token = token
        self._own = threading.local()
        self._connections: weakref.WeakSet[http.client.HTTPConnection] = weakref.WeakSet()
        self._lock = threading.Lock()  # guards the two above

    def close(self) -> None:
        """Close all connections; the next question opens another. A question in another thread is asked again."""
        with self._lock:
            connections, self._own = list(self._connections), threading.local()
            self._connections.clear()
        for connection in connections:
            connection.close()

    def ask_server(self, path: str) -> Any:
        """What the server says about itself at a path such as `/version`; None where there is no such path."""
        return self._ask("GET", path, None)

    def collections(self, most: int, skipped: int) -> list[dict[str, Any]]:
        """At most `most` collections of the database as Chroma describes them, after the first `skipped`."""
        found = self._ask("GET", f"{self._database}/collections?{urlencode({'limit': most, 'offset': skipped})}", None)
        if not isinstance(found or [], list) or not all({"id", "name"} <= {*described} for described in found or []):
            raise self._strange()
        return found or []

    def create(self, name: str, configuration: object, metadata: object) -> str:
        """Make a collection, unless there is one of this name; Chroma's id of it."""
        wanted = {"name": name, "configuration": configuration, "metadata": metadata, "get_or_create": True}
        made = self._ask("POST", f"{self._database}/collections", wanted)
        if made is None:
            raise self._error("has no such tenant or database; correct [chroma] in kb.toml")
        if not isinstance(made, dict) or "id" not in made:
            raise self._strange()
        return str(made["id"])

    def drop(self, name: str) -> None:
        """Delete a collection, if there is one of this name."""
        self._ask("DELETE", f"{self._database}/collections/{quote(name)}", None)

    def collection(self, id: str, verb: str, question: object) -> dict[str, Any]:
        """Do something with the records of a collection: `upsert`, `get`, `query` or `delete`."""
        answer = self._ask("POST", f"{self._database}/collections/{id}/{verb}", question)
        if answer is None:
            raise self._error("no longer has a collection of this notebook; run `kb sync`, or `kb pull` elsewhere")
        if not isinstance(answer, dict) or (verb in ("get", "query") and "ids" not in answer):
            raise self._strange()
        return answer

    def _ask(self, method: str, path: str, question: object) -> Any:
        """A decoded answer; None for status 404. Failures that may be temporary are retried: every request here is
        idempotent.
        """
        body = None if question is None else json.dumps(question).encode()
        for pause in (*PAUSES, None):
            status, answer = self._attempt(method, path, body)
            if 0 < status < http.client.INTERNAL_SERVER_ERROR and status != TOO_MANY:
                return self._decoded(status, answer)
            if pause is not None:
                time.sleep(pause)
        what = answer.decode() if status == 0 else f"answers with status {status}{self._quoted(answer)}"
        raise self._error(f"{what}, after {len(PAUSES) + 1} attempts; start it, or correct [chroma] in kb.toml")

    def _attempt(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        """Status and body of one answer; without an answer, status 0 and the reason."""
        headers = {"Content-Type": "application/json"} | ({TOKEN_HEADER: self._token} if self._token else {})
        connection = self._connection()
        try:
            connection.request(method, self._root + path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except TimeoutError:
            connection.close()
            return 0, f"does not answer within {self._timeout:g} s".encode()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return 0, f"cannot be reached ({reason(error)})".encode()

    def _connection(self) -> http.client.HTTPConnection:
        """The connection of this thread."""
        with self._lock:
            if not hasattr(self._own, "connection"):
                self._own.connection = self._kind(*self._place, timeout=self._timeout)
                self._connections.add(self._own.connection)
            connection: http.client.HTTPConnection = self._own.connection
        return connection

    def _decoded(self, status: int, answer: bytes) -> Any:
        if status == http.client.NOT_FOUND:
            return None
        if status in (http.client.UNAUTHORIZED, http.client.FORBIDDEN):
            raise self._error(f"refuses to answer (status {status}); set the environment variable {TOKEN_VARIABLE}")
        if status != http.client.OK and status != http.client.CREATED:
            raise self._error(f"answers with status {status}{self._quoted(answer)}; is it Chroma 1.x at this address?")
        try:
            return json.loads(answer)
        except (ValueError, RecursionError) as error:
            raise self._strange() from error

    def _quoted(self, answer: bytes) -> str:
        said = self._said(answer[:300])
        return f" ({said})" if said else ""

    def _said(self, answer: bytes) -> str:
        """The text of an answer on one line, without the token, which a careless proxy may echo."""
        said = " ".join(answer.decode(errors="replace").split())
        return said.replace(self._token, "...") if self._token else said

    def _strange(self) -> ServerError:
        return self._error("does not answer as Chroma does; correct [chroma] url in kb.toml")

    def _error(self, what: str) -> ServerError:
        return ServerError(f"the Chroma server at {self.url} {what}")
