"""Escapes the text of notes, so that it can inject neither HTML, links, Liquid, Jinja nor front matter. Pure."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote

from kb.notes.prose import printable

MAX_ANCHOR = 40  # characters of an id

# Liquid, Jinja, Hugo, and kramdown attributes; a brace at the end may combine with the text that follows.
_TEMPLATE_CODE = re.compile(r"\{(?=[{%:#]|\s*$)")
_UNSAFE_IN_PATH = re.compile(r"[%<>{}`\\\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|(?<=-)-")


def as_text(value: str) -> str:
    """Markdown that shows a text as it is: no tags, links, lists, Liquid or kramdown attributes."""
    text = " ".join(printable(value).split())
    text = text.replace("&", "&amp;").replace("<", "&lt;") if re.search(r"<[A-Za-z/!?]|&#?\w+;", text) else text
    text = _TEMPLATE_CODE.sub("&#123;", text)
    text = (
        re.sub(r"([\\\[\]])", r"\\\1", text) if re.search(r"\]\s*[(\[:]|\\[!-/:-@\[-`{-~]|\\$|[\[\]]", text) else text
    )
    text = re.sub(r"^\^", "&#94;", text)  # after a bracket it would begin a footnote reference
    text = re.sub(r"^(`{3,}|~{3,}|[-*_](?=[-*_ ]+$))", r"\\\1", text)
    text = re.sub(r"^([#>+*-])(?=\s)", r"\\\1", text)
    return re.sub(r"^(\d+)([.)])(?=\s)", r"\1\\\2", text)


def as_url(value: str) -> str:
    """A URL that can neither close its brackets nor be read as template code."""
    return quote(value, safe="%/:=&?~#+!$,;'@()*[]-._")


def as_yaml(value: object) -> str:
    """A front matter value as JSON, which is YAML once some control characters are escaped; it contains no footnote
    reference.
    """
    return re.sub(
        "[\x7f-\x9f\u2028\u2029\ufeff]|(?<=\\[)\\^",
        lambda match: f"\\u{ord(match[0]):04x}",
        json.dumps(value, ensure_ascii=False),
    )


def as_comment(value: str) -> str:
    """Text that can neither end an HTML comment nor be read as template code or as a footnote reference."""
    text = re.sub(r"(?<!-)--++(?=!?>)", "- -", " ".join(printable(value).split()))
    return _TEMPLATE_CODE.sub("{ ", text.replace("[^", "[ ^"))


def as_path(value: str) -> str:
    """A path for a comment or a code span; `urllib.parse.unquote` restores it exactly."""
    return _UNSAFE_IN_PATH.sub(lambda match: quote(match[0], safe="") if match[0] != "-" else "%2D", value)


def anchors(headings: Iterable[str], taken: Iterable[str] = ("intro", "closing", "references")) -> list[str]:
    """A unique id for each heading, none of which is in `taken`."""
    used = set(taken)
    found = []
    for heading in headings:
        ascii_heading = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode()
        slug = _whole_words(re.sub(r"[^a-z0-9]+", "-", ascii_heading.lower()).strip("-")) or "section"
        anchor, number = slug, 2
        while anchor in used:
            anchor, number = f"{slug}-{number}", number + 1
        used.add(anchor)
        found.append(anchor)
    return found


def _whole_words(slug: str) -> str:
    """The words of a slug that fit in `MAX_ANCHOR`; as much as fits of a single one."""
    fits = slug[: MAX_ANCHOR + 1].rpartition("-")[0] if len(slug) > MAX_ANCHOR else slug
    return fits or slug[:MAX_ANCHOR]
