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

from kb.models import Encoder

Scheme = Literal["light", "dark"]

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
GRAVE = ("serious", "critical")
RULES: dict[Scheme, dict[str, object]] = {  # only contrast depends on the colours
    "light": {"resultTypes": ["violations"]},
    "dark": {"resultTypes": ["violations"], "runOnly": ["color-contrast"]},
}
VIEWS = {  # each with what shows that it is complete
    "search": ".empty",
    "search?q=attention": ".columns[aria-busy=false] .hit",
    "note?path=notes/gcn.md&lines=26-38": ".related a, .beside section:nth-of-type(3) a",
    "note?path=notes/none.md": ".failure",
    "outline": ".brief",
    "outline?topic=serving language models": ".point",
    "map?q=attention": ".finder button",
    "ideas": ".idea",
    "balance": ".shares",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def link(indexed_notes: Path, real_encoder: Encoder, tmp_path: Path) -> Iterator[str]:
    """A link to a server of the repository's own notes."""
    with serving(Path(shutil.copytree(indexed_notes, tmp_path / "book")), real_encoder) as (server, _):
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_view_has_grave_faults(browser: Browser, link: str, scheme: Scheme) -> None:
    """Names, roles, contrast, order of headings: nothing of serious or critical impact in any view, nor in the list of
    keys.
    """
    context = browser.new_context(color_scheme=scheme)
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
