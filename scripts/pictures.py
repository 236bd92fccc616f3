"""Take the pictures of the README: a search at a terminal, the map and an outline on the page, from the real tool.

They show a new notebook of the repository's notes, and replace those in `kb/guides/pictures/`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from readme import REPOSITORY, shown
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

PICTURES = REPOSITORY / "kb" / "guides" / "pictures"
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
QUERY = "kb search how do I cut serving latency -n 2"
TOPIC = "over-smoothing in deep graph networks"
WAIT_MS = 30_000
# A picture must not load fonts from anywhere: the reader's own do.
WITHOUT_FONTS = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


def take() -> None:
    """Take all of them."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        notebook = Path(temporary) / "newsletter"
        shutil.copytree(REPOSITORY / "notes", notebook / "notes")
        shown("kb add notes", notebook)
        draw_terminal(shown(QUERY, notebook, "xterm-256color"), PICTURES / "search.svg")
        with browsing(notebook) as (page, address):
            take_map(page, address)
            take_outline(page, address)


def draw_terminal(printed: str, path: Path) -> None:
    """A terminal with a command and what it printed, as SVG."""
    console = Console(record=True, width=80, file=open("/dev/null", "w", encoding="utf-8"))  # noqa: SIM115
    console.print(Text.from_ansi(f"$ {QUERY}\n{printed}"))
    path.write_text(console.export_svg(title="kb search", code_format=WITHOUT_FONTS), encoding="utf-8")


@contextmanager
def browsing(notebook: Path) -> Iterator[tuple[Page, str]]:
    """The page of a notebook in a browser, and its address."""
    command = [sys.executable, "-m", "kb", "--notebook", str(notebook), "serve", "--port", "0"]
    browser = next(found for name in BROWSERS if (found := shutil.which(name)))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as driver:
        assert server.stdout is not None
        link = server.stdout.readline().strip()
        page = driver.chromium.launch(executable_path=browser).new_page(viewport={"width": 1100, "height": 700})
        page.goto(link)
        yield page, link.partition("?")[0]
        server.terminate()


def take_map(page: Page, address: str) -> None:
    """The map, with the hits of a query lit."""
    page.goto(f"{address}#/map?q=attention")
    page.locator("canvas").wait_for(timeout=WAIT_MS)
    page.wait_for_timeout(2_000)
    page.screenshot(path=PICTURES / "map.png")


def take_outline(page: Page, address: str) -> None:
    """An outline, with the source of its first point next to it."""
    page.goto(f"{address}#/outline?topic={TOPIC.replace(' ', '+')}")
    page.locator(".quote").first.click(timeout=WAIT_MS)
    page.wait_for_timeout(1_000)
    page.screenshot(path=PICTURES / "outline.png")


if __name__ == "__main__":
    take()
