"""What a writer does on the page, in a real browser."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from browsing import launched, opened
from conftest import HashingEncoder
from playwright.sync_api import Browser, Page, expect
from serving import Client, serving
from test_hostile import TAKEN
from test_warm import wait_until

from kb.knowledge import KnowledgeBase
from kb.models import Encoder
from kb.serve.http.server import HttpServer
from kb.serve.watching import watching

QUERY = "neighbours in deep graph networks"
LARGE = 10_000  # bytes of a note that is hostile by its size
TOPIC = "serving language models"
VIEWS = ("search?q=attention", "note?path=notes/gcn.md&lines=26-38", "ideas", "balance", f"outline?topic={TOPIC}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def book(indexed_notes: Path, tmp_path: Path) -> Path:
    """The repository's own notes, which a test may change."""
    return Path(shutil.copytree(indexed_notes, tmp_path / "book"))


@pytest.fixture
def server(book: Path, real_encoder: Encoder) -> Iterator[HttpServer]:
    with serving(book, real_encoder) as (server, _):
        yield server


@pytest.fixture
def page(server: HttpServer, browser: Browser) -> Iterator[Page]:
    with opened(browser, server.served.access.new_link()) as page:
        yield page


def show(page: Page, view: str) -> None:
    """Go to a view, as a link does."""
    page.evaluate("address => { location.hash = address }", f"#/{view}")


def search(page: Page, query: str) -> None:
    page.get_by_label("Search your notes").fill(query)
    expect(page.locator(".columns[aria-busy=false]")).to_be_visible()
    expect(page).to_have_title(f"{query} – kb")


def test_searching_by_keyboard_alone(page: Page) -> None:
    """A query is answered while it is typed; `j` and `k` go through the hits, and Enter opens one at its lines."""
    expect(page.get_by_label("Search your notes")).to_be_focused()
    page.keyboard.type(QUERY)
    hits = page.locator(".hit h2 a")
    expect(hits.first).to_have_text("Over-smoothing: why stacking graph convolutions stops helping")
    page.keyboard.press("ArrowDown")
    expect(hits.first).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(hits.nth(1)).to_be_focused()
    title = hits.nth(1).inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.locator(".cited").first).to_be_in_viewport()
    page.keyboard.press("/")
    expect(page.get_by_label("Search your notes")).to_have_value(QUERY)
    expect(page.get_by_label("Search your notes")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Search your notes")).to_have_value("")
    expect(page.locator(".hit")).to_have_count(0)


def test_hits_are_marked_and_explained(page: Page) -> None:
    """The words of the query are marked in snippets, beyond characters of two code units too; a score says why."""
    search(page, "attention heads")
    first = page.locator(".hit").first
    expect(first.locator("mark").first).to_have_text(re.compile("attention|head", re.IGNORECASE))
    first.locator(".why summary").click()
    expect(first.locator(".why dl")).to_contain_text("cosine")
    expect(first.locator(".why dl")).to_contain_text("BM25")


def test_narrowing_by_facets(page: Page) -> None:
    """A facet leaves as many hits as its count promises, all of them with it, and can be taken back."""
    search(page, "attention")
    hits = page.locator(".hit")
    before = hits.count()
    facet = page.get_by_role("button", name="Graph networks")
    promised = int(facet.locator(".number").inner_text())
    assert 0 < promised < before
    facet.click()
    expect(hits).to_have_count(promised)
    expect(page.locator(".hit .area-gnn")).to_have_count(promised)
    page.get_by_role("button", name="Clear").click()
    expect(hits).to_have_count(before)


def test_only_the_last_query_is_shown(page: Page) -> None:
    """Whatever is typed meanwhile, the hits are those of the query in the field."""
    for query in ("graph", "graph attention", "cache", "key value cache", QUERY):
        page.get_by_label("Search your notes").fill(query)
    expect(page.locator(".hit h2 a").first).to_contain_text("Over-smoothing")
    page.wait_for_load_state("networkidle")
    expect(page.locator(".hit h2 a").first).to_contain_text("Over-smoothing")


def test_filing_a_note_and_taking_it_back(page: Page) -> None:
    """A note that was held back is told of, taken in as a detour, found, and held back again."""
    search(page, "yolo")
    page.locator(".held").get_by_role("link").click()
    filing = page.locator(".filing")
    expect(filing).to_contain_text("held back")
    filing.get_by_role("button", name="Detour").click()
    expect(page.get_by_role("status").filter(has_text="Filed under Detour")).to_be_visible()
    expect(filing).to_contain_text("because you filed it there")
    page.keyboard.press("/")
    search(page, "yolo object detection")
    expect(page.locator(".hit .area-detour")).to_have_count(1)
    page.locator(".hit h2 a").first.click()
    filing.get_by_role("button", name="Take it back").click()
    expect(filing).to_contain_text("held back")
    expect(filing.get_by_role("button", name="Take it back")).to_have_count(0)


def test_a_note_leads_to_others(page: Page) -> None:
    """Wikilinks, related notes and backlinks open notes; formulas are formulas, code is code."""
    show(page, "note?path=notes/gcn.md")
    expect(page.locator(".body math").first).to_be_visible()
    page.locator(".body a.to-note").first.click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text(re.compile("^GCN"))
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^GCN"))
    backlinks = page.locator(".beside section").filter(has_text="Linked from").get_by_role("link")
    expect(backlinks.first).to_be_visible()


def test_building_an_outline(page: Page, book: Path, real_encoder: Encoder) -> None:
    """Points are dropped and moved, sections renamed and reordered, by keys and buttons; what is exported passes
    `kb outline --check`.
    """
    show(page, "outline")
    page.get_by_label("Topic").fill(TOPIC)
    page.keyboard.press("Enter")
    quotes = page.locator(".quote")
    expect(quotes.first).to_be_visible()
    total, dropped, moved = quotes.count(), quotes.nth(0).inner_text(), quotes.nth(1).inner_text()
    words = page.locator(".counts").inner_text()
    quotes.nth(0).focus()
    page.keyboard.press("Delete")
    expect(quotes).to_have_count(total - 1)
    expect(quotes.nth(0)).to_be_focused()
    assert page.locator(".counts").inner_text() != words
    page.keyboard.press("Alt+ArrowDown")
    expect(quotes.nth(1)).to_have_text(moved)
    expect(quotes.nth(1)).to_be_focused()
    page.keyboard.press("Control+z")
    expect(quotes.nth(0)).to_have_text(moved)
    headings = page.get_by_role("textbox", name="Heading of section")
    headings.nth(0).fill("What the server waits for")
    headings.nth(0).press("Alt+ArrowDown")
    expect(headings.nth(1)).to_have_value("What the server waits for")
    page.reload()  # what is being edited is kept
    expect(headings.nth(1)).to_have_value("What the server waits for")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download Markdown").click()
    post = book / "post.md"
    download.value.save_as(post)
    text = post.read_text(encoding="utf-8")
    assert "What the server waits for" in text
    said = dropped.split(": ")[-1]
    assert said not in text
    with KnowledgeBase(book, encoder=real_encoder) as knowledge:
        check = knowledge.check_outline(post)
    assert check.ok
    assert len(check.citations) >= total - 1


def test_an_outline_by_own_headings(page: Page) -> None:
    """The writer's own headings are the sections, in their order; one that is added is filled from the notes."""
    show(page, "outline")
    page.get_by_text("Headings, length, areas").click()
    page.get_by_label("Topic").fill(TOPIC)
    page.get_by_label("Your own headings").fill("Paged attention\n\nContinuous batching\n")
    page.get_by_role("button", name="Draft").click()
    headings = page.get_by_role("textbox", name="Heading of section")
    expect(headings.nth(0)).to_have_value("Paged attention")
    expect(headings.nth(1)).to_have_value("Continuous batching")
    page.get_by_role("button", name="Add a section").click()
    headings.nth(2).fill("Speculative decoding")
    page.get_by_role("button", name="Fill from your notes").click()
    filled = page.get_by_role("region", name="Speculative decoding")
    expect(filled.locator(".point a.address").first).to_contain_text("notes/")


def test_the_lines_that_a_point_quotes(page: Page) -> None:
    """Choosing a point shows the note that it quotes beside it, with its lines marked."""
    show(page, f"outline?topic={TOPIC}")
    page.locator(".quote").first.click()
    expect(page.locator(".preview .cited").first).to_be_in_viewport()
    address = page.locator(".point a.address").first.inner_text()
    expect(page.locator(".preview a.address")).to_have_text(address)


def test_ideas_and_balance(page: Page, book: Path, real_encoder: Encoder) -> None:
    """An idea becomes an outline with one key; the shares of the areas are those of the notebook."""
    show(page, "ideas")
    idea = page.locator(".idea h2 a").first
    topic = idea.inner_text()
    idea.press("Enter")
    expect(page.get_by_label("Topic")).to_have_value(topic)
    expect(page.locator(".point").first).to_be_visible()
    show(page, "balance")
    with KnowledgeBase(book, encoder=real_encoder) as knowledge:
        counts = {entry.area: entry.notes for entry in knowledge.status().areas}
    for area, number in counts.items():
        expect(page.locator(f".shares tr:has(.area-{area}) td").first).to_have_text(str(number))


@pytest.mark.parametrize("width", [320, 768, 1600])
def test_no_view_scrolls_sideways(page: Page, width: int) -> None:
    """Every view fits into narrow and wide windows."""
    page.set_viewport_size({"width": width, "height": 900})
    for view in VIEWS:
        show(page, view)
        expect(page.locator(".hit, .body p, .idea, .shares, .point").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == width, view


def test_changed_notes_are_synced(page: Page, book: Path) -> None:
    """Notes that changed are counted, and in after the sync."""
    (book / "notes" / "ring.md").write_text("---\narea: llm\n---\n# Ring attention\n\nBlocks travel round a ring.\n")
    page.get_by_role("button", name="Sync").click()
    expect(page.get_by_role("status").filter(has_text="1 added")).to_be_visible()
    search(page, "ring attention")
    expect(page.locator(".hit h2 a").first).to_have_text("Ring attention")


def test_failures_have_words(page: Page, server: HttpServer) -> None:
    """What cannot be shown says why, and what to do."""
    show(page, "note?path=notes/none.md")
    expect(page.get_by_role("alert")).to_contain_text("no note has the id or path")
    show(page, "outline?topic=baking sourdough bread")
    expect(page.get_by_role("alert")).to_contain_text("lies outside the three areas")
    show(page, "search?q=zzzz")
    expect(page.locator(".found")).to_have_text(re.compile("Nothing|No good|none"))
    server.end()
    page.wait_for_timeout(500)
    page.get_by_label("Search your notes").fill("anything")
    expect(page.get_by_role("alert")).to_contain_text("kb serve")


def test_hostile_notes_are_harmless(notebook: Path, encoder: HashingEncoder, browser: Browser) -> None:
    """Whatever a note contains is shown as text: no dialog, no request, no breach of the policy, no foreign element."""
    for name, content in TAKEN.items():
        if len(content) < LARGE:
            (notebook / "notes" / name).write_bytes(content)
    with KnowledgeBase(notebook, encoder=encoder) as knowledge:
        knowledge.add([notebook / "notes"])
        paths = [note.path for note in knowledge.list().notes]
    assert {"notes/script.md", "notes/links.md", "notes/wiki.md"} <= {*paths}
    with serving(notebook, encoder) as (server, _), opened(browser, server.served.access.new_link()) as page:
        for path in paths:
            show(page, f"note?path={quote(path, safe='')}")
            page.wait_for_function("path => document.querySelector('.note .address')?.textContent === path", arg=path)
            page.locator(".body > *").first.wait_for(state="attached")
            assert page.locator(".body :is(script, img, iframe, style, svg, form, input)").count() == 0
            leading = page.locator(".body a[href]").evaluate_all("links => links.map(link => link.protocol)")
            assert set(leading) <= {"http:", "https:", "mailto:"}


def test_an_empty_notebook(notebook: Path, encoder: HashingEncoder, browser: Browser) -> None:
    """Every view of a notebook without notes says so, or what to do."""
    with serving(notebook, encoder) as (server, _), opened(browser, server.served.access.new_link()) as page:
        for view, words in {"ideas": "ripe", "balance": "no notes yet", "search?q=x": "Nothing found"}.items():
            show(page, view)
            expect(page.locator("main")).to_contain_text(words)


def test_every_file_of_the_page_is_served(client: Client) -> None:
    """The shell and all that it names are there, with their types."""
    shell = client.get("/").body.decode()
    named = re.findall(r'(?:href|src)="(/page/[^"]+)"', shell)
    assert len(named) > 5
    for path in named:
        answer = client.get(path)
        assert answer.status == 200, path
        assert answer.headers["content-type"].split(";")[0] in ("text/javascript", "text/css", "image/svg+xml")


@pytest.fixture
def client(notebook: Path, encoder: HashingEncoder) -> Iterator[Client]:
    with serving(notebook, encoder) as (_, client):
        yield client


def test_what_the_watcher_did_is_shown(page: Page, server: HttpServer, book: Path) -> None:
    """While the page is open, the status follows a sync that nobody asked for; one that was refused, because most notes
    would leave, asks here.
    """
    with watching(server.served.live, server.served.jobs.sync, lambda line: None):
        for number in range(12):
            (book / "notes" / f"more{number}.md").write_text(f"---\narea: llm\n---\n# More\n\nToken {number}.\n")
        wait_until(lambda: "notes/more11.md" in {note.path for note in server.served.knowledge.list().notes})
        expect(page.get_by_role("button", name="Sync", exact=True)).to_be_visible()
        (book / "notes").rename(book / "gone")
        page.get_by_role("button", name="Let them leave the index").click()
        expect(page.get_by_role("button", name="Let them leave the index")).to_have_count(0)
        wait_until(lambda: not server.served.knowledge.list().notes)
