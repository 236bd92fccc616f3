"""Formulas of a page, as MathML, KaTeX, MathJax, Wikipedia, Distill and plain TeX write them."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from kb.errors import CaptureError

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_FORMULAS = 20_000  # of a page; a book has fewer
FORMULA = "tex"  # the tag of a formula that was found
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


def mark_formulas(tree: HtmlElement) -> None:
    """Let each formula be an element `FORMULA` with its TeX as text, with `display` where it stands alone."""
    for element in list(
        tree.xpath("//*[contains(concat(' ', @class, ' '), ' katex-html ')] | //*[@class='MathJax_Preview']")
    ):
        element.clear(keep_tail=True)
    for script in list(tree.iter("script")):
        if match := _MATH_SCRIPT.match(script.get("type") or ""):
            _mark(script, script.text or "", bool(match["display"]))
    for math in list(tree.iter("d-math")):
        _mark(math, math.text_content(), math.get("block") is not None)
    for row in tree.xpath("//tr[contains(@class, 'ltx_eqn_row')]"):
        _join(list(row.iter("math")))
    for math in list(tree.iter("math", "{http://www.w3.org/1998/Math/MathML}math")):
        if math.getparent() is not None:
            _mark(math, _tex_of(math), _is_display(math))
    for image in list(tree.iter("img")):
        if re.search(r"math|latex|\btex\b", image.get("class") or "") and image.get("alt"):
            _mark(image, image.get("alt") or "", "display" in (image.get("class") or ""))
    _mark_raw(tree)


def _join(pieces: list[HtmlElement]) -> None:
    """Let the aligned pieces of an equation that LaTeXML set, each in a cell of its own, be one formula."""
    if len(pieces) > 1:
        tex = " ".join(re.sub(r"^\\displaystyle\s*", "", _tex_of(piece)) for piece in pieces)
        for piece in pieces[1:]:
            piece.clear(keep_tail=True)
        _mark(pieces[0], tex, display=True)


def _tex_of(math: HtmlElement) -> str:
    for note in math.iter():
        if str(note.tag).endswith("annotation") and "tex" in (note.get("encoding") or "").lower():
            return str(note.text_content())
    return math.get("alttext") or " ".join(math.text_content().split())


def _is_display(math: HtmlElement) -> bool:
    around = " ".join(above.get("class") or "" for above in list(math.iterancestors())[:3])
    return math.get("display") == "block" or "katex-display" in around or "ltx_equation" in around


def _mark(element: HtmlElement, tex: str, display: bool) -> None:
    tex = re.sub(r"^\{\\(?:display|text)style (.*)\}$", r"\1", " ".join(tex.split()))
    if not tex:
        return
    for image in element.xpath("following-sibling::img[1] | ../following-sibling::img[1]"):
        if "mwe-math-fallback" in (image.get("class") or ""):
            image.clear(keep_tail=True)  # the same formula as a picture
    outer = _outermost(element)
    alone, tail = display or _is_alone(outer), outer.tail
    outer.clear()
    outer.tag, outer.text, outer.tail = FORMULA, tex, tail
    if alone:
        outer.set("display", "")


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


def _mark_raw(tree: HtmlElement) -> None:
    """Formulas that a script would set: TeX between its delimiters in the text."""
    found = 0
    for element in list(tree.iter()):
        if element.tag not in ("script", "style", "code", "pre", "title", FORMULA):
            element.text, formulas = _parted(element.text, element)
            element[:0] = formulas
            found += len(formulas)
        parent = element.getparent()
        if element.tail and parent is not None:
            text, formulas = _parted(element.tail, element)
            if formulas:
                place = parent.index(element) + 1
                element.tail = text
                parent[place:place] = formulas
                found += len(formulas)
        if found > MAX_FORMULAS:
            raise CaptureError(f"a page has at most {MAX_FORMULAS:,} formulas; save the part that you need")


def _parted(text: str | None, near: HtmlElement) -> tuple[str | None, list[HtmlElement]]:
    """A text up to its first formula, and its formulas with what follows each."""
    if not text or ("$" not in text and "\\" not in text):
        return text, []
    matches = list(islice(_RAW_MATH.finditer(text), MAX_FORMULAS + 1))
    if not matches:
        return text, []
    formulas: list[HtmlElement] = []
    for match, end in zip(matches, [*(following.start() for following in matches[1:]), len(text)], strict=True):
        display = match["display"] or match["bracket"]
        formula = near.makeelement(FORMULA, {"display": ""} if display else {})
        formula.text = " ".join((display or match["inline"] or match["dollar"]).split())
        formula.tail = text[match.end() : end]
        formulas.append(formula)
    return text[: matches[0].start()], formulas
