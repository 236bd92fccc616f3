"""A browser for the tests of the page, which complains about everything that a page of notes must never do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
TIMEOUT_MS = 20_000
REPORT_VIOLATIONS = """
window.violations = [];
addEventListener("securitypolicyviolation", ({ violatedDirective: rule, blockedURI: what }) => {
  violations.push(`${rule} ${what}`);
});
"""
expect.set_options(timeout=TIMEOUT_MS)


@contextmanager
def launched() -> Iterator[Browser]:
    """Chromium. Its driver runs an event loop in this thread, so that nothing else may until it has ended."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail("Chromium is missing; `scripts/browser` installs it", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, link: str) -> Iterator[Page]:
    """A page that was opened by a link. Fails for a dialog, an error, a request to elsewhere, or a breach of the
    content security policy.
    """
    origin = link.partition("?")[0]
    faults: list[str] = []
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        context.set_default_timeout(TIMEOUT_MS)
        context.add_init_script(REPORT_VIOLATIONS)
        page = context.new_page()
        page.on("dialog", lambda dialog: faults.append(f"dialog {dialog.message}"))
        page.on("pageerror", lambda error: faults.append(f"error {error}"))
        page.on("request", lambda request: faults.extend(_elsewhere(request.url, origin)))
        page.goto(link)
        yield page
        assert page.evaluate("violations") == []
    assert faults == []


def _elsewhere(url: str, origin: str) -> list[str]:
    return [] if url.startswith((origin, f"blob:{origin}")) else [f"request {url}"]
