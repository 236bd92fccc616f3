"""One question to a language model with the OpenAI interface. IO: HTTP, to the address that the user names."""

from __future__ import annotations

import http.client
import json
import time
from urllib.parse import urlsplit

from kb.errors import LanguageModelError, one_line

TIMEOUT = 60.0  # seconds, for all of it
MAX_BYTES = 1_000_000  # of an answer
PIECE = 65_536


def ask(
    address: str, model: str | None, key: str | None, instruction: str, material: str, timeout: float = TIMEOUT
) -> str:
    """The answer to one chat completion. Straight to `address`: no proxy is used and no redirect followed.

    Raises `LanguageModelError` where there is no answer in time, or none that can be read.
    """
    messages = [{"role": "system", "content": instruction}, {"role": "user", "content": material}]
    question = {"messages": messages, "temperature": 0, "stream": False} | ({"model": model} if model else {})
    body = _post(f"{address.rstrip('/')}/chat/completions", json.dumps(question).encode(), key, timeout)
    try:
        answer = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise LanguageModelError(f"{address} did not answer as a language model does") from error
    if not isinstance(answer, str):
        raise LanguageModelError(f"{address} answered without a text")
    return answer


def _post(url: str, body: bytes, key: str | None, timeout: float) -> bytes:
    """What a server answers with status 200."""
    ends = time.monotonic() + timeout
    parts = urlsplit(url)
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    try:
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=timeout)
        try:
            connection.request("POST", f"{parts.path}?{parts.query}".rstrip("?"), body, headers)
            response = connection.getresponse()
            answer = _read(connection, response, ends)
        finally:
            connection.close()
    except TimeoutError as error:
        raise LanguageModelError(f"{url} did not answer within {timeout:g} s") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise LanguageModelError(f"{url} cannot be asked: {one_line(error) or type(error).__name__}") from error
    if response.status != http.client.OK:
        said = " ".join(answer[:200].decode(errors="replace").split())
        raise LanguageModelError(f"{url} answered with status {response.status}{f': {said}' if said else ''}")
    return answer


def _read(connection: http.client.HTTPConnection, response: http.client.HTTPResponse, ends: float) -> bytes:
    """The body of a response, at most `MAX_BYTES`, before `ends`; a server that trickles gains no time."""
    pieces: list[bytes] = []
    while piece := response.read1(PIECE):
        pieces.append(piece)
        if sum(map(len, pieces)) > MAX_BYTES:
            raise LanguageModelError(f"{connection.host} answered with more than {MAX_BYTES:,} bytes")
        if (left := ends - time.monotonic()) <= 0:
            raise TimeoutError
        if connection.sock:
            connection.sock.settimeout(left)
    return b"".join(pieces)
