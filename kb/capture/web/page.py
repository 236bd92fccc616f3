"""A web page as a `Capture`."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kb.capture.captured import Capture
from kb.capture.escaping import escaped, one_line, paragraphs
from kb.capture.identifiers import without_tracking
from kb.capture.web.metadata import Metadata, metadata_of
from kb.capture.web.text.article import article_of
from kb.capture.web.text.asides import drop_asides
from kb.capture.web.text.code import mark_code
from kb.capture.web.text.formulas import mark_formulas
from kb.capture.web.text.markdown import markdown_of
from kb.errors import CaptureError
from kb.notes.words import searchable

if TYPE_CHECKING:
    from lxml.html import HtmlElement

FEWEST_WORDS = 20  # of a page that is worth a note
FEWEST_WORDS_OF_PAPER = 500  # of the page of a paper that is its text, and not only about it
FEWEST_WORDS_BEHIND_LOGIN = 150  # of a page that also asks for a password
MAX_TAGS = 100_000
MAX_ATTRIBUTES = 2_000  # of one element; the parser compares each with all others
MAX_SOURCE = 4_000_000  # characters with tags
MAX_TEXT = 1_500_000  # characters without tags; no note holds as many
MAX_UNCLOSED = 500  # formulas of one text that have no end, each of which is looked for up to the end of the text
MAX_DEPTH = 200  # nested elements; libraries recurse into them
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{2,40})|<\?xml[^>]{0,100}?encoding=[\"']([\w-]{2,40})", re.I
)
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_LONG_TAG = re.compile(r"<[a-zA-Z][^<>]{20000,}")
_CONTROLS = dict.fromkeys((*range(9), 0xB, *range(0xE, 0x20), 0xFFFE, 0xFFFF)) | {0xC: " "}  # no tree takes them
_REFERENCE = re.compile(r"&#(?:([0-9]{1,7})|[xX]([0-9a-fA-F]{1,6}));?")
_DATA = re.compile(r"data:[^\"'\s>]+")  # pictures inside the page
_TOO_LARGE = "is too large a page to be read; save the part that you need, and add the file"
_SOFT_PAYWALL = re.compile(r'"isAccessibleForFree"\s*:\s*"?false', re.I)


def capture_page(content: bytes, address: str, charset: str | None = None) -> Capture:
    """The readable text of a page, and what it says of itself. Raises `CaptureError` where there is nothing to read."""
    text = decoded(content, charset, address)
    tree = parsed(text, address)
    about = metadata_of(tree, address)
    abstract = f"## Abstract\n\n{escaped(about.description)}\n" if about.is_paper and about.description else ""
    has_login = bool(tree.xpath("//input[@type='password']"))
    body = readable(tree, about.title, about.address or address, about if about.is_article else None)
    if abstract and len(searchable(body).split()) < FEWEST_WORDS_OF_PAPER:
        body = abstract
    _require_text(body, has_login, text, address)
    source = address if address.startswith("http") else about.address or address
    return Capture(
        key=without_tracking(source) if source.startswith("http") else source,
        title=one_line(about.title) or source,
        body=body,
        source=without_tracking(source) if source.startswith("http") else source,
        authors=about.authors,
        date=about.date,
        fields={"site": about.site} if about.site else {},
    )


def capture_html(content: bytes, path: Path, full: bool = False) -> tuple[Capture, ...]:
    """The readable text of a saved page, always in full. Its source is the address that it names, or else its path.
    Raises `CaptureError`.
    """
    return (capture_page(content, path.as_posix()),)


def capture_abstract(content: bytes, address: str, charset: str | None = None) -> Capture:
    """What the page about a paper says of it, as OpenReview and the ACL Anthology have. Raises `CaptureError`."""
    text = decoded(content, charset, address)
    tree = parsed(text, address)
    about = metadata_of(tree)
    if not about.is_paper:
        raise CaptureError(f"{address} names no paper; it may ask for a login, or have moved")
    shown = next(iter(tree.xpath("//*[contains(@class, 'acl-abstract')]/span")), None)
    abstract = paragraphs(shown.text_content() if shown is not None else about.description)
    return Capture(
        key=address,
        title=one_line(about.title),
        body="\n\n".join(["## Abstract", *abstract]) + "\n" if abstract else "",
        source=address,
        authors=about.authors,
        date=about.date,
        fields={"site": about.site} if about.site else {},
        remarks=() if abstract else ("its page has no abstract",),
    )


def decoded(content: bytes, charset: str | None, address: str) -> str:
    """The text of a page: UTF-8 where it is, or else in the charset that it or its server names. Raises `CaptureError`
    where it is in neither.
    """
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    declared = _META_CHARSET.search(content[:4096])
    named = charset or (next(group for group in declared.groups() if group).decode() if declared else None)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        encoding = named or "cp1252"
        fault = f"byte 0x{content[error.start]:02x} at {error.start}"
    try:
        if codecs.lookup(encoding).name == "utf-8":
            raise CaptureError(f"{address} is not in the charset that it names ({encoding}; {fault})")
        text = content.decode("cp1252" if codecs.lookup(encoding).name in ("iso8859-1", "ascii") else encoding)
    except (LookupError, UnicodeError) as error:
        raise CaptureError(f"{address} is not in the charset that it names ({encoding[:40]}; {fault})") from error
    return text


def parsed(text: str, address: str) -> HtmlElement:
    """The tree of a page. Raises `CaptureError` for what is no HTML, or too deeply nested."""
    from lxml import etree, html

    crowded = any(tag[0].count("=") > MAX_ATTRIBUTES for tag in _LONG_TAG.finditer(text))
    if text.count("<") > MAX_TAGS or crowded or len(_DATA.sub("", text)) > MAX_SOURCE:
        raise CaptureError(f"{address} {_TOO_LARGE}")
    try:
        parser = html.HTMLParser(encoding="utf-8", huge_tree=False, remove_comments=True, remove_pis=True)
        tree = html.document_fromstring(_without_controls(text).encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise CaptureError(
            f"{address} is not a web page that can be read: {' '.join(str(error).split())[:80]}"
        ) from error
    if _is_deeper(tree, MAX_DEPTH):
        raise CaptureError(f"{address} has elements nested more than {MAX_DEPTH} levels deep")
    if sum(len(shown) for shown in _shown(tree)) > MAX_TEXT:
        raise CaptureError(f"{address} {_TOO_LARGE}")
    if any(_unclosed(text) > MAX_UNCLOSED for text in tree.itertext()):
        raise CaptureError(f"{address} has more than {MAX_UNCLOSED} formulas without an end")
    return tree


def _without_controls(text: str) -> str:
    """A page without the characters that no tree takes, in whichever way they are written."""

    def kept(reference: re.Match[str]) -> str:
        return "" if int(reference[1] or reference[2], 10 if reference[1] else 16) in _CONTROLS else reference[0]

    return _REFERENCE.sub(kept, text.translate(_CONTROLS))


def _shown(tree: HtmlElement) -> Iterator[str]:
    """The texts of a page that are not for its browser."""
    for element in tree.iter():
        if element.text and element.tag not in ("script", "style"):
            yield element.text
        if element.tail:
            yield element.tail


def _unclosed(text: str) -> int:
    """How many formulas begin after the last end of one."""
    return max(text.count(begin, text.rfind(end) + 1) for begin, end in (("\\(", "\\)"), ("\\[", "\\]")))


def readable(tree: HtmlElement, title: str, address: str, article_about: Metadata | None = None) -> str:
    """The main text of a page as Markdown, without its title; headings begin at level 2. That of an article of which
    `article_about` tells, is without what stands in it for readers of the site. Changes the tree.
    """
    tree.make_links_absolute(address, resolve_base_href=True, handle_failures="discard")
    for link in tree.iter("a"):
        if (link.get("href") or "").partition("#")[0] == address.partition("#")[0]:
            del link.attrib["href"]  # a place in the page itself
    mark_code(tree)
    mark_formulas(tree)
    article = article_of(tree, address)
    for heading in list(article.iter("h1", "h2")):
        if heading is not article and _letters(heading.text_content()) == _letters(title):
            heading.clear(keep_tail=True)
    if article_about is not None:
        drop_asides(article, article_about.authors, article_about.date, address)
    return markdown_of(article)


def _is_deeper(tree: HtmlElement, most: int) -> bool:
    level = [tree]
    for _ in range(most):
        level = [child for element in level for child in element]
        if not level:
            return False
    return True


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()


def _require_text(body: str, has_login: bool, text: str, address: str) -> None:
    words = len(searchable(body).split())
    if words < FEWEST_WORDS_BEHIND_LOGIN and has_login:
        raise CaptureError(f"{address} asks for a login; save the page in your browser and add the file")
    if _SOFT_PAYWALL.search(text) and words < FEWEST_WORDS_BEHIND_LOGIN * 2:
        raise CaptureError(f"{address} is behind a paywall; save the page in your browser and add the file")
    if words < FEWEST_WORDS:
        raise CaptureError(f"{address} has no readable text; where a script shows it, save the page and add the file")
