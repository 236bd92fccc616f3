"""Whether a site lets programs fetch a page, by its robots.txt."""

from __future__ import annotations

from urllib.parse import urljoin
from urllib.robotparser import RobotFileParser

from kb.capture.web.fetch import Fetcher
from kb.errors import CaptureError

_NAME = "kb"  # by which rules may name this program
_RULES = "text/plain"


def require_allowed(address: str, fetcher: Fetcher) -> None:
    """Raise `CaptureError` where the site of an address asks programs not to fetch it. A site without rules that can be
    read has none.
    """
    try:
        answer = fetcher.fetch(urljoin(address, "/robots.txt"), _RULES)
    except CaptureError:
        return
    if answer.media_type not in ("", _RULES):
        return  # a page that says that there are no rules
    rules = RobotFileParser()
    rules.parse(answer.content.decode("utf-8", "replace").splitlines())
    if not rules.can_fetch(_NAME, address):
        raise CaptureError(f"{address} is closed to programs by its robots.txt; save the page, and add the file")
