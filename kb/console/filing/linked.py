"""Tags and links."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from kb.console.terminal import (
    area_text,
    count,
    grid,
    notice,
    out,
    plain,
    print_table,
    print_text,
    say,
    shared_widths,
    shorten_path,
    styled,
)
from kb.reports import LinkedNote, NoteLinks, TagList

INDENT = "  "
LINE_WIDTH = len("line 1000")
GAP = 2


def print_tags(tags: TagList) -> None:
    """On a terminal a tree of tags with the numbers of their notes; into a pipe full tags and numbers."""
    if not tags.tags:
        notice("the notes have no tags; `tags: [one, another]` in the front matter, or #tag in the text, makes one")
    elif not out().is_terminal:
        print_text("".join(f"{plain(tag.tag)}\t{tag.notes}\n" for tag in tags.tags))
    else:
        table = grid()
        for tag in tags.tags:
            *above, name = tag.tag.split("/")
            table.add_row(styled(INDENT * len(above) + name), Text(str(tag.notes), justify="right"))
        print_table(table)


def print_links(links: NoteLinks) -> None:
    """The links of a note in three groups; into a pipe direction, address, area and title, separated by tabs."""
    if not out().is_terminal:
        print_text("".join("\t".join(map(plain, fields)) + "\n" for fields in _fields(links)))
        return
    say(links.title, "bold")
    say(shorten_path(links.path, out().width), "dim")
    for heading, found in (("links to", links.links), ("linked from", links.linked_from)):
        if found:
            out().print()
            say(f"{heading} {count(len(found), 'note')}")
            _print_linked(found)
    if links.missing:
        out().print()
        say(f"{count(len(links.missing), 'link')} to no note")
        table = grid()
        for link in links.missing:
            table.add_row(styled(link.link, "yellow"), styled(_address(links.path, link.line), "dim"))
        print_table(table)
    if not (links.links or links.linked_from or links.missing):
        notice("no link leads from this note or to it; `kb related` finds notes that say similar things")


def _print_linked(found: tuple[LinkedNote, ...]) -> None:
    """The notes at the other end, and the line of the link: in the first group in this note, otherwise in the other."""
    areas = max(len(note.area) for note in found)
    room = out().width - areas - LINE_WIDTH - 3 * GAP
    title_width, path_width = shared_widths(room, [note.title for note in found], [note.path for note in found])
    table = grid()
    for note in found:
        title = styled(note.title)
        title.truncate(title_width, overflow="ellipsis")
        path = styled(shorten_path(note.path, path_width))
        line = f"line {note.line}" if note.line else ""
        table.add_row(area_text(note.area), title, path, styled(line, "dim"))
    print_table(table)


def _fields(links: NoteLinks) -> Iterator[tuple[str, ...]]:
    for note in links.links:
        yield "to", note.path, note.area, note.title, _address(links.path, note.line)
    for note in links.linked_from:
        yield "from", note.path, note.area, note.title, _address(note.path, note.line)
    for link in links.missing:
        yield "missing", "", "", link.link, _address(links.path, link.line)


def _address(path: str, line: int | None) -> str:
    return path if line is None else f"{path}:{line}"
