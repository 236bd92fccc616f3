"""Put what meaning and words say of each passage together, and group passages by note. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from kb.models import Filter, Mode, digest_of, note_of
from kb.search.words import NoteWeights, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WORD_WEIGHT = 2.8  # standard deviations of cosine that having all the words of the best note is worth
PASSAGE_WEIGHT = 0.2  # the same for the passage's own bm25: which passage of a note to show
NEAR_WEIGHT = 0.3
COPY_WEIGHT = 0.5  # taken from a passage for each doubling of the notes that have it word for word
FEW_COPIES = 2
FEEDBACK_NOTES = 3
FEEDBACK_WEIGHT = 0.3
AGREEMENT_DEPTH = 10
RRF_K = 60


class Shares(NamedTuple):
    """What the words say of a chunk: the weight of its note, its own bm25, and the nearness of words in its note, each
    as a share of the best candidate's, 0..1; `copies` counts the notes of which the passage is a part.
    """

    words: float = 0.0
    passage: float = 0.0
    near: float = 0.0
    copies: int = 1

    @property
    def worth(self) -> float:
        """What they add to the chunk's standing."""
        return WORD_WEIGHT * self.words + PASSAGE_WEIGHT * self.passage + NEAR_WEIGHT * self.near - penalty(self.copies)


class Ranked(NamedTuple):
    """A chunk with its fused score and what made it.

    `dense` is a cosine, `lexical` the chunk's bm25. `standing` says how many standard deviations the cosine lies above
    those of ordinary passages.
    """

    id: str
    score: float
    dense: float | None
    lexical: float | None
    standing: float = 0.0
    shares: Shares = Shares()


@dataclass(frozen=True)
class Found:
    """The candidates of one query, with the filter they passed: cosines and bm25 by chunk, the fused order, the query's
    words and their weights by note, its vector `(dim,)`, how far both sides agree, the chunks that the query moved
    towards, with how far, and whether a cross-encoder made the order.
    """

    mode: Mode
    filter: Filter
    dense: Mapping[str, float]
    lexical: Mapping[str, float]
    ranked: Sequence[Ranked]
    words: Sequence[Word] = ()
    weights: NoteWeights = field(default_factory=dict)
    vector: NDArray[np.float32] | None = None
    agreement: float = 0.0
    feedback: tuple[str, ...] = ()
    feedback_weight: float = 0.0
    reranked: bool = False


def word_shares(
    ids: Iterable[str],
    lexical: Mapping[str, float],
    words: Mapping[str, float],
    near: Mapping[str, float],
    copies: Mapping[str, int],
) -> dict[str, Shares]:
    """What the words say of each candidate; `lexical` and `copies` are by chunk, `words` and `near` by note."""
    notes = {id: note_of(id) for id in ids}
    found = set(notes.values())
    best_words, best_near = (max((side.get(note, 0.0) for note in found), default=0.0) for side in (words, near))
    best_passage = max(lexical.values(), default=0.0)
    return {
        id: Shares(
            _share(words.get(note, 0.0), best_words),
            _share(lexical.get(id, 0.0), best_passage),
            _share(near.get(note, 0.0), best_near),
            copies.get(id, 1),
        )
        for id, note in notes.items()
    }


def repeated(ids: Iterable[str]) -> list[list[str]]:
    """Groups of chunks that say the same word for word, in more notes than a few."""
    groups: dict[str, list[str]] = {}
    for id in ids:
        groups.setdefault(digest_of(id), []).append(id)
    return [group for group in groups.values() if len({note_of(id) for id in group}) > FEW_COPIES]


def fuse(
    standing: Mapping[str, float],
    shares: Mapping[str, Shares],
    dense: Mapping[str, float],
    lexical: Mapping[str, float],
) -> list[Ranked]:
    """Chunks by the sum of what meaning and words say of them, best first.

    A cosine counts by how far it stands out among ordinary passages, not by its share of the best: where meaning
    separates little, words decide, and where one passage stands out, meaning does. That is a weight for each query that
    nobody has to choose.
    """
    return best_first(
        Ranked(id, above + shares[id].worth, dense.get(id), lexical.get(id), above, shares[id])
        for id, above in standing.items()
    )


def penalty(copies: int) -> float:
    """What a passage loses that many notes repeat word for word, as boilerplate does."""
    return COPY_WEIGHT * math.log2(copies) if copies > FEW_COPIES else 0.0


def best_first(ranked: Iterable[Ranked]) -> list[Ranked]:
    """In the order of their scores."""
    return sorted(ranked, key=lambda entry: (-entry.score, entry.id))


def _share(value: float, best: float) -> float:
    return value / best if best > 0 else 0.0


def feedback_weight(agreement: float) -> float:
    """How far a query moves towards the best notes: the less, the more meaning and words agree on them already."""
    return FEEDBACK_WEIGHT * (1 - agreement) ** 2


def agreement(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """The share of notes that two scorings have in common among their best ten."""
    best = [set(sorted(side, key=lambda note: (-side[note], note))[:AGREEMENT_DEPTH]) for side in (first, second)]
    return len(best[0] & best[1]) / AGREEMENT_DEPTH


def best_of_notes(scores: Mapping[str, float]) -> dict[str, float]:
    """The best score of each note's chunks, by note."""
    best: dict[str, float] = {}
    for id, score in scores.items():
        note = note_of(id)
        best[note] = max(score, best.get(note, score))
    return best


def reciprocal_ranks(*lists: Mapping[str, float]) -> dict[str, float]:
    """Reciprocal rank fusion of scored lists, k = 60 (Cormack et al. 2009): what others do, to be measured against."""
    scores: dict[str, float] = {}
    for entries in lists:
        for rank, id in enumerate(sorted(entries, key=lambda chunk: -entries[chunk]), 1):
            scores[id] = scores.get(id, 0.0) + 1 / (RRF_K + rank)
    return scores


def weighted_sum(dense: Mapping[str, float], lexical: Mapping[str, float], dense_weight: float) -> dict[str, float]:
    """The sum of both scores, each divided by its best: the better of the usual recipes, to be measured against."""
    best_dense, best_lexical = (max(side.values(), default=0.0) for side in (dense, lexical))
    return {
        id: dense_weight * _share(dense.get(id, 0.0), best_dense)
        + (1 - dense_weight) * _share(lexical.get(id, 0.0), best_lexical)
        for id in {**dense, **lexical}
    }


def group_by_note(ranked: Sequence[Ranked], passages: int) -> list[list[Ranked]]:
    """The chunks of each note, best first and at most `passages` of them; notes in the order of their best one."""
    groups: dict[str, list[Ranked]] = {}
    for entry in ranked:
        group = groups.setdefault(note_of(entry.id), [])
        if len(group) < passages:
            group.append(entry)
    return list(groups.values())
