"""Makes a page's code, formulas and quotations survive the extraction of its text.

The extraction drops the language of code, the marks of quotations and much of mathematics. So each code block and each
formula is replaced by a word of its own, and each quotation is marked, before it; `restored` puts them back after it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_QUOTED = "kbquoted"  # begins each block of a quotation, once for each level
_KEPT = re.compile(r"kbkept(\d+)x")
_LANGUAGE = re.compile(
    r"(?:^|\s)(?:(?:language|lang|highlight-source|highlight|mw-highlight-lang|sourceCode)-|brush:\s*)([\w+#-]+)", re.I
)
_NO_LANGUAGE = ("default", "none", "text", "plain", "plaintext", "highlight", "notranslate", "source", "code")
_RAW_MATH = re.compile(
    r"\$\$(?P<display>.+?)\$\$|\\\[(?P<bracket>.+?)\\\]|\\\((?P<inline>.+?)\\\)"
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
_LIST_MARK = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+")


class Kept:
    """What of a page is put aside: texts in Markdown, each behind the word that stands for it."""

    def __init__(self) -> None:
        self._texts: list[tuple[str, bool]] = []

    def put(self, text: str, block: bool) -> str:
        """The word that stands for a text; a `block` has lines of its own."""
        self._texts.append((text, block))
        return f"kbkept{len(self._texts) - 1}x"

    def restored(self, markdown: str) -> str:
        """A text with what was put aside back in place, and quotations marked by `>`."""
        lines = "\n".join(line for each in markdown.split("\n") for line in self._line(each))
        return re.sub(r"(?<=\n)(>.*)\n\n(?=>)", r"\1\n>\n", f"\n{lines}")

    def plain(self, text: str) -> str:
        """A text on one line with what was put aside, such as a title."""
        return _KEPT.sub(lambda match: self._texts[int(match[1])][0], text)

    def _line(self, line: str) -> list[str]:
        depth = line.count(_QUOTED)
        if depth:
            line = line.replace(_QUOTED, "").strip()
        parts = self._parts(line)
        return [("> " * depth + part).rstrip() for part in parts] if depth else parts

    def _parts(self, line: str) -> list[str]:
        """A line, in which each block that was put aside has lines of its own, indented like the item of a list."""
        mark = _LIST_MARK.match(line)
        indent = " " * (len(mark[0]) if mark else len(line) - len(line.lstrip()))
        lines: list[str] = []
        done = 0
        for match in _KEPT.finditer(line):
            text, block = self._texts[int(match[1])]
            if block and not line.lstrip().startswith("|"):
                before = self.plain(line[done : match.start()]).rstrip()
                lines += [before, ""] if before.strip() else []
                lines += [f"{indent}{inner}".rstrip() for inner in text.split("\n")]
                done = match.end()
        rest = self.plain(line[done:])
        if lines and rest.strip():
            lines += ["", indent + rest.strip()]
        return lines if lines else [rest]


def repair(tree: HtmlElement) -> Kept:
    """Put code and formulas of a page aside and mark its quotations, in place."""
    kept = Kept()
    _set_math_aside(tree, kept)
    _set_code_aside(tree, kept)
    _set_raw_math_aside(tree, kept)
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
        _replace(_table_around(block), "p", word)


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
                return language.lower()
    classes = (block.get("class") or "").split()
    return classes[1].lower() if len(classes) > 1 and classes[0] == "sourceCode" else ""


def _set_math_aside(tree: HtmlElement, kept: Kept) -> None:
    """Formulas as MathML, KaTeX, MathJax and Wikipedia write them, by the TeX that they carry."""
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
    _replace(
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


def _set_raw_math_aside(tree: HtmlElement, kept: Kept) -> None:
    """Formulas that a script would set: TeX between its delimiters in the text."""

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
            quotation.text = f"{_QUOTED} {quotation.text or ''}"
            for line in quotation.iter("br"):
                line.tail = f" {line.tail or ''}"
            quotation.tag = "p"
            continue
        if (quotation.text or "").strip():
            quotation.text = f"{_QUOTED} {quotation.text}"
        for block in inner if inner else []:
            depth = sum(1 for _ in block.iterancestors("blockquote")) or 1
            block.text = f"{_QUOTED} " * depth + (block.text or "")
    for quotation in list(tree.iter("blockquote")):
        quotation.tag = "div"


def _replace(element: HtmlElement, tag: str, text: str) -> None:
    """Let an element be another one with only a text."""
    tail = element.tail
    element.clear()
    element.tag = tag
    element.text, element.tail = text, tail
