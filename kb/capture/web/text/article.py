"""Where the text of a page is, and what around and in it is not the text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from lxml.html import HtmlElement

SHARE_OF_NAMED = 0.3  # of the running text, in the element that the page calls its article
SHARE_OF_INNER = 0.7  # of the text of that, in one inside it that is called so
SHARE_OF_FOUND = 0.85  # of the running text, in any other element
MOST_DROPPED = 0.7  # of that text; what holds more is not beside it, whatever it is called, unless
LEAST_LEFT = 1_500  # characters of running text are left, as of an article with more comments than text
FEWEST_TEASERS = 3  # next to each other; two may be what a text is about
LONGEST_TEASER = 600  # characters; what says more of a text is about it
WORDS_OF_TITLE = 4  # that leads to a text; names of functions and chapters have fewer
SHARE_OF_LINKS = 0.8  # of the letters of a box of such titles
LEAST_RUN = 40  # characters of running text; labels have fewer
_NEVER_TEXT = (
    *("script", "style", "noscript", "template", "svg", "canvas", "video", "audio", "iframe", "object", "embed"),
    *("button", "input", "select", "textarea", "dialog", "link", "meta", "title", "img", "picture"),
)
_BESIDE = ("nav", "footer", "aside")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_ROLES = ("navigation", "complementary", "contentinfo", "search", "banner", "dialog")
_BOXES = ("div", "section", "ul", "ol", "p", "li", "header", "table", "form", "details", "span", "a", "h2", "h3", "h4")
_WORDS = (
    r"nav|navbar|navigation|navheader|navfooter|breadcrumbs?|menu|toc|table-of-contents|share|sharing|sharedaddy"
    r"|social|related|relatedposts|(?:recent)?comments|comments?-\w+|respond|disqus|cookies?|consent|newsletter|subscribe"
    r"|signup|promo|advert|advertisement|pagination|pager|prev-next|previousnext|post-nav|footer|copyright|skip-link"
    r"|skiplink|noprint|mw-editsection|mw-jump-link|mw-cite-backlink|catlinks|navbox|headerlink|viewcode-link|permalink"
    r"|sr-only|screen-reader-text|visually-hidden|byline|post-meta|entry-meta|entry-utility|author-bio|user-bio"
    r"|gallery(?=\s|$)|slideshow|carousel|recommended|recommendations|(?<![\w-])widget(?![\w-])"
)
_BESIDE_CLASS = re.compile(rf"(?<![a-z])(?:{_WORDS})(?![a-z])")
_BESIDE_ID = re.compile(rf"(?:jp-)?(?:{_WORDS})(?:-?(?:area|box|container|list|section|wrapper|\d+))?")
_REMARK = re.compile(r"(?<![a-z])(?:topic|admonition|note|footnotes?|sidenote|callout|tip|warning)(?![a-z])")
_NAMED_CLASS = re.compile(r"(?<![a-z])(?:article|entry|markdown|post|story)[-_]*(?:body|content|text)(?![a-z])")
_NAMED = (
    "//*[@itemprop='articleBody'] | //article | //main | //*[@role='main'] | //*[@id='mw-content-text']"
    " | //d-article | //dt-article | //div[contains(concat(' ', @class, ' '), ' article ')]"
    " | //*[contains(@itemtype, 'schema.org/') and (contains(@itemtype, 'Article') or contains(@itemtype, 'Posting'))]"
)


def article_of(tree: HtmlElement, address: str) -> HtmlElement:
    """The element with the text of the page at an address. What is not text leaves the tree."""
    for element in list(tree.iter(*_NEVER_TEXT)):
        if element.getparent() is not None:
            element.clear(keep_tail=True)
    _drop_permalinks(tree)
    _drop_beside(tree, address)
    return _main(tree)


def _drop_beside(tree: HtmlElement, address: str) -> None:
    """What leads to other texts, and what is named as being beside the text, unless the text itself is in it."""
    lengths = _lengths(tree)
    whole = lengths[tree]
    most = max(MOST_DROPPED * whole, whole - LEAST_LEFT)
    teasers = [*_teasers(tree, address), *_headlines(tree, address)]
    if sum(lengths[teaser] for teaser in teasers) <= most:
        for teaser in teasers:
            teaser.clear(keep_tail=True)
    named = max(tree.xpath(_NAMED), key=lengths.__getitem__, default=tree)
    around = {named, *named.iterancestors()} if lengths[named] >= SHARE_OF_NAMED * whole else set()
    for element in list(tree.iter()):
        within = element.getparent() is not None and element not in around
        if within and lengths[element] <= most and _is_beside(element):
            element.clear(keep_tail=True)


def _teasers(tree: HtmlElement, address: str) -> Iterator[HtmlElement]:
    """Boxes that lead to other texts of the site: a heading that is a link, a picture, a line or two. Links in the tree
    are absolute.
    """
    host = _host(address)
    linked = [heading for heading in tree.iter(*_HEADINGS) if host and _host(_target(heading)) == host]
    counts = Counter(ancestor for heading in linked for ancestor in heading.iterancestors())
    boxes: dict[HtmlElement, list[HtmlElement]] = {}
    for heading in linked:
        item = heading
        while (parent := item.getparent()) is not None and counts[parent] == 1:
            item = parent
        if parent is not None and item is not heading and len(" ".join(item.text_content().split())) <= LONGEST_TEASER:
            boxes.setdefault(parent, []).append(item)
    for items in boxes.values():
        if len(items) >= FEWEST_TEASERS:
            yield from items


def _headlines(tree: HtmlElement, address: str) -> Iterator[HtmlElement]:
    """Boxes of nothing but links to other texts of the site, which are as long as titles of these."""
    host = _host(address)
    letters = dict.fromkeys(tree.iter(), 0)
    linked: Counter[HtmlElement] = Counter()
    links: Counter[HtmlElement] = Counter()
    for element in reversed(list(letters)):
        letters[element] += len((element.text or "").strip())
        if element.tag == "a" and host and _host(element.get("href") or "") == host:
            linked[element] = letters[element]
            links[element] = len(element.text_content().split()) >= WORDS_OF_TITLE
        parent = element.getparent()
        if parent is not None:
            letters[parent] += letters[element] + len((element.tail or "").strip())
            linked[parent] += linked[element]
            links[parent] += links[element]
    for element in tree.iter("div", "section", "ul", "ol"):
        if links[element] >= FEWEST_TEASERS and linked[element] >= SHARE_OF_LINKS * letters[element]:
            yield element


def _target(heading: HtmlElement) -> str:
    """Where a heading leads that is in a link, or is one as a whole."""
    if (around := next(heading.iterancestors("a"), None)) is not None:
        return str(around.get("href") or "")
    text = heading.text_content().split()
    whole = (link for link in heading.iter("a") if text and link.text_content().split() == text)
    return next((str(link.get("href") or "") for link in whole), "")


def _host(address: str) -> str:
    return (urlsplit(address).hostname or "").removeprefix("www.")


def _main(tree: HtmlElement) -> HtmlElement:
    """The innermost element that the page calls its article, or else that has nearly all of its text."""
    lengths = _lengths(tree)
    main = tree
    for element in tree.xpath(_NAMED):
        if lengths[element] >= (SHARE_OF_NAMED if main is tree else SHARE_OF_INNER) * lengths[main]:
            main = element
    if main is tree:
        enough = SHARE_OF_FOUND * lengths[tree]
        main = [tree, *(each for each in tree.iter("div", "section", "td", "body") if lengths[each] >= enough)][-1]
    for element in main.iter("div", "section"):
        names = (element.get("class") or "").lower()
        if lengths[element] >= SHARE_OF_INNER * lengths[main] and _NAMED_CLASS.search(names):
            parts = main.xpath(f".//{element.tag}[@class=$named]", named=element.get("class"))
            if not any(lengths[part] and element not in (part, *part.iterancestors()) for part in parts):
                main = element
    return main


def _lengths(tree: HtmlElement) -> dict[HtmlElement, int]:
    """How many characters of running text outside links each element has."""
    elements = list(tree.iter())
    lengths = dict.fromkeys(elements, 0)
    for element in reversed(elements):
        lengths[element] = 0 if element.tag == "a" else lengths[element] + _length(element.text)
        parent = element.getparent()
        if parent is not None and parent in lengths:
            lengths[parent] += lengths[element] + _length(element.tail)
    return lengths


def _length(text: str | None) -> int:
    length = len(text.strip()) if text else 0
    return length if length >= LEAST_RUN else 0


def _is_beside(element: HtmlElement) -> bool:
    if element.get("hidden") is not None or "display:none" in (element.get("style") or "").replace(" ", ""):
        return True
    names = (element.get("class") or "").lower()
    if element.tag == "aside" and (element.get("role") == "note" or _REMARK.search(names)):
        return False
    if element.tag in _BESIDE or element.get("role") in _ROLES:
        return True
    if element.tag not in _BOXES or next(element.iterancestors("pre", "code"), None) is not None:
        return False
    return bool(_BESIDE_CLASS.search(names) or _BESIDE_ID.fullmatch((element.get("id") or "").lower()))


def _drop_permalinks(tree: HtmlElement) -> None:
    """Links of headings and terms to themselves, which show a sign."""
    for heading in tree.iter(*_HEADINGS, "dt"):
        for link in list(heading.iter("a")):
            if len(link.text_content().strip()) <= 1 and link.get("href") and link is not heading:
                link.clear(keep_tail=True)
