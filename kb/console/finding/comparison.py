"""Related notes and near-duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from kb.console.terminal import (
    area_text,
    count,
    indented,
    linked,
    notice,
    plain,
    print_heading,
    remark,
    say,
    shorten_address,
    styled,
)
from kb.notes.naming import address_of
from kb.notes.prose import clean
from kb.reports import Address, ComparedNote, Duplicates, Related, RelatedNotes
from kb.search.snippets import shorten

SHOWN = 8  # members of a group: boilerplate may have hundreds
QUOTED = 68  # characters of a repeated passage
LINKS = {"to": "linked from here", "from": "links here", "both": "linked both ways"}


def print_related(root: Path, related: RelatedNotes) -> None:
    """Each note below a root with the nearest pair of passages; remarks go to standard error."""
    remark(related.missing, related.changed_notes)
    if not related.notes:
        notice(f"no note is related to {related.path}")
    for rank, note in enumerate(related.notes, 1):
        print_heading(rank, linked(note.title, root / note.path, "bold"))
        indented(_place(note))
        indented(styled(f"{note.passage_score:.2f}  nearest to {_address(note.ours)}", "dim"))


def print_duplicates(duplicates: Duplicates) -> None:
    """Groups of notes, then of passages, each with its similarity."""
    if not duplicates.notes and not duplicates.passages:
        notice("there are no near-duplicates")
    for notes in duplicates.notes:
        _print_group(notes.similarity, count(len(notes.notes), "note"), [_note(note) for note in notes.notes])
    for passages in duplicates.passages:
        places = [styled(_address(place)) for place in passages.passages]
        _print_group(passages.similarity, count(len(places), "passage"), places)
        text = passages.passages[0].text
        indented(styled(shorten(plain(clean(text) or text), QUOTED), "dim"))


def _print_group(similarity: float, what: str, members: Sequence[Text]) -> None:
    say(f"{similarity:.2f}  {what}", "bold")
    for member in members[:SHOWN]:
        indented(member)
    if len(members) > SHOWN:
        indented(styled(f"and {len(members) - SHOWN} more; use --json to see all", "dim"))


def _place(note: Related) -> Text:
    place = Text.assemble(f"{note.score:.2f}  ", area_text(note.area), f"  {_address(note.theirs)}")
    if note.kind != "note":
        place.append(f"  {note.kind}", "yellow")
    if note.link:
        place.append(f"  {LINKS[note.link]}", "green")
    if note.state == "changed":
        place.append("  changed since the last sync", "yellow")
    return place


def _note(note: ComparedNote) -> Text:
    line = Text.assemble(shorten_address(note.path), "  ", area_text(note.area))
    return line.append(f"  {note.kind}", "yellow") if note.kind != "note" else line


def _address(place: Address) -> str:
    return shorten_address(address_of(place.path, place.start_line, place.end_line))
