"""What an outline is asked about: a topic, the ways to put it, the area it lies in, and whether the notes cover it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kb.areas.judge import area_texts, classifier
from kb.cutoffs import BEARING, CLOSE
from kb.errors import EvidenceError, InputError
from kb.index.reader import IndexReader
from kb.models import AreaVerdict, Chunk, Note
from kb.search.find import spelled
from kb.search.query import STOPWORDS, query_words

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

MIN_NOTES = 3  # that bear on a topic
CLEARLY_OUTSIDE = 0.6  # the probability that a topic lies outside the areas, from which its notes must be close
OFF_AREA = 0.7  # what a note keeps of its relevance when its area is not the topic's


@dataclass(frozen=True)
class Topic:
    """A topic as the writer put it, with its vector `(dim,)` and its area.

    `views` are the texts to search for: the topic itself and, where it names an area, the topic without that name.
    """

    text: str
    views: tuple[str, ...]
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
    return Topic(text, _views(reader, text), vector, _verdict(reader, text))


def _views(reader: IndexReader, text: str) -> tuple[str, ...]:
    rest = area_texts(reader).without_names(text)
    views = [text, rest] if rest != text and set(query_words(rest)) - STOPWORDS else [text]
    return tuple(spelled(reader, view) for view in views)


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
