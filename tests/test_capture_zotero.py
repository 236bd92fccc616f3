"""A Zotero library by its local API, which a real server stands in for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest

from kb.capture import zotero
from kb.capture.zotero import captures_of_collection
from kb.errors import InputError

Json = dict[str, Any]
ROOT = "/api/users/0"


def item(key: str, children: int = 0, parsed: str = "", **data: Any) -> Json:
    """An object as the API gives it."""
    meta = {"numChildren": children} | ({"parsedDate": parsed} if parsed else {})
    return {
        "key": key,
        "version": 1,
        "library": {"type": "user"},
        "links": {},
        "meta": meta,
        "data": {"key": key, **data},
    }


def annotation(key: str, order: str, **data: Any) -> Json:
    given = {f"annotation{name[0].upper()}{name[1:]}": value for name, value in data.items()}
    return item(key, itemType="annotation", parentItem="PDF1", annotationSortIndex=order, **given)


PAPER = item(
    "PAPER1",
    children=2,
    parsed="2017-06-12",
    itemType="conferencePaper",
    title="Attention Is All <i>You</i> Need",
    creators=[
        {"creatorType": "editor", "firstName": "Ed", "lastName": "Itor"},
        {"creatorType": "author", "firstName": "Ashish", "lastName": "Vaswani"},
        {"creatorType": "author", "name": "The Team"},
    ],
    abstractNote="<p>We show <b>it</b>.</p><p># Now</p>",
    proceedingsTitle="NeurIPS",
    DOI="10.5555/3295222",
    url="https://papers.example.org/a",
    extra="Citation Key: vaswani2017\narXiv: 1706.03762 [cs]",
    tags=[{"tag": "attention"}, {"tag": "a, b", "type": 1}],
    relations={"dc:relation": "http://zotero.org/users/1/items/BOOK1"},
)
BOOK = item("BOOK1", itemType="book", title="A Book", date="c. 1999", creators=[], relations={}, DOI="")
NOTE = item("NOTE0", itemType="note", note="<p>By itself</p>")
PDF = item("PDF1", itemType="attachment", parentItem="PAPER1", contentType="application/pdf")
CHILD_NOTE = item(
    "NOTE1", itemType="note", parentItem="PAPER1", note="<h1>Read</h1><p>It &amp; liked <b>it</b> &lt;!-- x --&gt;</p>"
)
ANNOTATIONS = [
    annotation("ANN2", "00004|001|100", type="note", text="", comment="Alone", pageLabel="5"),
    annotation("ANN1", "00003|002|100", type="highlight", text="The one", comment="Why?", pageLabel="iv"),
    annotation("ANN3", "00005|000|000", type="image", comment="", pageLabel="6"),
]
LIBRARY: dict[str, Any] = {
    "/items/top": [PAPER, BOOK, NOTE],
    "/items/PAPER1/children": [PDF, CHILD_NOTE],
    "/items/PDF1/children": ANNOTATIONS,
    "/collections": [
        item("COLL1", name="Graphs", parentCollection=False),
        item("COLL2", name="Inside", parentCollection="COLL1"),
        item("COLL3", name="Twice", parentCollection=False),
        item("COLL4", name="Twice", parentCollection=False),
        item("COLL5", name="Empty", parentCollection=False),
    ],
    "/collections/COLL1/items/top": [BOOK],
    "/collections/COLL2/items/top": [PAPER],
    "/collections/COLL5/items/top": [],
}


@contextmanager
def serving(answers: dict[str, Any], enabled: bool = True) -> Iterator[str]:
    """Serve a library; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # as the library names it
            parts = urlsplit(self.path)
            query = parse_qs(parts.query)
            found: Any = answers.get(parts.path.removeprefix(ROOT))
            if isinstance(found, list):
                start, limit = int(query["start"][0]), int(query["limit"][0])
                found = json.dumps(found[start : start + limit]).encode()
            code = 403 if not enabled else 404 if found is None else 200
            self.send_response(code)
            self.end_headers()
            self.wfile.write({200: found, 403: b"Local API is not enabled"}.get(code, b"Not found"))

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def fetching(server: str) -> Callable[[str], bytes]:
    """Ask the server that stands in for Zotero."""

    def fetch(address: str) -> bytes:
        with urlopen(address.replace("http://127.0.0.1:23119", server), timeout=10) as answer:
            content = answer.read()
            assert isinstance(content, bytes)
            return content

    return fetch


def test_a_library() -> None:
    """A work is a capture with its metadata, highlights, notes and links; a note by itself is left out, and said."""
    with serving(LIBRARY) as server:
        paper, book = captures_of_collection(None, fetching(server))
    assert (paper.key, paper.title, paper.date) == ("arxiv:1706.03762", "Attention Is All You Need", "2017-06-12")
    assert paper.authors == ("Ashish Vaswani", "The Team")
    assert paper.fields == {
        "citekey": "vaswani2017",
        "aliases": "vaswani2017",
        "doi": "10.5555/3295222",
        "arxiv": "1706.03762",
        "venue": "NeurIPS",
        "keywords": "attention, a b",
    }
    assert paper.body == (
        "## Abstract\n\nWe show it.\n\n\\# Now\n\n"
        "## Highlights\n\n> The one\n>\n> — page iv ^z-ann1\n\nWhy?\n\nPage 5: Alone ^z-ann2\n\n"
        "## Notes\n\nRead\n\nIt & liked it &lt;!-- x --&gt;\n\n"
        "## Links\n\n- <https://arxiv.org/abs/1706.03762>\n- <https://doi.org/10.5555/3295222>\n"
        "- <https://papers.example.org/a>\n- [[zotero-BOOK1|A Book]]"
    )
    assert paper.remarks[0] == "1 image or drawing left out"
    assert paper.remarks[1].startswith("1 item left out")
    assert (book.key, book.date, book.fields) == ("zotero:BOOK1", "1999", {"aliases": "zotero-BOOK1"})
    assert book.source == "zotero://select/library/items/BOOK1"


@pytest.mark.parametrize("name", ["Graphs", "graphs", "COLL1"])
def test_a_collection(name: str) -> None:
    """A collection, named or by its key, comes with those inside it."""
    with serving(LIBRARY) as server:
        captures = captures_of_collection(name, fetching(server))
    assert {capture.key for capture in captures} == {"zotero:BOOK1", "arxiv:1706.03762"}


@pytest.mark.parametrize(
    ("name", "words"), [("Trees", "it has: Empty, Graphs"), ("Twice", "COLL3, COLL4"), ("Empty", "no works in Empty")]
)
def test_which_collection(name: str, words: str) -> None:
    """An unknown, ambiguous or empty collection is said in one line with what there is."""
    with serving(LIBRARY) as server, pytest.raises(InputError, match=words):
        captures_of_collection(name, fetching(server))


def test_all_pages_are_asked_for() -> None:
    """A library of more than one answer is taken whole."""
    books = [item(f"B{number}", itemType="book", title=f"Book {number}") for number in range(250)]
    with serving({"/items/top": books}) as server:
        assert len(captures_of_collection(None, fetching(server))) == 250


def test_zotero_that_refuses() -> None:
    """Where the API is not enabled, the setting is named."""
    with serving(LIBRARY, enabled=False) as server, pytest.raises(InputError, match="Allow other applications"):
        captures_of_collection(None, fetching(server))


def test_zotero_that_does_not_run() -> None:
    """Where nothing answers, Zotero is to be started."""
    with serving(LIBRARY) as server:
        fetch = fetching(server)
    with pytest.raises(InputError, match="start Zotero"):
        captures_of_collection(None, fetch)


def test_an_older_zotero() -> None:
    """An answer that is no library is said with its code."""
    with serving({}) as server, pytest.raises(InputError, match="answered 404"):
        captures_of_collection(None, fetching(server))


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>", b"{}", b"[1]", b'[{"key": "A"}]', b'[{"key": "A", "data": 1}]', b"[" * 200_000, b"\xff\xfe"],
)
def test_what_is_no_library(answer: bytes) -> None:
    """Any other program at this port is refused in one line."""
    with serving({"/items/top": answer}) as server, pytest.raises(InputError, match="Zotero") as error:
        captures_of_collection(None, fetching(server))
    assert "\n" not in str(error.value)


def test_odd_items_lose_no_others() -> None:
    """Fields of other types than the API's are read as far as they can be."""
    odd = item("ODD", itemType="book", title=None, creators=None, tags=None, relations=[], extra=None, date=None)
    with serving({"/items/top": [odd, BOOK]}) as server:
        assert [capture.title for capture in captures_of_collection(None, fetching(server))] == ["ODD", "A Book"]


def test_endless_answers() -> None:
    """A program that answers without end is not asked forever."""
    page = json.dumps([item(f"K{number}", itemType="note") for number in range(zotero.PAGE)]).encode()
    asked = []
    with pytest.raises(InputError):
        captures_of_collection(None, lambda address: asked.append(address) or page)  # type: ignore[func-returns-value]
    assert len(asked) == zotero.MOST_ITEMS / zotero.PAGE
