"""Fetches one address, safely: only http(s), only public hosts, within limits of size and time.

A name is resolved once and the connection goes to the address that was checked, so that no second answer of a name
server can lead elsewhere; each redirect is checked like the first address.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from kb.capture.web.public import resolve
from kb.errors import CaptureError, reason

MAX_PAGE = 10_000_000  # bytes, after decompression
MAX_PDF = 50_000_000
MAX_SECONDS = 30.0
MAX_REDIRECTS = 5
PORTS = {"http": 80, "https": 443}
PDF = "application/pdf"
USER_AGENT = "Mozilla/5.0 (compatible; kb note capture)"
REFUSED = {
    401: "asks for a login",
    402: "is behind a paywall",
    403: "refuses access",
    404: "does not exist",
    410: "no longer exists",
    429: "is asked too often; try again later",
    451: "is blocked for legal reasons",
}
_REDIRECTS = (301, 302, 303, 307, 308)
_PIECE = 65_536


@dataclass(frozen=True)
class Fetched:
    """What an address answered: where it was in the end, its decompressed bytes, and what the server says they are."""

    address: str
    content: bytes
    media_type: str
    charset: str | None


class Fetcher:
    """Fetches addresses; those of private networks only with `allow_private`. `seconds` is the limit of one fetch."""

    def __init__(self, allow_private: bool = False, seconds: float = MAX_SECONDS) -> None:
        self._allow_private = allow_private
        self._seconds = seconds

    def fetch(self, address: str, accept: str = "text/html,application/xhtml+xml,application/pdf;q=0.9") -> Fetched:
        """What an address answers, after at most five redirects. Raises `CaptureError`."""
        deadline = time.monotonic() + self._seconds
        place = address
        for _ in range(MAX_REDIRECTS + 1):
            parts = _checked(place)
            with self._answer(parts, accept, deadline) as response:
                if response.status not in _REDIRECTS:
                    return _read(place, response)
                target = response.getheader("Location")
                if not target:
                    raise CaptureError(f"{place} redirects nowhere")
                place = urljoin(place, target)
        raise CaptureError(f"{address} redirects more than {MAX_REDIRECTS} times")

    @contextmanager
    def _answer(self, parts: SplitResult, accept: str, deadline: float) -> Iterator[http.client.HTTPResponse]:
        """The answer to a request. At the deadline the connection is shut down, however slowly bytes trickle in."""
        host, port = _host_and_port(parts)
        remaining = max(deadline - time.monotonic(), 0.01)
        connection = _Connection(
            parts.scheme, host, port, resolve(host, port, self._allow_private, remaining), deadline
        )
        guard = threading.Timer(max(deadline - time.monotonic(), 0.01), connection.abort)
        guard.daemon = True
        guard.start()
        try:
            connection.request("GET", _target(parts), headers=_headers(accept))
            yield connection.getresponse()
            if connection.aborted:  # the end of the connection looks like that of an answer without a length
                raise TimeoutError
        except (OSError, http.client.HTTPException, ValueError) as error:
            if connection.aborted:
                raise CaptureError(f"{parts.geturl()} did not answer in full within {self._seconds:.0f} s") from error
            raise CaptureError(f"{parts.geturl()} cannot be fetched: {_reason(error)}") from error
        finally:
            guard.cancel()
            connection.close()


class _Connection(http.client.HTTPConnection):
    """A connection to addresses that were checked; TLS verifies the host's name."""

    def __init__(self, scheme: str, host: str, port: int, addresses: list[str], deadline: float) -> None:
        super().__init__(host, port)
        self._scheme = scheme
        self._addresses = addresses
        self._deadline = deadline
        self._plain: socket.socket | None = None
        self.aborted = False
        self.default_port = PORTS[scheme]  # decides whether the Host header names the port

    def connect(self) -> None:
        self._plain = self._first_that_answers()
        if self._scheme == "https":
            self.sock = ssl.create_default_context().wrap_socket(self._plain, server_hostname=self.host)
        else:
            self.sock = self._plain

    def abort(self) -> None:
        """End the connection from another thread."""
        self.aborted = True
        for open_socket in (self.sock, self._plain):
            if open_socket is not None:
                _shut_down(open_socket)

    def _first_that_answers(self) -> socket.socket:
        failed: OSError | None = None
        for address in self._addresses:
            try:
                remaining = max(self._deadline - time.monotonic(), 0.01)
                return socket.create_connection((address, self.port), timeout=remaining)
            except OSError as error:
                failed = error
        raise failed or OSError("no address")


def _shut_down(open_socket: socket.socket) -> None:
    try:
        socket.socket.shutdown(open_socket, socket.SHUT_RDWR)
    except OSError:
        return  # it has ended already


def _checked(address: str) -> SplitResult:
    """The parts of an address that may be fetched. Raises `CaptureError`."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:
        raise CaptureError(f"{address} is not a valid address: {error}") from error
    if parts.scheme not in PORTS:
        raise CaptureError(f"{address} is not an http(s) address, and nothing else is fetched")
    if not parts.hostname:
        raise CaptureError(f"{address} names no host")
    if parts.username or parts.password:
        raise CaptureError(f"{parts.hostname} is given with a user name; leave the part before @ out")
    return parts


def _host_and_port(parts: SplitResult) -> tuple[str, int]:
    host = parts.hostname or ""
    try:
        ascii_host = host if ":" in host else host.encode("idna").decode()
    except UnicodeError as error:
        raise CaptureError(f"{host!r} is not a valid host name") from error
    return ascii_host, parts.port or PORTS[parts.scheme]


def _target(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return f"{path}?{quote(parts.query, safe='/%:@!$&()*+,;=?~-._')}" if parts.query else path


def _headers(accept: str) -> dict[str, str]:
    return {
        "Accept": accept,
        "Accept-Encoding": "gzip, deflate",
        "Accept-Language": "en, *;q=0.5",
        "Connection": "close",
        "User-Agent": USER_AGENT,
    }


def _read(address: str, response: http.client.HTTPResponse) -> Fetched:
    if response.status != 200:
        why = REFUSED.get(response.status, "cannot be fetched")
        raise CaptureError(f"{address} {why} (HTTP {response.status})")
    media_type = response.headers.get_content_type() if response.getheader("Content-Type") else ""
    limit = MAX_PDF if media_type == PDF else MAX_PAGE
    content = _body(address, response, limit)
    if not content.strip():
        raise CaptureError(f"{address} is empty")
    return Fetched(address, content, media_type, response.headers.get_content_charset())


def _body(address: str, response: http.client.HTTPResponse, limit: int) -> bytes:
    """The decompressed body; reading ends as soon as the limit is passed."""
    too_large = CaptureError(f"{address} is larger than {limit // 1_000_000} MB")
    if response.length is not None and response.length > limit:
        raise too_large
    unpack = _Unpacking(response.getheader("Content-Encoding") or "")
    pieces: list[bytes] = []
    size = 0
    while piece := response.read(_PIECE):
        for unpacked in unpack.pieces(piece, limit - size + 1):
            size += len(unpacked)
            pieces.append(unpacked)
            if size > limit:
                raise too_large
    if response.length or not unpack.complete:
        raise CaptureError(f"{address} ended before it was complete")
    return b"".join(pieces)


class _Unpacking:
    """Decompresses a body piece by piece, never more of it than is wanted."""

    def __init__(self, encoding: str) -> None:
        encoding = encoding.strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise CaptureError(f"the answer is compressed in a way that was not asked for ({encoding[:40]})")
        self._plain = encoding in ("", "identity")
        self._raw_deflate_tried = encoding != "deflate"
        self._stream = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or zlib, by its header

    @property
    def complete(self) -> bool:
        """Whether the end of the compressed stream was seen."""
        return self._plain or self._stream.eof

    def pieces(self, packed: bytes, most: int) -> Iterator[bytes]:
        """The decompressed bytes of a piece, at most `most` of them and a little."""
        if self._plain:
            yield packed
            return
        while packed and most > 0 and not self._stream.eof:
            try:
                unpacked = self._stream.decompress(packed, min(most, 1 << 20))
            except zlib.error as error:
                if self._raw_deflate_tried:
                    raise CaptureError(f"the answer cannot be decompressed: {error}") from error
                self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
                self._raw_deflate_tried = True
                continue
            self._raw_deflate_tried = True
            packed = self._stream.unconsumed_tail
            most -= len(unpacked)
            yield unpacked


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, http.client.IncompleteRead):
        return "it ended before it was complete"
    return reason(error)[:150]
