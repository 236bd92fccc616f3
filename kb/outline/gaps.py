"""What an outline lacks. Pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence

from kb.models import NoteRecord
from kb.notes.links import missing_targets
from kb.outline.points import Evidence
from kb.reports import Gap, Section
from kb.search.snippets import marks

FAST_AREAS = ("llm",)  # what was true of these two years ago often no longer is
YEARS = 2
NAMED_BY = 3  # notes that name a term before it counts as a subject
MOST_UNEXPLAINED = 5

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
    evidence: Sequence[Evidence],
    notes: Sequence[NoteRecord],
    today: datetime.date,
    is_near: Callable[[str], bool],
) -> tuple[Gap, ...]:
    """What is missing: sections of one note, old notes on a fast subject, names that nothing explains, and aspects of
    the topic without evidence. `notes` are all of the notebook; `is_near` says whether a
    term has to do with the topic.
    """
    cited = {path for section in sections for path in section.notes}
    return (
        *_one_note(sections),
        *_old(sections, {note.path: note for note in notes}, today),
        *_missing_notes(cited, notes),
        *_unexplained([entry for entry in evidence if entry.note.path in cited], notes, is_near),
        *_without_evidence(topic, sections),
    )


def _one_note(sections: Sequence[Section]) -> list[Gap]:
    return [
        Gap(kind="one note", text=f"rests on one note only, {section.notes[0]}", section=section.heading)
        for section in sections
        if len(section.notes) == 1
    ]


def _old(sections: Sequence[Section], notes: dict[str, NoteRecord], today: datetime.date) -> list[Gap]:
    """Sections on a fast subject whose newest note is too old; notes without a date tell nothing."""
    found = []
    for section in sections:
        own = [notes[path] for path in section.notes]
        newest = max((note.date for note in own if note.date), default=None)
        if newest and all(note.area in FAST_AREAS for note in own) and (today - newest).days > 365 * YEARS:
            text = f"its newest note is of {newest}, on a subject that moves fast"
            found.append(Gap(kind="old notes", text=text, section=section.heading))
    return found


def _missing_notes(cited: set[str], notes: Sequence[NoteRecord]) -> list[Gap]:
    """Notes that cited ones link to by name and that do not exist."""
    naming: dict[str, list[str]] = {}
    for note, unresolved in zip(notes, missing_targets(notes), strict=True):
        for link in unresolved:
            if note.path in cited:
                naming.setdefault(link, []).append(note.path)
    return [
        Gap(kind="not explained", text=f"{link} is linked to by {', '.join(paths)} and has no note")
        for link, paths in naming.items()
    ]


def _unexplained(
    evidence: Sequence[Evidence],
    notes: Sequence[NoteRecord],
    is_near: Callable[[str], bool],
) -> list[Gap]:
    """Terms that several of the notes name, while no title or heading has them and no sentence says what they are."""
    naming: dict[str, set[str]] = {}
    for entry in evidence:
        for term in _TERM.findall(entry.chunk.text):
            naming.setdefault(term.removesuffix("s"), set()).add(entry.note.path)
    text = "\n".join(entry.chunk.text for entry in evidence)
    headings = [name for entry in evidence for name in entry.chunk.heading_path]
    titles = "\n".join([*(note.title for note in notes), *headings]).casefold()
    found = [
        (term, paths)
        for term, paths in naming.items()
        if len(paths) >= NAMED_BY and term.casefold() not in titles and not _explained(term, text) and is_near(term)
    ]
    found.sort(key=lambda entry: (-len(entry[1]), entry[0]))
    return [
        Gap(kind="not explained", text=f"{term} is named in {len(paths)} of the notes and explained in none")
        for term, paths in found[:MOST_UNEXPLAINED]
    ]


def _explained(term: str, text: str) -> bool:
    """Whether a text says what a term is: "T is a", "T means", "(T)" after its words, or "T (its words)"."""
    name = re.escape(term)
    return bool(
        re.search(
            rf"\b{name}s?\W{{0,3}}(?:is|are|means|stands for|refers to|denotes)\b|\({name}s?\)|\b{name}s? \([a-z]", text
        )
    )


def _without_evidence(topic: str, sections: Sequence[Section]) -> list[Gap]:
    """The parts of a topic none of whose words stands in a point or heading."""
    said = " ".join([*(point.text for section in sections for point in section.points), *(s.heading for s in sections)])
    parts = [part.strip() for part in _ASPECT.split(topic)]
    found = []
    for part in parts if len(parts) > 1 else ():
        words = [word for word in re.findall(r"[\w-]+", part) if not _SMALL_WORD.fullmatch(word)]
        if words and not marks(said, words):
            found.append(Gap(kind="no evidence", text=f"no point says anything of {part!r}, a part of the topic"))
    return found
