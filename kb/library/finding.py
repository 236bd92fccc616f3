"""From a query to hits, over catalog and vectors."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import cast

from kb.errors import InputError
from kb.ingest import notebook
from kb.library.lexical import matching
from kb.library.looking import is_changed, recent_changes
from kb.library.workspace import Workspace
from kb.models import ChunkRecord, FiledArea, Filter, Mode, NoteRecord, System, note_of
from kb.reports import Explanation, Hit, Passage, Scores, SearchResult
from kb.search.query import Query, parse_query
from kb.search.ranking import DENSE_WEIGHT, Ranked, fuse, group_by_note, is_good_match, reciprocal_ranks
from kb.search.snippets import marks, snippet

POOL = 200
PASSAGES = 4
SUM_WEIGHT = 0.7  # of the dense side in the plain weighted sum that ranking is measured against
NOTES_AT_ONCE = 10


class Found:
    """The candidates of one query: cosines and bm25 by chunk id, and the fused order."""

    def __init__(self, dense: dict[str, float], lexical: dict[str, float], mode: Mode) -> None:
        weight = {"hybrid": DENSE_WEIGHT, "dense": 1.0, "lexical": 0.0}[mode]
        self.dense, self.lexical = dense, lexical
        self.weight = weight
        self.ranked = fuse(dense if mode != "lexical" else {}, lexical if mode != "dense" else {}, weight)
        self.good = is_good_match(dense, lexical, mode == "lexical")


def find(workspace: Workspace, query: str, filter: Filter, mode: Mode, pool: int = POOL) -> Found:
    """The best chunks for a query, at most `pool` from each side. Raises `InputError` for an empty query."""
    if not query.strip():
        raise InputError("the query is empty; say what you are looking for")
    query = query.encode(errors="replace").decode()  # lone surrogates are no text
    asked = parse_query(query)
    if not asked.text:
        raise InputError(f"{query!r} says only what is not wanted; add what is")
    filter = _narrowed(workspace, filter, asked)
    if mode == "lexical":
        return Found({}, matching(workspace, asked.words, filter, pool), mode)
    from concurrent.futures import ThreadPoolExecutor

    from kb.library.dense import cosines, nearest

    workspace.require_current_encoder()
    with ThreadPoolExecutor(1) as background:  # the query is embedded while the words are looked up
        embedding = background.submit(workspace.encoder.encode_query, asked.text)
        lexical = matching(workspace, asked.words, filter, pool) if mode == "hybrid" else {}
        ids, matrix = workspace.catalog.chunk_vectors(lexical)
        workspace.open_vectors()
        vector = embedding.result()
    # What only the words found is judged by both sides, too.
    dense = cosines(ids, matrix, vector) | nearest(workspace, vector, filter, pool)
    return Found(dense, lexical, mode)


def _narrowed(workspace: Workspace, filter: Filter, query: Query) -> Filter:
    """A filter that also knows the phrases of a query and what it excludes; phrases that no note has bind nobody."""
    exact = filter.model_copy(update={"phrases": query.phrases, "without": query.without})
    if query.phrases and not workspace.passing(exact).notes:
        quoted = " and ".join(f"{phrase!r}" for phrase in query.phrases)
        workspace.notify(f"no note has the exact words {quoted}; these come near")
        return exact.model_copy(update={"phrases": ()})
    return exact


def search(
    workspace: Workspace, query: str, limit: int, filter: Filter, mode: Mode, explain: bool = False
) -> SearchResult:
    """The best notes for a query, at most `limit`, with the state of their files."""
    started = time.monotonic()
    found = find(workspace, query, filter, mode, max(POOL, limit * 10))
    hits: list[Hit] = []
    missing: list[str] = []
    words = parse_query(query).words
    for note, group in _notes(workspace, found):
        if len(hits) == limit:
            break
        state = notebook.state_of(workspace.root, note.path)
        if state is None:
            missing.append(note.path)
            continue
        changed = is_changed(workspace, note, state)
        hits.append(_hit(len(hits) + 1, note, changed, group, words, found.weight if explain else None))
    return SearchResult(
        query=query,
        mode=mode,
        good_match=found.good and bool(hits),
        hits=tuple(hits),
        changed_notes=recent_changes(workspace),
        missing=tuple(missing),
        seconds=round(time.monotonic() - started, 3),
    )


def rankings(workspace: Workspace, query: str, limit: int) -> dict[System, list[str]]:
    """The paths of the best notes for a query by each way to rank, `hybrid` as a search would."""
    pool = max(POOL, limit * 2)
    found = find(workspace, query, Filter(), "hybrid", pool)
    dense = dict(sorted(found.dense.items(), key=lambda entry: -entry[1])[:pool])
    orders: dict[System, list[Ranked]] = {
        "lexical": fuse({}, found.lexical, 0.0),
        "dense": fuse(dense, {}, 1.0),
        "rrf": fuse(reciprocal_ranks(dense, found.lexical), {}, 1.0),
        "sum": fuse(found.dense, found.lexical, SUM_WEIGHT),
        "hybrid": found.ranked,
    }
    paths = workspace.remember("paths", workspace.catalog.paths)
    return {
        system: [paths[note_of(group[0].id)] for group in group_by_note(order, 1)[:limit]]
        for system, order in orders.items()
    }


def _notes(workspace: Workspace, found: Found) -> Iterator[tuple[NoteRecord, list[tuple[Ranked, ChunkRecord]]]]:
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


def _hit(
    rank: int,
    note: NoteRecord,
    changed: bool,
    group: Sequence[tuple[Ranked, ChunkRecord]],
    words: Sequence[str],
    explained_weight: float | None,
) -> Hit:
    best, chunk = group[0]
    return Hit(
        rank=rank,
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
        snippet=snippet(chunk.text, words),
        text=chunk.text,
        score=round(best.score, 4),
        scores=Scores(dense=best.dense, lexical=best.lexical),
        passages=tuple(_passage(entry, other) for entry, other in group[1:]),
        explain=None if explained_weight is None else _explanation(best, chunk, words, explained_weight),
    )


def _passage(entry: Ranked, chunk: ChunkRecord) -> Passage:
    return Passage(
        heading_path=chunk.heading_path,
        start_line=chunk.start_line,
        end_line=chunk.end_line,
        text=chunk.text,
        score=round(entry.score, 4),
    )


def _explanation(entry: Ranked, chunk: ChunkRecord, words: Sequence[str], weight: float) -> Explanation:
    text = " ".join([*chunk.heading_path, chunk.text])
    matched = dict.fromkeys(text[start:end].lower() for start, end in marks(text, words))
    return Explanation(
        dense_share=round(entry.dense_share, 4),
        lexical_share=round(entry.lexical_share, 4),
        dense_weight=weight,
        lexical_weight=round(1 - weight, 4),
        terms=tuple(matched),
    )
