"""The answer to a query: the best notes with their passages, how likely each is relevant, and why."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

from kb.cutoffs import GOOD_ANSWER
from kb.index.reader import IndexReader
from kb.models import FiledArea, FileState, Filter, Mode, Reranker, note_of
from kb.notes import files
from kb.reports import (
    ConceptWeight,
    Explanation,
    HeldBackNote,
    Hit,
    LogitParts,
    Passage,
    Scores,
    SearchResult,
    TermWeight,
)
from kb.search.calibration import GOOD, WEAK
from kb.search.concepts.untreated import tell_untreated
from kb.search.find import POOL, find
from kb.search.fuse import evidence
from kb.search.lexical import held_back
from kb.search.passages import NotePassages, shown_notes
from kb.search.query import parse_query
from kb.search.ranking import (
    NEAR_WEIGHT,
    PASSAGE_WEIGHT,
    TITLED_WEIGHT,
    WORD_WEIGHT,
    Ranked,
    Ranking,
    best_of_notes,
    group_by_note,
    penalty,
)
from kb.search.snippets import Cosines, marks, snippets
from kb.search.telling import RankedPassage, sentences_of
from kb.sync.changes import recent_changes
from kb.sync.tags import notice_unknown_tags

PASSAGES = 4  # of a note that are shown, unless the search is inside one note
JUDGED = 10  # of the best notes, any of which may be a good match, however few are shown
NEAREST = 3  # hits that are shown where none is a good match
LONGEST_REMEMBERED, MOST_REMEMBERED = 20, 128  # hits of an answer, and answers
RERANKED = 50  # notes whose best passages a cross-encoder reads


class _Answered(NamedTuple):
    """An answer, the states that the files of its notes had, and the notices that came with it."""

    result: SearchResult
    files: Mapping[str, FileState | None]
    notices: Sequence[str]

    def holds(self, reader: IndexReader) -> bool:
        """Whether the files of the notes are still the same."""
        return all(state == files.state_of(reader.root, path) for path, state in self.files.items())


def search(
    reader: IndexReader, query: str, limit: int, filter: Filter, mode: Mode, explain: bool = False, weak: bool = True
) -> SearchResult:
    """The best notes for a query, at most `limit`, with the states of their files; without `weak`, weak hits are only
    counted.

    A short answer is remembered for as long as the index and the files of its notes stay as they are, unless it comes
    from a server, which may be changed from elsewhere.
    """
    started = time.monotonic()
    asked = (query, limit, filter, mode, explain, weak)
    answered: _Answered | None = None
    if limit <= LONGEST_REMEMBERED and reader.settings.chroma.url is None:
        answered = reader.cached("search", lambda: _search(reader, *asked), (*asked, reader.exact), MOST_REMEMBERED)
    if answered is None or not answered.holds(reader):
        answered = _search(reader, *asked)
    for line in answered.notices:
        reader.notify(line)
    return answered.result.model_copy(
        update={"changed_notes": recent_changes(reader), "seconds": round(time.monotonic() - started, 3)}
    )


def _search(
    reader: IndexReader, query: str, limit: int, filter: Filter, mode: Mode, explain: bool, weak: bool
) -> _Answered:
    notices: list[str] = []
    told, reader.notify = reader.notify, notices.append
    try:
        result, states = _found(reader, query, limit, filter, mode, explain, weak)
    finally:
        reader.notify = told
    return _Answered(result, states, list(dict.fromkeys(notices)))  # each of the store's questions may fail alike


def _found(
    reader: IndexReader, query: str, limit: int, filter: Filter, mode: Mode, explain: bool, weak: bool
) -> tuple[SearchResult, Mapping[str, FileState | None]]:
    notice_unknown_tags(reader, filter.tags)
    ranking = find(reader, query, filter, mode, max(POOL, limit * 10))
    tell_untreated(reader, ranking.reading.untreated)
    asked = parse_query(query)
    reranker = reader.shared.reranker if mode == "hybrid" else None
    groups: Sequence[Sequence[Ranked]] = group_by_note(ranking.ranked, limit if filter.paths else PASSAGES)
    if reranker:
        groups = _reranked(reader, reranker, asked.text, groups)
    words = asked.words if mode == "hybrid" and not reranker else None
    shown, missing, looked_at = shown_notes(reader, groups, limit, words)
    report = _Report(reader, ranking, groups[: max(limit, JUDGED)], shown, asked.words)
    sentences = [sentences_of(found.passages[0].chunk) for found in shown]
    hits = tuple(
        report.hit(rank, found, snippet, _explanation(reader, ranking, report, found) if explain else None)
        for rank, (found, snippet) in enumerate(
            zip(shown, snippets(sentences, asked.words, _cosines(reader, ranking)), strict=True), 1
        )
    )
    good = bool(hits) and report.answered >= GOOD and (bool(ranking.lexical) or reader.encoder.reads(asked.text))
    kept = hits if weak else _strong(hits, good, mode)
    result = SearchResult(
        query=query,
        mode=mode,
        good_match=good,
        hits=kept,
        weaker=len(hits) - len(kept),
        changed_notes=0,
        missing=missing,
        undated=_undated(reader, filter),
        posts_left_out=0 if hits else _posts_left_out(reader, filter),
        held_back=tuple(HeldBackNote(path=n.path, title=n.title) for n in held_back(reader, asked, filter, hits)),
        read_as=tuple(ConceptWeight(concept=name, weight=round(w, 4)) for name, w in ranking.reading.concepts.items()),
        seconds=0.0,
    )
    return result, looked_at


def _strong(hits: Sequence[Hit], good: bool, mode: Mode) -> tuple[Hit, ...]:
    """The hits that are not weak; the first few of these where none is a good match."""
    strong = [hit for hit in hits if mode != "hybrid" or hit.score >= WEAK]
    return tuple(strong if good else strong[:NEAREST])


def _reranked(
    reader: IndexReader, reranker: Reranker, text: str, groups: Sequence[Sequence[Ranked]]
) -> list[Sequence[Ranked]]:
    """The passages of the first notes, in the order in which a cross-encoder puts the best of each by reading it
    together with the query; then those of the other notes.
    """
    first, others = groups[:RERANKED], groups[RERANKED:]
    chunks = reader.catalog.chunks(best.id for best, *_ in first)
    scores = reranker.score(text, [chunks[best.id].text for best, *_ in first])
    read = [[best._replace(relevance=score), *rest] for (best, *rest), score in zip(first, scores, strict=True)]
    return [*sorted(read, key=lambda group: -(group[0].relevance or 0.0)), *others]


def _undated(reader: IndexReader, filter: Filter) -> int:
    """How many notes a filter by date leaves out because they have no date."""
    if not (filter.since or filter.until):
        return 0
    whenever = filter.model_copy(update={"since": None, "until": None})
    return reader.cached("undated", lambda: len(reader.catalog.undated(whenever)), whenever)


def _posts_left_out(reader: IndexReader, filter: Filter) -> int:
    """How many posts a filter by kind leaves out."""
    posts = filter.model_copy(update={"kinds": ("post",)})
    return 0 if "post" in filter.kinds else len(reader.passing(posts).notes)


def _cosines(reader: IndexReader, ranking: Ranking) -> Cosines | None:
    """Computes the cosines of sentences with the query; None where it was not embedded."""
    vector = ranking.vector
    if vector is None:
        return None
    return lambda sentences: (reader.encoder.encode(sentences) @ vector).tolist()


class _Report:
    """Reports hits, with scores that can be compared between queries. `answered` is the probability of the likeliest of
    the best notes, which are given as groups of chunks. `words` are those of the query.
    """

    def __init__(
        self,
        reader: IndexReader,
        ranking: Ranking,
        best: Sequence[Sequence[Ranked]],
        shown: Sequence[NotePassages],
        words: Sequence[str],
    ) -> None:
        self._ranking = ranking
        self._words = words
        notes = {note_of(group[0].id) for group in best} | {found.note.id for found in shown}
        self._evidence = evidence(reader, ranking, notes)
        self._chunks = {
            chunk: probability
            for found in self._evidence.values()
            for chunk, probability in found.probabilities().items()
        }
        self._notes = best_of_notes(self._chunks)
        self.answered = max(self._notes.values(), default=0.0) if ranking.mode == "hybrid" else _answered(ranking)

    def hit(self, rank: int, found: NotePassages, snippet: str, explanation: Explanation | None) -> Hit:
        """The hit of a note."""
        note, (best, *others) = found.note, found.passages
        return Hit(
            rank=rank,
            path=note.path,
            title=note.title,
            area=cast(FiledArea, note.area),  # a note that was found is filed
            kind=note.kind,
            date=note.date,
            tags=note.tags,
            state=found.state,
            remote=note.remote,
            heading_path=best.chunk.heading_path,
            start_line=best.chunk.start_line,
            end_line=best.chunk.end_line,
            snippet=snippet,
            marks=tuple(marks(snippet, self._words)),
            text=best.chunk.text,
            score=self._score(best.ranked, self._notes.get(note.id, 0.0)),
            scores=Scores(dense=best.ranked.dense, lexical=best.ranked.lexical),
            same_as=found.same_as,
            passages=tuple(self._passage(other) for other in others),
            explain=explanation,
        )

    def logit(self, found: NotePassages) -> LogitParts | None:
        """How the score of a note came about; None where it is no probability."""
        own = self._evidence.get(found.note.id)
        if own is None or found.passages[0].ranked.relevance is not None:
            return None
        parts = (round(part, 4) for part in max(map(own.parts, own.relatedness)))
        return LogitParts(**dict(zip(LogitParts.model_fields, parts, strict=True)))

    def _passage(self, passage: RankedPassage) -> Passage:
        chunk = passage.chunk
        return Passage(
            heading_path=chunk.heading_path,
            start_line=chunk.start_line,
            end_line=chunk.end_line,
            text=chunk.text,
            score=self._score(passage.ranked, self._chunks.get(chunk.id, 0.0)),
        )

    def _score(self, entry: Ranked, probability: float) -> float:
        """The probability, or that which a cross-encoder gave; in dense and lexical mode the cosine or bm25."""
        single = {"dense": entry.dense, "lexical": entry.lexical, "hybrid": entry.relevance}[self._ranking.mode]
        return round(probability if single is None else single, 4)


def _answered(ranking: Ranking) -> float:
    """Whether a ranking by one side has a good match: 1 or 0."""
    return float(bool(ranking.lexical) if ranking.mode == "lexical" else ranking.relatedness >= GOOD_ANSWER)


def _explanation(reader: IndexReader, ranking: Ranking, report: _Report, found: NotePassages) -> Explanation:
    ranked = [passage.ranked for passage in found.passages]  # what is shown first need not be what ranked the note
    best = max(ranked, key=lambda entry: (entry.relevance is not None, entry.score))
    paths = reader.catalog.notes_by_id(note_of(id) for id in ranking.feedback)
    weights = sorted(ranking.weights.get(found.note.id, {}).items(), key=lambda entry: -entry[1])
    return Explanation(
        raw=round(best.score if best.relevance is None else best.relevance, 4),
        reranked=best.relevance is not None,
        answered=round(report.answered, 4),
        standing=round(best.z_score, 4),
        words=round(WORD_WEIGHT * best.shares.words, 4),
        near=round(NEAR_WEIGHT * best.shares.near, 4),
        passage=round(PASSAGE_WEIGHT * best.shares.passage, 4),
        titled=round(TITLED_WEIGHT * best.shares.titled, 4),
        boilerplate=-round(penalty(best.shares.copies), 4),
        logit=report.logit(found),
        terms=tuple(TermWeight(term=term, weight=round(weight, 4)) for term, weight in weights),
        agreement=ranking.agreement,
        feedback=tuple(paths[note_of(id)].path for id in ranking.feedback if ranking.feedback_weight),
        feedback_weight=round(ranking.feedback_weight, 4),
        filters=_filters(ranking.filter),
        named=found.note.id in ranking.named,
    )


def _filters(filter: Filter) -> tuple[str, ...]:
    """What a filter asks for, a line each."""
    asked = filter.model_dump(mode="json", exclude_defaults=True)
    return tuple(
        f"{name}: {', '.join(value) if isinstance(value, (list, tuple)) else value}" for name, value in asked.items()
    )
