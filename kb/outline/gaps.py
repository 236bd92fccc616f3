"""What an outline lacks. Pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence

from kb.models import NoteRecord
from kb.notes.links import missing_targets
from kb.outline.points import Excerpt
from kb.reports import Gap, Section
from kb.search.snippets import marks

FAST_AREAS = ("llm",)  # in which notes are outdated after `YEARS`
YEARS = 2
MIN_NOTES_A_TERM = 3  # that use a term, for it to count as a subject
MAX_UNEXPLAINED = 5

_TERM = re.compile(r"\b(?:[A-Z]{3,}s?|[A-Z][a-z]+[A-Z]\w+|[A-Z]{2,}[a-z]*-?\d+)\b")
_ASPECT = re.compile(r"[:,;?!()]|\s(?:and|or|to|from|versus|vs)\s", re.IGNORECASE)
_SMALL_WORD = re.compile(
    r"(?:an?|the|of|in|on|to|for|and|or|with|by|from|at|as|that|this|which|is|are|was|be|do|does|did|how|what|why|when|"
    r"where|who|my|your|our|their|its?|we|you|i|one|can|could|should|need|not|no|into|over|under|than|then|about|beyond|"
    r"inside|between|through|using|ways?|more|most|make|all|any|so|too|very)",
    re.IGNORECASE,
)


def gaps(
    topic: str,
    sections: Sequence[Section],
    excerpts: Sequence[Excerpt],
    notes: Sequence[NoteRecord],
    today: datetime.date,
    is_near: Callable[[str], bool],
) -> tuple[Gap, ...]:
    """What is missing: sections of one note, outdated notes on a fast-moving subject, links to missing notes, terms
    that are used but not explained, and aspects of the topic without evidence.

    `notes` are all notes of the notebook; `is_near` says whether a term has to do with the topic.
    """
    cited = {path for section in sections for path in section.notes}
    return (
        *_one_note(sections),
        *_outdated(sections, {note.path: note for note in notes}, today),
        *_missing_notes(cited, notes),
        *_unexplained([entry for entry in excerpts if entry.note.path in cited], notes, is_near),
        *_without_evidence(topic, sections),
    )


def _one_note(sections: Sequence[Section]) -> list[Gap]:
    return [
        Gap(kind="one note", text=f"rests on a single note, {section.notes[0]}", section=section.heading)
        for section in sections
        if len(section.notes) == 1
    ]


def _outdated(sections: Sequence[Section], notes: dict[str, NoteRecord], today: datetime.date) -> list[Gap]:
    """Sections on a fast-moving subject whose newest note is older than `YEARS`. Undated notes do not count."""
    found = []
    for section in sections:
        own = [notes[path] for path in section.notes]
        newest = max((note.date for note in own if note.date), default=None)
        if newest and all(note.area in FAST_AREAS for note in own) and (today - newest).days > 365 * YEARS:
            text = f"its newest note is from {newest}, on a fast-moving subject"
            found.append(Gap(kind="old notes", text=text, section=section.heading))
    return found


def _missing_notes(cited: set[str], notes: Sequence[NoteRecord]) -> list[Gap]:
    """Notes that cited notes link to by name and that do not exist."""
    linking: dict[str, list[str]] = {}
    for note, unresolved in zip(notes, missing_targets(notes), strict=True):
        for link in unresolved:
            if note.path in cited:
                linking.setdefault(link, []).append(note.path)
    return [
        Gap(kind="not explained", text=f"{link} is linked to from {', '.join(paths)} but has no note")
        for link, paths in linking.items()
    ]


def _unexplained(excerpts: Sequence[Excerpt], notes: Sequence[NoteRecord], is_near: Callable[[str], bool]) -> list[Gap]:
    """Terms of several notes that no title or heading contains and no sentence defines, the most used first."""
    using: dict[str, set[str]] = {}
    for entry in excerpts:
        for term in _TERM.findall(entry.chunk.text):
            using.setdefault(term.removesuffix("s"), set()).add(entry.note.path)
    text = "\n".join(entry.chunk.text for entry in excerpts)
    headings = [name for entry in excerpts for name in entry.chunk.heading_path]
    titles = "\n".join([*(note.title for note in notes), *headings]).casefold()
    found = [
        (term, paths)
        for term, paths in using.items()
        if len(paths) >= MIN_NOTES_A_TERM
        and term.casefold() not in titles
        and not _explained(term, text)
        and is_near(term)
    ]
    found.sort(key=lambda entry: (-len(entry[1]), entry[0]))
    return [
        Gap(kind="not explained", text=f"{term} is named in {len(paths)} of the notes and explained in none")
        for term, paths in found[:MAX_UNEXPLAINED]
    ]


def _explained(term: str, text: str) -> bool:
    """Whether a text defines a term: "T is", "T means", "(T)" after its expansion, or "T (its expansion)"."""
    name = re.escape(term)
    return bool(
        re.search(
            rf"\b{name}s?\W{{0,3}}(?:is|are|means|stands for|refers to|denotes)\b|\({name}s?\)|\b{name}s? \([a-z]", text
        )
    )


def _without_evidence(topic: str, sections: Sequence[Section]) -> list[Gap]:
    """The parts of a topic of which no point or heading contains a single word."""
    said = " ".join([*(point.text for section in sections for point in section.points), *(s.heading for s in sections)])
    parts = [part.strip() for part in _ASPECT.split(topic)]
    found = []
    for part in parts if len(parts) > 1 else ():
        words = [word for word in re.findall(r"[\w-]+", part) if not _SMALL_WORD.fullmatch(word)]
        if words and not marks(said, words):
            found.append(Gap(kind="no evidence", text=f"no point is about {part!r}, a part of the topic"))
    return found
