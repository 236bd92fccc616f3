"""What an outline lacks. Pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence, Set
from pathlib import PurePosixPath

from kb.areas.concepts import Concepts
from kb.models import ChunkRecord, NoteRecord
from kb.notes.links import RELATIVE, missing_targets
from kb.notes.statements import stated
from kb.outline.points import Excerpt
from kb.outline.topics.listed import unsaid_parts
from kb.reports import Gap, Section

Passage = tuple[str, ChunkRecord]  # with the path of its note

FAST_AREAS = ("llm",)  # in which notes are outdated after `YEARS`
YEARS = 2
MIN_NOTES_A_TERM = 3  # that use a term, for it to count as a subject
MAX_UNEXPLAINED, MAX_MISSING, MAX_PARTS = 5, 5, 3
MAX_NAMED = 3  # notes that link to a missing one, and sections that lack the same

_TERM = re.compile(r"\b(?:[A-Z]{3,}s?|[A-Z][a-z]+[A-Z]\w+|[A-Z]{2,}[a-z]*-?\d+)\b")
# Terms of all computing and of any textbook on machine learning, which no post of the field explains.
_COMMON_TERMS = """
API CPU GPU RAM URL HTML HTTP JSON YAML SQL PDF CSV CLI AWS PyTorch TensorFlow NumPy GitHub CUDA NVIDIA OpenAI ChatGPT
GPT-2 GPT-3 GPT-4 BERT ImageNet MNIST CNN RNN LSTM GRU MLP SGD ReLU NLP LLM GNN GAN PCA SVM
"""
_COMMON = frozenset(_COMMON_TERMS.split())
_ELSEWHERE = re.compile(r"^\.\./|[\[\]()]")  # of a link: out of its folder, or no name
_MEASURE = re.compile(r"(?<![\w.-])\d[\d.,]*(?![\w-]*\))|\b(?:twice|half|double|triple)\b")


def gaps(
    topic: str,
    sections: Sequence[Section],
    excerpts: Sequence[Excerpt],
    notes: Sequence[NoteRecord],
    today: datetime.date,
    is_near: Callable[[str], bool],
    unknown: Sequence[str] = (),
    passages: Sequence[Passage] = (),
) -> tuple[Gap, ...]:
    """What is missing: sections without points, of one note or without numbers, outdated notes on a fast-moving
    subject, links to missing notes, terms that are used but not explained, and aspects of the topic without evidence.

    `notes` are all notes of the notebook; `is_near` says whether a term has to do with the topic. `unknown` are the
    concepts of the topic that no cited note knows. `passages` are those of the notes that were considered, which may
    have what no point is about.
    """
    cited = {path for section in sections for path in section.notes}
    return (
        *section_gaps(sections),
        *_outdated(sections, {note.path: note for note in notes}, today),
        *_missing_notes(cited, notes),
        *_unexplained([entry for entry in excerpts if entry.note.path in cited], notes, is_near),
        *_without_evidence(topic, sections, unknown, passages),
    )


def section_gaps(sections: Sequence[Section]) -> tuple[Gap, ...]:
    """What sections lack, as far as their points tell: points, a second note, numbers. What most of them lack is said
    once, of all.
    """
    one_note = _or_of_most(sections, _one_note(sections), "have only one source each")
    numbers = _or_of_most(sections, _without_numbers(sections), "have no numbers")
    return (*_empty(sections), *one_note, *numbers)


def _or_of_most(sections: Sequence[Section], found: Sequence[Gap], said: str) -> Sequence[Gap]:
    """The gaps of one kind in some sections, or one gap in their place where `MAX_NAMED`, and most of the sections,
    have it.
    """
    if len(found) < MAX_NAMED or 2 * len(found) <= len(sections):
        return found
    return [Gap(kind=found[0].kind, text=f"{len(found)} of {len(sections)} sections {said}")]


def _empty(sections: Sequence[Section]) -> list[Gap]:
    return [
        Gap(kind="no evidence", text=f"nothing in the notes on {section.heading}", section=section.heading)
        for section in sections
        if not section.points
    ]


def _one_note(sections: Sequence[Section]) -> list[Gap]:
    return [
        Gap(kind="one note", text=f"only one source: {section.notes[0]}", section=section.heading)
        for section in sections
        if len(section.notes) == 1
    ]


def _without_numbers(sections: Sequence[Section]) -> list[Gap]:
    """Sections in which no point measures anything, and no table is pointed at."""
    return [
        Gap(kind="no numbers", text=f"no numbers on {section.heading}", section=section.heading)
        for section in sections
        if section.points and not any(point.kind == "table" or _MEASURE.search(point.text) for point in section.points)
    ]


def _outdated(sections: Sequence[Section], notes: dict[str, NoteRecord], today: datetime.date) -> Sequence[Gap]:
    """Sections on a fast-moving subject whose newest note is older than `YEARS`. Undated notes do not count."""
    found, newest_of_all = [], 0
    for section in sections:
        own = [notes[path] for path in section.notes]
        newest = max((note.date for note in own if note.date), default=None)
        if newest and all(note.area in FAST_AREAS for note in own) and (today - newest).days > 365 * YEARS:
            text = f"nothing newer than {newest.year}, on a fast-moving subject"
            found.append(Gap(kind="old notes", text=text, section=section.heading))
            newest_of_all = max(newest_of_all, newest.year)
    return _or_of_most(sections, found, f"have nothing newer than {newest_of_all}")


def _missing_notes(cited: set[str], notes: Sequence[NoteRecord]) -> list[Gap]:
    """Notes that cited notes link to by name and that do not exist, however their names are spelled,
    those most linked to first.
    """
    known = {_letters(name) for note in notes for name in (PurePosixPath(note.path).stem, note.title, *note.aliases)}
    linking: dict[str, list[str]] = {}
    for note, unresolved in zip(notes, missing_targets(notes), strict=True):
        for link in unresolved:
            if (
                note.path in cited
                and not _ELSEWHERE.search(link.removeprefix(RELATIVE))
                and _letters(PurePosixPath(link).name) not in known
            ):
                linking.setdefault(link, []).append(note.path)
    most = sorted(linking.items(), key=lambda entry: -len(entry[1]))[:MAX_MISSING]
    return [
        Gap(kind="not explained", text=f"{_name(link)} is linked to from {_listed(paths)} but has no note")
        for link, paths in most
    ]


def _name(link: str) -> str:
    """What a link calls the note that it leads to."""
    return re.sub(r"\.\w+$", "", link.removeprefix(RELATIVE)) if link.startswith(RELATIVE) else link


def _listed(paths: Sequence[str]) -> str:
    """Some paths, and how many more there are."""
    more = len(paths) - MAX_NAMED
    named = ", ".join(paths[:MAX_NAMED])
    return f"{named} and {more} more" if more > 0 else named


def _letters(name: str) -> str:
    """A name without case, spaces, marks and a Markdown ending."""
    return re.sub(r"[\W_]", "", name.casefold().removesuffix(".md"))


def _unexplained(excerpts: Sequence[Excerpt], notes: Sequence[NoteRecord], is_near: Callable[[str], bool]) -> list[Gap]:
    """Terms of several notes that no title or heading contains and no sentence defines, the most used first."""
    using: dict[str, set[str]] = {}
    for entry in excerpts:
        for term in _TERM.findall(stated(entry.chunk.text, entry.chunk.kinds)):
            using.setdefault(term.removesuffix("s"), set()).add(entry.note.path)
    text = "\n".join(entry.chunk.text for entry in excerpts)
    headings = [name for entry in excerpts for name in entry.chunk.heading_path]
    titles = "\n".join([*(note.title for note in notes), *headings]).casefold()
    found = [
        (term, paths)
        for term, paths in using.items()
        if len(paths) >= MIN_NOTES_A_TERM
        and term not in _COMMON
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


def _without_evidence(
    topic: str, sections: Sequence[Section], unknown: Sequence[str], passages: Sequence[Passage]
) -> list[Gap]:
    """The parts of a topic that no section is about, with where the notes have them, and its unknown concepts."""
    found = []
    for part in unsaid_parts(topic, sections):
        place = _place_of(part.words, passages)
        said_there = f"; {place} names it" if place else ""
        text = f"no point is about {' '.join(part.words)!r}, a part of the topic{said_there}"
        found.append(Gap(kind="no evidence", text=text))
    others = [name for name in unknown if not any(name.casefold() in gap.text.casefold() for gap in found)]
    return [*found, *(Gap(kind="no evidence", text=f"no cited note mentions {name!r}") for name in others)]


def _place_of(words: Sequence[str], passages: Sequence[Passage]) -> str:
    """The address of the line that has most of some words, in the first passage that has all of them, or in one whose
    heading does; an empty string if there is none.
    """
    naming = [(path, chunk) for path, chunk in passages if _count(words, chunk.text) == len(words)]
    naming.sort(key=lambda entry: _count(words, " ".join(entry[1].heading_path[-1:])) < len(words))
    for path, chunk in naming[:1]:
        lines = chunk.text.split("\n")
        return f"{path}:{chunk.start_line + max(range(len(lines)), key=lambda number: _count(words, lines[number]))}"
    return ""


def _count(words: Sequence[str], text: str) -> int:
    """How many of some words a text has, in the singular or the plural."""
    forms = (rf"(?<!\w){re.escape(word.removesuffix('s'))}(?:e?s)?(?!\w)" for word in words)
    return sum(bool(re.search(form, text, re.IGNORECASE)) for form in forms)


def untreated_parts(
    concepts: Concepts, asked: Sequence[int], cited: Set[str], notes_of: Callable[[int], Set[str]]
) -> tuple[Gap, ...]:
    """The parts of the concepts that a topic names which no cited note treats, at most `MAX_PARTS`; those come first
    that have parts or that others build on. Concepts that no cited note treats are not what the post is about.

    `asked` are concepts by number, `cited` notes by id, and `notes_of` gives the notes that treat a concept.
    """
    missing = [
        (part, whole)
        for whole in asked
        if not cited.isdisjoint(notes_of(whole))
        for part in concepts.parts(whole)
        if part not in asked and cited.isdisjoint(notes_of(part))
    ]
    missing.sort(key=lambda pair: -len(concepts.parts(pair[0])) - len(concepts.dependents(pair[0])))
    return tuple(
        Gap(kind="missing part", text=f"nothing on {concepts.all[part].name!r}, a part of {concepts.all[whole].name!r}")
        for part, whole in missing[:MAX_PARTS]
    )
