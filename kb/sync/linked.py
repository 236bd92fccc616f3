"""The links between notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kb.errors import NoteError
from kb.index.freshness import text_of
from kb.index.reader import IndexReader
from kb.models import NoteRecord
from kb.notes.links import links_in, missing_targets, targets_by_link
from kb.reports import LinkedNote, MissingLink, NoteLinks


def links(reader: IndexReader, note: NoteRecord) -> NoteLinks:
    """The links of a note to others, from others, and to no note."""
    notes = reader.catalog.notes()
    position = [other.id for other in notes].index(note.id)
    targets = targets_by_link(notes)
    lines = _lines_of_links(reader, note)
    found = {target: link for link, target in targets[position].items() if target != position}
    linking = [
        (other, [link for link, target in links.items() if target == position])
        for other, links in zip(notes, targets, strict=True)
        if other.id != note.id
    ]
    return NoteLinks(
        path=note.path,
        title=note.title,
        links=tuple(_link(notes[target], lines, [found[target]]) for target in sorted(found)),
        linked_from=tuple(
            _link(other, _lines_of_links(reader, other), written) for other, written in linking if written
        ),
        missing=tuple(MissingLink(link=link, line=lines.get(link)) for link in missing_targets(notes)[position]),
    )


def _link(note: NoteRecord, lines: Mapping[str, int], written: Iterable[str]) -> LinkedNote:
    """A note at the other end, given the lines of the links of one of the two, and those that connect them."""
    line = min((lines[link] for link in written if link in lines), default=None)
    return LinkedNote(path=note.path, title=note.title, area=note.area, line=line)


def _lines_of_links(reader: IndexReader, note: NoteRecord) -> dict[str, int]:
    """The first line with each link of a note; a link that is not written on one line has none."""
    try:
        text = text_of(reader, note)
    except NoteError:
        return {}
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        for link in links_in(line, {}):
            lines.setdefault(link, number)
    return lines
