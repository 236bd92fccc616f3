"""Every view of the page is accessible, as far as axe can tell."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from browsing import launched
from playwright.sync_api import Browser, Page
from serving import serving

from kb.knowledge import KnowledgeBase
from kb.models import Encoder

pytestmark = pytest.mark.slow

Scheme = Literal["light", "dark"]

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
GRAVE = ("serious", "critical")
RULES: dict[Scheme, dict[str, object]] = {  # the others depend neither on the colours nor on the width
    "light": {"resultTypes": ["violations"]},
    "dark": {"resultTypes": ["violations"], "runOnly": ["color-contrast", "scrollable-region-focusable"]},
}
TOPIC = "serving language models"
DRAFT = "outline?draft=drafts/serving-language-models.md"
WIDE, NARROW = 1280, 320  # pixels
VIEWS = {  # each with what shows that it is complete
    "search": ".empty",
    "search?q=attention": ".columns[aria-busy=false] .hit",
    "note?path=notes/gcn.md&lines=26-38": ".note:has(.math.block math) .beside section:nth-of-type(4) a",
    "note?path=notes/none.md": ".failure",
    "outline": ".brief",
    f"outline?topic={TOPIC}": ".point",
    DRAFT: ".doubt",
    f"{DRAFT}&edit=1": ".point",
    "map?q=attention": ".finder button",
    "add": "#address",
    "ideas": ".idea",
    "balance": ".shares",
    "help": ".guides",
    "help?q=token": ".parts a",
    "help?guide=serve": ".body pre",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def link(indexed_notes: Path, real_encoder: Encoder, tmp_path: Path) -> Iterator[str]:
    """A link to a server of the repository's own notes, with a draft that quotes a line which has changed since."""
    book = Path(shutil.copytree(indexed_notes, tmp_path / "book"))
    with KnowledgeBase(book, encoder=real_encoder) as knowledge:
        saved = knowledge.save_draft(knowledge.outline(TOPIC))
        assert saved.path == DRAFT.partition("=")[2]
        quoted = book / "notes" / "dynamic-batching.md"
        quoted.write_text(quoted.read_text(encoding="utf-8").replace("want many", "want dozens"), encoding="utf-8")
        knowledge.sync()
    with serving(book, real_encoder) as (server, _):
        yield server.served.access.new_link()


def unfold(page: Page, view: str) -> None:
    """Go to a view, and unfold everything in it."""
    page.evaluate("address => { location.hash = address }", f"#/{view}")
    page.locator(VIEWS[view]).first.wait_for()
    for details in page.locator("main details").all():
        details.evaluate("details => { details.open = true }")


def faults(page: Page, scheme: Scheme) -> list[str]:
    """The grave violations of what is shown: the rule, and where it is broken."""
    found = page.evaluate("rules => axe.run(document, rules)", RULES[scheme])
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize(("scheme", "width"), [("light", WIDE), ("dark", WIDE), ("dark", NARROW)])
def test_no_view_has_grave_faults(browser: Browser, link: str, scheme: Scheme, width: int) -> None:
    """Names, roles, contrast, order of headings: nothing of serious or critical impact in any view, nor in the list of
    keys.
    """
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(link)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for view in VIEWS:
        unfold(page, view)
        assert faults(page, scheme) == [], view
    page.get_by_role("button", name="Keys").click()
    assert faults(page, scheme) == []
    page.evaluate("document.querySelector('dialog').style.color = getComputedStyle(document.body).backgroundColor")
    assert faults(page, scheme) != [], "what cannot be read is found"
    context.close()


def test_every_view_is_looked_at() -> None:
    """Axe looks at each view that the page has."""
    frame = (Path(__file__).parent.parent / "kb" / "serve" / "page" / "static" / "app.js").read_text(encoding="utf-8")
    table = re.search(r"const VIEWS = \{(.*?)\}", frame, re.DOTALL)
    assert table is not None
    assert {*re.findall(r"(\w+):", table[1])} == {view.partition("?")[0] for view in VIEWS}
