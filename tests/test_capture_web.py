"""Addresses become notes: fetched safely, converted faithfully, captured again without touching what was added."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import HashingEncoder

from kb.capture.identifiers import identify, without_tracking
from kb.capture.web import arxiv, doi
from kb.capture.web.fetch import Fetcher
from kb.capture.web.page import capture_page
from kb.capture.web.public import is_public
from kb.capture.web.sites import Sites, arxiv_turn
from kb.console.sync import print_sync
from kb.errors import CaptureError
from kb.knowledge import KnowledgeBase
from kb.models import Encoder, Evidence
from kb.reports import Captured, SyncReport

TEXT = "Graph neural networks pass messages between the nodes of a graph, and each node averages its neighbours. "
PAGE = f"""<html><head><title>Message passing | A Blog</title><meta name="author" content="Ada Byron">
<meta property="article:published_time" content="2023-05-06T10:00:00Z"><meta property="og:site_name" content="A Blog">
</head><body><nav><a href="/">Home page of the blog</a></nav><article><h1>Message passing</h1><p>{TEXT * 3}</p>
<h2>Depth</h2><p>Deep networks over-smooth: {TEXT * 2}</p><blockquote><p>Nodes forget who they are.</p></blockquote>
<pre><code class="language-python">def mean(nodes):
    return sum(nodes) / len(nodes)
</code></pre><p>With <span class="katex"><math><semantics><mi>x</mi><annotation
encoding="application/x-tex">x_i^{{(l)}}</annotation>
</semantics></math></span> as its state.</p></article><footer>All rights reserved</footer></body></html>"""
FEED = """<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"
xmlns:arxiv="http://arxiv.org/schemas/atom"><entry><id>http://arxiv.org/abs/1609.02907v4</id>
<title>Semi-Supervised Classification with
  Graph Convolutional Networks</title>
<summary>We present graph convolutional networks on graphs, with nodes $h_i$.</summary>
<published>2016-09-09T19:48:41Z</published><author><name>Thomas N. Kipf</name></author>
<author><name>Max Welling</name></author>
<arxiv:primary_category term="cs.LG"/></entry></feed>"""
PAPER = """<html><body><h1 class="ltx_title ltx_title_document">T</h1>
<h2 class="ltx_title ltx_title_section"><span class="ltx_tag">1 </span>Introduction</h2>
<h3 class="ltx_title ltx_title_subsection"><span>1.1 </span>Spectral convolutions</h3>
<h2 class="ltx_title ltx_title_bibliography">References</h2></body></html>"""


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with what the test put at a path, and remembers what was asked for."""

    answers: dict[str, Callable[[Handler], None]]
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        path = self.path.split("?")[0]
        if path in self.answers:
            self.answers[path](self)
        else:
            self.send_error(404)

    def log_message(self, format: str, *arguments: object) -> None:
        """Print nothing."""

    def give(self, content: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Type": "text/html", "Content_Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)


class Site:
    """A local web server."""

    def __init__(self) -> None:
        self.handler: type[Handler] = type("Own", (Handler,), {"answers": {}, "asked": []})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def put(self, path: str, content: str | bytes, status: int = 200, **headers: str) -> str:
        body = content.encode() if isinstance(content, str) else content
        self.handler.answers[path] = lambda handler: handler.give(body, status, **headers)
        return self.url + path


@pytest.fixture
def site() -> Iterator[Site]:
    served = Site()
    yield served
    served.server.shutdown()
    served.server.server_close()


@pytest.fixture
def knowledge(tmp_path: Path) -> Iterator[KnowledgeBase]:
    with KnowledgeBase(tmp_path, create=True, encoder=HashingEncoder()) as opened:
        yield opened


def capture(knowledge: KnowledgeBase, *arguments: str, template: bool = False) -> SyncReport:
    return knowledge.capture(arguments, area="gnn", allow_private=True, template=template)


def only_note(knowledge: KnowledgeBase) -> Path:
    (note,) = (knowledge.root / "notes").glob("*.md")
    return note


def test_a_page_becomes_a_note(knowledge: KnowledgeBase, site: Site) -> None:
    """The note is named after title and year, says where it is from, and keeps quotation, code and formula."""
    report = knowledge.capture([site.put("/a", PAGE) + "?utm_source=x#top"], area="gnn", allow_private=True)
    note = only_note(knowledge)
    text = note.read_text()
    assert note.name == "message-passing-2023.md"
    assert [(entry.state, entry.path) for entry in report.captured] == [("new", "notes/message-passing-2023.md")]
    assert [entry.path for entry in report.added] == ["notes/message-passing-2023.md"]
    for line in ('authors: ["Ada Byron"]', "date: 2023-05-06", f'source: "{site.url}/a"', 'site: "A Blog"', "## Depth"):
        assert f"\n{line}\n" in text
    assert "> Nodes forget who they are." in text
    assert "```python\ndef mean(nodes):\n    return sum(nodes) / len(nodes)\n```" in text
    assert "$x_i^{(l)}$" in text
    assert "All rights reserved" not in text
    assert "Home page" not in text


def test_without_the_libraries_of_captures(
    knowledge: KnowledgeBase, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each kind of capture that needs them says so in one line, before anything is fetched; a text file does not."""
    for name in ("lxml", "bibtexparser.entrypoint"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "kb.capture.bibtex", raising=False)  # it may have them from another test
    files = [str(knowledge.root / name) for name in ("a.html", "a.bib", "a.txt")]
    for path in files:
        Path(path).write_text("Graph neural networks pass messages.")
    report = capture(knowledge, site.put("/a", PAGE), "arXiv:2405.04434", *files)
    assert len(report.skipped) == 4
    assert {entry.reason.partition(";")[0] for entry in report.skipped} == {"needs libraries that are not installed"}
    assert [entry.input for entry in report.captured] == [files[2]]
    assert site.handler.asked == []


def test_capturing_again_keeps_what_was_added(knowledge: KnowledgeBase, site: Site) -> None:
    """Outside the marks nothing changes; between them, edits of the writer and of the source are merged."""
    url = site.put("/a", PAGE)
    capture(knowledge, url)
    note = only_note(knowledge)
    note.write_text(note.read_text().replace("Nodes forget", "Nodes **really** forget") + "\n## My thoughts\n\nMine.\n")
    before = note.read_text()
    assert [entry.state for entry in capture(knowledge, url).captured] == ["unchanged"]
    assert note.read_text() == before
    site.put("/a", PAGE.replace("as its state", "as its hidden state"))
    (entry,) = capture(knowledge, url).captured
    assert (entry.state, entry.changes) == ("merged", "1 changed passage")
    after = note.read_text()
    assert "Nodes **really** forget" in after
    assert "hidden state" in after
    assert after.endswith("\n## My thoughts\n\nMine.\n")
    assert len(list((knowledge.root / "notes").iterdir())) == 1


def test_a_conflict_is_written_beside(knowledge: KnowledgeBase, site: Site) -> None:
    """Where both changed the same line the writer's stays, and the other is in a file that is no note."""
    url = site.put("/a", PAGE)
    capture(knowledge, url)
    note = only_note(knowledge)
    note.write_text(note.read_text().replace("Nodes forget", "Nodes never forget"))
    site.put("/a", PAGE.replace("Nodes forget", "All nodes forget"))
    (entry,) = capture(knowledge, url).captured
    assert entry.state == "conflict"
    assert "Nodes never forget" in note.read_text()
    assert "All nodes forget" in (knowledge.root / str(entry.conflict)).read_text()
    assert [entry.state for entry in capture(knowledge, url).captured] == ["unchanged"]


def test_an_edit_survives_the_loss_of_the_index(knowledge: KnowledgeBase, site: Site) -> None:
    """Without what was captured before, an edited note keeps its text and the source's is written beside."""
    url = site.put("/a", PAGE)
    capture(knowledge, url)
    note = only_note(knowledge)
    note.write_text(note.read_text().replace("Nodes forget", "Nodes never forget"))
    for base in (knowledge.root / ".kb/captured").iterdir():
        base.unlink()
    site.put("/a", PAGE.replace("as its state", "as its hidden state"))
    (entry,) = capture(knowledge, url).captured
    assert entry.state == "conflict"
    assert "Nodes never forget" in note.read_text()
    assert "hidden state" in (knowledge.root / str(entry.conflict)).read_text()


def test_what_is_known_is_not_fetched(knowledge: KnowledgeBase, site: Site) -> None:
    """A note of the writer's own on the same paper is named, and nothing is asked for."""
    (knowledge.root / "gcn.md").write_text("---\nsource: arXiv:1609.02907\narea: gnn\n---\n# GCN\n\nMine.\n")
    knowledge.add([knowledge.root / "gcn.md"])
    report = capture(knowledge, "https://arxiv.org/pdf/1609.02907v2")
    assert [(entry.state, entry.path) for entry in report.captured] == [("known", "gcn.md")]
    assert not (knowledge.root / "notes").exists()


RECIPE = """<html><head><title>Sourdough bread</title></head><body><article><h1>Sourdough bread</h1>
<p>Feed the starter with rye flour the evening before. Mix flour, water and salt, fold the dough four times, and let it
rise overnight in the fridge.</p><p>Heat the oven to 250 degrees with a pot inside, score the loaf, and bake it
for forty minutes; take the lid off for the last ten, so that the crust browns.</p></article></body></html>"""


@pytest.mark.model
def test_the_gate_comes_before_the_file(tmp_path: Path, site: Site, real_encoder: Encoder) -> None:
    """What lies outside the areas is asked about once and not written; what is confirmed is a detour."""
    url = site.put("/a", RECIPE)
    asked: list[Captured] = []

    def answer(entry: Captured, confirmed: bool) -> bool:
        asked.append(entry)
        return confirmed

    with KnowledgeBase(tmp_path, create=True, encoder=real_encoder) as knowledge:
        held = knowledge.capture([url], allow_private=True, confirm=lambda entry: answer(entry, False))
        assert [(entry.state, entry.title) for entry in held.captured] == [("outside", "Sourdough bread")]
        assert len(asked) == 1
        assert not (tmp_path / "notes").exists()
        taken = knowledge.capture([url], allow_private=True, confirm=lambda entry: answer(entry, True))
        assert [entry.state for entry in taken.captured] == ["new"]
        assert [note.area for note in taken.added] == ["detour"]


def test_why_a_capture_is_held_back(capsys: pytest.CaptureFixture[str]) -> None:
    """What is not written is named with how sure that is, the nearest area and what speaks most against it."""
    evidence = (
        Evidence(kind="phrase", text="bread", toward="outside", weight=0.1, path="a.md", line=1),
        Evidence(kind="phrase", text="sourdough", toward="outside", weight=0.2, path="a.md", line=1),
    )
    bread = Captured(input="a.html", key="a", state="outside", path=None, confidence=0.9, evidence=evidence)
    print_sync(SyncReport(captured=(bread.model_copy(update={"nearest_area": "llm"}),)))
    assert "a.html: it lies outside the areas (0.90; nearest llm; sourdough); nothing" in capsys.readouterr().err


def test_the_gate_embeds_for_the_index(tmp_path: Path, site: Site) -> None:
    """What was embedded to judge a capture is not embedded again to index it, and the report counts it."""
    encoder = HashingEncoder()
    with KnowledgeBase(tmp_path, create=True, encoder=encoder) as knowledge:
        report = knowledge.capture([site.put("/a", PAGE)], allow_private=True, confirm=lambda entry: True)
    (note,) = report.added
    assert note.chunks > 1
    assert report.embedded_chunks == note.chunks
    own = [text for text in encoder.embedded if "over-smooth" in text]
    assert len(own) == len(set(own)) > 0


@pytest.mark.model
def test_a_detour_is_not_asked_about(tmp_path: Path, site: Site, real_encoder: Encoder) -> None:
    """With `--detour`, what lies outside the areas is taken in without a question."""

    def refuse(entry: Captured) -> bool:
        pytest.fail(f"asked about {entry.title}")

    with KnowledgeBase(tmp_path, create=True, encoder=real_encoder) as knowledge:
        report = knowledge.capture([site.put("/a", RECIPE)], allow_private=True, detour=True, confirm=refuse)
        assert [note.area for note in report.added] == ["detour"]


ROBOTS = [
    ("User-agent: *\nDisallow: /private", "/a", True),
    ("User-agent: *\nDisallow: /private", "/private/a", False),
    ("User-agent: kb\nDisallow: /\n\nUser-agent: *\nAllow: /", "/a", False),
    ("User-agent: other\nDisallow: /", "/a", True),
    ("\ufeff\x00 no rules at all", "/a", True),
]


@pytest.mark.parametrize(("rules", "path", "allowed"), ROBOTS)
def test_robots(knowledge: KnowledgeBase, site: Site, rules: str, path: str, allowed: bool) -> None:
    """A page that its site closes to programs is not asked for, and the reader is told what to do instead."""
    site.put("/robots.txt", rules, Content_Type="text/plain")
    report = capture(knowledge, site.put(path, PAGE))
    assert [entry.state for entry in report.captured] == (["new"] if allowed else [])
    assert (path in site.handler.asked) == allowed
    if not allowed:
        assert "robots.txt; save the page" in report.skipped[0].reason
        assert not (knowledge.root / "notes").exists()


def test_template(knowledge: KnowledgeBase, site: Site) -> None:
    """The frame has its four headings, above the captured part."""
    capture(knowledge, site.put("/a", PAGE), template=True)
    above = only_note(knowledge).read_text().partition("<!-- kb captured")[0]
    headings = ["## Summary", "## Claims", "## Numbers", "## Open questions"]
    assert [line for line in above.splitlines() if line.startswith("## ")] == headings


def test_marks_of_a_page_are_text(knowledge: KnowledgeBase, site: Site) -> None:
    """A page that contains the end mark cannot end its own part."""
    url = site.put("/a", PAGE.replace("Nodes forget", "&lt;!-- kb captured end --&gt; Nodes forget"))
    capture(knowledge, url)
    note = only_note(knowledge)
    assert note.read_text().count("\n<!-- kb captured end -->") == 1
    assert [entry.state for entry in capture(knowledge, url).captured] == ["unchanged"]


def test_forgetting_leaves_no_text(knowledge: KnowledgeBase, site: Site) -> None:
    """What was captured leaves the index with its note."""
    capture(knowledge, site.put("/a", PAGE))
    knowledge.forget("notes/message-passing-2023.md")
    assert list((knowledge.root / ".kb/captured").iterdir()) == []


@pytest.fixture
def services(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """arXiv and doi.org on the local server."""
    sites = Sites(arxiv_api=f"{site.url}/api/query", arxiv=site.url, doi=f"{site.url}/doi", arxiv_seconds=0.01)
    monkeypatch.setattr(arxiv, "SITES", sites)
    monkeypatch.setattr(doi, "SITES", sites)
    return site


def test_a_paper_of_arxiv(knowledge: KnowledgeBase, services: Site) -> None:
    """An arXiv id gives metadata, abstract and the headings to take notes under."""
    services.put("/api/query", FEED, Content_Type="application/atom+xml")
    services.put("/html/1609.02907", PAPER)
    report = capture(knowledge, "arXiv:1609.02907")
    text = only_note(knowledge).read_text()
    assert report.captured[0].key == "arxiv:1609.02907"
    assert 'title: "Semi-Supervised Classification with Graph Convolutional Networks"' in text
    assert 'authors: ["Thomas N. Kipf", "Max Welling"]\ndate: 2016-09-09' in text
    assert "## Abstract\n\nWe present graph convolutional networks on graphs, with nodes $h_i$." in text
    assert "\n## 1 Introduction\n" in text
    assert "\n### 1.1 Spectral convolutions\n" in text
    assert "References" not in text
    assert services.handler.asked == ["/api/query?id_list=1609.02907", "/html/1609.02907"]


def test_a_paper_that_arxiv_does_not_have(knowledge: KnowledgeBase, services: Site) -> None:
    """An unknown id is skipped in one line."""
    services.put("/api/query", '<feed xmlns="http://www.w3.org/2005/Atom"></feed>')
    report = capture(knowledge, "arXiv:1609.99999")
    assert report.skipped[0].reason == "arXiv has no paper 1609.99999"
    assert not (knowledge.root / "notes").exists()


def test_a_doi(knowledge: KnowledgeBase, services: Site) -> None:
    """A DOI gives what its agency knows."""
    work = {
        "title": "Attention &amp; graphs",
        "author": [{"given": "Ada", "family": "Byron"}],
        "issued": {"date-parts": [[2021, 7]]},
        "abstract": "<jats:title>Abstract</jats:title><jats:p>Graphs attend to nodes.</jats:p>",
        "container-title": "Journal of Graphs",
    }
    services.put("/doi/10.1145/3292500", json.dumps(work), Content_Type="application/json")
    capture(knowledge, "doi:10.1145/3292500")
    text = only_note(knowledge).read_text()
    assert 'title: "Attention & graphs"\nauthors: ["Ada Byron"]\ndate: 2021-07\n' in text
    assert "## Abstract\n\nGraphs attend to nodes.\n" in text


@pytest.mark.parametrize(
    ("argument", "key"),
    [
        ("arXiv:2405.04434v2", "arxiv:2405.04434"),
        ("2405.04434", "arxiv:2405.04434"),
        ("https://arxiv.org/html/2405.04434v5", "arxiv:2405.04434"),
        ("http://www.arxiv.org/pdf/cs/0112017.pdf", "arxiv:cs/0112017"),
        ("10.48550/arXiv.2405.04434", "arxiv:2405.04434"),
        ("https://doi.org/10.1145/ABC.1", "doi:10.1145/abc.1"),
        ("https://openreview.net/pdf?id=aBc", "openreview:aBc"),
        ("https://aclanthology.org/2020.acl-main.1.pdf", "acl:2020.acl-main.1"),
        ("http://Example.org/a/?utm_medium=x&b=1#c", "https://example.org/a?b=1"),
        ("notes/a.md", None),
        ("ftp://example.org/a", None),
    ],
)
def test_keys(argument: str, key: str | None) -> None:
    """The same work has one key, however it is named."""
    named = identify(argument)
    assert (named.key if named else None) == key


def test_tracking() -> None:
    """What only says where a reader came from is left out of an address."""
    assert without_tracking("https://a.org/p?fbclid=1&id=2&utm_x=3#s") == "https://a.org/p?id=2"


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "224.0.0.1",
        ),
        *(
            "::1",
            "::",
            "fe80::1",
            "fe80::1%eth0",
            "fc00::1",
            "fec0::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
        ),
    ],
)
def test_private_addresses(address: str) -> None:
    """No address of a private network counts as public, however it is written."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_public_addresses(address: str) -> None:
    """Ordinary addresses are public."""
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/"),
        *(
            "http://2130706433/",
            "http://0x7f.1/",
            "file:///etc/passwd",
            "ftp://a.org/",
            "http://user:pass@a.org/",
            "http:///",
        ),
        "http://127.0.0.1:99999/",
    ],
)
def test_refused_addresses(address: str) -> None:
    """Only http(s) to public hosts is fetched."""
    with pytest.raises(CaptureError):
        Fetcher().fetch(address)


def test_redirects_are_checked(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A redirect to another scheme is refused, five are followed, and a loop ends."""
    site.put("/file", "x", 302, Location="file:///etc/passwd")
    with pytest.raises(CaptureError, match="not an http"):
        Fetcher(allow_private=True).fetch(f"{site.url}/file")
    for number in range(5):
        site.put(f"/{number}", "x", 302, Location=f"/{number + 1}")
    site.put("/5", PAGE)
    assert Fetcher(allow_private=True).fetch(f"{site.url}/0").address == f"{site.url}/5"
    site.put("/5", "x", 302, Location="/0")
    with pytest.raises(CaptureError, match="more than 5"):
        Fetcher(allow_private=True).fetch(f"{site.url}/0")


def stalling(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.end_headers()
    for _ in range(200):
        handler.wfile.write(b"<p>")
        handler.wfile.flush()
        if threading.Event().wait(0.05):
            return


def test_a_trickle_ends_in_time(site: Site) -> None:
    """A server that sends a byte now and then does not hold the fetch beyond its limit."""
    site.handler.answers["/slow"] = stalling
    with pytest.raises(CaptureError, match="within"):
        Fetcher(allow_private=True, seconds=0.5).fetch(f"{site.url}/slow")


LOGIN = "<html><body><form><p>Please sign in to read on.</p><input type='password'></form></body></html>"
HOSTILE: list[tuple[str, bytes, int, dict[str, str], str]] = [
    ("bomb", gzip.compress(b"<p>" + b"a" * 30_000_000), 200, {"Content_Encoding": "gzip"}, "larger than 10 MB"),
    ("large", b"<p>" + b"a " * 5_500_000, 200, {}, "larger than 10 MB"),
    ("no gzip", b"plain", 200, {"Content_Encoding": "gzip"}, "cannot be decompressed"),
    ("half a gzip", gzip.compress(PAGE.encode())[:-20], 200, {"Content_Encoding": "gzip"}, "before it was complete"),
    ("brotli", b"x", 200, {"Content_Encoding": "br"}, "not asked for"),
    ("length", PAGE.encode(), 200, {"Content_Length": "99999"}, "complete"),
    (
        "charset",
        PAGE.replace("Nodes forget", "Né à").encode("latin-1"),
        200,
        {"Content_Type": "text/html; charset=utf-8"},
        "charset",
    ),
    ("no charset", "Né".encode("latin-1"), 200, {"Content_Type": "text/html; charset=klingon"}, "charset"),
    ("forbidden", b"no", 403, {}, "refuses access"),
    ("paid", b"no", 402, {}, "paywall"),
    ("gone", b"no", 404, {}, "does not exist"),
    ("too often", b"no", 429, {}, "too often"),
    ("broken", b"no", 500, {}, "cannot be fetched"),
    ("empty", b"", 200, {}, "is empty"),
    ("blank", b"<html><body> </body></html>", 200, {}, "no readable text"),
    ("script", b"<html><body><div id=root></div><script>render()</script></body></html>", 200, {}, "no readable text"),
    ("login", LOGIN.encode(), 200, {}, "asks for a login"),
    ("image", b"\x89PNG", 200, {"Content_Type": "image/png"}, "neither a page nor a PDF"),
    ("deep", b"<div>" * 100_000 + TEXT.encode(), 200, {}, ""),
    ("attributes", b"<p " + b" ".join(b"a%d=1" % n for n in range(200_000)) + b">x", 200, {}, "too large"),
    ("tags", b"<td>a" * 300_000, 200, {}, "too large"),
    ("formulas", rb"\(x " * 300_000, 200, {}, "without an end"),
    ("much text", b"<p>" + b"word " * 300_001, 200, {}, "too large"),
    ("many formulas", b"$x_1$ " * 20_001, 200, {}, "at most 20,000 formulas"),
    ("left out", b"<p>" + b"<input>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" * 20_000, 200, {}, "no readable text"),
    ("nul", b"\0" * 1000, 200, {}, ""),
    ("no pdf", b"%PDF-1.4 nothing", 200, {"Content_Type": "application/pdf"}, ""),
    ("redirect", b"", 302, {}, "redirects nowhere"),
]


@pytest.mark.parametrize(
    ("name", "content", "status", "headers", "reason"), HOSTILE, ids=[entry[0] for entry in HOSTILE]
)
def test_hostile_answers(
    knowledge: KnowledgeBase, site: Site, name: str, content: bytes, status: int, headers: dict[str, str], reason: str
) -> None:
    """What cannot be captured is one line, and leaves no file."""
    site.put("/a", content, status, **headers)
    report = capture(knowledge, f"{site.url}/a")
    assert len(report.skipped) == 1
    assert reason in report.skipped[0].reason
    assert "\n" not in report.skipped[0].reason
    assert report.captured == ()
    assert not (knowledge.root / "notes").exists()


def test_a_page_in_another_charset() -> None:
    """The charset that the page names counts; UTF-8 is recognised whatever the server says."""
    page = PAGE.replace("<head>", '<head><meta charset="iso-8859-1">').replace("Nodes forget", "Knoten für alle")
    assert "Knoten für alle" in capture_page(page.encode("latin-1"), "https://a.org/").body
    assert "Knoten für alle" in capture_page(page.encode(), "https://a.org/", "iso-8859-1").body


def test_the_hash_is_that_of_the_captured_part(knowledge: KnowledgeBase, site: Site) -> None:
    """`sha256` in the front matter is the hash of what is between the marks."""
    capture(knowledge, site.put("/a", PAGE))
    text = only_note(knowledge).read_text()
    inner = text.partition("/a -->\n\n")[2].partition("\n<!-- kb captured end")[0]
    assert f"sha256: {hashlib.sha256(inner.encode()).hexdigest()}" in text


def test_arxiv_is_asked_one_thing_at_a_time() -> None:
    """Requests of several captures follow each other, each after the pause that arXiv asks for."""
    turns: list[tuple[float, float]] = []
    sites = Sites(arxiv_seconds=0.2)

    def ask() -> None:
        with arxiv_turn(sites):
            started = time.time()
            turns.append((started, time.time()))

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    pauses = [start - end for (_, end), (start, _) in pairwise(turns)]
    assert len(pauses) == 2
    assert min(pauses) > 0.9 * sites.arxiv_seconds  # file systems keep times in steps
