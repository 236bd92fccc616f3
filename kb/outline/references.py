"""What the cited notes are about and what they cite. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from kb.models import NoteRecord
from kb.notes.parse import reference_url
from kb.reports import Reference, Section


def references(notes: Sequence[NoteRecord], sections: Sequence[Section]) -> tuple[Reference, ...]:
    """Every work that the notes refer to, once each; one that a note is about goes by that note's title and authors."""
    citing: dict[str, list[NoteRecord]] = {}
    for note in notes:
        for name in note.references:
            citing.setdefault(name, []).append(note)
    return tuple(_reference(name, by, sections) for name, by in citing.items())


def _reference(name: str, citing: Sequence[NoteRecord], sections: Sequence[Section]) -> Reference:
    about = next((note for note in citing if name in note.sources), None)
    paths = tuple(note.path for note in citing)
    return Reference(
        title=about.title if about else name,
        authors=about.authors if about else (),
        url=reference_url(name),
        cited_by=paths,
        sections=tuple(section.heading for section in sections if set(section.notes) & set(paths)),
    )
