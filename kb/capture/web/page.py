"""A web page as a `Capture`."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from kb.capture.captured import Capture
from kb.capture.escaping import escaped, one_line, paragraphs
from kb.capture.identifiers import without_tracking
from kb.capture.web.metadata import metadata_of
from kb.capture.web.repair import repair
from kb.errors import CaptureError

if TYPE_CHECKING:
    from lxml.html import HtmlElement

FEWEST_WORDS = 20  # of a page that is worth a note
FEWEST_WORDS_OF_PAPER = 500  # of the page of a paper that is its text, and not only about it
FEWEST_WORDS_BEHIND_LOGIN = 150  # of a page that also asks for a password
SHARE_OF_ARTICLE = 0.7  # of the text of all paragraphs
MAX_TAGS = 100_000
MAX_ATTRIBUTES = 2_000  # of one element; the parser compares each with all others
MAX_TEXT = 4_000_000  # characters without tags; no note holds as many
MAX_UNCLOSED = 500  # formulas of one text that have no end, each of which is looked for up to the end of the text
MAX_DEPTH = 200  # nested elements; libraries recurse into them
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{2,40})|<\?xml[^>]{0,100}?encoding=[\"']([\w-]{2,40})", re.I
)
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_TITLE_HEADING = re.compile(r"\A\s*#\s+(.+)\n*")
_HEADING = re.compile(r"^(#{1,6})(?=\s)", re.MULTILINE)
_FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})")
_PERMALINK = re.compile(r"(?:\[?[¶#§🔗]\]?(?:\(#[^)]*\))?)\s*$")
_LONG_TAG = re.compile(r"<[a-zA-Z][^<>]{20000,}")
_DATA = re.compile(r"data:[^\"'\s>]+")  # pictures inside the page
_SOFT_PAYWALL = re.compile(r'"isAccessibleForFree"\s*:\s*"?false', re.I)


def capture_page(content: bytes, address: str, charset: str | None = None) -> Capture:
    """The readable text of a page, and what it says of itself. Raises `CaptureError` where there is nothing to read."""
    text = decoded(content, charset, address)
    tree = parsed(text, address)
    about = metadata_of(tree, text, address)
    abstract = f"## Abstract\n\n{escaped(about.description)}\n" if about.is_paper and about.description else ""
    body = readable(tree, about.title)
    if abstract and len(body.split()) < FEWEST_WORDS_OF_PAPER:
        body = abstract
    _require_text(body, tree, text, address)
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


def capture_abstract(content: bytes, address: str, charset: str | None = None) -> Capture:
    """What the page about a paper says of it, as OpenReview and the ACL Anthology have. Raises `CaptureError`."""
    text = decoded(content, charset, address)
    tree = parsed(text, address)
    about = metadata_of(tree, text, address)
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
    if text.count("<") > MAX_TAGS or crowded or len(_DATA.sub("", text)) > MAX_TEXT:
        raise CaptureError(f"{address} is too large a page to be read; save the part that you need, and add the file")
    try:
        parser = html.HTMLParser(encoding="utf-8", huge_tree=False, remove_comments=True, remove_pis=True)
        tree = html.document_fromstring(text.replace("\0", "").encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise CaptureError(
            f"{address} is not a web page that can be read: {' '.join(str(error).split())[:80]}"
        ) from error
    if _is_deeper(tree, MAX_DEPTH):
        raise CaptureError(f"{address} has elements nested more than {MAX_DEPTH} levels deep")
    if any(_unclosed(text) > MAX_UNCLOSED for text in tree.itertext()):
        raise CaptureError(f"{address} has more than {MAX_UNCLOSED} formulas without an end")
    return tree


def _unclosed(text: str) -> int:
    """How many formulas begin after the last end of one."""
    return max(text.count(begin, text.rfind(end) + 1) for begin, end in (("\\(", "\\)"), ("\\[", "\\]")))


def readable(tree: HtmlElement, title: str) -> str:
    """The main text of a page as Markdown, without its title; headings begin at level 2. Changes the tree."""
    import trafilatura

    _drop_permalinks(tree)
    _mark_article(tree)
    kept = repair(tree)
    markdown = trafilatura.extract(
        tree,
        output_format="markdown",
        include_comments=False,
        include_formatting=True,
        include_images=False,
        include_links=True,
        include_tables=True,
        deduplicate=False,
        favor_recall=True,
    )
    return _levelled(_without_title(kept.restored(markdown or ""), title)).strip() + "\n"


def _mark_article(tree: HtmlElement) -> None:
    """Call the innermost element with most of the text of all paragraphs an article, where none says that it is one."""
    for element in tree.iter("d-article", "dt-article"):  # Distill
        element.tag = "article"
    if tree.xpath("//article | //main | //*[@role='main']"):
        return
    lengths = {paragraph: len(paragraph.text_content()) for paragraph in tree.iter("p")}
    inside: dict[HtmlElement, int] = {}
    for paragraph, length in lengths.items():
        for above in paragraph.iterancestors("div", "section", "td"):
            inside[above] = inside.get(above, 0) + length
    enough = SHARE_OF_ARTICLE * sum(lengths.values())
    holding = [element for element, length in inside.items() if length and length >= enough]
    if holding:
        innermost = max(holding, key=lambda element: sum(1 for _ in element.iterancestors()))
        innermost.tag = "article"
    elif (body := tree.find("body")) is not None:
        article = body.makeelement("article")
        article.text, body.text = body.text, None
        article.extend(list(body))
        body.append(article)


def _is_deeper(tree: HtmlElement, most: int) -> bool:
    level = [tree]
    for _ in range(most):
        level = [child for element in level for child in element]
        if not level:
            return False
    return True


def _drop_permalinks(tree: HtmlElement) -> None:
    """Links of headings to themselves, which show a sign."""
    for link in list(
        tree.xpath("//*[self::h1 or self::h2 or self::h3 or self::h4 or self::h5 or self::h6 or self::dt]//a[@href]")
    ):
        if len(link.text_content().strip()) <= 1:
            link.drop_tree()
    for link in list(tree.xpath("//*[self::h1 or self::h2 or self::h3 or self::h4]//a[starts-with(@href, '#')]")):
        link.drop_tag()
    for edit in list(tree.xpath("//*[contains(@class, 'mw-editsection')]")):
        edit.drop_tree()
    for link in list(tree.xpath("//a[contains(@class, 'headerlink') or contains(@class, 'viewcode-link')]")):
        link.drop_tree()


def _without_title(markdown: str, title: str) -> str:
    heading = _TITLE_HEADING.match(markdown)
    same = heading and _letters(heading[1]) == _letters(title)
    return markdown[heading.end() :] if heading and same else markdown


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()


def _levelled(markdown: str) -> str:
    """A text whose highest headings are of level 2, and in which nothing reads as a comment."""
    lines = markdown.split("\n")
    prose = list(_outside_fences(lines))
    levels = [len(match[1]) for number in prose if (match := _HEADING.match(lines[number]))]
    shift = 2 - min(levels, default=2)
    for number in prose:
        line = lines[number].replace("<!--", "&lt;!--")
        if match := _HEADING.match(line):
            line = "#" * min(max(len(match[1]) + shift, 2), 6) + line[match.end() :]
        lines[number] = line.rstrip()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _outside_fences(lines: list[str]) -> list[int]:
    """The numbers of the lines that are not in a code block."""
    outside: list[int] = []
    fence = ""
    for number, line in enumerate(lines):
        match = _FENCE.match(line)
        if fence:
            fence = "" if match and match[1].startswith(fence) and line.strip(" >\t") == match[1] else fence
        elif match:
            fence = match[1]
        else:
            outside.append(number)
    return outside


def _require_text(body: str, tree: HtmlElement, text: str, address: str) -> None:
    words = len(body.split())
    if words < FEWEST_WORDS_BEHIND_LOGIN and tree.xpath("//input[@type='password']"):
        raise CaptureError(f"{address} asks for a login; save the page in your browser and add the file")
    if _SOFT_PAYWALL.search(text) and words < FEWEST_WORDS_BEHIND_LOGIN * 2:
        raise CaptureError(f"{address} is behind a paywall; save the page in your browser and add the file")
    if words < FEWEST_WORDS:
        raise CaptureError(f"{address} has no readable text; where a script shows it, save the page and add the file")
