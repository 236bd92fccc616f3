"""The one guard around everything that the server answers.

A page of a foreign site must neither read nor change notes: `Host` defeats rebinding of its name to this machine,
`Origin` and `Sec-Fetch-Site` its scripts, the token all that is left. Nothing but JSON changes anything, so that no
form can.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb.reports import Failure
from kb.serve.http.access import Access
from kb.serve.http.failures import refusal, response_of

READS = ("GET", "HEAD")
OWN_SITE = (None, "same-origin", "none")
POLICY = {"default-src": "'none'", "frame-ancestors": "'none'", "base-uri": "'none'", "form-action": "'none'"}
POLICY |= {f"{kind}-src": "'self'" for kind in ("script", "style", "img", "font", "connect")}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in POLICY.items()),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
OPEN_LINK = "open an address that `kb serve --status` prints; each works once"


@dataclass(frozen=True)
class Limits:
    """The largest query string, body, and body with a file in it, in bytes; the seconds in which a body must arrive;
    and the requests that may be under way together.
    """

    query: int = 8_000
    body: int = 2_000_000
    upload: int = 67_000_000  # 50 MB in Base64
    body_seconds: float = 30
    requests: int = 256


class RefusedError(Exception):
    """A request that is not passed on."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.failure: Failure = refusal(status, message)


class Guard:
    """Passes the requests on that come from this machine's user, and adds the security headers to every response."""

    def __init__(
        self, app: ASGIApp, access: Access, limits: Limits | None = None, uploads: Collection[str] = ()
    ) -> None:
        self._app = app
        self._access = access
        self._limits = limits or Limits()
        self._uploads = uploads  # the paths that take a file
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, _with_headers(send))
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._under_way += 1
        try:
            headers = Headers(scope=scope)
            self._require_room(scope)
            self._require_own_origin(scope, headers)
            if code := _link_code(scope):
                await self._open(code, headers)(scope, receive, send)
                return
            self._require_user(headers)
            if scope["method"] not in READS:
                _require_json(headers)
                receive = await self._with_body(scope["path"], headers, receive)
            await self._app(scope, receive, send)
        except RefusedError as refused:
            await _refusal_for(headers, refused.failure)(scope, receive, send)
        finally:
            self._under_way -= 1

    def _require_room(self, scope: Scope) -> None:
        if self._under_way > self._limits.requests:
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "too many requests are under way; try again in a second")
        if len(scope["query_string"]) > self._limits.query:
            raise RefusedError(HTTPStatus.REQUEST_URI_TOO_LONG, f"a query has at most {self._limits.query:,} bytes")

    def _require_own_origin(self, scope: Scope, headers: Headers) -> None:
        host = headers.getlist("host")
        if len(host) != 1 or host[0].lower() not in self._access.hosts:
            raise RefusedError(HTTPStatus.FORBIDDEN, "the host must be 127.0.0.1 or localhost, with this port")
        if any(origin != f"http://{host[0]}" for origin in headers.getlist("origin")):
            raise RefusedError(HTTPStatus.FORBIDDEN, "a page of another origin is not answered")
        if headers.get("sec-fetch-site") not in OWN_SITE and not _opens_page(scope, headers):
            raise RefusedError(HTTPStatus.FORBIDDEN, "a page of another site is not answered")

    def _require_user(self, headers: Headers) -> None:
        bearer = self._access.is_bearer(headers.get("authorization", ""))
        if not bearer and not self._access.has_session("; ".join(headers.getlist("cookie"))):
            raise RefusedError(HTTPStatus.UNAUTHORIZED, OPEN_LINK)

    def _open(self, code: str, headers: Headers) -> Response:
        """Exchange the code of a link for a session, and take it out of the browser's address."""
        again = self._access.has_session("; ".join(headers.getlist("cookie")))
        if not self._access.redeem(code) and not again:
            raise RefusedError(HTTPStatus.FORBIDDEN, f"this link was used, or is of an earlier start; {OPEN_LINK}")
        return RedirectResponse("/", HTTPStatus.SEE_OTHER, {"Set-Cookie": self._access.cookie})

    async def _with_body(self, path: str, headers: Headers, receive: Receive) -> Receive:
        """The same request with its body read, which is bounded in size and time."""
        largest = self._limits.upload if path in self._uploads else self._limits.body
        too_large = RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body has at most {largest:,} bytes")
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > largest:
            raise too_large
        body, more = bytearray(), True
        with anyio.move_on_after(self._limits.body_seconds):
            while more:
                message = await receive()
                body += message.get("body", b"")
                more = message["type"] == "http.request" and message.get("more_body", False)
                if len(body) > largest:
                    raise too_large
        if more:
            raise RefusedError(HTTPStatus.REQUEST_TIMEOUT, "the body did not arrive in time")
        return _replayed(bytes(body), receive)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """What an application receives: a body that was read already, then whatever follows."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return messages.pop() if messages else await receive()

    return next_message


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers


def _opens_page(scope: Scope, headers: Headers) -> bool:
    """Whether a browser follows a link to the page itself, from wherever it was shown."""
    navigates = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return bool(scope["method"] == "GET" and scope["path"] == "/" and navigates)


def _link_code(scope: Scope) -> str:
    if scope["method"] != "GET" or scope["path"] != "/":
        return ""
    query: bytes = scope["query_string"]
    return parse_qs(query.decode("latin-1")).get("token", [""])[0]


def _require_json(headers: Headers) -> None:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a change needs the content type application/json")


def _refusal_for(headers: Headers, failure: Failure) -> Response:
    """A failure as text for a person at a browser, or as JSON for a program."""
    if "text/html" in headers.get("accept", ""):
        return PlainTextResponse(f"kb: {failure.message}\n", failure.status)
    return response_of(failure)
