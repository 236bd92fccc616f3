"""The answer to a query: the best notes with their passages, how likely each is right, and why."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import cast

from kb.index.freshness import State, state_of
from kb.index.reader import IndexReader
from kb.models import ChunkRecord, FiledArea, Filter, Mode, NoteRecord, Reranker, note_of
from kb.reports import Explanation, Hit, Passage, Scores, SearchResult, TermWeight
from kb.search.calibration import GOOD, GOOD_COSINE, Likelihood, chance_of_an_answer
from kb.search.find import POOL, find
from kb.search.query import parse_query
from kb.search.ranking import (
    NEAR_WEIGHT,
    PASSAGE_WEIGHT,
    WORD_WEIGHT,
    Found,
    Ranked,
    best_first,
    group_by_note,
    penalty,
)
from kb.search.snippets import Nearest, snippet
from kb.search.words import coverage
from kb.sync.changes import recent_changes

PASSAGES = 4
NOTES_AT_ONCE = 10
RERANKED = 50  # chunks that a cross-encoder orders
SAME_SCORES = 0.05  # near-identical passages differ by less of the larger score

Group = list[tuple[Ranked, ChunkRecord]]


def search(
    reader: IndexReader, query: str, limit: int, filter: Filter, mode: Mode, explain: bool = False
) -> SearchResult:
    """The best notes for a query, at most `limit`, with the state of their files."""
    started = time.monotonic()
    found = find(reader, query, filter, mode, max(POOL, limit * 10))
    answered = _answered(found)
    if mode == "hybrid" and reader.shared.reranker:
        found = _reranked(reader, reader.shared.reranker, parse_query(query).text, found)
    answer = _Answer(reader, query, found, answered, explain)
    for note, group in _notes(reader, found):
        if len(answer.hits) == limit:
            break
        answer.take(note, group)
    return SearchResult(
        query=query,
        mode=mode,
        good_match=bool(answer.hits) and answered >= GOOD,
        hits=tuple(answer.hits),
        changed_notes=recent_changes(reader),
        missing=tuple(answer.missing),
        seconds=round(time.monotonic() - started, 3),
    )


def _answered(found: Found) -> float:
    """The probability that anything found deserves to be called a hit."""
    best = max(found.dense.values(), default=0.0)
    if found.mode == "lexical":
        return float(bool(found.lexical))
    if found.mode == "dense":
        return float(best >= GOOD_COSINE)
    return chance_of_an_answer(best, coverage(found.words, found.weights), len(found.words))


def _reranked(reader: IndexReader, reranker: Reranker, text: str, found: Found) -> Found:
    """The best chunks in the order of a cross-encoder, which reads query and passage together; no others."""
    best = found.ranked[:RERANKED]
    chunks = reader.catalog.chunks(entry.id for entry in best)
    best = [entry for entry in best if entry.id in chunks]
    scores = reranker.score(text, [chunks[entry.id].text for entry in best]) if best else []
    ranked = best_first(entry._replace(score=score) for entry, score in zip(best, scores, strict=True))
    return replace(found, ranked=ranked, reranked=True)


class _Answer:
    """The hits of one query, gathered note by note."""

    def __init__(self, reader: IndexReader, query: str, found: Found, answered: float, explained: bool) -> None:
        self.hits: list[Hit] = []
        self.missing: list[str] = []
        self._reader = reader
        self._found = found
        self._words = parse_query(query).words
        self._answered = answered
        self._explained = explained
        self._likelihood = Likelihood([group[0].score for group in group_by_note(found.ranked, 1)], answered)
        self._shown: list[tuple[Ranked, ChunkRecord, str]] = []

    def take(self, note: NoteRecord, group: Group) -> None:
        """Make a hit of a note; of its further passages those that no hit shows yet."""
        state = state_of(self._reader, note)
        if state is None:
            self.missing.append(note.path)
            return
        same = self._shown_already(*group[0])
        kept = group[:1] + [entry for entry in group[1:] if self._shown_already(*entry) is None]
        self._shown += [(*entry, f"{note.path}:{entry[1].start_line}-{entry[1].end_line}") for entry in kept]
        self.hits.append(self._hit(note, state, kept, same))

    def _shown_already(self, entry: Ranked, chunk: ChunkRecord) -> str | None:
        """The address at which a near-identical passage is shown."""
        for other, shown, address in self._shown:
            if _near(entry, other) and _say_the_same(chunk.text, shown.text):
                return address
        return None

    def _hit(self, note: NoteRecord, state: State, group: Group, same: str | None) -> Hit:
        best, chunk = group[0]
        return Hit(
            rank=len(self.hits) + 1,
            path=note.path,
            title=note.title,
            area=cast(FiledArea, note.area),  # a note that was found is filed
            kind=note.kind,
            date=note.date,
            tags=note.tags,
            state=state,
            remote=note.remote,
            heading_path=chunk.heading_path,
            start_line=chunk.start_line,
            end_line=chunk.end_line,
            snippet=snippet(chunk.text, self._words, self._nearest()),
            text=chunk.text,
            score=self._score(best),
            scores=Scores(dense=best.dense, lexical=best.lexical),
            same_as=same,
            passages=tuple(self._passage(*other) for other in group[1:]),
            explain=self._explanation(note, best) if self._explained else None,
        )

    def _passage(self, entry: Ranked, chunk: ChunkRecord) -> Passage:
        return Passage(
            heading_path=chunk.heading_path,
            start_line=chunk.start_line,
            end_line=chunk.end_line,
            text=chunk.text,
            score=self._score(entry),
        )

    def _score(self, entry: Ranked) -> float:
        """A probability; in the other modes the cosine or bm25 itself."""
        single = {"dense": entry.dense, "lexical": entry.lexical}.get(self._found.mode)
        if self._found.reranked:
            single = entry.score
        return round(self._likelihood.of(entry.score) if single is None else single, 4)

    def _nearest(self) -> Nearest | None:
        """Which of some sentences is nearest to the query by meaning."""
        vector = self._found.vector
        if vector is None:
            return None
        return lambda sentences: int((self._reader.encoder.encode(list(sentences)) @ vector).argmax())

    def _explanation(self, note: NoteRecord, best: Ranked) -> Explanation:
        found = self._found
        paths = self._reader.catalog.notes_by_id(note_of(id) for id in found.feedback)
        weights = sorted(found.weights.get(note.id, {}).items(), key=lambda entry: -entry[1])
        return Explanation(
            raw=round(best.score, 4),
            reranked=found.reranked,
            answered=round(self._answered, 4),
            standing=round(best.standing, 4),
            words=round(WORD_WEIGHT * best.shares.words, 4),
            near=round(NEAR_WEIGHT * best.shares.near, 4),
            passage=round(PASSAGE_WEIGHT * best.shares.passage, 4),
            boilerplate=-round(penalty(best.shares.copies), 4),
            terms=tuple(TermWeight(term=term, weight=round(weight, 4)) for term, weight in weights),
            agreement=found.agreement,
            feedback=tuple(paths[note_of(id)].path for id in found.feedback if found.feedback_weight),
            feedback_weight=round(found.feedback_weight, 4),
            filters=_filters(found.filter),
        )


def _near(first: Ranked, second: Ranked) -> bool:
    """Whether two passages can be near-identical, by what the query made of them: cheaper than reading them."""
    for one, other in ((first.dense, second.dense), (first.lexical, second.lexical)):
        if one is not None and other is not None and abs(one - other) > SAME_SCORES * max(abs(one), abs(other)):
            return False
    return True


def _say_the_same(first: str, second: str) -> bool:
    from kb.search.resemblance import CONTAINMENT, MIN_RUNS, resemblance, word_runs

    runs = [word_runs(text) for text in (first, second)]
    return len(runs[0]) >= MIN_RUNS and resemblance(*runs) >= CONTAINMENT


def _filters(filter: Filter) -> tuple[str, ...]:
    """What a filter asks for, a line each."""
    asked = filter.model_dump(mode="json", exclude_defaults=True)
    return tuple(
        f"{name}: {', '.join(value) if isinstance(value, (list, tuple)) else value}" for name, value in asked.items()
    )


def _notes(reader: IndexReader, found: Found) -> Iterator[tuple[NoteRecord, Group]]:
    """The candidates by note, best note first, read a few at a time; what another process removed is left out."""
    groups = group_by_note(found.ranked, PASSAGES)
    for start in range(0, len(groups), NOTES_AT_ONCE):
        some = groups[start : start + NOTES_AT_ONCE]
        notes = reader.catalog.notes_by_id(note_of(group[0].id) for group in some)
        chunks = reader.catalog.chunks(entry.id for group in some for entry in group)
        for group in some:
            note = notes.get(note_of(group[0].id))
            kept = [(entry, chunks[entry.id]) for entry in group if entry.id in chunks]
            if note and kept:
                yield note, kept
