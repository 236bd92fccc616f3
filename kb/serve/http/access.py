"""Who may ask: the bearer of the token, and a browser that opened a link once."""

from __future__ import annotations

import secrets
import threading
from http.cookies import CookieError, SimpleCookie

TOKEN_BYTES = 32


class Access:
    """The token, the links and the browser sessions of one server.

    A link holds a code that can be exchanged once for the cookie of a session; the code of the first link is the token
    itself. Cookies ignore ports, so the name of this one holds it.
    """

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}/"
        self.hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))
        self.token = secrets.token_urlsafe(TOKEN_BYTES)
        self._session = secrets.token_urlsafe(TOKEN_BYTES)
        self._cookie_name = f"kb-{port}"
        self._codes = {self.token}
        self._lock = threading.Lock()

    @property
    def first_link(self) -> str:
        """The link that is printed at the start."""
        return f"{self.address}?token={self.token}"

    @property
    def cookie(self) -> str:
        """The header that gives a browser its session."""
        return f"{self._cookie_name}={self._session}; Path=/; HttpOnly; SameSite=Strict"

    def new_link(self) -> str:
        """One more link."""
        code = secrets.token_urlsafe(TOKEN_BYTES)
        with self._lock:
            self._codes.add(code)
        return f"{self.address}?token={code}"

    def redeem(self, code: str) -> bool:
        """Whether a code was good; it is so only once."""
        with self._lock:
            found = next((known for known in self._codes if _same(known, code)), None)
            self._codes.discard(found or "")
        return found is not None

    def is_bearer(self, authorization: str) -> bool:
        """Whether an `Authorization` header holds the token."""
        scheme, _, token = authorization.partition(" ")
        return scheme.lower() == "bearer" and _same(token.strip(), self.token)

    def has_session(self, cookies: str) -> bool:
        """Whether a `Cookie` header holds the session."""
        try:
            morsel = SimpleCookie(cookies).get(self._cookie_name)
        except CookieError:
            return False
        return morsel is not None and _same(morsel.value, self._session)


def _same(one: str, other: str) -> bool:
    """Equality in a time that does not tell how much of a secret was right."""
    return secrets.compare_digest(one.encode(), other.encode())
