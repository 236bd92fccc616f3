"""Title, authors, date and site of a page, from what it states for machines."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kb.capture.escaping import one_line
from kb.capture.web.shown import authors_shown, date_shown

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?")
_MONTH_AND_DAY = (r"(0[1-9]|1[0-2])", r"(0[1-9]|[12]\d|3[01])")
_DATE_IN_PATH = re.compile(
    rf"/((?:19|20)\d\d)[/-]{_MONTH_AND_DAY[0]}(?:[/-]{_MONTH_AND_DAY[1]})?(?=[/-])"
    rf"|[-_/](20\d\d){''.join(_MONTH_AND_DAY)}(?=[/._-]|$)"
)
_YEAR = re.compile(r"\d{4}")
_SEPARATED = re.compile(r"\s+[|–—·•»-]\s+|\s*[|·•»]\s*|\s+::\s+|:\s+(?=[^:]*$)")
_ARTICLE = re.compile(r"Article|Posting")
_AUTHOR_META = (
    "citation_author",
    "dc.creator",
    "dcterms.creator",
    "article:author_name",
    "parsely-author",
    "article:author",
    "author",
)
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
    """What a page says of itself; empty where it does not. `is_paper` is whether it names itself for citations, and
    `is_article`, whether it says that it is one of a journal or blog.
    """

    title: str
    authors: tuple[str, ...]
    date: str
    site: str
    address: str
    is_paper: bool
    is_article: bool
    description: str


def metadata_of(tree: HtmlElement, address: str = "") -> Metadata:
    """The metadata of a page at an address, before its tree is changed."""
    metas = _metas(tree)
    linked = _linked(tree)
    site = _first(metas, "og:site_name")
    return Metadata(
        title=_title(tree, metas, site),
        authors=_authors(metas) or _linked_authors(linked) or authors_shown(tree),
        date=_date(tree, metas, linked) or date_shown(tree) or _date_in(_canonical(tree, metas) or address),
        site=site,
        address=_canonical(tree, metas),
        is_paper="citation_title" in metas,
        is_article=_is_article(metas, linked),
        description=_first(metas, "citation_abstract", "dc.description", "og:description", "description"),
    )


def _is_article(metas: dict[str, list[str]], linked: Sequence[dict[str, object]]) -> bool:
    kinds = (str(stated.get("@type")) for stated in linked)
    return (
        "article" in metas.get("og:type", ()) or "article:published_time" in metas or any(map(_ARTICLE.search, kinds))
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
    page = stated or " ".join((tree.findtext(".//title") or "").split())
    main = next(iter(tree.xpath("//article[.//h1] | //main[.//h1] | //*[@role='main'][.//h1]")), tree)
    headings = [heading for heading in _headings(main) if heading.casefold() != site.casefold()]
    if len(headings) == 1 and main is not tree:
        return headings[0]
    for heading in headings:
        if page.casefold().startswith(heading.casefold()):
            return heading
    if headings and (main is not tree or not page) and not stated:
        return headings[0]
    return _without_site(page, site)


def _headings(tree: HtmlElement) -> Iterator[str]:
    for heading in tree.iter("h1"):
        for mark in heading.xpath(".//a[contains(@class, 'headerlink') or contains(@class, 'anchor')]"):
            if not mark.text_content().strip(" \n¶#§"):
                mark.clear(keep_tail=True)
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


def _authors(metas: dict[str, list[str]]) -> tuple[str, ...]:
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
    return ()


def _linked(tree: HtmlElement) -> list[dict[str, object]]:
    """The objects that a page states as JSON-LD, the outermost first."""
    objects: list[dict[str, object]] = []
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or ""):
            try:
                level: list[object] = [json.loads(script.text or "", strict=False)]
            except (ValueError, RecursionError):
                continue
            while level:
                objects += [value for value in level if isinstance(value, dict)]
                level = [inner for value in level for inner in _inner(value) if isinstance(inner, dict | list)]
    return objects


def _inner(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _linked_authors(linked: Sequence[dict[str, object]]) -> tuple[str, ...]:
    """The authors of the first object that has been published."""
    for stated in linked:
        if "datePublished" in stated or "headline" in stated:
            authors = stated.get("author")
            people = authors if isinstance(authors, list) else [authors]
            names = [person.get("name") if isinstance(person, dict) else person for person in people]
            named = [one_line(name) for name in names if isinstance(name, str) and not name.startswith("http")]
            return tuple(dict.fromkeys(filter(None, named)))
    return ()


def _date(tree: HtmlElement, metas: dict[str, list[str]], linked: Sequence[dict[str, object]]) -> str:
    stated = [metas[name][0] for name in _DATE_META if name in metas]
    stated += [str(each["datePublished"]) for each in linked if "datePublished" in each]
    for path in ("//time[@itemprop='datePublished']", "//article//time", "//header//time", "//main//time"):
        stated += [time.get("datetime") or "" for time in tree.xpath(f"{path}[@datetime]")]
    return next(filter(None, map(publication_date, stated)), "")


def _date_in(address: str) -> str:
    """The date in an address, as journals and blogs have it; empty where there is none."""
    match = _DATE_IN_PATH.search(urlsplit(address).path)
    return "-".join(filter(None, match.groups()[:3] if match[1] else match.groups()[3:])) if match else ""


def _canonical(tree: HtmlElement, metas: dict[str, list[str]]) -> str:
    for link in tree.xpath("//link[@rel='canonical'][@href]"):
        if (link.get("href") or "").startswith("http"):
            return str(link.get("href"))
    address = _first(metas, "og:url")
    return address if address.startswith("http") else ""
