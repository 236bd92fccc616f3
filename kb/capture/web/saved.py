"""Web pages that were saved as files, or are given on standard input."""

from __future__ import annotations

from pathlib import Path

from kb.capture.captured import Capture
from kb.capture.web.page import capture_page


def capture_html(content: bytes, path: Path, full: bool = False) -> tuple[Capture, ...]:
    """The readable text of a page, always in full. Its source is the address that it names, or else its path. Raises
    `CaptureError`.
    """
    return (capture_page(content, path.as_posix()),)
