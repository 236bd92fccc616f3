"""The answer to a query: the best notes with their passages, how likely each is right, and why."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import cast

from kb.ingest import notebook
from kb.library.finding import POOL, find
from kb.library.looking import is_changed, recent_changes
from kb.library.workspace import Workspace
from kb.models import ChunkRecord, FiledArea, Filter, Mode, NoteRecord, Reranker, note_of
from kb.reports import Explanation, Hit, Passage, Repeat, Scores, SearchResult, TermWeight
from kb.search.calibration import GOOD, GOOD_COSINE, Likelihood, chance_of_an_answer
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
from kb.search.snippets import Nearest, same_words, snippet
from kb.search.words import coverage

PASSAGES = 4
NOTES_AT_ONCE = 10
RERANKED = 50  # chunks that a cross-encoder orders
SAME_COSINES = 0.03  # the cosines of near-identical passages with one query differ by less

Group = list[tuple[Ranked, ChunkRecord]]


def search(
    workspace: Workspace, query: str, limit: int, filter: Filter, mode: Mode, explain: bool = False
) -> SearchResult:
    """The best notes for a query, at most `limit`, with the state of their files."""
    started = time.monotonic()
    found = find(workspace, query, filter, mode, max(POOL, limit * 10))
    answered = _answered(found)
    if mode == "hybrid" and workspace.reranker:
        found = _reranked(workspace, workspace.reranker, parse_query(query).text, found)
    answer = _Answer(workspace, query, found, answered, explain)
    for note, group in _notes(workspace, found):
        if len(answer.hits) == limit:
            break
        answer.take(note, group)
    return SearchResult(
        query=query,
        mode=mode,
        good_match=bool(answer.hits) and answered >= GOOD,
        hits=tuple(answer.hits),
        changed_notes=recent_changes(workspace),
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


def _reranked(workspace: Workspace, reranker: Reranker, text: str, found: Found) -> Found:
    """The best chunks in the order of a cross-encoder, which reads query and passage together; no others."""
    best = found.ranked[:RERANKED]
    chunks = workspace.catalog.chunks(entry.id for entry in best)
    best = [entry for entry in best if entry.id in chunks]
    scores = reranker.score(text, [chunks[entry.id].text for entry in best]) if best else []
    ranked = best_first(entry._replace(score=score) for entry, score in zip(best, scores, strict=True))
    return replace(found, ranked=ranked, reranked=True)


class _Answer:
    """The hits of one query, gathered note by note."""

    def __init__(self, workspace: Workspace, query: str, found: Found, answered: float, explained: bool) -> None:
        self.hits: list[Hit] = []
        self.missing: list[str] = []
        self._workspace = workspace
        self._found = found
        self._words = parse_query(query).words
        self._answered = answered
        self._explained = explained
        self._likelihood = Likelihood([group[0].score for group in group_by_note(found.ranked, 1)], answered)
        self._shown: list[tuple[Ranked, ChunkRecord, int]] = []

    def take(self, note: NoteRecord, group: Group) -> None:
        """Make a hit of a note, or add its address to the one that says the same."""
        state = notebook.state_of(self._workspace.root, note.path)
        if state is None:
            self.missing.append(note.path)
            return
        before = self._hit_that_says(*group[0])
        if before is not None:
            said = self.hits[before]
            repeat = Repeat(path=note.path, start_line=group[0][1].start_line, end_line=group[0][1].end_line)
            self.hits[before] = said.model_copy(update={"repeats": (*said.repeats, repeat)})
            return
        kept: Group = []
        for entry, chunk in group:
            if self._hit_that_says(entry, chunk) is None:
                kept.append((entry, chunk))
                self._shown.append((entry, chunk, len(self.hits)))
        self.hits.append(self._hit(note, is_changed(self._workspace, note, state), kept))

    def _hit_that_says(self, entry: Ranked, chunk: ChunkRecord) -> int | None:
        """The position of the hit that shows a near-identical passage already."""
        for other, shown, position in self._shown:
            apart = abs((entry.dense or 0.0) - (other.dense or 0.0))
            if apart < SAME_COSINES and same_words(chunk.text, shown.text):
                return position
        return None

    def _hit(self, note: NoteRecord, changed: bool, group: Group) -> Hit:
        best, chunk = group[0]
        return Hit(
            rank=len(self.hits) + 1,
            path=note.path,
            title=note.title,
            area=cast(FiledArea, note.area),  # a note that was found is filed
            kind=note.kind,
            date=note.date,
            tags=note.tags,
            state="changed" if changed else "current",
            heading_path=chunk.heading_path,
            start_line=chunk.start_line,
            end_line=chunk.end_line,
            snippet=snippet(chunk.text, self._words, self._nearest()),
            text=chunk.text,
            score=self._score(best),
            scores=Scores(dense=best.dense, lexical=best.lexical),
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
        return lambda sentences: int((self._workspace.encoder.encode(list(sentences)) @ vector).argmax())

    def _explanation(self, note: NoteRecord, best: Ranked) -> Explanation:
        found = self._found
        paths = self._workspace.catalog.notes_by_id(note_of(id) for id in found.feedback)
        weights = sorted(found.weights.get(note.id, {}).items(), key=lambda entry: -entry[1])
        return Explanation(
            raw=round(best.score, 4),
            reranked=found.reranked,
            answered=round(self._answered, 4),
            standing=round(best.standing, 4),
            words=round(WORD_WEIGHT * best.words, 4),
            near=round(NEAR_WEIGHT * best.near, 4),
            passage=round(PASSAGE_WEIGHT * best.passage, 4),
            boilerplate=-round(penalty(best.copies), 4),
            terms=tuple(TermWeight(term=term, weight=round(weight, 4)) for term, weight in weights),
            agreement=found.agreement,
            feedback=tuple(paths[note_of(id)].path for id in found.feedback if found.feedback_weight),
            feedback_weight=round(found.feedback_weight, 4),
            filters=_filters(found.filter),
        )


def _filters(filter: Filter) -> tuple[str, ...]:
    """What a filter asks for, a line each."""
    asked = filter.model_dump(mode="json", exclude_defaults=True)
    return tuple(
        f"{name}: {', '.join(value) if isinstance(value, (list, tuple)) else value}" for name, value in asked.items()
    )


def _notes(workspace: Workspace, found: Found) -> Iterator[tuple[NoteRecord, Group]]:
    """The candidates by note, best note first, read a few at a time; what another process removed is left out."""
    groups = group_by_note(found.ranked, PASSAGES)
    for start in range(0, len(groups), NOTES_AT_ONCE):
        some = groups[start : start + NOTES_AT_ONCE]
        notes = workspace.catalog.notes_by_id(note_of(group[0].id) for group in some)
        chunks = workspace.catalog.chunks(entry.id for group in some for entry in group)
        for group in some:
            note = notes.get(note_of(group[0].id))
            kept = [(entry, chunks[entry.id]) for entry in group if entry.id in chunks]
            if note and kept:
                yield note, kept
