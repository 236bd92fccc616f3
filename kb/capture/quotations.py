"""Highlights and the remarks on them as Markdown, in one form for every source. Pure."""

from __future__ import annotations

import hashlib
import re

from kb.capture.escaping import escaped, one_line, paragraphs, quoted


def quotation(text: str, place: str, remark: str = "", id: str = "") -> str:
    """A highlight as a quotation that ends in its place, such as "page 3", and the id of the block; the remark follows.

    What was only remarked is a paragraph that begins with its place.
    """
    mark = f" ^{id}" if id else ""
    remarks = paragraphs(remark)
    if not one_line(text):
        where = f"{escaped(place[:1].upper() + place[1:])}: " if place else ""
        return where + "\n\n".join(remarks) + mark
    ending = f"\n>\n> — {escaped(place)}{mark}" if place else mark
    return "\n\n".join([quoted(text) + ending, *remarks])


def id_of(*parts: str) -> str:
    """An id that the words of a highlight decide, whatever the tool that exports it does to their marks and spaces."""
    words = "\n".join(re.sub(r"[\W_]+", "", one_line(part)).casefold() for part in parts)
    return f"h-{hashlib.sha256(words.encode()).hexdigest()[:10]}"
