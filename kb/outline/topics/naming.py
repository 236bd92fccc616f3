"""How notes name what a topic is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kb.index.reader import IndexReader
from kb.outline.topics.subjects import Subject, naming_passages
from kb.search.concepts.treatments import treatments
from kb.search.words import idf

MIN_NAMING = 2  # passages of a note that name a concept, from which it does not mention it in passing


@dataclass(frozen=True)
class Naming:
    """How notes, by id, name a topic's subjects; those that no note names do not count, and
    others by their idf: "graph" says little in a notebook of graph networks.

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
    concepts = [(subject.concept, passages) for subject, passages in found if subject.concept is not None]
    counts = Counter({passage: note for _, passages in concepts for passage, note in passages.items()}.values())
    titled = {note for number, _ in concepts for note in treatments(reader).of(reader, number).titled}
    in_passage, in_note = _shares_named(reader, [passages for _, passages in found])
    knowing = {note for note, count in counts.items() if count >= MIN_NAMING and note in among} or {*in_note}
    shares: dict[str, float] = {}
    for _, passages in found:
        for passage, note in passages.items():
            shares[note] = max(shares.get(note, 0.0), in_passage[passage])
    rows = reader.passages().rows
    densities = {note: total / len(rows[note]) for note, total in in_note.items() if note in rows}
    return Naming(shares, densities, {*knowing, *_naming_parts(reader, subjects)}, titled)


def _shares_named(reader: IndexReader, named: Sequence[Mapping[int, str]]) -> tuple[dict[int, float], dict[str, float]]:
    """The share of the subjects that each passage names, by number, and the sum of these shares by note, given the
    passages that name each subject, with their notes.
    """
    all_passages = len(reader.passages().ids)
    weights = [idf(all_passages, len(passages)) for passages in named]
    in_passage: dict[int, float] = {}
    in_note: dict[str, float] = {}
    for passages, weight in zip(named, weights, strict=True):
        for passage, note in passages.items():
            in_passage[passage] = in_passage.get(passage, 0.0) + weight / sum(weights)
            in_note[note] = in_note.get(note, 0.0) + weight / sum(weights)
    return in_passage, in_note


def _naming_parts(reader: IndexReader, subjects: Sequence[Subject]) -> Iterator[str]:
    """The notes that name a part of a subject, or a part of such a part."""
    known = treatments(reader)
    asked = [subject.concept for subject in subjects if subject.concept is not None]
    parts = [part for concept in asked for part in known.concepts.parts(concept)]
    parts += [deeper for part in parts for deeper in known.concepts.parts(part)]
    for part in dict.fromkeys(parts):
        yield from known.of(reader, part).notes
