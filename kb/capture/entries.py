"""A bibliographic entry, from whatever manager, as a capture. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kb.capture.captured import Capture
from kb.capture.escaping import escaped, linked, one_line, paragraphs
from kb.capture.identifiers import identify
from kb.notes.words import name_of

_MARKUP = re.compile(
    r"</?(?:jats:)?(?:p|i|b|em|strong|italic|bold|sub|sup|sec|title|span|div|scp|tt)\b[^<>]*>|<br\s*/?>", re.I
)

_BLOCK_END = re.compile(r"</(?:jats:)?(?:p|sec|title|div)>|<br\s*/?>", re.IGNORECASE)


@dataclass(frozen=True)
class Entry:
    """What a bibliography says of a work. Links use its alias, or else its citation key; `blocks` are Markdown."""

    key: str
    citekey: str
    title: str
    authors: tuple[str, ...] = ()
    date: str = ""
    venue: str = ""
    abstract: str = ""
    notes: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    related: Mapping[str, str] = field(default_factory=dict)  # alias -> title
    alias: str = ""
    blocks: tuple[str, ...] = ()


def key_of(identifiers: Iterable[str], otherwise: str) -> str:
    """The key of a work: that of arXiv before a DOI, which may be the publisher's, before the bibliography's own."""
    keys = [named.key for text in identifiers if (named := identify(one_line(text)))]
    arxiv = [key for key in keys if key.startswith("arxiv:")]
    doi = [key for key in keys if key.startswith("doi:")]
    return next(iter([*arxiv, *doi]), otherwise)


def alias_of(citekey: str) -> str:
    """A citation key as a name that wikilinks can have: `DBLP:conf/x` would be taken for an address."""
    return name_of(re.sub(r"[^\w.+-]+", "-", citekey).strip("-"))


def capture_of_entry(entry: Entry, origin: str, remarks: tuple[str, ...] = ()) -> Capture:
    """The capture of an entry; `origin` is its source where it names no address."""
    named = [found for text in entry.identifiers if (found := identify(one_line(text)))]
    links = dict.fromkeys([*(found.address for found in named), *filter(None, map(one_line, entry.addresses))])
    fields = {"citekey": entry.citekey} if entry.citekey else {}
    fields |= {"aliases": alias} if (alias := alias_of(entry.alias or entry.citekey)) else {}
    fields |= {found.kind: found.identifier for found in reversed(named) if found.kind in ("arxiv", "doi")}
    fields |= {"venue": entry.venue} if entry.venue else {}
    fields |= {"keywords": ", ".join(entry.keywords)} if entry.keywords else {}
    return Capture(
        key=entry.key,
        title=entry.title,
        body="\n\n".join(_blocks(entry, list(links))),
        source=next((link for link in links if identify(link)), origin),
        authors=entry.authors,
        date=entry.date,
        fields=fields,
        remarks=remarks,
    )


def without_markup(text: str) -> str:
    """A text without the HTML or JATS that databases leave in titles and abstracts."""
    return _MARKUP.sub("", _BLOCK_END.sub("\n\n", text)) if "<" in text else text


def _blocks(entry: Entry, links: list[str]) -> list[str]:
    blocks = []
    if abstract := paragraphs(without_markup(entry.abstract)):
        blocks += ["## Abstract", *abstract]
    blocks += entry.blocks
    if notes := [line for note in entry.notes for line in paragraphs(without_markup(note))]:
        blocks += ["## Notes", *notes]
    items = [f"- {linked(link)}" for link in links]
    items += [f"- [[{alias_of(alias)}|{_shown(title)}]]" for alias, title in entry.related.items()]
    if items:
        blocks += ["## Links", "\n".join(items)]
    if not blocks:
        blocks.append(
            escaped(". ".join(filter(None, [", ".join(entry.authors), entry.title, entry.venue, entry.date[:4]])))
        )
    return blocks


def _shown(title: str) -> str:
    """A title as the text of a wikilink, which has no marks."""
    return escaped(re.sub(r"[\[\]|]", " ", title))
