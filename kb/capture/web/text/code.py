"""Blocks of code in a page: their lines without numbers, and their language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_LANGUAGE = re.compile(
    r"(?:^|\s)(?:(?:language|lang|highlight-source|highlight|mw-highlight-lang|sourceCode)-|brush:\s*)([\w+#-]+)", re.I
)
_NO_LANGUAGE = ("default", "none", "text", "plain", "plaintext", "highlight", "notranslate", "source", "code")
_NUMBERS = re.compile(r"\b(?:lineno|linenos|linenumbers?|line-numbers?-rows|gutter|lnt|ln)\b")
_LINES = ("div", "li", "p", "tr")


def mark_code(tree: HtmlElement) -> None:
    """Let the blocks of code that Doxygen writes be such in HTML too."""
    for block in tree.xpath("//div[@class='fragment']"):
        block.tag = "pre"


def code_of(block: HtmlElement) -> str:
    """The lines of a block of code; none where it is the numbers of the lines of another. Changes the block."""
    if any(_NUMBERS.search(above.get("class") or "") for above in block.iterancestors("td", "div")):
        return ""
    for numbers in [element for element in block.iterdescendants() if _NUMBERS.search(element.get("class") or "")]:
        if not re.search(r"[^\W\d]", numbers.text_content()) and numbers.getparent() is not None:
            numbers.clear(keep_tail=True)
    for end in block.iter("br"):
        end.tail = "\n" + (end.tail or "")
    for line in block.iter(*_LINES):
        if not line.text_content().endswith("\n") and line.getnext() is not None:
            line.tail = "\n" + (line.tail or "").lstrip("\n")
    return str(block.text_content()).strip("\n")


def language_of(block: HtmlElement) -> str:
    """The language that the classes of a code block, of the code in it or of what surrounds it name."""
    around = [block, *block.iter("code"), *list(block.iterancestors())[:3]]
    for element in around:
        named = element.get("data-lang") or element.get("data-language") or element.get("language")
        classes = element.get("class") or ""
        for language in [named] if named else _LANGUAGE.findall(classes):
            if language and language.lower() not in _NO_LANGUAGE:
                return str(language).lower()
    classes = (block.get("class") or "").split()
    return str(classes[1]).lower() if len(classes) > 1 and classes[0] == "sourceCode" else ""
