"""What a writer does on the page, in a real browser."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np
import pytest
from browsing import launched, opened
from conftest import HashingEncoder
from numpy.typing import NDArray
from playwright.sync_api import Browser, Locator, Page, expect
from serving import Client, serving
from test_capture_pdf import a_paper
from test_capture_web import PAGE, RECIPE, Site, site
from test_hostile import TAKEN
from test_warm import wait_until

from kb.capture.web import public
from kb.guides import SUBJECTS, read_guide
from kb.ideas.map import draw as drawing
from kb.ideas.map.layout import laid_out
from kb.knowledge import KnowledgeBase
from kb.models import Encoder, Progress
from kb.outline.post.length import WORDS_A_POINT, expected_words, reading_minutes
from kb.reports import Check
from kb.serve.http.server import HttpServer
from kb.serve.watching import watching

__all__ = ["site"]  # a fixture
pytestmark = pytest.mark.slow

QUERY = "over-smoothing in deep graph networks"
LARGE = 10_000  # bytes of a note that is hostile by its size
TOPIC = "serving language models"
VIEWS = (
    "search?q=attention",
    "note?path=notes/gcn.md&lines=26-38",
    "map?q=attention",
    "ideas",
    "balance",
    f"outline?topic={TOPIC}",
    "help",
    "help?guide=library",
)
FOCUS_AFTER_CLICK = """async button => {
    button.click();
    await null;  // the page has changed by then, but no frame was drawn
    return document.activeElement.getAttribute("aria-label");
}"""
PAINTED = """area => {
  const canvas = document.querySelector("canvas");
  const pen = canvas?.getContext("2d");
  if (!canvas?.width) return false;
  pen.fillStyle = getComputedStyle(canvas).getPropertyValue(`--${area}`);
  const colour = [1, 3, 5].map(at => parseInt(pen.fillStyle.slice(at, at + 2), 16));
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] > 200 && colour.every((part, number) => Math.abs(part - data[at + number]) < 8)) return true;
  }
  return false;
}"""  # whether anything on the map has the colour of an area

DROPPED = """bytes => {
  const dropped = new DataTransfer();
  dropped.items.add(new File([new Uint8Array(bytes)], "mine.pdf", { type: "application/pdf" }));
  return dropped;
}"""


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
    """A query is answered while it is typed; `j` and `k` go through the hits, and Enter opens one at its lines. The way
    back leads to that hit.
    """
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
    expect(page.get_by_role("heading", name="Related")).to_be_in_viewport()
    page.go_back()
    expect(hits.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
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
    kinds = page.get_by_role("button", name=re.compile("^(Notes|Posts|All)"))
    notes, posts, all_kinds = (int(one) for one in kinds.locator(".number").all_inner_texts())
    assert (notes, all_kinds) == (before, notes + posts)
    page.get_by_role("button", name=re.compile("^Posts")).click()
    expect(hits).to_have_count(posts)
    search(page, '"attention is everything" in graphs')
    expect(page.locator(".notice").first).to_have_text(
        "No note contains the exact words 'attention is everything'; showing near matches."
    )


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
    assert [title for title in backlinks.all_inner_texts() if ".md" in title] == []


def test_building_an_outline(page: Page, book: Path, real_encoder: Encoder) -> None:
    """Points are dropped and moved, sections renamed and reordered, by keys and buttons; the focus is on what was moved
    before a frame is drawn, so that nothing typed goes elsewhere; what is exported passes `kb outline --check`.
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
    up = page.get_by_role("button", name="Move the section up").nth(1)
    assert up.evaluate(FOCUS_AFTER_CLICK) == "Heading of section 1"
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


def test_an_address_is_followed_from_the_first_moment(page: Page) -> None:
    """Who goes to a view as soon as the page is drawn gets there."""
    page.add_init_script(
        "new MutationObserver((_, watcher) => { if (document.querySelector('h1')) { watcher.disconnect(); "
        "location.hash = '#/balance'; } }).observe(document, { childList: true, subtree: true });"
    )
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Balance")


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


def test_a_draft_is_edited_in_the_builder(page: Page, book: Path, real_encoder: Encoder) -> None:
    """The sections and blocks of a saved draft, the writer's own among them, are moved, dropped, renamed and added to;
    the new draft has them so, its citations hold, and the first draft stays as it was.
    """
    with KnowledgeBase(book, encoder=real_encoder) as knowledge:
        draft = book / knowledge.save_draft(knowledge.outline(TOPIC)).path
    before = draft.read_text(encoding="utf-8").replace("\n- ", "\nIn my *own* words.\n\n- ", 1)
    draft.write_text(before, encoding="utf-8")
    show(page, f"outline?draft={draft.relative_to(book)}")
    page.get_by_role("link", name="Edit in the builder").click()
    parts = page.locator(".part")
    own = parts.first.locator(".point").first
    expect(own).to_contain_text("In my own words.")
    headings = [part.get_attribute("aria-label") for part in parts.all()]
    expect(own.get_by_role("button", name="Swap the point")).to_have_count(0)
    dropped = parts.first.locator(".quote").nth(1)
    said = dropped.inner_text()
    dropped.press("Delete")
    own.locator(".quote").press("Alt+ArrowDown")
    parts.first.get_by_role("button", name="Move the section down").click()
    parts.first.get_by_role("textbox").fill("Scheduling by step")
    parts.last.get_by_role("button", name="Drop the section").click()
    page.get_by_role("button", name="Add a section").click()
    parts.last.get_by_role("textbox").fill("Cost of serving language models")
    parts.last.get_by_role("button", name="Fill from your notes").click()
    expect(parts.last.locator(".point").first).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Save as a new draft").click()
    saved = page.locator(".export").get_by_role("link", name="drafts/")
    made = (book / saved.inner_text()).read_text(encoding="utf-8")
    assert draft.read_text(encoding="utf-8") == before
    kept = [line.partition(" <a")[0][2:] for line in made.splitlines() if line.startswith("# ")]
    assert kept[3:-2] == ["Scheduling by step", headings[0], *headings[2:-1], "Cost of serving language models"]
    assert "\nIn my *own* words.\n" in made
    assert said in before
    assert said not in made.partition("# Cost of serving")[0]
    with KnowledgeBase(book, encoder=real_encoder) as knowledge:
        assert knowledge.check_outline(book / saved.inner_text()).ok
    saved.click()
    expect(page.get_by_text(re.compile("^All \\d+ citations hold"))).to_be_visible()


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


@pytest.mark.parametrize("width", [320, 900])
def test_the_lines_that_a_point_quotes_in_a_narrow_window(page: Page, width: int) -> None:
    """They lie over the lower part of the window, and what quotes them above; closing them leads back to it."""
    page.set_viewport_size({"width": width, "height": 700})
    show(page, f"outline?topic={TOPIC}")
    quote = page.locator(".quote").last
    quote.click()
    expect(page.locator(".preview .cited").first).to_be_in_viewport()
    above, below = quote.bounding_box(), page.locator(".preview").bounding_box()
    assert above is not None
    assert below is not None
    assert 0 <= above["y"] <= above["y"] + above["height"] <= below["y"]
    page.get_by_role("button", name="Close the source").click()
    expect(quote).to_be_focused()
    expect(page.locator(".preview .cited")).to_have_count(0)


def test_the_map_hears_keys_from_the_first_moment(page: Page) -> None:
    """An arrow that is pressed as soon as the map is there points at a note."""
    page.add_init_script(
        "new MutationObserver((_, watcher) => { const map = document.querySelector('canvas'); if (map) { "
        "watcher.disconnect(); map.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight' })); } })"
        ".observe(document, { childList: true, subtree: true });"
    )
    show(page, "map")
    page.reload()
    expect(page.locator(".pointed strong")).not_to_be_empty()


def test_the_map_by_keyboard_alone(page: Page) -> None:
    """From the map's keys to a note: the arrows go from note to note, Space selects one, Enter opens it; on the way
    back it is still selected.
    """
    show(page, "balance")
    expect(page.locator(".shares")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("m")
    canvas = page.get_by_role("application", name="Map of notes")
    canvas.press("ArrowRight")
    first = page.locator(".pointed strong").inner_text()
    canvas.press("ArrowRight")
    expect(page.locator(".pointed strong")).not_to_have_text(first)
    canvas.press("ArrowLeft")
    title = page.locator(".pointed strong").inner_text()
    canvas.press(" ")
    selected = page.get_by_role("region", name="Selection").get_by_role("listitem")
    expect(selected.last).to_contain_text(title)
    canvas.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    page.go_back()
    expect(selected.last).to_contain_text(title)


def test_the_map_by_pointer(page: Page, book: Path, real_encoder: Encoder) -> None:
    """Notes have the colours of their areas; a lasso around all of them selects all; one is opened by a click, also
    after zooming and moving.
    """
    with KnowledgeBase(book, encoder=real_encoder) as knowledge:
        titles = {note.title for note in knowledge.map().notes}
    show(page, "map")
    canvas = page.locator("canvas")
    for area in ("ml-systems", "gnn", "llm"):
        page.wait_for_function(PAINTED, arg=area)
    page.get_by_role("button", name="Lasso").click()
    box = canvas.bounding_box()
    assert box is not None
    left, top, right, bottom = box["x"] + 2, box["y"] + 2, box["x"] + box["width"] - 2, box["y"] + box["height"] - 2
    draw_line(page, [(left, top + 60), (left, top), (right, top), (right, bottom), (left, bottom), (left, top + 60)])
    expect(page.get_by_role("heading", name=f"{len(titles)} notes selected")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name="Lasso").click()
    page.mouse.move((left + right) / 2, (top + bottom) / 2)
    page.mouse.wheel(0, -240)
    draw_line(page, [((left + right) / 2, (top + bottom) / 2), ((left + right) / 2 + 40, (top + bottom) / 2 + 20)])
    points = ((left + 12 * across, top + 12 * down) for down in range(5, 40) for across in range(5, 60))
    for point in points:
        page.mouse.move(*point)
        if "pointing" in (canvas.get_attribute("class") or ""):
            break
    page.mouse.click(*point)
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Map")
    assert page.get_by_role("heading", level=1).inner_text() in titles


def draw_line(page: Page, line: list[tuple[float, float]]) -> None:
    """Draw a line with the pointer pressed."""
    page.mouse.move(*line[0])
    page.mouse.down()
    for point in line[1:]:
        page.mouse.move(*point, steps=3)
    page.mouse.up()


def test_a_query_on_the_map(page: Page) -> None:
    """The hits of a query are counted and can be selected; the concepts that several of them name are topics."""
    show(page, "map")
    page.get_by_label("Highlight").fill("graph attention")
    expect(page.get_by_role("status").filter(has_text="highlighted")).to_be_visible()
    page.get_by_role("button", name="Select these").click()
    selection = page.get_by_role("region", name="Selection")
    expect(selection.get_by_role("link", name="Outline").first).to_be_visible()
    topic = selection.locator(".concepts strong").first.inner_text()
    selection.get_by_role("link", name="Search").first.click()
    expect(page.get_by_label("Search your notes")).to_have_value(topic)


def test_the_map_as_a_list(page: Page, book: Path, real_encoder: Encoder) -> None:
    """Every note of the map is in the list of its clusters, and leads to the note."""
    with KnowledgeBase(book, encoder=real_encoder) as knowledge:
        notes = knowledge.map().notes
    show(page, "map")
    page.get_by_text("As a list").click()
    clusters = page.locator(".clusters li > details > summary")
    for number in range(clusters.count()):
        clusters.nth(number).click()
    links = page.locator(".clusters .notes a")
    expect(links).to_have_count(len(notes))
    assert sorted(links.all_inner_texts()) == sorted(note.title for note in notes)
    title = links.first.inner_text()
    links.first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_a_map_that_takes_long(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the map is computed, the page says so, and how far it is; then it shows the map."""
    goes_on = threading.Event()

    def slow(vectors: NDArray[np.float32], progress: Progress) -> NDArray[np.float32]:
        progress(3, 12)
        goes_on.wait(30)
        return laid_out(vectors, progress)

    monkeypatch.setattr(drawing, "laid_out", slow)
    show(page, "map")
    bar = page.get_by_role("progressbar", name="Laying out your notes")
    expect(bar).to_have_attribute("value", "3")
    expect(bar).to_have_attribute("max", "12")
    goes_on.set()
    expect(page.locator("canvas")).to_be_visible()


def test_opening_the_file(page: Page, book: Path) -> None:
    """A note leads to its file in an editor, at its line, and in Obsidian, whatever its name; its path is copied."""
    name = "a b#c?d%e&f:g ü.md"
    (book / "notes" / name).write_text("---\narea: llm\n---\n# Odd\n\nText.\n", encoding="utf-8")
    page.get_by_role("button", name="Sync").click()
    expect(page.get_by_role("status").filter(has_text="1 added")).to_be_visible()
    show(page, f"note?path={quote(f'notes/{name}', safe='')}&lines=6-6")
    file = f"{book.resolve()}/notes/{name}"
    editor = page.get_by_role("link", name="VS Code").get_attribute("href") or ""
    assert editor == f"vscode://file{quote(file)}:6"
    obsidian = urlsplit(page.get_by_role("link", name="Obsidian").get_attribute("href") or "")
    assert (obsidian.scheme, obsidian.netloc, parse_qs(obsidian.query)) == ("obsidian", "open", {"path": [file]})
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy its path").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == file


def test_adding_an_address(page: Page, book: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address becomes a note, which is linked; what lies outside the areas is asked about before it is written."""
    monkeypatch.setattr(public, "is_public", lambda address: True)
    show(page, "add")
    field, made = page.get_by_label("Address of a page"), page.locator(".made")
    field.fill(site.put("/a", PAGE))
    page.keyboard.press("Enter")
    expect(made).to_contain_text("A new note was made: Message passing")
    expect(made.get_by_role("link")).to_have_attribute("href", re.compile("message-passing-2023"))
    field.fill(site.put("/b", RECIPE))
    page.keyboard.press("Enter")
    expect(made).to_contain_text("Nothing was written")
    assert not list((book / "notes").glob("sourdough*"))
    page.get_by_role("button", name="Take it in as a detour").click()
    expect(made.locator(".area")).to_have_text("Detour")
    assert list((book / "notes").glob("sourdough*"))
    page.locator("input[type=file]").set_input_files(
        {"name": "mine.pdf", "mimeType": "application/pdf", "buffer": a_paper().bytes()}
    )
    expect(made).to_contain_text("A new note was made: Fast Attention on Small Graphs With Few Parameters")
    dropped = page.evaluate_handle(DROPPED, list(a_paper().bytes()))
    page.locator(".add").dispatch_event("drop", {"dataTransfer": dropped})
    expect(made).to_contain_text("Nothing has changed")
    monkeypatch.undo()
    field.fill("http://127.0.0.1/")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("is not a public address")


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
    """Every view fits into narrow and wide windows, with all that can be unfolded."""
    page.set_viewport_size({"width": width, "height": 900})
    for view in VIEWS:
        show(page, view)
        expect(page.locator(".hit, .body p, canvas, .idea, .shares, .point, .manual h1").first).to_be_visible()
        for details in page.locator("main details").all():
            details.evaluate("details => { details.open = true }")
        assert page.evaluate("document.documentElement.scrollWidth") == width, view


def test_the_manual(page: Page) -> None:
    """The guides are listed with what they cover, lead to one another, and are searched by words, to the part that has
    them all.
    """
    page.keyboard.press("Escape")
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Help").click()
    guides = page.get_by_role("navigation", name="Guides")
    expect(guides.get_by_role("link")).to_have_text([read_guide(name).split("\n")[0][2:] for name in SUBJECTS])
    guides.get_by_role("link", name="The page, programs and assistants").click()
    page.locator(".body").get_by_role("link", name="kb help capture").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("From where you read into a note")
    page.get_by_label("Find in the manual").fill("bearer curl")
    page.locator(".parts").get_by_role("link", name="Programs").click()
    expect(page.get_by_role("heading", name="Programs", exact=True)).to_be_in_viewport()


def test_the_views_of_a_narrow_window(page: Page) -> None:
    """The frame is one row, even while changed notes are told; a button shows the views, and Escape hides them."""
    page.route("**/api/status?", lambda route: route.fulfill(json=route.fetch().json() | {"changed_notes": 1234}))
    page.set_viewport_size({"width": 320, "height": 700})
    page.reload()
    expect(page.get_by_role("button", name="1,234 changed")).to_be_visible()
    assert page.evaluate("document.querySelector('header').offsetHeight") < 60
    views, links = (
        page.get_by_role("button", name="Search", exact=True),
        page.get_by_role("navigation").get_by_role("link"),
    )
    expect(links).to_have_count(0)
    views.click()
    expect(links).to_have_count(7)
    page.keyboard.press("Escape")
    expect(links).to_have_count(0)
    views.press("Enter")
    links.last.press("Enter")
    expect(page.get_by_role("heading", name="Help")).to_be_visible()
    expect(page.get_by_role("navigation", name="Views").get_by_role("link")).to_have_count(0)


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
        for view, words in {
            "ideas": "ripe",
            "balance": "no notes yet",
            "map": "no notes yet",
            "search?q=x": "Nothing found",
        }.items():
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
