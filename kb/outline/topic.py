"""What an outline is asked about: a topic, the ways to put it, the area it lies in, and whether the notes cover it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from kb.areas.concepts import load_concepts, of_areas
from kb.areas.judge import classifier
from kb.areas.texts import area_texts
from kb.cutoffs import BEARING, CLOSE, MEANT
from kb.errors import EvidenceError, InputError
from kb.index.reader import IndexReader
from kb.models import AreaVerdict, Chunk, Note
from kb.outline.quoting.predicates import without_verbs
from kb.search.concepts.areas import named_with_area
from kb.search.concepts.treatments import treatments
from kb.search.find import spelled
from kb.search.query import STOPWORDS, match_expression, query_words
from kb.search.snippets import stem

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

MIN_NOTES = 2  # that bear on a topic
MAX_RELATIVES = 8  # concepts that are searched for as well
MENTIONS = 3  # notes that name a topic somewhere in their text, from which it is not named in passing
CLEARLY_OUTSIDE = 0.6  # the probability that a topic lies outside the areas, from which its notes must be close
OFF_AREA = 0.7  # what a note keeps of its relevance when its area is not the topic's

_FILLER = re.compile(
    r"^(?:(?:an?|the|my|some)\s+)?(?:(?:deep|short|gentle|practical|complete|brief)[\s-]+)*"
    r"(?:dive into|introduction to|intro to|guide to|overview of|primer on|tour of|notes on|thoughts on|look at|"
    r"understanding|everything about|all about|what is|what are|what matters about|what connects|how to|how do|"
    r"how does|when is|from)\s+|(?:\s+work(?:s)? together)?\s*\?$",
    re.IGNORECASE,
)
_BETWEEN_PARTS = re.compile(r"\s*(?:[,;/]|\b(?:and|or|versus|vs\.?|to)\b)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Subject:
    """A concept that a topic names, other than the areas themselves, or another word of it. A concept of the areas has
    its number.
    """

    name: str
    concept: int | None = None


@dataclass(frozen=True)
class Topic:
    """A topic as the writer put it, with its vector `(dim,)` and its area.

    `views` are the texts to search for: the topic without filler and, where it names an area, without that name.
    `facets` are its parts, where it has several: `A: b, c and d`, `A and B`, `from A to B`. `relatives`
    are the numbers of concepts that are part of its own or serve the same purpose, `subjects` are what the notes must
    know. `is_read` is whether the encoder reads its script; if not, only its words count.
    """

    text: str
    views: tuple[str, ...]
    facets: tuple[str, ...]
    relatives: tuple[int, ...]
    subjects: tuple[Subject, ...]
    vector: FloatArray
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
    subjects = subjects_of(reader, text)
    return Topic(
        text,
        _views(reader, text),
        _facets(reader, text),
        _relatives(reader, subjects),
        subjects,
        vector,
        _verdict(reader, text),
        reader.encoder.reads(text),
    )


def without_filler(text: str) -> str:
    """A topic without what introduces it, such as "a deep dive into"."""
    return _FILLER.sub("", text).strip() or text


def _views(reader: IndexReader, text: str) -> tuple[str, ...]:
    plain = without_filler(text)
    rest = area_texts(reader).without_names(plain)
    concepts = load_concepts(reader.settings.own_concepts)
    meant = [concepts.all[number].name for number in named_with_area(reader, plain)]
    views = [plain, *(meant or [rest])] if rest != plain and _says_something(rest) else [plain]
    return tuple(spelled(reader, view) for view in views)


def _facets(reader: IndexReader, text: str) -> tuple[str, ...]:
    """The parts of a topic. Words around `and` are parts only where all of them name a concept: "training and serving
    models" has one subject. What stands before a colon is what they are parts of.
    """
    head, colon, tail = without_filler(text).partition(":")
    parts = [part for part in (part.strip() for part in _BETWEEN_PARTS.split(tail or head)) if _says_something(part)]
    concepts = load_concepts(reader.settings.own_concepts)
    if len(parts) < 2 or not (colon or all(concepts.named(part) for part in parts)):
        return ()
    return tuple(spelled(reader, part) for part in parts)


def _relatives(reader: IndexReader, subjects: Sequence[Subject]) -> tuple[int, ...]:
    """The concepts that are part of those that a topic names or serve the same purpose, by number, where notes treat
    them.
    """
    known = treatments(reader)
    asked = [subject.concept for subject in subjects if subject.concept is not None]
    near = (number for one in asked for number in (*known.concepts.parts(one), *known.concepts.alternatives(one)))
    treated = (number for number in dict.fromkeys(near) if known.is_treated(reader, number) and number not in asked)
    return tuple(islice(treated, MAX_RELATIVES))


def subjects_of(reader: IndexReader, text: str) -> tuple[Subject, ...]:
    """What a topic or a heading is about: neither verbs nor filler, nor names or words of the areas."""
    concepts, areas = load_concepts(reader.settings.own_concepts), area_texts(reader)
    plain = without_filler(text)
    rest = areas.without_names(plain)
    named = [*concepts.named(rest), *named_with_area(reader, plain)]
    whole_areas = of_areas(concepts, areas)
    known = [
        Subject(concepts.all[number].name, number if concepts.is_inside(number) else None)
        for number in named
        if number not in whole_areas
    ]
    taken = {stem(word) for number in named for name in concepts.names(number) for word in query_words(name)}
    words = query_words(without_verbs(rest) if _says_something(without_verbs(rest)) else rest)
    free = [word for word in words if stem(word) not in taken and not {word, word.removesuffix("s")} & STOPWORDS]
    return (*known, *map(Subject, free))


def unknown_subjects(reader: IndexReader, subjects: Sequence[Subject], notes: Collection[str]) -> tuple[Subject, ...]:
    """Those of some subjects that some notes, by id, know neither in words, nor by a part, nor clearly in meaning."""
    rows = [row for id in notes for row in reader.passages().rows[id]]
    vectors = reader.passages().matrix[rows]
    return tuple(subject for subject in subjects if not _is_known(reader, subject, notes, vectors))


def _is_known(reader: IndexReader, subject: Subject, notes: Collection[str], vectors: FloatArray) -> bool:
    """Whether some notes, with passages of vectors `(n, dim)`, know a subject: a passage has the words of one of its
    names, or names a part of it, or says what it means.
    """
    known, number = treatments(reader), subject.concept
    if not set(_naming(reader, subject).values()).isdisjoint(notes):
        return True
    parts = [known.of(reader, part) for part in known.concepts.parts(number)] if number is not None else []
    if any(part.everywhere or not part.notes.keys().isdisjoint(notes) for part in parts):
        return True
    meaning = (
        reader.encoder.encode_query(subject.name) if number is None else known.vectors[known.concepts.starts[number]]
    )
    nearest = float(reader.encoder.scale.relatedness(float((vectors @ meaning).max(initial=-1.0))))
    return nearest >= (CLOSE if number is None else MEANT)


def _naming(reader: IndexReader, subject: Subject) -> dict[int, str]:
    """The passages, by number with their notes, that have all the words of one of a subject's names."""
    number = subject.concept
    names = [subject.name] if number is None else treatments(reader).concepts.names(number)
    words = [query_words(spelled(reader, name)) for name in names]
    in_one_passage = " OR ".join(f"({' AND '.join(match_expression([word]) for word in group)})" for group in words)
    return reader.catalog.full_text.matching(in_one_passage)


def shares_named(reader: IndexReader, subjects: Sequence[Subject]) -> dict[str, float]:
    """By note, the share of some subjects that its best passage names, 0..1; those that no note names do not count."""
    named = [passages for subject in subjects if (passages := _naming(reader, subject))]
    counts = Counter(passage for passages in named for passage in passages)
    notes = {passage: note for passages in named for passage, note in passages.items()}
    shares: dict[str, float] = {}
    for passage, count in counts.items():
        note = notes[passage]
        shares[note] = max(shares.get(note, 0.0), count / len(named))
    return shares


def _says_something(text: str) -> bool:
    return bool(set(query_words(text)) - STOPWORDS)


def _verdict(reader: IndexReader, text: str) -> AreaVerdict:
    """The verdict for a note that says nothing but the topic."""
    note = Note(path="", sha256="", text=text, title=text)
    chunk = Chunk(heading_path=(), text=text, start_line=1, end_line=1, embedded=text, digest="")
    return classifier(reader).classify(note, [chunk], reader.encoder.encode_query(text)[np.newaxis, :])


def notes_naming(reader: IndexReader, topic: Topic, among: Collection[str]) -> set[str]:
    """Those of some notes, by id, that name the whole topic; none where they do so only in passing. Of a topic that the
    encoder cannot read, they need name only most of the subjects.

    Two are enough if one has the name in its title or a heading, and otherwise `MENTIONS` if it is that of a concept or
    has capitals, as abbreviations have. Encoders know little of single words and abbreviations.
    """
    if not topic.is_read:
        return _naming_most(reader, topic.subjects).intersection(among)
    text, full_text = without_filler(topic.text), reader.catalog.full_text
    concept = topic.subjects[0].concept if len(topic.subjects) == 1 else None
    expression = match_expression([text] if concept is None else [text, *treatments(reader).concepts.names(concept)])
    naming = set(full_text.matching(expression).values()).intersection(among)
    if len(naming) < MIN_NOTES:
        return set()
    named_after = naming.intersection(full_text.matching(f"{{title headings}} : ({expression})").values())
    is_term = concept is not None or text != text.lower()
    return naming if named_after or (is_term and len(naming) >= MENTIONS) else set()


def _naming_most(reader: IndexReader, subjects: Sequence[Subject]) -> set[str]:
    """The notes that name more than half of some subjects."""
    named = Counter(note for subject in subjects for note in {*_naming(reader, subject).values()})
    return {note for note, count in named.items() if 2 * count > len(subjects)}


def bears(topic: Topic, relatedness: Sequence[float]) -> bool:
    """Whether enough notes bear on a topic, given the relatedness of each note's best passage. Of a topic that the
    encoder cannot read, relatedness says nothing.
    """
    if not topic.is_read:
        return False
    bearing = sum(related >= BEARING for related in relatedness)
    only_concepts = bool(topic.subjects) and all(subject.concept is not None for subject in topic.subjects)
    outside = not only_concepts and topic.verdict.scores["outside"] >= CLEARLY_OUTSIDE
    return bearing >= MIN_NOTES and not (outside and _third_best(relatedness) < CLOSE)


def require_evidence(topic: Topic, relatedness: Sequence[float], naming: Collection[str]) -> None:
    """Raise `EvidenceError` where too few notes bear on a topic, given the relatedness of each note's best passage, and
    none is `naming` it.
    """
    if not topic.is_read and len(naming) < MIN_NOTES:
        raise EvidenceError(
            f"too little evidence for {topic.text!r}: the model does not read its script, and "
            f"{'only one note has' if naming else 'no note has'} its words; see `kb model list`"
        )
    if not naming and not bears(topic, relatedness):
        raise EvidenceError(_too_little(topic, sum(related >= BEARING for related in relatedness)))


def require_subjects(topic: Topic, unknown: Sequence[Subject]) -> None:
    """Raise `EvidenceError` where the notes that an outline cites know none of what its topic is about."""
    if unknown and len(unknown) == len(topic.subjects):
        names = " or ".join(repr(subject.name) for subject in unknown)
        raise EvidenceError(
            f"too little evidence for {topic.text!r}: none of the nearest notes mentions {names}; add notes that do"
        )


def _third_best(relatedness: Sequence[float]) -> float:
    """The `MIN_NOTES`th highest, 0 where there are fewer."""
    ordered = sorted(relatedness, reverse=True)
    return ordered[MIN_NOTES - 1] if len(ordered) >= MIN_NOTES else 0.0


def _too_little(topic: Topic, bearing: int) -> str:
    if topic.verdict.area == "outside":
        area = topic.verdict.nearest_area
        outside = f"{topic.text!r} lies outside the three areas (nearest: {area})"
        return f"{outside}, and the notes say too little about it; add notes on it, as detours"
    notes = {0: "no note bears", 1: "only one note bears"}.get(bearing, f"only {bearing} notes bear")
    return f"too little evidence for {topic.text!r}: {notes} on it; add notes, or broaden the topic"
