"""What an outline is asked about: a topic, the ways to put it, the area it lies in, and whether the notes cover it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from kb.areas.concepts import load_concepts
from kb.areas.judge import classifier
from kb.areas.reading import ReadConcept, mixture
from kb.areas.texts import area_texts
from kb.cutoffs import WELL_COVERED
from kb.errors import InputError
from kb.index.arrays import unit_rows
from kb.index.reader import IndexReader
from kb.models import Area, AreaVerdict, Chunk, Note
from kb.outline.topics.subjects import Subject, says_something, stems_of_names, subjects_of, without_filler
from kb.search.concepts.names import named_otherwise
from kb.search.concepts.reading import READING_WEIGHT, read_concepts, subject_of
from kb.search.concepts.treatments import treatments
from kb.search.find import as_in_notes, read_query, spelled
from kb.search.query import STOPWORDS, query_words
from kb.search.snippets import stem

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

MAX_PARTS = 8  # of concepts, that are searched for as well
DESCRIBED = 0.4  # the least weight of a concept that a topic describes
MAX_DESCRIBED = 2  # of them: a topic is about one thing, or two
OFF_AREA = 0.7  # what a note keeps of its relevance when its area is not the topic's

_OF_ANY_SUBJECT = re.compile(
    r"applications|basics|challenges|examples|future|limitations|methodology|methods|practice|problems|results|trends",
    re.IGNORECASE,
)
_BETWEEN_PARTS = re.compile(r"\s*(?:[,;/]|\b(?:and|or|versus|vs\.?|to)\b)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Topic:
    """A topic as the writer put it, with its vector `(dim,)` and its area.

    `views` are the texts to search for: the topic without filler, where it names an area, without that name, and the
    names of concepts that it describes. `facets` are its parts, where it has several: `A: b, c and d`, `A and B`, `from
    A to B`. `parts` are the numbers of concepts that are part of its own, `subjects` are what the notes must know,
    `head` those of what stands before a colon, or all of them. `described` are the numbers of concepts that it is about
    without naming them, `is_described` is whether it is near to any of these, and `within` is the area where it asks
    for what it names of others: "graphs in recommender systems". `aim` `(dim,)` is what passages and points should be
    near to: the vector, moved to the concepts that the topic names or describes, so that "evaluating language models"
    is about evaluation rather than about language models. `is_read` is whether the encoder reads its script; if not,
    only its words count.
    """

    text: str
    views: tuple[str, ...]
    facets: tuple[str, ...]
    parts: tuple[int, ...]
    subjects: tuple[Subject, ...]
    head: tuple[Subject, ...]
    described: tuple[int, ...]
    is_described: bool
    within: Area | None
    vector: FloatArray
    aim: FloatArray
    verdict: AreaVerdict
    is_read: bool

    def weights(self) -> dict[str, float]:
        """The weight of a note by its area: 1 in the topic's likeliest area, less in the others."""
        scores = self.verdict.scores
        best = max(scores.values())
        weights: dict[str, float] = {area: OFF_AREA + (1 - OFF_AREA) * score / best for area, score in scores.items()}
        return weights | {"detour": weights["outside"]}


def read_topic(reader: IndexReader, text: str) -> Topic:
    """A topic in the notes' own spelling, embedded and classified. Raises `InputError` for an empty one."""
    if not text.strip():
        raise InputError("the topic is empty; say what the post is about")
    reader.require_current_encoder()
    vector = reader.encoder.encode_query(spelled(reader, text))
    subjects, verdict = subjects_of(reader, text), _verdict(reader, text)
    found = _described(reader, text, subjects)
    described = tuple(entry.number for entry in found)
    return Topic(
        text,
        _views(reader, text, described),
        _facets(reader, text),
        _parts(reader, subjects),
        subjects,
        _head(reader, text, subjects),
        described,
        any(entry.relatedness >= WELL_COVERED for entry in found),
        _within(reader, text, subjects, verdict),
        vector,
        _aim(reader, subjects, described, vector),
        verdict,
        reader.encoder.reads(text),
    )


def _head(reader: IndexReader, text: str, subjects: tuple[Subject, ...]) -> tuple[Subject, ...]:
    """The subjects of what stands before a colon. The mere words beside the name of an area say how it is put:
    "language models in plain words: ...".
    """
    head, colon, _ = text.partition(":")
    if not colon:
        return subjects
    found, within_area = subjects_of(reader, head), area_texts(reader).named(head)
    return tuple(subject for subject in found if subject.concept is not None or not within_area)


def _aim(reader: IndexReader, subjects: Sequence[Subject], described: Sequence[int], vector: FloatArray) -> FloatArray:
    known = treatments(reader)
    named = [subject.concept for subject in subjects if subject.concept is not None]
    asked = dict.fromkeys((*named, *described), 1.0)
    if not asked:
        return vector
    return unit_rows(vector + READING_WEIGHT * mixture(known.concepts, known.vectors, asked))


def _views(reader: IndexReader, text: str, described: Sequence[int]) -> tuple[str, ...]:
    plain = without_filler(text)
    rest = area_texts(reader).without_names(plain)
    concepts = load_concepts(reader.settings.own_concepts)
    meant = [concepts.all[number].name for number in named_otherwise(reader, plain)]
    views = [plain, *(meant or [rest])] if rest != plain and says_something(rest) else [plain]
    views += [concepts.all[number].name for number in described]
    return tuple(spelled(reader, view) for view in views)


def _facets(reader: IndexReader, text: str) -> tuple[str, ...]:
    """The parts of a topic. Words around `and` are parts only where all of them name a concept: "training and serving
    models" has one subject. What stands before a colon is what they are parts of: one that any subject has, such as
    "challenges", is searched for together with it. Where nothing is listed after the colon, what names a concept before
    and after it is a part: "from GCN to attention: how far a graph transformer sees".
    """
    head, colon, tail = without_filler(text).partition(":")
    concepts = load_concepts(reader.settings.own_concepts)
    parts = _listed(tail or head)
    if len(parts) < 2:
        parts = [part for part in (*_listed(head), *parts) if concepts.named(part)] if tail else []
    if len(parts) < 2 or not (colon or all(concepts.named(part) for part in parts)):
        return ()
    whole = [f"{head} {part}" if tail and _OF_ANY_SUBJECT.fullmatch(part) else part for part in parts]
    return tuple(spelled(reader, part) for part in whole)


def _listed(text: str) -> list[str]:
    return [part for part in (part.strip() for part in _BETWEEN_PARTS.split(text)) if says_something(part)]


def _parts(reader: IndexReader, subjects: Sequence[Subject]) -> tuple[int, ...]:
    """The concepts that are part of those that a topic names, by number, where notes treat them. What serves the same
    purpose is another topic: fine-tuning does not belong to retrieval-augmented generation.
    """
    known = treatments(reader)
    asked = [subject.concept for subject in subjects if subject.concept is not None]
    parts = dict.fromkeys(part for concept in asked for part in known.concepts.parts(concept))
    treated = (part for part in parts if known.is_treated(reader, part) and part not in asked)
    return tuple(islice(treated, MAX_PARTS))


def _described(reader: IndexReader, text: str, subjects: Sequence[Subject]) -> list[ReadConcept]:
    """The concepts that a topic describes. Where it names some, other words can only say which part of these is meant:
    "how recommender systems find candidates".
    """
    named = [subject.concept for subject in subjects if subject.concept is not None]
    if len(named) == len(subjects) > 0:
        return []
    known, asked = treatments(reader), as_in_notes(reader, read_query(without_filler(text)))
    subject = subject_of(reader, asked)
    found = read_concepts(reader, known, subject, reader.encoder.encode_query(subject.text))
    described = [entry for entry in found if entry.how == "described" and entry.weight >= DESCRIBED]
    inside = known.concepts.within(named)
    return [entry for entry in described if not named or entry.number in inside][:MAX_DESCRIBED]


def _within(reader: IndexReader, text: str, subjects: Sequence[Subject], verdict: AreaVerdict) -> Area | None:
    """The area that a topic asks for beside concepts of others. Their names alone ask for none: "RAG and GraphRAG"."""
    concepts = treatments(reader).concepts
    named = [subject.concept for subject in subjects if subject.concept is not None]
    areas = {concepts.all[number].area for number in named}
    if verdict.area == "outside" or not areas or verdict.area in areas:
        return None
    beside = {*map(stem, {*query_words(without_filler(text))} - STOPWORDS)} - stems_of_names(concepts, named)
    return verdict.area if beside else None


def _verdict(reader: IndexReader, text: str) -> AreaVerdict:
    """The verdict for a note that says nothing but the topic."""
    note = Note(path="", sha256="", text=text, title=text)
    chunk = Chunk(heading_path=(), text=text, start_line=1, end_line=1, embedded=text, digest="")
    return classifier(reader).classify(note, [chunk], reader.encoder.encode_query(text)[np.newaxis, :])
