"""Papers on arXiv: what its API says of them, and the headings or the text of their HTML version."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from kb.capture.captured import Capture
from kb.capture.escaping import escaped, one_line
from kb.capture.identifiers import Named
from kb.capture.web.fetch import Fetched, Fetcher
from kb.capture.web.page import decoded, parsed, readable
from kb.capture.web.sites import SITES, arxiv_turn
from kb.errors import CaptureError

if TYPE_CHECKING:
    from lxml.etree import _Element
    from lxml.html import HtmlElement

_NAMES = {"atom": "http://www.w3.org/2005/Atom", "arxiv": "http://arxiv.org/schemas/atom"}
_LEVELS = {"section": 2, "appendix": 2, "subsection": 3, "subsubsection": 4}
_WITHOUT_NOTES = ("references", "bibliography", "acknowledgments", "acknowledgements", "acknowledgement")
_NO_HTML = "arXiv has no HTML version of it, so that there are no headings to read along"


def capture_arxiv(named: Named, fetcher: Fetcher, full: bool) -> Capture:
    """Title, authors, date and abstract of a paper, with the headings of its HTML version to take notes under, or with
    `full`, the text of that. Raises `CaptureError`.
    """
    id = named.address.rpartition("/abs/")[2]
    capture = metadata_from(_ask(f"{SITES.arxiv_api}?{urlencode({'id_list': id})}", fetcher).content, named)
    try:
        page = _ask(f"{SITES.arxiv}/html/{id}", fetcher)
        tree = parsed(decoded(page.content, page.charset, page.address), page.address)
        more = _text_of(tree, capture.title, page.address) if full else _headings_of(tree)
    except CaptureError:
        more = ""
    if not more:
        return dataclasses.replace(capture, remarks=(*capture.remarks, _NO_HTML))
    return dataclasses.replace(capture, body=f"{capture.body}\n{more}")


def metadata_from(feed: bytes, named: Named) -> Capture:
    """What a feed of arXiv's API says of a paper. Raises `CaptureError` where it has none."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        entry = etree.fromstring(feed, parser).find("atom:entry", _NAMES)
    except etree.XMLSyntaxError as error:
        raise CaptureError(f"arXiv's answer about {named.identifier} cannot be read; try again later") from error
    title, summary = _text(entry, "atom:title"), _text(entry, "atom:summary")
    if entry is None or "/api/errors" in _text(entry, "atom:id") or not title:
        raise CaptureError(f"arXiv has no paper {named.identifier}{f': {summary}' if summary else ''}")
    category = entry.find("arxiv:primary_category", _NAMES)
    fields = {
        "doi": _text(entry, "arxiv:doi"),
        "category": (category.get("term") or "") if category is not None else "",
        "published_in": _text(entry, "arxiv:journal_ref"),
    }
    return Capture(
        key=named.key,
        title=title,
        body=f"## Abstract\n\n{escaped(summary)}\n",
        source=named.address,
        authors=tuple(one_line(name.text or "") for name in entry.iterfind("atom:author/atom:name", _NAMES)),
        date=_text(entry, "atom:published")[:10],
        fields={name: value for name, value in fields.items() if value},
    )


def _ask(address: str, fetcher: Fetcher) -> Fetched:
    with arxiv_turn(SITES):
        return fetcher.fetch(address, "application/atom+xml,text/html;q=0.9")


def _text(entry: _Element | None, path: str) -> str:
    return one_line((entry.findtext(path, "", _NAMES) or "") if entry is not None else "")


def _headings_of(tree: HtmlElement) -> str:
    """The headings of the sections of a paper that LaTeXML set, without what nobody takes notes on."""
    lines: list[str] = []
    for heading in tree.xpath("//*[contains(@class, 'ltx_title_')]"):
        level = next((_LEVELS[kind] for kind in _LEVELS if f"ltx_title_{kind}" in heading.get("class").split()), None)
        text = one_line(_heading_text(heading))
        if level and text and re.sub(r"^[\d.\s]+", "", text).casefold() not in _WITHOUT_NOTES:
            lines += [f"{'#' * level} {escaped(text)}", ""]
    return "\n".join(lines)


def _heading_text(heading: HtmlElement) -> str:
    for math in list(heading.iter("math")):
        math.text = f"${math.get('alttext') or ''}$"
        for inner in list(math):
            math.remove(inner)
    return str(heading.text_content())


def _text_of(tree: HtmlElement, title: str, address: str) -> str:
    """The text of a paper that LaTeXML set, below its abstract."""
    for path in ("//*[contains(@class, 'ltx_abstract')]", "//*[contains(@class, 'ltx_authors')]", "//header", "//nav"):
        for element in list(tree.xpath(path)):
            if element.getparent() is not None:
                element.drop_tree()
    return readable(tree, title, address)
