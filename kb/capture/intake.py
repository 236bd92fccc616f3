"""What can be captured, and which module makes a `Capture` of it. Reads files, and asks the network by `fetch`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path, PurePath
from urllib.parse import urlsplit

from kb.capture.captured import Capture
from kb.capture.jupyter import capture_jupyter
from kb.capture.pdf import capture_pdf
from kb.capture.plain import capture_text
from kb.capture.web.addresses import Named
from kb.capture.web.arxiv import capture_arxiv
from kb.capture.web.doi import capture_doi
from kb.capture.web.fetch import MAX_PDF, PDF, Fetched, Fetcher
from kb.capture.web.page import capture_abstract, capture_page
from kb.capture.web.saved import capture_html
from kb.errors import CaptureError

Converter = Callable[[bytes, Path, bool], tuple[Capture, ...]]
CONVERTERS: dict[str, Converter] = {
    ".html": capture_html,
    ".htm": capture_html,
    ".xhtml": capture_html,
    ".ipynb": capture_jupyter,
    ".pdf": capture_pdf,
    ".txt": capture_text,
}
_PAGES = ("", "text/html", "application/xhtml+xml", "application/xml", "text/xml")
_TYPES = {PDF: ".pdf", "text/plain": ".txt", "application/x-ipynb+json": ".ipynb"}
_MISSING = "captures need libraries that are not installed; run `pip install 'kb[capture]'`"


def is_captured(path: PurePath) -> bool:
    """Whether a file becomes a note by a capture, by its ending."""
    return path.suffix.lower() in CONVERTERS


def captures_of_file(path: Path, name: str, full: bool) -> tuple[Capture, ...]:
    """The captures of a file with a notebook path. Raises `CaptureError` or `InputError`."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_PDF + 1)
    except OSError as error:
        raise CaptureError(f"cannot be read: {error.strerror}") from error
    if len(content) > MAX_PDF:
        raise CaptureError(f"is larger than {MAX_PDF // 1_000_000} MB")
    return captures_of(content, Path(name), full)


def captures_of(content: bytes, path: Path, full: bool) -> tuple[Capture, ...]:
    """The captures of the content of a file. Raises `CaptureError` or `InputError`."""
    try:
        return CONVERTERS[path.suffix.lower()](content, path, full)
    except ModuleNotFoundError as error:
        raise CaptureError(_MISSING) from error


def capture_of(named: Named, fetcher: Fetcher, full: bool) -> Capture:
    """The capture of an address or identifier. Raises `CaptureError` or `InputError`."""
    try:
        return dataclasses.replace(_captured(named, fetcher, full), key=named.key)
    except ModuleNotFoundError as error:
        raise CaptureError(_MISSING) from error


def _captured(named: Named, fetcher: Fetcher, full: bool) -> Capture:
    if named.kind == "arxiv":
        return capture_arxiv(named, fetcher, full)
    if named.kind == "doi" and not full:
        return capture_doi(named, fetcher)
    answer = fetcher.fetch(named.address)
    if named.kind in ("openreview", "acl") and answer.media_type in _PAGES and not full:
        return dataclasses.replace(
            capture_abstract(answer.content, answer.address, answer.charset), source=named.address
        )
    capture = _of_answer(answer, full)
    return dataclasses.replace(capture, source=named.address if named.kind != "page" else capture.source)


def _of_answer(answer: Fetched, full: bool) -> Capture:
    """The capture of what an address answered, by its type, or else by how it begins."""
    ending = _TYPES.get(answer.media_type) or (".pdf" if answer.content.startswith(b"%PDF-") else "")
    if ending:
        name = PurePath(urlsplit(answer.address).path).stem or "page"
        (capture,) = CONVERTERS[ending](answer.content, Path(f"{name}{ending}"), full)
        return dataclasses.replace(capture, source=answer.address)
    if answer.media_type not in _PAGES:
        raise CaptureError(f"{answer.address} is neither a page nor a PDF ({answer.media_type})")
    return capture_page(answer.content, answer.address, answer.charset)
