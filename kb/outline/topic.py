"""What an outline is asked about: a topic, the ways to put it, the area it lies in, and whether the notes cover it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kb.areas.concepts import load_concepts
from kb.areas.judge import classifier
from kb.areas.texts import area_texts
from kb.cutoffs import BEARING, CLOSE
from kb.errors import EvidenceError, InputError
from kb.index.reader import IndexReader
from kb.models import AreaVerdict, Chunk, Note
from kb.search.find import spelled
from kb.search.query import STOPWORDS, query_words

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

MIN_NOTES = 2  # that bear on a topic
CLEARLY_OUTSIDE = 0.6  # the probability that a topic lies outside the areas, from which its notes must be close
OFF_AREA = 0.7  # what a note keeps of its relevance when its area is not the topic's

_FILLER = re.compile(
    r"^(?:(?:an?|the|my|some)\s+)?(?:(?:deep|short|gentle|practical|complete|brief)[\s-]+)*"
    r"(?:dive into|introduction to|intro to|guide to|overview of|primer on|tour of|notes on|thoughts on|look at|"
    r"understanding|everything about|all about|what is|what are|how to|from)\s+",
    re.IGNORECASE,
)
_BETWEEN_PARTS = re.compile(r"\s*(?:[,;/]|\b(?:and|or|versus|vs\.?|to)\b)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Topic:
    """A topic as the writer put it, with its vector `(dim,)` and its area.

    `views` are the texts to search for: the topic without filler and, where it names an area, without that name.
    `facets` are its parts, where it has several: `A: b, c and d`, `A and B`, `from A to B`.
    """

    text: str
    views: tuple[str, ...]
    facets: tuple[str, ...]
    vector: FloatArray
    verdict: AreaVerdict

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
    return Topic(text, _views(reader, text), _facets(reader, text), vector, _verdict(reader, text))


def without_filler(text: str) -> str:
    """A topic without what introduces it, such as "a deep dive into"."""
    return _FILLER.sub("", text).strip() or text


def _views(reader: IndexReader, text: str) -> tuple[str, ...]:
    plain = without_filler(text)
    rest = area_texts(reader).without_names(plain)
    views = [plain, rest] if rest != plain and _says_something(rest) else [plain]
    return tuple(spelled(reader, view) for view in views)


def _facets(reader: IndexReader, text: str) -> tuple[str, ...]:
    """The parts of a topic. Words around `and` are parts only where all of them name a concept: "training and serving
    models" has one subject. What stands before a colon is what they are parts of.
    """
    head, colon, tail = _FILLER.sub("", text).partition(":")
    parts = [part for part in (part.strip() for part in _BETWEEN_PARTS.split(tail or head)) if _says_something(part)]
    concepts = load_concepts(reader.settings.own_concepts)
    if len(parts) < 2 or not (colon or all(concepts.named(part) for part in parts)):
        return ()
    return tuple(spelled(reader, part) for part in parts)


def _says_something(text: str) -> bool:
    return bool(set(query_words(text)) - STOPWORDS)


def _verdict(reader: IndexReader, text: str) -> AreaVerdict:
    """The verdict for a note that says nothing but the topic."""
    note = Note(path="", sha256="", text=text, title=text)
    chunk = Chunk(heading_path=(), text=text, start_line=1, end_line=1, embedded=text, digest="")
    return classifier(reader).classify(note, [chunk], reader.encoder.encode_query(text)[np.newaxis, :])


def require_evidence(topic: Topic, relatedness: Sequence[float]) -> None:
    """Raise `EvidenceError` where too few notes bear on a topic, given the relatedness of each note's best passage."""
    bearing = sum(related >= BEARING for related in relatedness)
    far = topic.verdict.scores["outside"] >= CLEARLY_OUTSIDE and _third_best(relatedness) < CLOSE
    if far or bearing < MIN_NOTES:
        raise EvidenceError(_too_little(topic, bearing))


def _third_best(relatedness: Sequence[float]) -> float:
    """The `MIN_NOTES`th highest, 0 where there are fewer."""
    ordered = sorted(relatedness, reverse=True)
    return ordered[MIN_NOTES - 1] if len(ordered) >= MIN_NOTES else 0.0


def _too_little(topic: Topic, bearing: int) -> str:
    if topic.verdict.area == "outside":
        area = topic.verdict.nearest_area
        return f"{topic.text!r} lies outside the three areas (nearest: {area}), and the notes say too little about it"
    notes = {0: "no note bears", 1: "only one note bears"}.get(bearing, f"only {bearing} notes bear")
    return f"too little evidence for {topic.text!r}: {notes} on it; add notes, or broaden the topic"
