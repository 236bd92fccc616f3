"""The library of a running Zotero, by its local API (version 3), as captures. Pure but for what `fetch` does."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from kb.capture.captured import Capture
from kb.capture.entries import Entry, capture_of_entry, key_of, without_markup
from kb.capture.escaping import one_line
from kb.capture.quotations import quotation
from kb.errors import InputError

LIBRARY = "http://127.0.0.1:23119/api/users/0"
PAGE = 100  # items of one answer
MOST_ITEMS = 10_000
FORBIDDEN = 403
VENUES = (
    *("publicationTitle", "proceedingsTitle", "bookTitle", "conferenceName", "websiteTitle", "blogTitle"),
    *("repository", "publisher", "university", "institution"),
)
_NOT_ENABLED = b"Local API is not enabled"
_EXTRA = re.compile(r"^\s*(Citation Key|DOI|arXiv)\s*:\s*(\S.*?)\s*$", re.IGNORECASE | re.MULTILINE)
_DATE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")
_BLOCK_END = re.compile(r"</(?:p|li|h[1-6]|div|blockquote|tr)>|<br\s*/?>", re.IGNORECASE)

Fetch = Callable[[str], bytes]
Item = Mapping[str, Any]


def captures_of_collection(collection: str | None, fetch: Fetch) -> tuple[Capture, ...]:
    """The works of a collection, named or by key, and of those inside it; of the whole library for None.

    `fetch` returns the body of an address. It raises `HTTPError` for an answer that is none and another `OSError` where
    Zotero does not run. Raises `InputError`.
    """
    folders = [f"/collections/{key}" for key in _collections(collection, fetch)] if collection else [""]
    items: dict[str, Item] = {}
    for folder in folders:
        items |= {item["key"]: item for item in _listed(f"{folder}/items/top", fetch)}
    names = {key: item["data"] for key, item in items.items()}
    left_out = 0
    captures: dict[str, Capture] = {}
    for item in items.values():
        capture = None if item["data"].get("itemType") == "note" else _capture(item, names, fetch)
        left_out += capture is None or capture.key in captures
        if capture:
            captures.setdefault(capture.key, capture)
    if not captures:
        raise InputError(f"Zotero has no works in {collection or 'its library'}; nothing was captured")
    first, *others = captures.values()
    if left_out:
        remark = (
            f"{left_out} {'item' if left_out == 1 else 'items'} left out: notes by themselves, and works found twice"
        )
        first = Capture(**{**vars(first), "remarks": (*first.remarks, remark)})
    return (first, *others)


def _listed(place: str, fetch: Fetch) -> list[Item]:
    """All objects at a place, asked for page by page."""
    found: list[Item] = []
    while len(found) < MOST_ITEMS:
        part = _asked(f"{LIBRARY}{place}?limit={PAGE}&start={len(found)}", fetch)
        found += part
        if len(part) < PAGE:
            break
    return found


def _asked(address: str, fetch: Fetch) -> list[Item]:
    try:
        content = fetch(address)
    except OSError as error:
        if getattr(error, "code", None) == FORBIDDEN:
            content = _NOT_ENABLED
        elif hasattr(error, "code"):
            raise InputError(
                f"Zotero answered {error.code} to {address}; update Zotero to version 7 or later"
            ) from error
        else:
            raise InputError(f"Zotero does not answer at {LIBRARY}; start Zotero 7 or later, and try again") from error
    if content.strip() == _NOT_ENABLED:
        allow = "Allow other applications on this computer…"
        raise InputError(f'Zotero refuses (403); tick "{allow}" under Advanced in its settings')
    try:
        found = json.loads(content)
        if not isinstance(found, list) or not all(isinstance(item["data"], dict) and item["key"] for item in found):
            raise TypeError("an answer that is no list of items")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"Zotero gave no answer to {address} that can be read: {one_line(str(error))[:80]}") from error
    return found


def _collections(named: str, fetch: Fetch) -> list[str]:
    """The keys of a collection and of all inside it."""
    data = [found["data"] for found in _listed("/collections", fetch)]
    wanted = named.strip().casefold()
    keys = [
        one["key"]
        for one in data
        if one.get("key") == named.strip() or one_line(one.get("name", "")).casefold() == wanted
    ]
    if not keys:
        known = ", ".join(sorted(one_line(str(one.get("name", ""))) for one in data)[:10]) or "none"
        raise InputError(f"Zotero has no collection {named!r}; it has: {known}")
    if len(keys) > 1:
        raise InputError(f"Zotero has {len(keys)} collections {named!r}; give the key of one: {', '.join(keys)}")
    for key in keys:  # which grows while it is walked
        keys += [one["key"] for one in data if one.get("parentCollection") == key and one["key"] not in keys]
    return [quote(key, safe="") for key in keys]


def _capture(item: Item, names: Mapping[str, Item], fetch: Fetch) -> Capture | None:
    """The capture of a work or of a PDF by itself."""
    data, key = item["data"], str(item["key"])
    citekey = _citekey(data)
    children = _children(item, fetch)
    annotations = [child["data"] for child in children if child["data"].get("itemType") == "annotation"]
    if data.get("itemType") == "attachment" and not annotations:
        return None
    quotations = list(_quotations(annotations))
    lost = len(annotations) - len(quotations)
    identifiers = tuple(filter(None, _identifiers(data)))
    entry = Entry(
        key=key_of(identifiers, f"zotero:{key}"),
        citekey=citekey,
        alias=citekey or f"zotero-{key}",
        title=one_line(without_markup(str(data.get("title") or data.get("caseName") or data.get("subject") or key))),
        authors=tuple(_authors(data.get("creators") or ())),
        date=_date(item),
        venue=next((venue for name in VENUES if (venue := one_line(str(data.get(name) or "")))), ""),
        abstract=str(data.get("abstractNote") or ""),
        notes=tuple(_text(child["data"].get("note")) for child in children if child["data"].get("itemType") == "note"),
        keywords=tuple(one_line(str(tag.get("tag", "")).replace(",", " ")) for tag in data.get("tags") or ()),
        identifiers=identifiers,
        addresses=tuple(filter(None, [str(data.get("url") or "")])),
        related=dict(_related(data, names)),
        blocks=("## Highlights", *quotations) if quotations else (),
    )
    remarks = (f"{lost} {'image or drawing' if lost == 1 else 'images or drawings'} left out",) if lost else ()
    return capture_of_entry(entry, f"zotero://select/library/items/{quote(key, safe='')}", remarks)


def _children(item: Item, fetch: Fetch) -> list[Item]:
    """The notes and attachments of an item, and the annotations of these."""
    if item["data"].get("itemType") != "attachment" and not (item.get("meta") or {}).get("numChildren"):
        return []
    found = {child["key"]: child for child in _listed(f"/items/{quote(str(item['key']), safe='')}/children", fetch)}
    for child in [*found.values()]:
        if child["data"].get("itemType") == "attachment":
            below = _listed(f"/items/{quote(str(child['key']), safe='')}/children", fetch)
            found |= {one["key"]: one for one in below}
    return [*found.values()]


def _quotations(annotations: Iterable[Item]) -> Iterator[str]:
    """Highlights and remarks in the order of the text, with the ids that Zotero gave them."""
    ordered = sorted(
        annotations, key=lambda one: (str(one.get("parentItem", "")), str(one.get("annotationSortIndex", "")))
    )
    for annotation in ordered:
        text = str(annotation.get("annotationText") or "")
        remark = without_markup(str(annotation.get("annotationComment") or ""))
        page = one_line(str(annotation.get("annotationPageLabel") or ""))
        if one_line(text) or one_line(remark):
            id = re.sub(r"[^A-Za-z0-9]", "", str(annotation.get("key", ""))).lower()
            yield quotation(text, f"page {page}" if page else "", remark, f"z-{id}")


def _extra(data: Item) -> dict[str, str]:
    """What the field for everything else says in lines such as `Citation Key: x`, by name in lower case."""
    return {name.casefold(): one_line(value) for name, value in _EXTRA.findall(str(data.get("extra") or ""))}


def _citekey(data: Item) -> str:
    return one_line(str(data.get("citationKey") or _extra(data).get("citation key", "")))


def _identifiers(data: Item) -> Iterator[str]:
    """The arXiv id, the DOI and the address of a work."""
    extra = _extra(data)
    arxiv = extra.get("arxiv", "").split()
    yield f"arXiv:{arxiv[0]}" if arxiv else ""
    archive = one_line(str(data.get("archiveID") or ""))
    yield archive if archive.lower().startswith("arxiv:") else ""
    yield one_line(str(data.get("DOI") or extra.get("doi", "")))
    yield one_line(str(data.get("url") or ""))


def _authors(creators: Sequence[Item]) -> Iterator[str]:
    """The authors, or else the editors and others; a group has one name."""
    authors = [creator for creator in creators if creator.get("creatorType") == "author"]
    for creator in authors or creators:
        parts = [creator.get("name"), creator.get("firstName"), creator.get("lastName")]
        if name := one_line(" ".join(str(part) for part in parts if part)):
            yield name


def _date(item: Item) -> str:
    """The date that Zotero parsed, as far as it goes, or the year in what the user wrote."""
    stated = str((item.get("meta") or {}).get("parsedDate") or item["data"].get("date") or "")
    match = _DATE.search(stated)
    return match[0].replace("-00", "") if match else ""


def _text(note: object) -> str:
    """The paragraphs of a note, which is HTML."""
    return html.unescape(re.sub(r"<[^<>]*>", "", _BLOCK_END.sub("\n\n", str(note or ""))))


def _related(data: Item, names: Mapping[str, Item]) -> Iterator[tuple[str, str]]:
    """The aliases and titles of the works that an item is related to, as far as they are captured with it."""
    relations = data.get("relations") or {}
    named = relations.get("dc:relation") or () if isinstance(relations, dict) else ()
    for address in [named] if isinstance(named, str) else named:
        key = str(address).rpartition("/")[2]
        if other := names.get(key):
            yield _citekey(other) or f"zotero-{key}", one_line(str(other.get("title", key)))
