"""Whether the notes cover a topic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from kb.cutoffs import BEARING, CLOSE
from kb.errors import EvidenceError
from kb.index.reader import IndexReader
from kb.outline.topics.subjects import Subject, naming_passages, without_filler
from kb.outline.topics.topic import Topic
from kb.search.concepts.treatments import treatments
from kb.search.query import match_expression

MIN_NOTES = 2  # that bear on a topic
MENTIONS = 3  # notes that name a topic somewhere in their text, from which it is not named in passing
CLEARLY_OUTSIDE = 0.6  # the probability that a topic lies outside the areas, from which its notes must be close


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
    named = Counter(note for subject in subjects for note in {*naming_passages(reader, subject).values()})
    return {note for note, count in named.items() if 2 * count > len(subjects)}


def bears(topic: Topic, relatedness: Sequence[float]) -> bool:
    """Whether enough notes bear on a topic, given the relatedness of each note's best passage. Of a topic that the
    encoder cannot read, relatedness says nothing.
    """
    if not topic.is_read:
        return False
    bearing = sum(related >= BEARING for related in relatedness)
    only_concepts = bool(topic.subjects) and all(subject.concept is not None for subject in topic.subjects)
    outside = not only_concepts and not topic.is_described and topic.verdict.scores["outside"] >= CLEARLY_OUTSIDE
    return bearing >= MIN_NOTES and not (outside and _third_best(relatedness) < CLOSE)


def require_evidence(topic: Topic, relatedness: Sequence[float], naming: Collection[str]) -> None:
    """Raise `EvidenceError` where too few notes bear on a topic, given the relatedness of each note's best passage, and
    none is `naming` it.
    """
    if not topic.is_read and len(naming) < MIN_NOTES:
        having = "only one note has" if naming else "no note has"
        raise EvidenceError(
            f"{topic.text!r} is in a script that the model does not read, and {having} its words; see `kb model list`"
        )
    if not naming and not bears(topic, relatedness):
        raise EvidenceError(_too_little(topic, sum(related >= BEARING for related in relatedness)))


def require_subjects(topic: Topic, unknown: Sequence[Subject]) -> None:
    """Raise `EvidenceError` where the notes that an outline cites know none of what its topic is about, whatever they
    know of its parts.
    """
    if topic.head and {*topic.head} <= {*unknown}:
        names = " or ".join(repr(subject.name) for subject in topic.head)
        raise EvidenceError(f"none of the notes nearest to {topic.text!r} mentions {names}; add notes that do")


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
