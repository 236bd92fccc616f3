"""The list of references of a draft, without works that only points which have gone rested on. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

from kb.outline.post.clean_copy import listed_works
from kb.outline.post.layout import Post

_ENTRY = re.compile(r"^[ \t]*\d{1,9}[.)][ \t]+\[References\]\(#references\)[ \t]*\r?\n", re.MULTILINE)


def without_works(text: str, gone: Collection[str]) -> str:
    """A draft without the items of its list of references that name only works that are `gone`; the others are numbered
    from 1. A list of nothing else goes with its heading, and with its entry in the table of contents.
    """
    post = Post(text)
    items = listed_works(post)
    leaving = [item for item in items if item.names and item.names.issubset(gone)]
    if not leaving:
        return text
    if len(leaving) == len(items):
        part = next(part for part in reversed(post.parts) if post.title(part).casefold() == "references")
        start = post.start(part.blocks[0].first)
        return _ENTRY.sub("", text[:start]).rstrip("\r\n") + post.newline + text[items[-1].whole[1] :]
    number = len(items) - len(leaving)
    for item in reversed(items):
        start, end = item.whole if item in leaving else item.span
        text = text[:start] + ("" if item in leaving else str(number)) + text[end:]
        number -= item not in leaving
    return text
