"""How notes name what a topic is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kb.index.reader import IndexReader
from kb.outline.topics.subjects import Subject, naming_passages
from kb.search.concepts.treatments import treatments

MIN_NAMING = 2  # passages of a note that name a concept, from which it does not mention it in passing


@dataclass(frozen=True)
class Naming:
    """How notes, by id, name a topic's subjects; those that no note names do not count.

    `shares` is the share of the subjects that a note's best passage names, `densities` the share of its passages that
    name a subject, the mean of all subjects, both 0..1. `bearing` are the notes that name the concepts among the
    subjects in `MIN_NAMING` passages or more, or what is part of one; where no notes do, those that name any subject.
    `titled` are the notes named after such a concept.
    """

    shares: Mapping[str, float]
    densities: Mapping[str, float]
    bearing: Collection[str]
    titled: Collection[str]


def naming_of(reader: IndexReader, subjects: Sequence[Subject], among: Collection[str]) -> Naming:
    """How the notes name some subjects; only those `among` the notes, by id, show which names are in use."""
    found = [(subject, passages) for subject in subjects if (passages := naming_passages(reader, subject))]
    named = [passages for _, passages in found]
    concepts = [(subject.concept, passages) for subject, passages in found if subject.concept is not None]
    in_passage = Counter(passage for passages in named for passage in passages)
    in_note = Counter(note for passages in named for note in passages.values())
    counts = Counter({passage: note for _, passages in concepts for passage, note in passages.items()}.values())
    knowing = {note for note, count in counts.items() if count >= MIN_NAMING and note in among} or {*in_note}
    titled = {note for number, _ in concepts for note in treatments(reader).of(reader, number).titled}
    shares: dict[str, float] = {}
    for passages in named:
        for passage, note in passages.items():
            shares[note] = max(shares.get(note, 0.0), in_passage[passage] / len(named))
    rows = reader.passages().rows
    densities = {note: count / len(named) / len(rows[note]) for note, count in in_note.items() if note in rows}
    return Naming(shares, densities, {*knowing, *_naming_parts(reader, subjects)}, titled)


def _naming_parts(reader: IndexReader, subjects: Sequence[Subject]) -> Iterator[str]:
    """The notes that name a part of a subject, or a part of such a part."""
    known = treatments(reader)
    asked = [subject.concept for subject in subjects if subject.concept is not None]
    parts = [part for concept in asked for part in known.concepts.parts(concept)]
    parts += [deeper for part in parts for deeper in known.concepts.parts(part)]
    for part in dict.fromkeys(parts):
        yield from known.of(reader, part).notes
