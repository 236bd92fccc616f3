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
from playwright.sync_api import Browser, Locator, Page, expect
from serving import Client, serving
from test_hostile import TAKEN

from kb.knowledge import KnowledgeBase
from kb.models import Encoder
from kb.outline.post.length import WORDS_A_POINT, expected_words, reading_minutes
from kb.reports import Check
from kb.serve.http.server import HttpServer

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
    post = book / "post.md"
    check = check_of_download(page, post, real_encoder)
    text = post.read_text(encoding="utf-8")
    assert "What the server waits for" in text
    said = dropped.split(": ")[-1]
    assert said not in text
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


def test_swapping_a_point(page: Page, book: Path, real_encoder: Encoder) -> None:
    """By keys alone a point is swapped for one of the next best, which are not in the outline yet; what is exported
    cites that one, and undoing brings the first one back.
    """
    show(page, f"outline?topic={TOPIC}")
    quotes, offers = page.locator(".quote"), page.locator(".offer")
    quotes.nth(1).focus()
    before = [quote.inner_text() for quote in quotes.all()]
    page.keyboard.press("r")
    expect(offers.first).to_be_focused()
    offered = [offer.locator(".address").inner_text() for offer in offers.all()]
    assert all(re.fullmatch(r"notes/[\w-]+\.md:\d+(-\d+)?", address) for address in offered)
    page.keyboard.press("Escape")
    expect(quotes.nth(1)).to_be_focused()
    expect(offers).to_have_count(0)
    page.locator(".point").nth(1).get_by_label("Swap the point").click()
    expect(offers.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(offers.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(quotes.nth(1)).to_be_focused()
    after = [quote.inner_text() for quote in quotes.all()]
    assert after[1] not in before
    assert [*after[:1], *after[2:]] == [*before[:1], *before[2:]]
    expect(page.locator(".point").nth(1).locator("a.address")).to_have_text(offered[1])
    check = check_of_download(page, book / "post.md", real_encoder)
    assert check.ok
    assert offered[1] in {f"{one.path}:{one.start_line}-{one.end_line}" for one in check.citations} | {
        f"{one.path}:{one.start_line}" for one in check.citations
    }
    page.get_by_role("button", name="Undo").click()
    expect(quotes.nth(1)).to_have_text(before[1])


def check_of_download(page: Page, post: Path, encoder: Encoder) -> Check:
    """What `kb outline --check` says of the outline that the page exports."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Download Markdown").click()
    download.value.save_as(post)
    with KnowledgeBase(post.parent, encoder=encoder) as knowledge:
        return knowledge.check_outline(post)


def test_the_words_of_the_writer(page: Page, book: Path, real_encoder: Encoder) -> None:
    """Thesis and so-what are typed in, survive a reload and are exported; the length of the post and the time that it
    takes to read are those of `kb outline`, also after points were dropped.
    """
    show(page, f"outline?topic={TOPIC}")
    counts, quotes = page.locator(".counts"), page.locator(".quote")
    expect(quotes.first).to_be_visible()
    with KnowledgeBase(book, encoder=real_encoder) as knowledge:
        words = expected_words(knowledge.outline(TOPIC))
    expect(counts).to_contain_text(f"about {words:,} words, {reading_minutes(words)} minutes to read")
    quotes.first.press("Delete")
    expect(counts).to_contain_text(f"about {words - WORDS_A_POINT:,} words")
    page.get_by_label("Thesis").fill("Memory, not arithmetic, decides what serving costs.")
    page.get_by_label("So what of section 2").fill("Schedule by iteration. <b>Always.</b>")
    page.reload()
    expect(page.get_by_label("Thesis")).to_have_value("Memory, not arithmetic, decides what serving costs.")
    post = book / "post.md"
    assert check_of_download(page, post, real_encoder).ok
    lines = post.read_text(encoding="utf-8").splitlines()
    assert "Memory, not arithmetic, decides what serving costs." in lines
    assert "Schedule by iteration. &lt;b>Always.&lt;/b>" in lines
    show(page, "outline?topic=paged attention&words=1000")
    expect(counts).to_contain_text("the post 1,000 words, 4 minutes to read")


def test_dragging(page: Page) -> None:
    """Points are dragged within a section and into another one, sections to another place, and leftovers in; a mark
    says where what is dragged would be put.
    """
    page.set_viewport_size({"width": 1280, "height": 6000})  # so that nothing scrolls
    show(page, f"outline?topic={TOPIC}")
    quotes, parts = page.locator(".quote"), page.locator(".part")
    expect(quotes.first).to_be_visible()
    first, second, third = (quotes.nth(number).inner_text() for number in range(3))
    points = page.locator(".point")
    drag(page, points.nth(0), points.nth(1), 0.9)
    expect(points.nth(2)).to_have_class(re.compile("drop-before"))
    page.mouse.up()
    expect(quotes.nth(1)).to_have_text(first)
    expect(quotes.nth(1)).to_be_focused()
    assert [quotes.nth(0).inner_text(), quotes.nth(2).inner_text()] == [second, third]
    other = parts.nth(1).locator(".point")
    count = other.count()
    drag(page, points.nth(0), other.nth(0), 0.1)
    page.mouse.up()
    expect(other.nth(0).locator(".quote")).to_contain_text(second)
    expect(other).to_have_count(count + 1)
    heading = parts.nth(1).get_by_role("textbox").first.input_value()
    drag(page, parts.nth(1), parts.nth(0), 0.3)
    page.mouse.up()
    expect(parts.nth(0).get_by_role("textbox").first).to_have_value(heading)
    page.get_by_text("Leftovers (").click()
    leftover = page.locator(".leftover").first
    address = leftover.locator(".address").inner_text()
    drag(page, leftover, parts.last.locator(".point").last, 0.1)
    page.mouse.up()
    expect(parts.last.locator(".address").filter(has_text=address).first).to_be_visible()
    expect(page.locator(".leftover .address").filter(has_text=re.compile(f"^{address}$"))).to_have_count(0)


def drag(page: Page, dragged: Locator, target: Locator, share: float) -> None:
    """Drag something by its handle over a target, to a share of its height, and hold it there."""
    dragged.scroll_into_view_if_needed()
    dragged.locator(".grip").first.hover()
    page.mouse.down()
    for step in range(4):
        box = target.bounding_box()
        assert box
        page.mouse.move(box["x"] + 100 + step, box["y"] + share * box["height"])


def test_a_draft_is_saved_and_reopened(page: Page, book: Path, real_encoder: Encoder) -> None:
    """A saved draft is listed and shows what has changed in the notes: what it quotes, what the note says now; new
    points are shown before they are put in, and nothing else in the file changes.
    """
    show(page, "outline")
    expect(page.locator(".drafts")).to_contain_text("No drafts yet")
    show(page, f"outline?topic={TOPIC}")
    page.get_by_role("button", name="Save as a draft").click()
    saved = page.locator(".export").get_by_role("link", name="drafts/")
    draft = book / saved.inner_text()
    before = draft.read_text(encoding="utf-8")
    rewrite(book, "notes/dynamic-batching.md", "accelerators want many", "accelerators want dozens")
    new = "Serving a language model on spot instances costs 60% less, at the price of evictions."
    (book / "notes" / "spot.md").write_text(
        f"---\narea: llm\n---\n# Serving language models on spot instances\n\n{new}\n"
    )
    with KnowledgeBase(book, encoder=real_encoder) as knowledge:
        knowledge.sync()
    page.get_by_role("button", name="Start over").click()
    listed = page.locator(".drafts li")
    expect(listed).to_contain_text(draft.name)
    expect(listed.locator(".badge")).to_have_text(re.compile(r"\d+ of \d+ citations hold"))
    listed.get_by_role("link").press("Enter")
    doubt = page.locator(".doubt")
    expect(doubt.locator("mark")).to_have_text(["many.", "dozens."])
    expect(page.locator(".body .doubtful")).to_contain_text("want many")
    doubt.get_by_role("button", name="of the draft").click()
    expect(page.locator(".body .here")).to_be_in_viewport()
    page.get_by_role("button", name="Look for new points").click()
    expect(page.locator(".update li").filter(has_text=new)).to_be_visible()
    assert draft.read_text(encoding="utf-8") == before
    page.get_by_role("button", name=re.compile("^Add .* to the draft$")).click()
    expect(page.locator(".body")).to_contain_text(new)
    after = draft.read_text(encoding="utf-8")
    assert set(before.splitlines()) <= set(after.splitlines())
    page.get_by_role("button", name="Look for new points").click()
    expect(page.locator(".update")).to_contain_text("There are no new points")


def rewrite(book: Path, name: str, before: str, after: str) -> None:
    """Replace words of a note."""
    text = (book / name).read_text(encoding="utf-8")
    assert before in text
    (book / name).write_text(text.replace(before, after), encoding="utf-8")


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
    show(page, "outline?draft=drafts/none.md")
    expect(page.get_by_role("alert")).to_contain_text("there is no draft")
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
