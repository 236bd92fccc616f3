"""Makes a page's code, formulas and quotations survive the extraction of its text.

The extraction drops the language of code, the marks of quotations and much of mathematics. So each code block and each
formula is replaced by a word of its own, and each quotation is marked, before it; `restored` puts them back after it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kb.capture.web.aside import QUOTED, Kept, replace_element
from kb.capture.web.formulas import set_math_aside, set_raw_math_aside

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_LANGUAGE = re.compile(
    r"(?:^|\s)(?:(?:language|lang|highlight-source|highlight|mw-highlight-lang|sourceCode)-|brush:\s*)([\w+#-]+)", re.I
)
_NO_LANGUAGE = ("default", "none", "text", "plain", "plaintext", "highlight", "notranslate", "source", "code")


def repair(tree: HtmlElement) -> Kept:
    """Put code and formulas of a page aside and mark its quotations, in place."""
    kept = Kept()
    set_math_aside(tree, kept)
    _set_code_aside(tree, kept)
    set_raw_math_aside(tree, kept)
    _caption_figures(tree)
    _bare_headings(tree)
    _mark_quotations(tree)
    _unwrap_lines(tree)
    return kept


def _set_code_aside(tree: HtmlElement, kept: Kept) -> None:
    for block in list(tree.iter("pre", "d-code")):
        if block.tag == "d-code" and block.get("block") is None:
            block.tag = "code"
            continue
        if block.getparent() is None or any(above.tag == "pre" for above in block.iterancestors()):
            continue
        for lines in block.xpath(".//br"):
            lines.tail = "\n" + (lines.tail or "")
        for numbers in block.xpath(".//*[contains(@class, 'lineno') or contains(@class, 'linenos')]"):
            numbers.drop_tree()
        code = block.text_content().strip("\n")
        if not code.strip():
            continue
        word = kept.put(_fenced(kept.plain(code), _language(block)), block=True)
        replace_element(_table_around(block), "p", word)


def _table_around(block: HtmlElement) -> HtmlElement:
    """The table that only sets line numbers next to code, or else the code itself."""
    for above in block.iterancestors("table"):
        return above if "highlight" in (above.get("class") or "") else block
    return block


def _fenced(code: str, language: str) -> str:
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{code}\n{fence}"


def _language(block: HtmlElement) -> str:
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


def _caption_figures(tree: HtmlElement) -> None:
    """Captions as paragraphs after their figures, which are dropped with their images."""
    for caption in list(tree.iter("figcaption")):
        caption.tag = "p"
        figure = caption.getparent()
        if figure is not None and figure.tag == "figure" and not figure.xpath(".//table"):
            figure.tag = "div"


def _bare_headings(tree: HtmlElement) -> None:
    """Headings without the boxes around them, which may look like those of a menu."""
    for heading in list(tree.iter("h1", "h2", "h3", "h4", "h5", "h6")):
        box = heading.getparent()
        while (
            box is not None
            and box.tag in ("div", "header")
            and box.text_content().strip() == heading.text_content().strip()
        ):
            outer = box.getparent()
            if outer is None:
                break
            heading.tail = box.tail
            outer.replace(box, heading)
            box = outer


def _unwrap_lines(tree: HtmlElement) -> None:
    """Let no line break of the source be one of the text, where what follows could read as a list or heading."""
    for element in tree.iter():
        if isinstance(element.tag, str) and element.text and "\n" in element.text:
            element.text = re.sub(r"\s*\n\s*", " ", element.text)
        if element.tail and "\n" in element.tail:
            element.tail = re.sub(r"\s*\n\s*", " ", element.tail)


def _mark_quotations(tree: HtmlElement) -> None:
    for quotation in list(tree.iter("blockquote")):
        blocks = [block for block in quotation.iter("p", "li", "h2", "h3", "h4") if not block.xpath(".//p | .//li")]
        inner = [block for block in blocks if next(block.iterancestors("blockquote"), None) is quotation]
        if not blocks:
            quotation.text = f"{QUOTED} {quotation.text or ''}"
            for line in quotation.iter("br"):
                line.tail = f" {line.tail or ''}"
            quotation.tag = "p"
            continue
        if (quotation.text or "").strip():
            quotation.text = f"{QUOTED} {quotation.text}"
        for block in inner if inner else []:
            depth = sum(1 for _ in block.iterancestors("blockquote")) or 1
            block.text = f"{QUOTED} " * depth + (block.text or "")
    for quotation in list(tree.iter("blockquote")):
        quotation.tag = "div"
