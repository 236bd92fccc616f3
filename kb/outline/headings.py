"""Names for clusters of passages, taken from the notes' own titles and headings. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import inf
from typing import TYPE_CHECKING

from kb.areas.concepts import Concepts
from kb.cutoffs import (
    BARE_HANDICAP,
    COMMON_HANDICAP,
    PARTIAL_HANDICAP,
    SAME_HEADING,
    SHORT_HANDICAP,
    SPEAKS_FOR,
    TAIL_HANDICAP,
    UNSAID_HANDICAP,
)
from kb.models import ChunkRecord, Encoder, NoteRecord
from kb.outline.naming.casing import Spellings, sentence_case, usual_spellings
from kb.outline.naming.forms import is_generic, tidy
from kb.outline.naming.shared import shared_names
from kb.outline.naming.titles import MAX_HEADING_WORDS, shortened, subject
from kb.outline.points import Excerpt
from kb.scale import Scale

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

TOPIC_WEIGHT = 0.3  # of the topic in what a heading should be near to; the rest is the cluster's centre
MAX_PAIRED_WORDS = 3
TEMPLATE, QUESTION_ASKED = 3, 2  # notes that have a heading, or a question as one, for it to be that of a template
SUBJECTS_PAIRED = 3  # notes of a cluster whose subjects are tried in pairs

_Rank = tuple[bool, bool, float]  # of a name for a cluster, the lower the better

_ASKS = re.compile(
    r"[?？]|^(?:what|why|how|when|who|which|where|is|are|does|do|did|can)\b|什么|为啥|为何|如何|怎[么样]|哪|吗|何|なぜ|どう|무엇|왜|어떻게"
)
_JOINED = re.compile(r"\band\b|[,&]", re.IGNORECASE)


def headings(
    clusters: Sequence[Sequence[int]],
    excerpts: Sequence[Excerpt],
    vectors: FloatArray,
    topic_vector: FloatArray,
    encoder: Encoder,
    concepts: Concepts,
    topic: str = "",
    quoted: Sequence[Sequence[ChunkRecord]] = (),
) -> list[str]:
    """A name for each cluster of excerpts, in sentence case: the candidate nearest to its centre that is unlike the
    names before it, or an empty string.

    Candidates are the titles and headings of its notes, headings with their note's subject, pairs of short subjects,
    and what several of its notes share. `quoted` are the passages of each cluster's points, one a point.
    """
    points = quoted or [[excerpts[index].chunk for index in cluster] for cluster in clusters]
    members = [
        _Cluster([excerpts[index] for index in cluster], own) for cluster, own in zip(clusters, points, strict=True)
    ]
    shared = shared_names(excerpts, concepts, topic)
    common = _common_headings(excerpts)
    candidates = [_candidates(cluster, concepts, shared, common) for cluster in members]
    if not any(candidates):
        titles = [cluster.excerpts[0].note.title for cluster in members]
        candidates = [{shortened(title) or title: 0.0} for title in titles]
    names = list(dict.fromkeys(name for handicaps in candidates for name in handicaps))
    if not names:
        return []
    encoded = dict(zip(names, encoder.encode(names), strict=True))
    ranks = []
    for cluster, handicaps in zip(clusters, candidates, strict=True):
        aim = vectors[cluster].mean(axis=0) + TOPIC_WEIGHT * topic_vector
        related = {name: encoder.scale.relatedness(float(encoded[name] @ aim)) for name in handicaps}
        ranks.append({name: _rank(related[name], handicap) for name, handicap in handicaps.items()})
    chosen = _exchanged(_unlike(ranks, encoded, encoder.scale), ranks)
    spellings = Spellings(entry.chunk.text for entry in excerpts)
    return [sentence_case(name, spellings, usual_spellings(concepts)) for name in chosen]


def _unlike(ranks: Sequence[Mapping[str, _Rank]], encoded: Mapping[str, FloatArray], scale: Scale) -> list[str]:
    """For each cluster its best name that is unlike those before it, or an empty string."""
    taken: list[str] = []
    for own in ranks:
        others = list(filter(None, taken))
        names = sorted(own, key=own.__getitem__)
        new = (name for name in names if _is_unlike(name, others, encoded, scale) and not is_part(name, others))
        taken.append(next(new, ""))
    return taken


def _exchanged(names: Sequence[str], ranks: Sequence[Mapping[str, _Rank]]) -> list[str]:
    """The names of clusters, of which two are exchanged where that suits the two clusters better, taken together: a
    note's title may be nearest to its first cluster, and say of its second more than any other name.
    """
    exchanged = list(names)
    for first, second in combinations(range(len(exchanged)), 2):
        one, two = exchanged[first], exchanged[second]
        if two in ranks[first] and one in ranks[second]:
            now, other = (ranks[first][one], ranks[second][two]), (ranks[first][two], ranks[second][one])
            if tuple(map(sum, zip(*other, strict=True))) < tuple(map(sum, zip(*now, strict=True))):
                exchanged[first], exchanged[second] = two, one
    return exchanged


def _rank(related: float, handicap: float) -> _Rank:
    """What a name is sorted by: one that says little of its section comes after others, a template's after all."""
    return handicap >= COMMON_HANDICAP, related < SPEAKS_FOR, handicap - related


def is_part(name: str, others: Sequence[str]) -> bool:
    """Whether a name is part of another, or another of it. A part of the other's subject is not: `RLHF: reward model`
    may stand beside `RLHF`; and of one word only the first is: `Training` may stand beside `Batch training`.
    """
    return any((_holds(name, other) or _holds(other, name)) and not name.startswith(f"{other}: ") for other in others)


def _holds(name: str, part: str) -> bool:
    folded, words = f"{name.casefold()} ", f"{part.casefold()} "
    return folded.startswith(words) or (len(part.split()) > 1 and f" {words}" in folded)


def _is_unlike(name: str, others: Sequence[str], encoded: Mapping[str, FloatArray], scale: Scale) -> bool:
    """Whether a name is not near to others. Parts of one subject, such as `LoRA: limits` and `LoRA: low-rank updates`,
    are near for the sake of that, and still different.
    """
    subject, _, tail = name.partition(": ")
    apart = [other for other in others if not tail or other.partition(": ")[0] != subject]
    return all(scale.sameness(float(encoded[name] @ encoded[other])) < SAME_HEADING for other in apart)


@dataclass(frozen=True)
class _Cluster:
    """The excerpts of a section to be named, and the passages of its points, one a point."""

    excerpts: Sequence[Excerpt]
    quoted: Sequence[ChunkRecord]

    @cached_property
    def notes(self) -> dict[str, NoteRecord]:
        """The notes of the excerpts, by id."""
        return {entry.note.id: entry.note for entry in self.excerpts}

    @cached_property
    def counts(self) -> Counter[str]:
        """The number of excerpts of each note."""
        return Counter(entry.note.id for entry in self.excerpts)

    def says(self, id: str, name: str) -> bool:
        """Whether an excerpt of a note has a name in its text."""
        texts = (entry.chunk.text for entry in self.excerpts if entry.note.id == id)
        return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) for text in texts)

    def share_below(self, heading: str) -> float:
        """The share of the points that stand below a heading."""
        below = sum(heading in chunk.heading_path for chunk in self.quoted)
        return below / max(len(self.quoted), 1)

    def handicap(self, *ids: str) -> float:
        """That of a name that covers only some of the notes."""
        below = sum(chunk.note_id in ids for chunk in self.quoted)
        return PARTIAL_HANDICAP * (1 - below / max(len(self.quoted), 1))


def _common_headings(excerpts: Sequence[Excerpt]) -> set[str]:
    """The headings that so many notes have that they are those of a template, or a question that is asked of each."""
    notes: dict[str, set[str]] = {}
    for entry in excerpts:
        for name in entry.chunk.heading_path:
            notes.setdefault(tidy(name).casefold(), set()).add(entry.note.id)
    return {
        name for name, having in notes.items() if len(having) >= (QUESTION_ASKED if _ASKS.search(name) else TEMPLATE)
    }


def _candidates(
    cluster: _Cluster,
    concepts: Concepts,
    shared: Mapping[str, Collection[str]],
    common: Collection[str] = (),
) -> dict[str, float]:
    """The names that a cluster could have, each with its handicap, the lowest if there are several; none where its
    notes' titles and headings say nothing. `shared` has the notes, of any cluster, that share each name, and `common`
    are headings of a template.
    """
    candidates: dict[str, float] = {}
    for name, handicap in (
        *_titles(cluster),
        *_section_headings(cluster, common),
        *_pairs(cluster, concepts),
        *_shared(cluster, shared),
    ):
        words = len(name.split())
        if 0 < words <= MAX_HEADING_WORDS and not is_generic(name):
            whole = handicap + (SHORT_HANDICAP if words == 1 else 0.0)
            candidates[name] = min(candidates.get(name, inf), whole if whole >= COMMON_HANDICAP else min(whole, 1.0))
    return candidates


def _titles(cluster: _Cluster) -> Iterator[tuple[str, float]]:
    """The title of each note, in full and reduced to its subject."""
    for id, note in cluster.notes.items():
        yield shortened(note.title), cluster.handicap(id)
        yield subject(note.title), cluster.handicap(id)


def _section_headings(cluster: _Cluster, common: Collection[str]) -> Iterator[tuple[str, float]]:
    """The headings above the excerpts, alone and after their note's subject; those that are `common` only so, where
    nothing better is left.
    """
    for entry in cluster.excerpts:
        own = subject(entry.note.title)
        for heading in entry.chunk.heading_path:
            name, share = tidy(heading), cluster.share_below(heading)
            unsaid = UNSAID_HANDICAP * (1 - share) if share else COMMON_HANDICAP
            if name.casefold() == tidy(entry.note.title).casefold() or is_generic(name):
                continue
            is_common = name.casefold() in common
            if not is_common:
                yield shortened(name), BARE_HANDICAP + unsaid
            if not shared_words(own, name):
                tail = COMMON_HANDICAP if is_common else TAIL_HANDICAP
                yield f"{own}: {name}", cluster.handicap(entry.note.id) + tail + unsaid


def _pairs(cluster: _Cluster, concepts: Concepts) -> Iterator[tuple[str, float]]:
    """The subjects of two of the notes with the most excerpts, where they belong together: both are concepts, or have a
    word in common, or one note names the other's.
    """
    subjects = {id: subject(cluster.notes[id].title) for id, _ in cluster.counts.most_common(SUBJECTS_PAIRED)}
    plain = [id for id, name in subjects.items() if _is_short(name)]
    for first, second in combinations(plain, 2):
        names = subjects[first], subjects[second]
        said = cluster.says(first, names[1]) or cluster.says(second, names[0])
        if said or shared_words(*names) or all(map(concepts.named, names)):
            yield " and ".join(names), cluster.handicap(first, second)


def _is_short(name: str) -> bool:
    """Whether a subject can be one of two in a heading."""
    return len(name.split()) <= MAX_PAIRED_WORDS and not _JOINED.search(name) and not is_generic(name)


def _shared(cluster: _Cluster, shared: Mapping[str, Collection[str]]) -> Iterator[tuple[str, float]]:
    """The names that several of the notes share, where most of the notes that do are of the cluster, or most of the
    cluster's notes do.
    """
    for name, ids in shared.items():
        own = [id for id in cluster.notes if id in ids]
        if len(own) > 1 and 2 * len(own) >= min(len(ids), len(cluster.notes) + 1):
            yield name, cluster.handicap(*own)


def shared_words(first: str, second: str) -> bool:
    """Whether two names have a word of at least four letters in common."""
    return bool(_long_words(first) & _long_words(second))


def _long_words(name: str) -> set[str]:
    return {word.casefold() for word in re.findall(r"\w{4,}", name)}
