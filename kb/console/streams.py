"""Standard streams of any encoding: a character that one cannot represent is replaced, and never an error."""

from __future__ import annotations

import codecs
import io
import sys
from typing import TextIO

SUBSTITUTES = {"█": "#", "→": ">", "…": "~", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"'}
IN_TEXT = "kb.text"
IN_JSON = "kb.json"


def tolerate_any_encoding() -> None:
    """Replace what a standard stream cannot represent, for the rest of this process."""
    codecs.register_error(IN_TEXT, _substituted)
    codecs.register_error(IN_JSON, _escaped)
    for stream, errors in ((sys.stdout, IN_TEXT), (sys.stderr, IN_TEXT), (sys.stdin, "replace")):
        if isinstance(stream, io.TextIOWrapper) and stream.errors != errors:
            stream.reconfigure(errors=errors)


def json_for(stream: TextIO, json: str) -> str:
    """JSON in which every character that a stream cannot represent is written as an escape."""
    encoding = stream.encoding or "utf-8"
    return json.encode(encoding, IN_JSON).decode(encoding)


def _substituted(error: UnicodeError) -> tuple[str, int]:
    """Look-alikes of some signs, question marks for all others."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(SUBSTITUTES.get(sign, "?") for sign in error.object[error.start : error.end]), error.end


def _escaped(error: UnicodeError) -> tuple[str, int]:
    r"""Escapes such as `\u00e9`, two for a character beyond the basic plane."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)), error.end
