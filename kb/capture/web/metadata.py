"""Title, authors, date and site of a page, from what it states for machines."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?")
_YEAR = re.compile(r"\d{4}")
_SEPARATED = re.compile(r"\s+[|–—·•»-]\s+|\s*[|·•»]\s*|\s+::\s+|:\s+(?=[^:]*$)")
_AUTHOR_META = ("citation_author", "dc.creator", "dcterms.creator", "article:author_name", "parsely-author", "author")
_DATE_META = (
    "citation_publication_date",
    "citation_date",
    "citation_online_date",
    "article:published_time",
    "datepublished",
    "dc.date",
    "dcterms.date",
    "date",
)


@dataclass(frozen=True)
class Metadata:
    """What a page says of itself; empty where it does not. `is_paper` is whether it names itself for citations."""

    title: str
    authors: tuple[str, ...]
    date: str
    site: str
    address: str
    is_paper: bool
    description: str


def metadata_of(tree: HtmlElement, content: str, address: str) -> Metadata:
    """The metadata of a page, before its tree is changed."""
    import trafilatura

    found = trafilatura.extract_metadata(content, default_url=address, extensive=False)
    metas = _metas(tree)
    site = (_first(metas, "og:site_name") or "").strip()
    return Metadata(
        title=_title(tree, metas, site) or (found.title if found else "") or "",
        authors=_authors(metas, found.author if found else None),
        date=_date(tree, metas) or ((found.date if found else "") or ""),
        site=site or (found.sitename if found else "") or "",
        address=_canonical(tree, metas),
        is_paper="citation_title" in metas,
        description=_first(metas, "citation_abstract", "dc.description", "og:description", "description"),
    )


def publication_date(text: str) -> str:
    """A date as YYYY-MM-DD, YYYY-MM or YYYY, as much of it as is known."""
    if match := _DATE.search(text):
        return "-".join([match[1], *(part.zfill(2) for part in match.groups()[1:] if part)])
    year = _YEAR.search(text)
    return year[0] if year else ""


def natural_order(name: str) -> str:
    """`Vaswani, Ashish` as `Ashish Vaswani`."""
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}" if comma and "," not in first else name.strip()


def _metas(tree: HtmlElement) -> dict[str, list[str]]:
    metas: dict[str, list[str]] = {}
    for meta in tree.iter("meta"):
        name = (meta.get("name") or meta.get("property") or meta.get("itemprop") or "").lower()
        content = " ".join(html.unescape(meta.get("content") or "").split())
        if name and content:
            metas.setdefault(name, []).append(content)
    return metas


def _first(metas: dict[str, list[str]], *names: str) -> str:
    return next((metas[name][0] for name in names if name in metas), "")


def _title(tree: HtmlElement, metas: dict[str, list[str]], site: str) -> str:
    """The title for citations, or else the only heading of the article, or one that the page's own title begins with,
    or that title.
    """
    if cited := _first(metas, "citation_title", "dc.title"):
        return cited
    stated = _first(metas, "og:title", "twitter:title")
    page = " ".join((tree.findtext(".//title") or "").split())
    main = next(iter(tree.xpath("//article[.//h1] | //main[.//h1] | //*[@role='main'][.//h1]")), tree)
    headings = [heading for heading in _headings(main) if heading.casefold() != site.casefold()]
    if len(headings) == 1 and main is not tree:
        return headings[0]
    for heading in headings:
        if any(whole.casefold().startswith(heading.casefold()) for whole in (stated, page)):
            return heading
    return _without_site(stated or page, site) or next(iter(headings), "")


def _headings(tree: HtmlElement) -> Iterator[str]:
    for heading in tree.iter("h1"):
        for mark in heading.xpath(".//a[contains(@class, 'headerlink') or contains(@class, 'anchor')]"):
            if not mark.text_content().strip(" \n¶#§"):
                mark.drop_tree()
        text = " ".join(heading.text_content().replace("¶", "").split())
        if text:
            yield text


def _without_site(title: str, site: str) -> str:
    """A title without the name of its site at either end."""
    parts = [part for part in _SEPARATED.split(title) if part]
    if len(parts) < 2:
        return title
    for separator in _SEPARATED.finditer(title):
        before, after = title[: separator.start()], title[separator.end() :]
        if site and after.casefold() == site.casefold():
            return before
        if site and before.casefold() == site.casefold():
            return after
    last = re.search(r"\s+[|–—·•»-]\s+(?=[^|–—·•»]*$)", title)
    return title[: last.start()] if last and len(title[last.end() :].split()) <= 5 else title


def _authors(metas: dict[str, list[str]], found: str | None) -> tuple[str, ...]:
    for name in _AUTHOR_META:
        if name in metas:
            values: Sequence[str] = metas[name]
            if name == "author" and len(values) == 1:
                values = re.split(r"\s*;\s*|,\s+(?=\S+\s+\S)|\s+and\s+", values[0])
            elif name != "author":
                values = [natural_order(value) for value in values]
            named = [value for value in values if value and not value.startswith(("http", "@"))]
            if named:
                return tuple(dict.fromkeys(named))
    return tuple(dict.fromkeys(name.strip() for name in (found or "").split(";") if name.strip()))


def _date(tree: HtmlElement, metas: dict[str, list[str]]) -> str:
    for name in _DATE_META:
        if name in metas and (date := publication_date(metas[name][0])):
            return date
    for time in tree.xpath("//article//time[@datetime] | //header//time[@datetime] | //time[@datetime]"):
        if date := publication_date(time.get("datetime") or ""):
            return date
    return ""


def _canonical(tree: HtmlElement, metas: dict[str, list[str]]) -> str:
    for link in tree.xpath("//link[@rel='canonical'][@href]"):
        if (link.get("href") or "").startswith("http"):
            return str(link.get("href"))
    address = _first(metas, "og:url")
    return address if address.startswith("http") else ""
