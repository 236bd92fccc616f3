"""A PDF as Markdown. It is read by a child process, so that no file can stop or crash kb, or fill the memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kb.capture.captured import Capture
from kb.capture.escaping import escaped, one_line
from kb.capture.quotations import quotation
from kb.errors import InputError

SECONDS = 60.0
MAX_BYTES = 50_000_000
MAX_TEXT = 900_000  # bytes of Markdown: a note has at most a million
_PROBLEMS = {
    "encrypted": "is encrypted; remove its password, for example with `qpdf --decrypt`, and add it again",
    "garbled": "does not say which letters its fonts show; recognise its text first, with `ocrmypdf --force-ocr`",
    "malformed": "is not a PDF that can be read; open and save it with another program, or download it again",
    "scanned": "has no text, only images of pages; recognise its text first, for example with `ocrmypdf`",
}

Found = dict[str, Any]


def capture_pdf(content: bytes, path: Path, full: bool = False) -> tuple[Capture, ...]:
    """The title, authors, date, abstract, outline, highlights and remarks of a PDF; with `full` its text too.

    Raises `InputError`.
    """
    if len(content) > MAX_BYTES:
        raise InputError(f"{path} is larger than {MAX_BYTES // 1_000_000} MB; split it, and add the parts")
    if b"%PDF-" not in content[:1024]:
        raise InputError(f"{path} {_PROBLEMS['malformed']}")
    found = _read(content, path, full)
    if problem := _PROBLEMS.get(found.get("problem", "")):
        raise InputError(f"{path} {problem}")
    arxiv, doi = found["arxiv"].lower(), found["doi"].lower()
    fields = {"pages": str(found["pages"])} | ({"arxiv": arxiv} if arxiv else {}) | ({"doi": doi} if doi else {})
    body, cut = _within(list(_parts(found)))
    return (
        Capture(
            key=f"arxiv:{arxiv}" if arxiv else f"doi:{doi}" if doi else path.as_posix(),
            title=one_line(found["title"]) or one_line(path.stem),
            body=body,
            source=path.as_posix(),
            authors=tuple(filter(None, map(one_line, found["authors"]))),
            date=found["date"],
            fields=fields,
            remarks=(*_remarks(found, full), *cut),
        ),
    )


def _read(content: bytes, path: Path, full: bool) -> Found:
    """What the child finds. Raises `InputError` where it fails, hangs or is killed."""
    command = [sys.executable, "-P", "-m", "kb.capture.paper.reading", *(["full"] if full else [])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(
            command, input=content, capture_output=True, env=environment, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{path} could not be read within {SECONDS:.0f} s; split it, and add the parts") from error
    if b"No module named 'pypdfium2'" in done.stderr:
        raise InputError(f"{path} needs libraries that are not installed; `kb help capture` says how to add them")
    if done.returncode or not done.stdout:
        raise InputError(f"{path} takes too much memory or time to read, or is damaged; save it with another program")
    found: Found = json.loads(done.stdout)
    return found


def _parts(found: Found) -> Iterator[str]:
    """The blocks of the note."""
    if found["abstract"]:
        yield "## Abstract"
        yield escaped(found["abstract"])
    if found["annotations"]:
        yield "## Highlights"
        for label, text, remark in found["annotations"]:
            yield quotation(text, f"page {label}", remark)
    if found["outline"] and not found["text"]:
        yield "## Outline"
        yield "\n".join(_outline(found["outline"]))
    for level, heading, paragraphs in found["text"]:
        if heading:
            yield f"{'#' * min(6, level + 1)} {escaped(heading)}"
        yield from filter(None, map(escaped, paragraphs))
    if found["beginning"] and not found["text"]:
        yield "## Beginning"
        yield from filter(None, map(escaped, found["beginning"]))


def _outline(sections: list[tuple[int, str, str]]) -> Iterator[str]:
    """The items of a nested list; none is nested deeper than one level below the item before it."""
    depth = -1
    for level, title, label in sections:
        depth = min(level - 1, depth + 1)
        yield f"{'  ' * depth}- {escaped(title)} (page {escaped(label)})"


def _within(parts: list[str]) -> tuple[str, tuple[str, ...]]:
    """The parts that fit into a note, and a remark if some do not."""
    kept, size = 0, 0
    for part in parts:
        size += len(part.encode()) + 2
        if size > MAX_TEXT:
            break
        kept += 1
    remark = f"the text is longer than a note may be; the last {len(parts) - kept} paragraphs are left out"
    return "\n\n".join(parts[:kept]), (remark,) if kept < len(parts) else ()


def _remarks(found: Found, full: bool) -> Iterator[str]:
    pages, read = found["pages"], found["read"]
    if read < pages and (full or not found["outline"]):
        yield f"the text of the first {read:,} of {pages:,} pages was read"
    if not found["abstract"]:
        yield "no abstract was found"
