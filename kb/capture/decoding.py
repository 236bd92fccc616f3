"""The bytes of a text file in any common encoding as text. Pure."""

from __future__ import annotations

import codecs
from pathlib import Path

from kb.errors import InputError

MAX_BYTES = 20_000_000
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def decoded(content: bytes, path: Path) -> str:
    r"""A file as text with `\\n` newlines: by its byte order mark, as UTF-8, or else as Windows-1252.

    Raises `InputError` for an empty, binary or very large file.
    """
    if len(content) > MAX_BYTES:
        raise InputError(f"{path} is larger than {MAX_BYTES // 1_000_000} MB; split it, and add the parts")
    encoding = next((encoding for mark, encoding in _MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    if "\0" in text:
        raise InputError(f"{path} is binary (it has NUL bytes); give a text file")
    if not text.strip():
        raise InputError(f"{path} is empty; nothing was captured")
    return text.replace("\r\n", "\n").replace("\r", "\n")
