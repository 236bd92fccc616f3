"""Markdown -> HTML that shows a note and does nothing else. Pure.

Raw HTML is shown as text. What remains passes a list of allowed elements, so that a fault of the parser opens nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

from kb.notes.links import name_of_path, of_note
from kb.notes.markup.comments import without_comments
from kb.notes.markup.front_matter import read_front_matter
from kb.notes.prose import clean
from kb.notes.words import name_of

NOTE_VIEW = "#/note?path="
LINES = "data-lines"  # of a block: the first line and the last one, from 1
SCHEMES = ("http", "https", "mailto")
ALLOWED: dict[str, set[str]] = {
    "*": {"class", LINES},
    "a": {"href", "target"},
    "ol": {"start"},
    "td": {"data-align"},
    "th": {"data-align"},
}
TEXT = {"a", "br", "code", "em", "s", "span", "strong"}
TAGS = TEXT | {"blockquote", "div", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "ul"}
TAGS |= {"table", "tbody", "td", "th", "thead", "tr"}
HIGHEST_HEADING, LOWEST_HEADING = 2, 6  # the title of the note is above them

_WIKILINK = re.compile(r"\[\[([^\[\]|#^\n\\]*)([#^][^\[\]|\n\\]*)?(?:\\?\|([^\[\]\n]*))?\]\]")
_CALLOUT = re.compile(r"\[!([\w-]{1,30})\][+-]?[ \t]*(.*)")
_ANCHOR = re.compile(r' ?<a id="[^"<>]*"></a>')  # as the templates write it
_ALIGNED = re.compile(r"text-align:(\w+)")


def rendered(text: str, title: str, targets: Mapping[str, str]) -> str:
    """The body of a note as HTML, without comments and without a first heading that repeats its title.

    `targets` are the paths of the notes that its links lead to, by link. Each block has the numbers of its lines.
    """
    start = read_front_matter(text).end
    lines_above = "\n" * text.count("\n", 0, start)
    tokens = _without_title(_PARSER.parse(lines_above + without_comments(text[start:])), title)
    _put_headings_below_title(tokens)
    for token in tokens:
        _show(token, targets)
    _mark_callouts(tokens)
    html: str = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return nh3.clean(html, tags=TAGS, attributes=ALLOWED, url_schemes=set(SCHEMES), link_rel="noopener noreferrer")


def rendered_draft(text: str, title: str) -> str:
    """A written outline as HTML, without the anchors of its headings."""
    return rendered(_ANCHOR.sub("", text), title, {})


def _without_title(tokens: list[Token], title: str) -> list[Token]:
    repeats = tokens[:1] and tokens[0].type == "heading_open" and clean(tokens[1].content).casefold()
    return tokens[3:] if repeats == title.casefold() else tokens


def _put_headings_below_title(tokens: list[Token]) -> None:
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    highest = min((int(token.tag[1:]) for token in headings), default=1)
    for token in headings:
        token.tag = f"h{min(int(token.tag[1:]) - highest + HIGHEST_HEADING, LOWEST_HEADING)}"


def _show(token: Token, targets: Mapping[str, str]) -> None:
    """Give a block the numbers of its lines, and let links lead where they may."""
    if token.map and token.nesting >= 0:
        token.attrSet(LINES, f"{token.map[0] + 1}-{token.map[1]}")
    if align := _ALIGNED.fullmatch(str(token.attrs.pop("style", ""))):
        token.attrSet("data-align", align[1])
    if token.children:
        token.children = [shown for child in token.children for shown in _inline(child, targets)]


def _inline(token: Token, targets: Mapping[str, str]) -> list[Token]:
    """An inline token as it is shown. Images are named, not fetched."""
    if token.type == "link_open":
        href = str(token.attrs.get("href", ""))
        token.attrs = _leading(href, targets.get(name_of_path(href)))
    elif token.type == "wikilink":
        return _wrapped("a", _leading("", targets.get(token.meta["name"])), token.content)
    elif token.type == "image":
        return _wrapped("span", {"class": "image"}, token.content or str(token.attrs.get("src", "")))
    return [token]


def _leading(href: str, path: str | None) -> dict[str, str | int | float]:
    """The attributes of a link to a note or to the web. One to anything else leads nowhere."""
    if path:
        return {"href": NOTE_VIEW + quote(path, safe="/"), "class": "to-note"}
    if href.partition(":")[0].lower() in SCHEMES:
        return {"href": href, "class": "to-web", "target": "_blank"}
    return {"class": "to-nothing"}


def _wrapped(tag: str, attributes: dict[str, str | int | float], content: str) -> list[Token]:
    return [
        Token(f"{tag}_open", tag, 1, attrs=attributes),
        Token("text", "", 0, content=content),
        Token(f"{tag}_close", tag, -1),
    ]


def _mark_callouts(tokens: list[Token]) -> None:
    """Obsidian's callouts: quotations that begin with `[!kind] title`."""
    for quotation, paragraph, inline in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if (quotation.type, paragraph.type) != ("blockquote_open", "paragraph_open") or not inline.children:
            continue
        if match := _CALLOUT.fullmatch(inline.children[0].content):
            kind = match[1].lower()
            quotation.attrSet("class", f"callout callout-{kind}")
            title = match[2].strip() or kind.capitalize()
            inline.children[:1] = _wrapped("span", {"class": "callout-title"}, title)


def _wikilink(state: StateInline, silent: bool) -> bool:
    """A rule of the parser: `[[target#part|label]]`, also embedded."""
    match = _WIKILINK.match(state.src, state.pos)
    if not match:
        return False
    if not silent:
        target, part, label = (match[number] or "" for number in (1, 2, 3))
        token = state.push("wikilink", "a", 0)
        token.content = label.strip() or " › ".join(filter(None, (target.strip(), part[1:].strip())))
        token.meta = {"name": name_of(of_note(target.strip()))}
    state.pos = match.end()
    return True


def _render_math(self: RendererHTML, tokens: Sequence[Token], index: int, options: object, env: object) -> str:
    token = tokens[index]
    shown = escapeHtml(token.content.strip())
    if token.type == "math_inline":
        return f'<span class="math">{shown}</span>'
    return f'<div class="math block" {LINES}="{token.attrs.get(LINES, "")}">{shown}</div>'


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.use(dollarmath_plugin, allow_space=False, allow_digits=False)
    parser.inline.ruler.before("link", "wikilink", _wikilink)
    for name in ("math_inline", "math_block", "math_block_label"):
        parser.add_render_rule(name, _render_math)
    return parser


_PARSER = _parser()
