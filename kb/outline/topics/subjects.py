"""What a topic is about: its concepts and other words, and which notes name them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kb.areas.concepts import Concepts, load_concepts, of_areas
from kb.areas.texts import area_texts
from kb.cutoffs import CLOSE, MEANT
from kb.index.reader import IndexReader
from kb.models import AREAS
from kb.outline.guided.facets import LIGHT
from kb.outline.quoting.predicates import without_verbs
from kb.search.concepts.names import named_otherwise
from kb.search.concepts.treatments import treatments
from kb.search.find import spelled
from kb.search.query import STOPWORDS, match_expression, query_words
from kb.search.snippets import stem

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

BETWEEN = 4  # words that stand between those of a name, as in "evaluation of large language models", at most

_FILLER = re.compile(
    r"^(?:(?:an?|the|my|some)\s+)?(?:(?:deep|short|gentle|practical|complete|brief)[\s-]+)*"
    r"(?:dive into|introduction to|intro to|guide to|overview of|primer on|tour of|notes on|thoughts on|look at|"
    r"understanding|everything about|all about|what is|what are|what matters about|what connects|how to|how do|"
    r"how does|when is|from)\s+|(?:\s+work(?:s)? together)?\s*\?$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Subject:
    """A concept that a topic names, other than the areas themselves, or another word of it. A concept of the areas has
    its number.
    """

    name: str
    concept: int | None = None


def without_filler(text: str) -> str:
    """A topic without what introduces it, such as "a deep dive into"."""
    return _FILLER.sub("", text).strip() or text


def subjects_of(reader: IndexReader, text: str) -> tuple[Subject, ...]:
    """What a topic or a heading is about: neither verbs nor filler, nor names or words of the areas."""
    concepts, areas = load_concepts(reader.settings.own_concepts), area_texts(reader)
    plain = without_filler(text)
    rest = areas.without_names(plain)
    named = list(dict.fromkeys((*concepts.named(rest), *named_otherwise(reader, plain))))
    whole_areas = of_areas(concepts, areas)
    known = [
        Subject(concepts.all[number].name, number if concepts.is_inside(number) else None)
        for number in named
        if number not in whole_areas
    ]
    taken = stems_of_names(concepts, named)
    words = query_words(without_verbs(rest) if says_something(without_verbs(rest)) else rest)
    taken |= {stem(word) for area in AREAS for name in areas.areas[area].names for word in query_words(name)}
    free = [word for word in words if stem(word) not in taken and not {word, word.removesuffix("s")} & LIGHT]
    return (*known, *map(Subject, free))


def stems_of_names(concepts: Concepts, numbers: Iterable[int]) -> set[str]:
    """The stems of the words of all names of some concepts."""
    return {stem(word) for number in numbers for name in concepts.names(number) for word in query_words(name)}


def unknown_subjects(reader: IndexReader, subjects: Sequence[Subject], notes: Collection[str]) -> tuple[Subject, ...]:
    """Those of some subjects that some notes, by id, know neither in words, nor by a part, nor clearly in meaning."""
    vectors = _vectors(reader, notes)
    return tuple(
        subject
        for subject in subjects
        if set(naming_passages(reader, subject).values()).isdisjoint(notes)
        and not _is_meant(reader, subject, notes, vectors)
    )


def mentioned_once(reader: IndexReader, subjects: Sequence[Subject], notes: Collection[str]) -> tuple[Subject, ...]:
    """The concepts of the areas among some subjects that just one passage of some notes, by id, names, and that these
    know neither by a part nor clearly in meaning.
    """
    vectors = _vectors(reader, notes)
    return tuple(
        subject
        for subject in subjects
        if subject.concept is not None
        and sum(note in notes for note in naming_passages(reader, subject).values()) == 1
        and not _is_meant(reader, subject, notes, vectors)
    )


def _vectors(reader: IndexReader, notes: Collection[str]) -> FloatArray:
    passages = reader.passages()
    return passages.matrix[[row for id in notes for row in passages.rows[id]]]


def _is_meant(reader: IndexReader, subject: Subject, notes: Collection[str], vectors: FloatArray) -> bool:
    """Whether some notes, with passages of vectors `(n, dim)`, name a part of a subject, or say what it means."""
    known, number = treatments(reader), subject.concept
    parts = [known.of(reader, part) for part in known.concepts.parts(number)] if number is not None else []
    if any(part.everywhere or not part.notes.keys().isdisjoint(notes) for part in parts):
        return True
    meaning = (
        reader.encoder.encode_query(subject.name) if number is None else known.vectors[known.concepts.starts[number]]
    )
    nearest = float(reader.encoder.scale.relatedness(float((vectors @ meaning).max(initial=-1.0))))
    return nearest >= (CLOSE if number is None else MEANT)


def naming_passages(reader: IndexReader, subject: Subject, titles: bool = True) -> dict[int, str]:
    """The passages, by number with their notes, that have all the words of one of a subject's names, close together;
    without `titles`, not only in the title of their note.
    """
    number = subject.concept
    names = [subject.name] if number is None else treatments(reader).concepts.names(number)
    words = [query_words(spelled(reader, name)) for name in names]
    close = " OR ".join(f"NEAR({' '.join(match_expression([word]) for word in group)}, {BETWEEN})" for group in words)
    return reader.catalog.full_text.matching(close if titles else f"{{headings text}} : ({close})")


def says_something(text: str) -> bool:
    """Whether a text has a word that is no stopword."""
    return bool(set(query_words(text)) - STOPWORDS)
