"""The tags of notes."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection

from kb.index.reader import IndexReader
from kb.notes.words import name_of
from kb.reports import Tag, TagList


def tags(reader: IndexReader) -> TagList:
    """All tags of notes that are not held back. A nested tag counts for those above it."""
    counts: Counter[str] = Counter()
    for note in reader.catalog.notes():
        if note.area != "outside":
            counts.update({above for tag in note.tags for above in _and_above(tag)})
    ordered = sorted(counts, key=lambda tag: tag.split("/"))
    return TagList(tags=tuple(Tag(tag=tag, notes=counts[tag]) for tag in ordered))


def notice_unknown_tags(reader: IndexReader, asked: Collection[str]) -> None:
    """Tell which of some tags no note has, with the nearest that one has."""
    if not asked:
        return
    known = reader.cached("tags", lambda: [entry.tag for entry in tags(reader).tags])
    for tag in asked:
        if name_of(tag.lower().lstrip("#")) not in known:
            near = difflib.get_close_matches(tag.lower(), known, n=2)
            hint = f"did you mean {' or '.join(near)}?" if near else "`kb tags` lists all tags"
            reader.notify(f"no note has the tag {tag!r}; {hint}")


def _and_above(tag: str) -> list[str]:
    parts = tag.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
