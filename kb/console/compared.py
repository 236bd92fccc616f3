"""Related notes, and what is said twice."""

from __future__ import annotations

from collections.abc import Sequence

from rich.padding import Padding
from rich.text import Text

from kb.console.terminal import area_text, count, notice, out, plain, say, styled
from kb.reports import Address, ComparedNote, Duplicates, Related, RelatedNotes
from kb.search.snippets import shorten

INDENT = 4
SHOWN = 8  # members of a group; boilerplate may have hundreds
QUOTED = 68  # characters of a repeated passage
LINKS = {"to": "linked from here", "from": "links here", "both": "linked both ways"}


def print_related(related: RelatedNotes) -> None:
    """Each note with its nearest passage and ours; remarks on standard error."""
    for path in related.missing:
        notice(f"{path} is gone and was left out; run `kb sync`")
    if related.changed_notes:
        notice(f"{count(related.changed_notes, 'note')} changed since the last sync; run `kb sync`")
    if not related.notes:
        notice(f"no note is related to {related.path}")
    for rank, note in enumerate(related.notes, 1):
        out().print(
            Text.assemble(f"{rank:>2}  ", styled(note.title, "bold")), no_wrap=out().is_terminal, overflow="ellipsis"
        )
        _indented(_place(note))
        _indented(styled(f"{note.passage_score:.2f}  beside {_address(note.ours)}", "dim"))


def print_duplicates(duplicates: Duplicates) -> None:
    """Groups of notes, then of passages, each with the overlap of its words."""
    if not duplicates.notes and not duplicates.passages:
        notice("nothing is said twice")
    for notes in duplicates.notes:
        _print_group(notes.similarity, count(len(notes.notes), "note"), [_note(note) for note in notes.notes])
    for passages in duplicates.passages:
        places = [styled(_address(place)) for place in passages.passages]
        _print_group(passages.similarity, count(len(places), "passage"), places)
        _indented(styled(shorten(plain(passages.passages[0].text), QUOTED), "dim"))


def _print_group(similarity: float, what: str, members: Sequence[Text]) -> None:
    say(f"{similarity:.2f}  {what}", "bold")
    for member in members[:SHOWN]:
        _indented(member)
    if len(members) > SHOWN:
        _indented(styled(f"and {len(members) - SHOWN} more; --json lists them", "dim"))


def _place(note: Related) -> Text:
    place = Text.assemble(f"{note.score:.2f}  ", area_text(note.area), f"  {plain(_address(note.theirs))}")
    if note.kind != "note":
        place.append(f"  {note.kind}", "yellow")
    if note.link:
        place.append(f"  {LINKS[note.link]}", "green")
    if note.state == "changed":
        place.append("  changed since it was indexed", "yellow")
    return place


def _note(note: ComparedNote) -> Text:
    line = Text.assemble(plain(note.path), "  ", area_text(note.area))
    return line.append(f"  {note.kind}", "yellow") if note.kind != "note" else line


def _address(place: Address) -> str:
    return f"{place.path}:{place.start_line}-{place.end_line}"


def _indented(text: Text) -> None:
    out().print(Padding(text, (0, 0, 0, INDENT), expand=False))
