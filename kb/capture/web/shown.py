"""Authors and date of a page that states neither for machines, from what it shows to readers."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING

from kb.capture.escaping import one_line

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MOST_OF_LINE = 100  # characters of a line that says who wrote a text, or when
MOST_AUTHORS = 5  # shown next to each other; more are those of other texts
_BYLINE = re.compile(r"(?:(?:posted|published|written)\s+)?by:?\s+(?P<names>.+)", re.IGNORECASE)
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_AND = re.compile(rf"\s*(?:[,;&|·•]|\band\b|\bon\b|\bin\b)\s*|\s+(?:{_MONTH}\s+)?(?=\d)|\.?$")
_PARTICLES = ("al", "bin", "da", "de", "den", "der", "di", "dos", "du", "la", "le", "van", "von")
_NAMED = (
    "//*[@rel='author'] | //*[@itemprop='author'] | //*[@class='author' or contains(@class, 'author-name')]",
    "//*[contains(concat(@class, ' '), 'author ')][not(ancestor-or-self::*[contains(@class, 'comment')])]",
)
_NO_DATE_OF_PAGE = ("blockquote", "code", "ol", "pre", "script", "style", "table")  # dates in them are of other things


def authors_shown(tree: HtmlElement) -> tuple[str, ...]:
    """Who a page names next to `by`, or in what it calls the author; nobody where it names those of several texts."""
    lines = (_names(match["names"]) for line in _lines(tree) if (match := _BYLINE.fullmatch(line)))
    bylines = list(dict.fromkeys(filter(None, lines)))
    if bylines:
        return bylines[0] if len(bylines) == 1 else ()
    for path in _NAMED:
        called = list(dict.fromkeys(one_line(element.text_content()) for element in tree.xpath(path)))
        if called:
            return _names(" and ".join(called)) if len(called) <= MOST_AUTHORS else ()
    return ()


def _names(text: str) -> tuple[str, ...]:
    names = _AND.split(_BYLINE.sub(r"\g<names>", text))
    return tuple(dict.fromkeys(filter(_is_name, names)))


def date_shown(tree: HtmlElement) -> str:
    """The date that a page shows outside its running text, as YYYY-MM-DD; empty where it has none."""
    from htmldate import find_date

    shown = copy.deepcopy(tree)
    for element in list(shown.iter(*_NO_DATE_OF_PAGE, "p", "li", "dd", "td")):
        running = element.tag not in _NO_DATE_OF_PAGE and len(element.text_content()) <= MOST_OF_LINE
        if not running and element.getparent() is not None:
            element.drop_tree()
    return find_date(shown, original_date=True, extensive_search=False) or ""


def _lines(tree: HtmlElement) -> list[str]:
    """The short texts of a page that stand by themselves."""
    elements = tree.iter("p", "div", "span", "address", "small", "em", "li", "h2", "h3", "h4", "h5", "h6")
    return [text for element in elements if 0 < len(text := one_line(element.text_content())) <= MOST_OF_LINE]


def _is_name(text: str) -> bool:
    words = text.split()
    return 2 <= len(words) <= 5 and all(
        word in _PARTICLES or (word[0].isupper() and not re.search(r"[\d<@:]", word)) for word in words
    )
