"""Every view of the page is accessible, as far as axe can tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from browsing import launched
from playwright.sync_api import Browser, Page
from serving import serving

from kb.models import Encoder

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
GRAVE = ("serious", "critical")
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


@pytest.fixture(scope="module")
def link(indexed_notes: Path, real_encoder: Encoder) -> Iterator[str]:
    """The address of a server of the repository's own notes, with a session."""
    with serving(indexed_notes, real_encoder) as (server, _):
        yield server.served.access.new_link()


def looked_at(page: Page, view: str) -> Any:
    """What axe finds in a view, with everything in it that can be unfolded."""
    page.evaluate("address => { location.hash = address }", f"#/{view}")
    page.locator(VIEWS[view]).first.wait_for()
    for details in page.locator("main details").all():
        details.evaluate("details => { details.open = true }")
    return page.evaluate("axe.run(document)")


def faults(found: Any) -> list[str]:
    """The grave violations: the rule, and where it is broken."""
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_view_has_grave_faults(browser: Browser, link: str, scheme: Literal["light", "dark"]) -> None:
    """Names, roles, contrast, order of headings: nothing of serious or critical impact in any view, nor in the list of
    keys.
    """
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(link)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for view in VIEWS:
        found = looked_at(page, view)
        assert len(found["passes"]) > 10, view
        assert faults(found) == [], view
    page.get_by_role("button", name="Keys").click()
    assert faults(page.evaluate("axe.run(document)")) == []
    context.close()


def test_every_view_is_looked_at() -> None:
    """Axe looks at each view that the page has."""
    frame = (Path(__file__).parent.parent / "kb" / "serve" / "page" / "static" / "app.js").read_text(encoding="utf-8")
    table = re.search(r"const VIEWS = \{(.*?)\}", frame, re.DOTALL)
    assert table is not None
    assert {*re.findall(r"(\w+):", table[1])} == {view.partition("?")[0] for view in VIEWS}
