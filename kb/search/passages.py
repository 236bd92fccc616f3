"""The notes that are shown for a query, with their passages and the states of their files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from kb.index.freshness import State, file_state, state_of
from kb.index.reader import IndexReader
from kb.models import FileState, NoteRecord, note_of
from kb.notes.naming import address_of
from kb.search.ranking import Ranked
from kb.search.similar.resemblance import CONTAINMENT, MIN_RUNS, resemblance, word_runs
from kb.search.telling import KEPT_TEXTS, RankedPassage, told_first

NOTES_AT_ONCE = 10
SAME_SCORES = 0.05  # the scores of near-identical passages differ by less than this share of the larger one


class NotePassages(NamedTuple):
    """A note that was found, the state of its file, and its passages, best first. `same_as` is the address at which
    another hit shows the same as the first of them.
    """

    note: NoteRecord
    state: State
    passages: Sequence[RankedPassage]
    same_as: str | None


def shown_notes(
    reader: IndexReader, groups: Sequence[Sequence[Ranked]], limit: int, words: Sequence[str] | None
) -> tuple[list[NotePassages], tuple[str, ...], dict[str, FileState | None]]:
    """The first notes of ranked groups, at most `limit`; the paths of those before them whose files are gone; and the
    states of the files of both by path.

    The passages of a note are ordered by what they tell of a query's `words`; if these are None, they stay in order.
    """
    shown: list[NotePassages] = []
    missing: list[str] = []
    looked_at: dict[str, FileState | None] = {}
    seen = _SeenPassages()
    for note, passages in _notes(reader, groups):
        looked_at[note.path] = file_state(reader, note)  # before its content is compared, which may change meanwhile
        state = state_of(reader, note)
        if state is None:
            missing.append(note.path)
            continue
        same, fresh = seen.add(note.path, passages if words is None else told_first(passages, words))
        shown.append(NotePassages(note, state, fresh, same))
        if len(shown) == limit:
            break
    return shown, tuple(missing), looked_at


def _notes(reader: IndexReader, groups: Sequence[Sequence[Ranked]]) -> Iterator[tuple[NoteRecord, list[RankedPassage]]]:
    """The notes of groups with their passages, read a few at a time."""
    for start in range(0, len(groups), NOTES_AT_ONCE):
        some = groups[start : start + NOTES_AT_ONCE]
        notes = reader.catalog.notes_by_id(note_of(group[0].id) for group in some)
        chunks = reader.catalog.chunks(entry.id for group in some for entry in group)
        for group in some:
            yield notes[note_of(group[0].id)], [RankedPassage(entry, chunks[entry.id]) for entry in group]


class _SeenPassages:
    """The passages shown so far; near-identical ones are not shown again."""

    def __init__(self) -> None:
        self._seen: list[tuple[RankedPassage, str]] = []

    def add(self, path: str, passages: Sequence[RankedPassage]) -> tuple[str | None, list[RankedPassage]]:
        """The address at which the first passage of a note is shown already, if it is; and the passages to show: the
        first in any case, and those of the others that are new.
        """
        same = [self._address_of(passage) for passage in passages]
        fresh = [number for number in range(len(passages)) if number == 0 or same[number] is None]
        for number in fresh:
            chunk = passages[number].chunk
            self._seen.append((passages[number], address_of(path, chunk.start_line, chunk.end_line)))
        return same[0], [passages[number] for number in fresh]

    def _address_of(self, passage: RankedPassage) -> str | None:
        """The address at which a near-identical passage is shown."""
        for other, address in self._seen:
            if _score_alike(passage.ranked, other.ranked):
                runs = _runs_of(passage.chunk.text)
                if len(runs) < MIN_RUNS:
                    return None
                if resemblance(runs, _runs_of(other.chunk.text)) >= CONTAINMENT:
                    return address
        return None


_runs_of = lru_cache(maxsize=KEPT_TEXTS)(word_runs)


def _score_alike(first: Ranked, second: Ranked) -> bool:
    """Whether the scores of two passages are as similar as those of near-identical ones: cheaper than reading them."""
    for one, other in ((first.dense, second.dense), (first.lexical, second.lexical)):
        if one is not None and other is not None and abs(one - other) > SAME_SCORES * max(abs(one), abs(other)):
            return False
    return True
