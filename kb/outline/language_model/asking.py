"""Asks a language model to word an outline, through an OpenAI-compatible API at the address that the user names."""

from __future__ import annotations

import http.client
import json
import time
from urllib.parse import urlsplit

from kb.errors import LanguageModelError, reason
from kb.models import Notify
from kb.notebook import OutlineSettings, language_model_key
from kb.outline.language_model.proposal import INSTRUCTION, described, reworded
from kb.reports import Outline

TIMEOUT = 60.0  # seconds, for the whole request
MAX_BYTES = 1_000_000  # of an answer
PIECE = 65_536  # bytes


def worded(outline: Outline, settings: OutlineSettings, notify: Notify) -> Outline:
    """The outline as the language model of the settings words it; unchanged, with a notice, if that fails.

    Without a language model in the settings nothing is asked. Raises `ConfigError` for an invalid key.
    """
    if settings.llm is None:
        return outline
    try:
        answer = ask(settings.llm, settings.llm_model, language_model_key(), INSTRUCTION, described(outline))
        return reworded(outline, answer)
    except LanguageModelError as error:
        notify(f"{error}; the outline keeps the headings made from your notes")
        return outline


def ask(
    address: str, model: str | None, key: str | None, instruction: str, material: str, timeout: float = TIMEOUT
) -> str:
    """The answer to one chat completion, without proxies or redirects. `timeout` is in seconds, for all of it.

    Raises `LanguageModelError` if no answer arrives in time, or none that can be read.
    """
    messages = [{"role": "system", "content": instruction}, {"role": "user", "content": material}]
    question = {"messages": messages, "temperature": 0, "stream": False} | ({"model": model} if model else {})
    body = _post(f"{address.rstrip('/')}/chat/completions", json.dumps(question).encode(), key, timeout)
    try:
        answer = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise LanguageModelError(f"{address} gave no chat completion; check the address in kb.toml") from error
    if not isinstance(answer, str):
        raise LanguageModelError(f"{address} answered with a chat completion that has no text")
    return answer


def _post(url: str, body: bytes, key: str | None, timeout: float) -> bytes:
    """The body of a response with status 200. Raises `LanguageModelError` for any other outcome."""
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
        raise LanguageModelError(f"{url} cannot be reached: {reason(error)}") from error
    if response.status != http.client.OK:
        said = " ".join(answer[:200].decode(errors="replace").split())
        raise LanguageModelError(f"{url} answered with status {response.status}{f': {said}' if said else ''}")
    return answer


def _read(connection: http.client.HTTPConnection, response: http.client.HTTPResponse, ends: float) -> bytes:
    """The body of a response, at most `MAX_BYTES`, by the time `ends`, however slowly the server sends it."""
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
