"""Combine the evidence of meaning and words for each passage, and group passages by note. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from kb.models import Filter, Mode, digest_of, note_of
from kb.search.concepts.reading import Reading
from kb.search.words import NoteWeights, Word

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

WORD_WEIGHT = 2.8  # standard deviations of cosine that having all the words of the best note is worth
PASSAGE_WEIGHT = 0.2  # the same for the passage's own bm25: it decides which passage of a note is shown
NEAR_WEIGHT = 0.3
TITLED_WEIGHT = 0.7  # for a unit of likeness of the query and a concept of weight 1 that a note is named after
COPY_WEIGHT = 0.5  # taken from a passage for each doubling of the notes that repeat it word for word
FEW_COPIES = 2
FEEDBACK_NOTES = 3
FEEDBACK_WEIGHT = 0.3
AGREEMENT_DEPTH = 10
RRF_K = 60


class Shares(NamedTuple):
    """The lexical evidence for a chunk: the weight of its note, its own bm25, and the proximity of the words in its
    note, each as a share of the best candidate's, 0..1; `titled` is how like the query the concept is that the note
    is named after, times its weight; `copies` counts the notes that repeat the passage.
    """

    words: float = 0.0
    passage: float = 0.0
    near: float = 0.0
    titled: float = 0.0
    copies: int = 1

    @property
    def worth(self) -> float:
        """What they add to the chunk's z-score."""
        by_words = WORD_WEIGHT * self.words + PASSAGE_WEIGHT * self.passage + NEAR_WEIGHT * self.near
        return by_words + TITLED_WEIGHT * self.titled - penalty(self.copies)


class Ranked(NamedTuple):
    """A chunk with its fused score and what it is made of.

    `dense` is the cosine and `lexical` the bm25 of the chunk; `z_score` is that of the cosine among the cosines of
    ordinary passages. `relevance` is the probability that a cross-encoder gave, for the chunks that it read.
    """

    id: str
    score: float
    dense: float | None
    lexical: float | None
    z_score: float = 0.0
    shares: Shares = Shares()
    relevance: float | None = None


@dataclass(frozen=True)
class Ranking:
    """The candidates of one query, best first, and what ranked them.

    `filter` is the one they passed, `dense` and `lexical` are cosines and bm25 by chunk id, `words` the stems of the
    query and `weights` their weights by note, `vector` `(dim,)` the query. `relatedness` is that of the best cosine,
    and 0 without any. `agreement` is that of meaning and words; `feedback` names the chunks that the query was moved
    towards, by `feedback_weight`. `reading` is what concepts it asks for. `named` are the ids of the notes that the
    query names, which come first.
    """

    mode: Mode
    filter: Filter
    dense: Mapping[str, float]
    lexical: Mapping[str, float]
    ranked: Sequence[Ranked]
    words: Sequence[Word] = ()
    weights: NoteWeights = field(default_factory=dict)
    vector: FloatArray | None = None
    relatedness: float = 0.0
    agreement: float = 0.0
    feedback: tuple[str, ...] = ()
    feedback_weight: float = 0.0
    reading: Reading = field(default_factory=Reading)
    named: frozenset[str] = frozenset()


def word_shares(
    ids: Iterable[str],
    lexical: Mapping[str, float],
    words: Mapping[str, float],
    near: Mapping[str, float],
    titled: Mapping[str, float],
    copies: Mapping[str, int],
) -> dict[str, Shares]:
    """The lexical evidence for each candidate; `lexical` and `copies` are by chunk, the others by note."""
    notes = {id: note_of(id) for id in ids}
    found = set(notes.values())
    best_words, best_near = (max((side.get(note, 0.0) for note in found), default=0.0) for side in (words, near))
    best_passage = max(lexical.values(), default=0.0)
    of_notes = {
        note: Shares(
            words=_share(words.get(note, 0.0), best_words),
            near=_share(near.get(note, 0.0), best_near),
            titled=titled.get(note, 0.0),
        )
        for note in found
    }
    shares: dict[str, Shares] = {}
    for id, note in notes.items():
        own = of_notes[note]
        passage = _share(lexical.get(id, 0.0), best_passage)
        shares[id] = Shares(own.words, passage, own.near, own.titled, copies.get(id, 1))
    return shares


def repeated(ids: Iterable[str]) -> list[list[str]]:
    """Groups of chunks with the same text, in more than `FEW_COPIES` notes."""
    groups: dict[str, list[str]] = {}
    for id in ids:
        groups.setdefault(digest_of(id), []).append(id)
    copied = (group for group in groups.values() if len(group) > FEW_COPIES)
    return [group for group in copied if len({note_of(id) for id in group}) > FEW_COPIES]


def fuse(
    z_scores: Mapping[str, float],
    shares: Mapping[str, Shares],
    dense: Mapping[str, float],
    lexical: Mapping[str, float],
) -> list[Ranked]:
    """Chunks by the sum of their evidence from meaning and words, best first.

    A cosine counts by its z-score among ordinary passages, not by its share of the best cosine: where meaning hardly
    separates passages, words decide, and where one passage stands out, meaning does. The two sides are thereby weighed
    for each query, without a parameter to set.
    """
    return best_first(
        Ranked(id, z_score + shares[id].worth, dense.get(id), lexical.get(id), z_score, shares[id])
        for id, z_score in z_scores.items()
    )


def named_first(ranked: Sequence[Ranked], notes: Collection[str]) -> list[Ranked]:
    """The chunks of some notes before all others, otherwise in the same order."""
    return sorted(ranked, key=lambda entry: note_of(entry.id) not in notes)


def penalty(copies: int) -> float:
    """What is taken from a passage that many notes repeat word for word, as boilerplate is."""
    return COPY_WEIGHT * math.log2(copies) if copies > FEW_COPIES else 0.0


def best_first(ranked: Iterable[Ranked]) -> list[Ranked]:
    """In descending order of scores; ties by id."""
    return sorted(sorted(ranked, key=attrgetter("id")), key=attrgetter("score"), reverse=True)


def _share(value: float, best: float) -> float:
    return value / best if best > 0 else 0.0


def feedback_weight(agreement: float) -> float:
    """How far a query moves towards the best notes: the more meaning and words already agree, the less."""
    return FEEDBACK_WEIGHT * (1 - agreement) ** 2


def agreement(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """The share of notes that two scorings have in common among their ten best."""
    best = [set(nsmallest(AGREEMENT_DEPTH, side, key=lambda note: (-side[note], note))) for side in (first, second)]
    return len(best[0] & best[1]) / AGREEMENT_DEPTH


def best_of_notes(scores: Mapping[str, float]) -> dict[str, float]:
    """The best score of each note's chunks, by note."""
    best: dict[str, float] = {}
    for id, score in scores.items():
        note = note_of(id)
        best[note] = max(score, best.get(note, score))
    return best


def reciprocal_ranks(*lists: Mapping[str, float]) -> dict[str, float]:
    """Reciprocal rank fusion of scored lists, k = 60 (Cormack et al. 2009): the usual method, as a baseline."""
    scores: dict[str, float] = {}
    for entries in lists:
        for rank, id in enumerate(sorted(entries, key=lambda chunk: -entries[chunk]), 1):
            scores[id] = scores.get(id, 0.0) + 1 / (RRF_K + rank)
    return scores


def weighted_sum(dense: Mapping[str, float], lexical: Mapping[str, float], dense_weight: float) -> dict[str, float]:
    """The weighted sum of both scores, each divided by its best: the better of the usual methods, as a baseline."""
    best_dense, best_lexical = (max(side.values(), default=0.0) for side in (dense, lexical))
    return {
        id: dense_weight * _share(dense.get(id, 0.0), best_dense)
        + (1 - dense_weight) * _share(lexical.get(id, 0.0), best_lexical)
        for id in {**dense, **lexical}
    }


def group_by_note(ranked: Sequence[Ranked], passages: int) -> list[list[Ranked]]:
    """The best `passages` chunks of each note, best first; notes in the order of their best chunk."""
    groups: dict[str, list[Ranked]] = {}
    for entry in ranked:
        group = groups.setdefault(note_of(entry.id), [])
        if len(group) < passages:
            group.append(entry)
    return list(groups.values())
