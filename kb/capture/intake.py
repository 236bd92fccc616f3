"""What can be captured, and which module makes a `Capture` of it. Reads files, and asks the network by `fetch`."""

from __future__ import annotations

import dataclasses
import urllib.request
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path, PurePath
from urllib.parse import urlsplit

from kb.capture.captured import Capture
from kb.capture.highlights import is_highlights
from kb.capture.identifiers import Named
from kb.capture.web.arxiv import capture_arxiv
from kb.capture.web.doi import capture_doi
from kb.capture.web.fetch import MAX_PDF, PDF, Fetched, Fetcher
from kb.capture.web.page import capture_abstract, capture_page
from kb.capture.web.robots import require_allowed
from kb.capture.zotero import captures_of_collection
from kb.errors import CaptureError, reason

Converter = Callable[[bytes, Path, bool], tuple[Capture, ...]]
# The converter of each kind of file, by its ending; it loads with its libraries when it is needed.
CONVERTERS = {
    ".bib": "kb.capture.bibtex:capture_bibtex",
    ".csv": "kb.capture.highlights:capture_highlights",
    ".htm": "kb.capture.web.page:capture_html",
    ".html": "kb.capture.web.page:capture_html",
    ".ipynb": "kb.capture.jupyter:capture_jupyter",
    ".json": "kb.capture.highlights:capture_highlights",
    ".pdf": "kb.capture.pdf:capture_pdf",
    ".txt": "kb.capture.plain:capture_text",
    ".xhtml": "kb.capture.web.page:capture_html",
}
_MAYBE_HIGHLIGHTS = (".htm", ".html", ".txt")
ZOTERO = "zotero"
ZOTERO_SECONDS = 30
_PAGES = ("", "text/html", "application/xhtml+xml", "application/xml", "text/xml")
_TYPES = {PDF: ".pdf", "text/plain": ".txt", "application/x-ipynb+json": ".ipynb"}
_MISSING = "needs libraries that are not installed; `kb help capture` says how to add them"


def is_captured(path: PurePath) -> bool:
    """Whether a file becomes a note by a capture, by its ending."""
    return path.suffix.lower() in CONVERTERS


def captures_of_file(path: Path, name: str, full: bool) -> tuple[Capture, ...]:
    """The captures of a file with a notebook path. Raises `CaptureError` or `InputError`."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_PDF + 1)
    except OSError as error:
        raise CaptureError(f"cannot be read: {reason(error)}") from error
    if len(content) > MAX_PDF:
        raise CaptureError(f"is larger than {MAX_PDF // 1_000_000} MB")
    return captures_of(content, Path(name), full)


def captures_of(content: bytes, path: Path, full: bool) -> tuple[Capture, ...]:
    """The captures of the content of a file. Raises `CaptureError` or `InputError`."""
    try:
        return _converter(content, path)(content, path, full)
    except ModuleNotFoundError as error:
        raise CaptureError(_MISSING) from error


def captures_of_zotero(collection: str | None) -> tuple[Capture, ...]:
    """The works of a running Zotero, or of one of its collections. Raises `InputError` or `CaptureError`."""
    return captures_of_collection(collection, _ask_zotero)


def _ask_zotero(address: str) -> bytes:
    """What Zotero answers, on this machine and past any proxy. Raises `OSError`."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=ZOTERO_SECONDS) as response:
        content: bytes = response.read(MAX_PDF)
    return content


def _converter(content: bytes, path: PurePath) -> Converter:
    ending = path.suffix.lower()
    highlights = ending in _MAYBE_HIGHLIGHTS and is_highlights(content)
    module, _, name = CONVERTERS[".csv" if highlights else ending].partition(":")
    converter: Converter = getattr(import_module(module), name)
    return converter


def capture_of(named: Named, fetcher: Fetcher, full: bool) -> Capture:
    """The capture of an address or identifier. Raises `CaptureError` or `InputError`."""
    if find_spec("lxml") is None:
        raise CaptureError(_MISSING)  # before anything is fetched in vain
    try:
        return dataclasses.replace(_captured(named, fetcher, full), key=named.key)
    except ModuleNotFoundError as error:
        raise CaptureError(_MISSING) from error


def _captured(named: Named, fetcher: Fetcher, full: bool) -> Capture:
    if named.kind == "arxiv":
        return capture_arxiv(named, fetcher, full)
    if named.kind == "doi" and not full:
        return capture_doi(named, fetcher)
    if named.kind == "page":
        require_allowed(named.address, fetcher)
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
        path = Path(f"{PurePath(urlsplit(answer.address).path).stem or 'page'}{ending}")
        first, *_ = _converter(answer.content, path)(answer.content, path, full)
        return dataclasses.replace(first, source=answer.address)
    if answer.media_type not in _PAGES:
        raise CaptureError(f"{answer.address} is neither a page nor a PDF ({answer.media_type})")
    return capture_page(answer.content, answer.address, answer.charset)
