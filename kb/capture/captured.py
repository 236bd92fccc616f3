"""What is captured from one source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Capture:
    """One source as Markdown. `body` has no front matter and no title; its headings begin at level 2.

    `key` is what tells the source from all others, in a form that never changes: `arxiv:2405.04434`, `doi:10.1145/…`,
    an address without what only tracks, `bibtex:vaswani2017`, or the path of a file. `date` is as much as is known of
    YYYY-MM-DD. `fields` are further lines of the front matter, such as `site` or `citekey`. `remarks` say what could
    not be taken over.
    """

    key: str
    title: str
    body: str
    source: str
    authors: tuple[str, ...] = ()
    date: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
