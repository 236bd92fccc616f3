"""Formulas of a page, as MathML, KaTeX, MathJax, Wikipedia, Distill and plain TeX write them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from kb.capture.web.aside import Kept, replace_element

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_RAW_MATH = re.compile(
    r"\$\$(?P<display>.{1,2000}?)\$\$|\\\[(?P<bracket>.{1,2000}?)\\\]|\\\((?P<inline>.{1,500}?)\\\)"
    r"|(?<![\\$\w])\$(?P<dollar>(?=\S)(?=[^$\n]*[\\^_{])[^$\n]{1,300}?(?<=\S))\$(?![\d$])",
    re.DOTALL,
)
_BLOCKS = (
    "p",
    "div",
    "ul",
    "ol",
    "dl",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "pre",
    "blockquote",
    "figure",
    "section",
)
_AROUND = ("p", "dd", "div", "section", "article", "main", "body", "center", "blockquote")
_MATH_SCRIPT = re.compile(r"math/tex(?P<display>;\s*mode=display)?", re.I)


def set_math_aside(tree: HtmlElement, kept: Kept) -> None:
    """Put aside formulas as MathML, KaTeX, MathJax and Wikipedia write them, by the TeX that they carry."""
    for element in list(
        tree.xpath("//*[contains(concat(' ', @class, ' '), ' katex-html ')] | //*[@class='MathJax_Preview']")
    ):
        element.drop_tree()
    for script in list(tree.iter("script")):
        if match := _MATH_SCRIPT.match(script.get("type") or ""):
            _replace_formula(script, script.text or "", bool(match["display"]), kept)
    for math in list(tree.iter("d-math")):
        _replace_formula(math, math.text_content(), math.get("block") is not None, kept)
    for math in list(tree.iter("math", "{http://www.w3.org/1998/Math/MathML}math")):
        if math.getparent() is not None:
            _replace_formula(math, _tex_of(math), _is_display(math), kept)
    for image in list(tree.iter("img")):
        if "math" in (image.get("class") or "") and image.get("alt"):
            _replace_formula(image, image.get("alt") or "", "display" in (image.get("class") or ""), kept)


def _tex_of(math: HtmlElement) -> str:
    for note in math.iter():
        if str(note.tag).endswith("annotation") and "tex" in (note.get("encoding") or "").lower():
            return str(note.text_content())
    return math.get("alttext") or " ".join(math.text_content().split())


def _is_display(math: HtmlElement) -> bool:
    around = " ".join(above.get("class") or "" for above in list(math.iterancestors())[:3])
    return math.get("display") == "block" or "katex-display" in around or "ltx_equation" in around


def _replace_formula(element: HtmlElement, tex: str, display: bool, kept: Kept) -> None:
    tex = re.sub(r"^\{\\(?:display|text)style (.*)\}$", r"\1", " ".join(tex.split()))
    if not tex:
        return
    for image in element.xpath("following-sibling::img[1] | ../following-sibling::img[1]"):
        if "mwe-math-fallback" in (image.get("class") or ""):
            image.drop_tree()  # the same formula as a picture
    outer = _outermost(element)
    alone = display or _is_alone(outer)
    parent = outer.getparent()
    replace_element(
        outer,
        "p" if alone and parent is not None and parent.tag != "p" else "span",
        kept.put(_formula(tex, alone), alone),
    )


def _outermost(element: HtmlElement) -> HtmlElement:
    """The outermost of the spans that hold nothing but an element."""
    parent = element.getparent()
    while (
        parent is not None
        and parent.tag == "span"
        and len(parent) == 1
        and not (parent.text or element.tail or "").strip()
    ):
        element, parent = parent, parent.getparent()
    return element


def _is_alone(element: HtmlElement) -> bool:
    """Whether an element is all that stands between two blocks, or in one."""
    parent, before = element.getparent(), element.getprevious()
    after = element.getnext()
    return (
        parent is not None
        and parent.tag in _AROUND
        and not (element.tail or "").strip()
        and (after is None or after.tag in _BLOCKS)
        and not ((parent.text if before is None else before.tail) or "").strip()
        and (before is None or before.tag in _BLOCKS)
    )


def _formula(tex: str, display: bool) -> str:
    return f"$$\n{tex.strip()}\n$$" if display else f"${tex.strip()}$"


def set_raw_math_aside(tree: HtmlElement, kept: Kept) -> None:
    """Put aside formulas that a script would set: TeX between its delimiters in the text."""

    def put(match: re.Match[str]) -> str:
        display = match["display"] or match["bracket"]
        return kept.put(
            _formula(" ".join((display or match["inline"] or match["dollar"]).split()), bool(display)), bool(display)
        )

    for element in tree.iter():
        if not isinstance(element.tag, str) or element.tag in ("script", "style", "code", "pre", "title"):
            _in_tail(element, put)
            continue
        if element.text and ("$" in element.text or "\\" in element.text):
            element.text = _RAW_MATH.sub(put, element.text)
        _in_tail(element, put)


def _in_tail(element: HtmlElement, put: Callable[[re.Match[str]], str]) -> None:
    if element.tail and ("$" in element.tail or "\\" in element.tail):
        element.tail = _RAW_MATH.sub(put, element.tail)
