"""Lines that are markup of a tool (Obsidian, Logseq, Jekyll, Hugo, Quarto, MDX) or only point elsewhere. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

_MARK = r"(?:[-*+]|\d{1,9}[.)])"  # of a list item
_LEAD = re.compile(rf"^[ \t]*(?:>[ \t]?)*(?:{_MARK}[ \t]+)?(?:\[[ xX]\][ \t]+)?")
_METADATA = re.compile(
    r"""(?x)
    [\w./-]+(?:[ ][\w./-]+)?::(?:\s|$)              # Logseq and Dataview: key:: value
    | \#\+[A-Za-z]\w*(?::\s.*|\s*)$                    # Org, as Logseq writes it: #+BEGIN_NOTE
    | :{3,}[\s{\w]? .* $                             # Pandoc and Quarto: ::: {.callout-note}
    | \{[:.\#%=a-zA-Z][^{}]*\}\s*$                   # Kramdown and Pandoc: {: .note}, {#id}, {target="_blank"}
    | \{%.*%\}\s*$ | \{\{[<%].*[%>]\}\}\s*$          # Liquid; Hugo and Quarto shortcodes
    | \{\{.*\}\}\s*$                                 # Logseq macros, Liquid output
    | import\s+(?:[\w{*][^;]*\s+from\s+)?['"][^'"]+['"];?\s*$
    | export\s+(?:(?:default|const|let|function)\b|\{).*$
    | \[\[?_?TOC_?\]\]?\s*$ | \[toc\]\s*$
    | :[ ].*\{[\#.][^{}]*\}\s*$                        # Pandoc and Quarto: the caption of a table {#tbl-x}
    | \^[\w-]+\s*$                                   # Obsidian: the name of a block
    | \([\w:-]+\)=\s*$                                # MyST: the name of what follows
    | (?:!!!|\?\?\?\+?)[ ]?[\w-]+(?:[ ]inline(?:[ ]end)?)?(?:[ ]+"[^"]*")?\s*$  # MkDocs: !!! note "Title"
    | <[A-Z][\w.]*(?:\s[^<>]*)?/?>\s*$ | </[A-Z][\w.]*>\s*$   # MDX components
    | (?:collapsed|id|logseq\.\w+)::.*$
    """
)
_TARGET = r"""\([^()\s]*(?:\s+["'][^"']*["'])?\)"""
_LINK = re.compile(
    rf"""(?x)
    !?\[\[[^\[\]\n]+\]\]                             # wikilinks and embeds
    | \[?(?:!\[[^\[\]]*\]{_TARGET}\s*)+(?:\]{_TARGET})?  # images and badges
    | ^[^\[\]]{{0,200}}\]\([^()\s]*\)                  # the end of a link over several paragraphs
    | \(\([0-9a-f-]{{36}}\)\)                           # Logseq: a block elsewhere
    | (?<!\S)\#[^\W\d][\w/-]*                         # tags
    | \[(?:[^\[\]]|\[[^\[\]]*\])+\](?:\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+["'][^"']*["'])?\)|\[[^\[\]]*\])
    | <https?://[^<>\s]+> | https?://\S+
    """
)
# Words that stand between links and say nothing themselves.
_FILLER = re.compile(
    r"(?:\{[^{}]*\}|\W|\b(?:related|see|see also|also|links?|sources?|refs?|references?|tags?|up|next|prev|previous|"
    r"back|parent|and|or|by|in|on|the|a|an|via|cf|pdf|code|blog|post|paper|video|slides|github|demo|doi|arxiv|"
    r"read more|more|home|top|here|page|website|homepage|project|article|thread|tweet|docs?|repo|\d+)\b)*",
    re.IGNORECASE,
)
# Lines that say when, by whom and under what words a text was written.
_COLOPHON = re.compile(
    r"""(?xi)
    [*_]*(?:date|tags?|keywords|categor(?:y|ies)|authors?|affiliations?|year|venue|doi|arxiv|permalink
        |last[ ](?:updated|modified|edited)|(?:created|updated|modified|published|posted)(?:[ ](?:on|at))?
        |作者|标签|日期|机构|单位|发布时间)[*_]*(?:[ ]?:[*_]*(?:\s|$)|：)
    | (?:©|copyright\s+(?:©|\(c\)|\d{4}))
    | (?:~[ ]?)?\d+[ -]min(?:ute)?s?[ ]read\b
    """
)
_MAY_BE_COLOPHON = re.compile("[:：©]|opyright| read|OPYRIGHT")  # a cheap test of every line
_MACRO = re.compile(r"\\(?:(?:re|provide)?newcommand|def|let|definecolor|DeclareMathOperator)\b")
_LINK_TEXT = re.compile(r"!?\[+([^\[\]]*)\]")
_ITEM = re.compile(rf"[ \t]*(?:>[ \t]?)*{_MARK}[ \t]")
_LONG_WORD = re.compile(r"[^\W\d_][\w'-]{3,}")
MIN_WORDS_OF_TITLE = 3
TITLE_CASE = 0.7  # share of the long words of a title that have a capital
_BIBTEX = re.compile(
    r"^[ \t]*(?:>[ \t]?)*(?:[-*+][ \t]+)?@(?:article|book|booklet|inbook|incollection|inproceedings|conference|manual|"
    r"mastersthesis|misc|phdthesis|proceedings|techreport|unpublished|online|software|dataset)\s*\{",
    re.IGNORECASE,
)


_ADMONITION = re.compile(r"(?P<indent> *)(?:!!!|\?\?\?\+?) ?\w")
_FENCE = re.compile(r"\s*(?P<mark>```|~~~)")
INDENT = 4  # blanks before what an admonition holds


def without_indents(lines: Sequence[str]) -> list[str]:
    """Lines of which those that an admonition of MkDocs holds are not indented by it: they are no code."""
    found = list(lines)
    open_fence = ""
    for number in range(len(found)):
        fence, admonition = _FENCE.match(found[number]), _ADMONITION.match(found[number])
        if fence and open_fence in ("", fence["mark"]):
            open_fence = "" if open_fence else fence["mark"]
        if open_fence or admonition is None or not is_metadata(found[number]):
            continue
        margin = " " * (len(admonition["indent"]) + INDENT)
        for below in range(number + 1, len(found)):
            line = _with_blanks(found[below])
            if line.strip() and not line.startswith(margin):
                break
            found[below] = line.removeprefix(" " * INDENT)
    return found


def _with_blanks(line: str) -> str:
    """A line with blanks for the tabs that it begins with."""
    text = line.lstrip(" \t")
    return line[: len(line) - len(text)].expandtabs(INDENT) + text


def begins_bibtex(line: str) -> bool:
    """Whether a line begins an entry of a bibliography."""
    return bool(_BIBTEX.match(line))


def begins_export(line: str) -> bool:
    """Whether a line begins an object that an MDX file exports, and does not end it."""
    return line.startswith("export ") and line.rstrip().endswith("{")


def is_metadata(line: str) -> bool:
    """Whether a line, in a list or quotation or not, is nothing but markup of a tool."""
    return bool(_METADATA.match(line[_LEAD.match(line).end() :]))  # type: ignore[union-attr]  # matches anything


def is_row(line: str) -> bool:
    """Whether a line is a row of a table, which need not have a head."""
    row = line.strip()
    return len(row) > 1 and row.startswith("|") and row.endswith("|")


def is_caption(line: str) -> bool:
    """Whether a line below a table is its caption, as Pandoc and Quarto write it."""
    return line.lstrip().startswith(": ")


def is_macro(line: str) -> bool:
    """Whether a line defines a macro of LaTeX."""
    return "\\" in line and bool(_MACRO.match(line.lstrip()))


def only_points(line: str) -> bool:
    """Whether a line says nothing but where something else is, or when and by whom a text was written: badges, related
    notes, entries of a reading list, a table of contents, authors and tags.
    """
    shown = line[_LEAD.match(line).end() :]  # type: ignore[union-attr]  # matches anything
    if _MAY_BE_COLOPHON.search(shown, 0, 40) and _COLOPHON.match(shown):
        return True
    if not any(mark in line for mark in ("[", "://", "#", "((")):
        return False
    said, links = _LINK.subn(" ", shown)
    return bool(links) and (bool(_FILLER.fullmatch(said)) or (bool(_ITEM.match(line)) and _names_a_work(shown, said)))


def _names_a_work(shown: str, said: str) -> bool:
    """Whether an item is a title, and links that say no more than `paper` or `code`."""
    words = _LONG_WORD.findall(said)
    is_title = len(words) >= MIN_WORDS_OF_TITLE and sum(word[0].isupper() for word in words) >= TITLE_CASE * len(words)
    return is_title and all(_FILLER.fullmatch(text) for text in _LINK_TEXT.findall(shown))
