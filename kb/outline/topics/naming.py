"""How notes name what a topic is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from kb.index.reader import IndexReader
from kb.outline.topics.subjects import Subject, naming_passages
from kb.search.concepts.treatments import treatments
from kb.search.words import idf

NAMED_SHARE = 0.5  # of a topic's words; a passage that has more of them is on a topic that names no concept
MIN_NAMING = 2  # passages of a note that name a concept, from which it does not mention it in passing


@dataclass(frozen=True)
class Naming:
    """How notes, by id, name a topic's subjects; those that no note names do not count, and
    others by their idf: "graph" says little in a notebook of graph networks.

    `shares` is the share of the subjects that a note's best passage names, `densities` the share of its passages that
    name a subject, the mean of all subjects, both 0..1. `bearing` are the notes that name the concepts among the
    subjects in `MIN_NAMING` passages or more, or what is part of one, and `mentioning` those that do so in any passage;
    `titled` are the notes named after such a concept. Of a topic of several names, after each of which notes are named,
    only those notes and others that name several in a passage are bearing or mentioning.
    """

    shares: Mapping[str, float]
    densities: Mapping[str, float]
    bearing: Collection[str]
    mentioning: Collection[str]
    titled: Collection[str]


def naming_of(
    reader: IndexReader, subjects: Sequence[Subject], among: Collection[str], described: Sequence[int] = ()
) -> Naming:
    """How the notes name some subjects, and concepts that a topic describes; only those `among` the notes, by id, show
    which names are in use.
    """
    found = [passages for subject in subjects if (passages := naming_passages(reader, subject))]
    named = [subject.concept for subject in subjects if subject.concept is not None]
    concepts = dict.fromkeys((*named, *described))
    titled = {note for number in concepts for note in treatments(reader).of(reader, number).titled}
    in_passage, in_note = _shares_named(reader, found)
    on_topic = _passages_on(reader, concepts)
    if described and not named:
        on_topic |= {
            passage: note
            for passages in found
            for passage, note in passages.items()
            if in_passage[passage] > NAMED_SHARE
        }
    counts = Counter(on_topic.values())
    bearing = {note for note, count in counts.items() if count >= MIN_NAMING and note in among}
    mentioning = {*counts}
    if 1 < len(named) == len(subjects) and (after := _named_after(reader, named)):
        titled = after & titled
        bearing &= titled | _naming_several(reader, named)
        mentioning = bearing
    shares: dict[str, float] = {}
    for passages in found:
        for passage, note in passages.items():
            shares[note] = max(shares.get(note, 0.0), in_passage[passage])
    rows = reader.passages().rows
    densities = {note: total / len(rows[note]) for note, total in in_note.items() if note in rows}
    return Naming(shares, densities, bearing, mentioning, titled)


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


def _named_after(reader: IndexReader, concepts: Sequence[int]) -> set[str]:
    """The notes that are named after some concepts, none where no note is named after one of these. A title that only
    mentions one after a colon, or in another's name, is not meant: "GraphSAINT: ... a complete GCN", "Cluster-GCN".
    """
    known = treatments(reader)
    notes = reader.catalog.notes_by_id({note for number in concepts for note in known.of(reader, number).titled})
    heads = {id: {*known.concepts.named(note.title.partition(":")[0])} for id, note in notes.items()}
    after = [{id for id in known.of(reader, number).titled if number in heads[id]} for number in concepts]
    return set().union(*after) if all(after) else set()


def _naming_several(reader: IndexReader, concepts: Collection[int]) -> set[str]:
    """The notes of which a passage names more than one of some concepts; that of the title is no passage's own."""
    found = [_passages_on(reader, [number], titles=False) for number in concepts]
    counts = Counter(passage for passages in found for passage in passages)
    return {note for passages in found for passage, note in passages.items() if counts[passage] > 1}


def _passages_on(reader: IndexReader, concepts: Collection[int], titles: bool = True) -> dict[int, str]:
    """The passages, by number with their notes, that name some concepts, what is part of one, or a part of such a
    part; without `titles`, not only in the title of their note.
    """
    known = treatments(reader)
    passages: dict[int, str] = {}
    for number in {*concepts} | known.concepts.within(concepts):
        passages |= naming_passages(reader, Subject(known.concepts.all[number].name, number), titles)
    return passages
