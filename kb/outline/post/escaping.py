"""What notes say, made inert: text that brings neither HTML, links, Liquid, Jinja nor front matter. Pure."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote

from kb.notes.prose import printable

_TEMPLATE_CODE = re.compile(
    r"\{(?=[{%:#]|\s*$)"
)  # Liquid, Jinja, Hugo, attributes of kramdown; or what follows makes it
_UNSAFE_IN_PATH = re.compile(r"[%<>{}`\\\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|(?<=-)-")


def as_text(value: str) -> str:
    """A note's words as Markdown text that is nothing but text: no tags, links, Liquid or kramdown attributes."""
    text = " ".join(printable(value).split())
    text = text.replace("&", "&amp;").replace("<", "&lt;") if re.search(r"<[A-Za-z/!?]|&#?\w+;", text) else text
    text = _TEMPLATE_CODE.sub("&#123;", text)
    text = (
        re.sub(r"([\\\[\]])", r"\\\1", text) if re.search(r"\]\s*[(\[:]|\\[!-/:-@\[-`{-~]|\\$|[\[\]]", text) else text
    )
    text = re.sub(r"^\^", "&#94;", text)  # behind a bracket it would begin the mark of a footnote
    text = re.sub(r"^(`{3,}|~{3,}|[-*_](?=[-*_ ]+$))", r"\\\1", text)
    text = re.sub(r"^([#>+*-])(?=\s)", r"\\\1", text)
    return re.sub(r"^(\d+)([.)])(?=\s)", r"\1\\\2", text)


def as_url(value: str) -> str:
    """An address that cannot end its brackets, nor be read as template code."""
    return quote(value, safe="%/:=&?~#+!$,;'@()*[]-._")


def as_yaml(value: object) -> str:
    """A front matter value: JSON is YAML but for some control characters, and quotes whatever needs it. No footnote's
    mark stands in it.
    """
    return re.sub(
        "[\x7f-\x9f\u2028\u2029\ufeff]|(?<=\\[)\\^",
        lambda match: f"\\u{ord(match[0]):04x}",
        json.dumps(value, ensure_ascii=False),
    )


def as_comment(value: str) -> str:
    """Text that cannot end the HTML comment it stands in, nor be read as template code or as a footnote's mark."""
    text = re.sub(r"(?<!-)--++(?=!?>)", "- -", " ".join(printable(value).split()))
    return _TEMPLATE_CODE.sub("{ ", text.replace("[^", "[ ^"))


def as_path(value: str) -> str:
    """A path for a comment or a code span; `urllib.parse.unquote` gives it back, to the letter."""
    return _UNSAFE_IN_PATH.sub(lambda match: quote(match[0], safe="") if match[0] != "-" else "%2D", value)


def anchors(headings: Iterable[str], taken: Iterable[str] = ("intro", "closing", "references")) -> list[str]:
    """An id for each heading, unlike one another and those that are taken."""
    used = set(taken)
    found = []
    for heading in headings:
        ascii_heading = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode()
        slug = re.sub(r"[^a-z0-9]+", "-", ascii_heading.lower()).strip("-")[:40].strip("-") or "section"
        anchor, number = slug, 2
        while anchor in used:
            anchor, number = f"{slug}-{number}", number + 1
        used.add(anchor)
        found.append(anchor)
    return found
