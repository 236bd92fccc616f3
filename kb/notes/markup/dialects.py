"""Lines that are markup of a tool (Obsidian, Logseq, Jekyll, Hugo, Quarto, MDX) or only point elsewhere. Pure."""

from __future__ import annotations

import re

_MARK = r"(?:[-*+]|\d{1,9}[.)])"  # of a list item
_LEAD = re.compile(rf"^[ \t]*(?:>[ \t]?)*(?:{_MARK}[ \t]+)?(?:\[[ xX]\][ \t]+)?")
_METADATA = re.compile(
    r"""(?x)
    [\w./-]+(?:[ ][\w./-]+)?::(?:\s|$)              # Logseq and Dataview: key:: value
    | :{3,}[\s{\w]? .* $                             # Pandoc and Quarto: ::: {.callout-note}
    | \{[:.\#%=a-zA-Z][^{}]*\}\s*$                   # Kramdown and Pandoc: {: .note}, {#id}, {target="_blank"}
    | \{%.*%\}\s*$ | \{\{[<%].*[%>]\}\}\s*$          # Liquid; Hugo and Quarto shortcodes
    | \{\{.*\}\}\s*$                                 # Logseq macros, Liquid output
    | import\s+(?:[\w{*][^;]*\s+from\s+)?['"][^'"]+['"];?\s*$
    | export\s+(?:(?:default|const|let|function)\b|\{).*$
    | \[\[?_?TOC_?\]\]?\s*$ | \[toc\]\s*$
    | \^[\w-]+\s*$                                   # Obsidian: the name of a block
    | <[A-Z][\w.]*(?:\s[^<>]*)?/?>\s*$ | </[A-Z][\w.]*>\s*$   # MDX components
    | (?:collapsed|id|logseq\.\w+)::.*$
    """
)
_LINK = re.compile(
    r"""(?x)
    !?\[\[[^\[\]\n]+\]\]                             # wikilinks and embeds
    | \[?!\[[^\[\]]*\]\([^()\s]*(?:\s+["'][^"']*["'])?\)(?:\]\([^()\s]*\))?  # images and badges
    | \[(?:[^\[\]]|\[[^\[\]]*\])+\](?:\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+["'][^"']*["'])?\)|\[[^\[\]]*\])
    | <https?://[^<>\s]+> | https?://\S+
    """
)
# Words that stand between links and say nothing themselves.
_FILLER = re.compile(
    r"(?:\{[^{}]*\}|\W|\b(?:related|see|see also|also|links?|sources?|refs?|references?|tags?|up|next|prev|previous|"
    r"back|parent|and|or|by|in|on|the|a|an|via|cf|pdf|code|blog|post|paper|video|slides|github|demo|doi|arxiv|"
    r"read more|more|\d+)\b)*",
    re.IGNORECASE,
)
_BIBTEX = re.compile(
    r"^[ \t]*@(?:article|book|booklet|inbook|incollection|inproceedings|conference|manual|mastersthesis|misc|phdthesis|"
    r"proceedings|techreport|unpublished|online|software|dataset)\s*\{",
    re.IGNORECASE,
)


def begins_bibtex(line: str) -> bool:
    """Whether a line begins an entry of a bibliography."""
    return bool(_BIBTEX.match(line))


def is_metadata(line: str) -> bool:
    """Whether a line, in a list or quotation or not, is nothing but markup of a tool."""
    return bool(_METADATA.match(line[_LEAD.match(line).end() :]))  # type: ignore[union-attr]  # matches anything


def only_links(line: str) -> bool:
    """Whether a line says nothing beside links: badges, related notes, entries of a reading list, a table of
    contents.
    """
    if "[" not in line and "://" not in line:
        return False
    said, links = _LINK.subn(" ", line[_LEAD.match(line).end() :])  # type: ignore[union-attr]  # matches anything
    return bool(links and _FILLER.fullmatch(said))
