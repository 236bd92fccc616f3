"""The answer to a query: hits, their scores, and how the scores came about."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import Field

from kb.models import FiledArea, Frozen, Kind, Mode


class Scores(Frozen):
    """Cosine and BM25 (larger is better) of a passage; null where that ranking did not find it."""

    dense: float | None
    lexical: float | None


class Passage(Frozen):
    """A further matching passage of a hit."""

    heading_path: tuple[str, ...]
    start_line: int
    end_line: int
    text: str
    score: float


class TermWeight(Frozen):
    """A word of a query and what it adds to a note's BM25+."""

    term: str
    weight: float


class LogitParts(Frozen):
    """What the logistic function makes a probability, in sum: by the cosine of the passage, by the share of the query's
    words and concepts that the note has, by how many words the query has, by the concept that the note is named after,
    and a constant.
    """

    meaning: float
    coverage: float
    words: float
    titled: float
    offset: float


class Explanation(Frozen):
    """How a score came about.

    `raw` is the score of the cross-encoder if `reranked`, and otherwise the sum of `standing`, `words`, `near`,
    `passage`, `titled` and `boilerplate`; `titled` is for a note named after a concept of the query. `standing` is the
    z-score of the cosine among those of ordinary passages, once the query vector has moved towards the notes in
    `feedback` by `feedback_weight`. `agreement` is the share of notes that the dense and the lexical ranking have in
    common among their ten best, and `answered` the score of the likeliest note. `logit` shows how the score came about
    where that is a probability. A note that is `named` in the query comes first whatever its score.
    """

    raw: float
    reranked: bool
    answered: float
    standing: float
    words: float
    near: float
    passage: float
    titled: float
    boilerplate: float
    logit: LogitParts | None = None
    terms: tuple[TermWeight, ...]
    agreement: float
    feedback: tuple[str, ...]
    feedback_weight: float
    filters: tuple[str, ...]
    named: bool = False


class Hit(Frozen):
    """A note found for a query, with its best passage. `score` is the probability that it is relevant; with
    `--mode dense` or `lexical` it is the cosine or BM25. A `remote` note was pulled from a server. `same_as` is the
    address of a near-identical passage in a better hit. `marks` are the ranges `[start, end)` of the characters of the
    snippet that are words of the query.
    """

    rank: int
    path: str
    title: str
    area: FiledArea
    kind: Kind
    date: datetime.date | None
    tags: tuple[str, ...]
    state: Literal["current", "changed"]
    remote: bool = False
    heading_path: tuple[str, ...]
    start_line: int
    end_line: int
    snippet: str
    marks: tuple[tuple[int, int], ...] = ()
    text: str
    score: float
    scores: Scores
    passages: tuple[Passage, ...] = ()
    same_as: str | None = None
    explain: Explanation | None = None


class HeldBackNote(Frozen):
    """A note outside the areas, which is not indexed, whose title or name has the words of a query."""

    path: str
    title: str


class ConceptWeight(Frozen):
    """A concept of the areas that a query asks for, and how much it counts, 0..1."""

    concept: str
    weight: float


class SearchResult(Frozen):
    """The answer to one query. `read_as` are the concepts that kb reads in it, and how much each counts. `missing`
    lists the hits that were dropped because their files are gone. Left out are `undated` notes by a filter by date,
    `posts_left_out` by one by kind (counted where nothing is found), and `weaker` hits as weak; `held_back` lists notes
    outside the areas that may answer better.
    """

    schema_: Literal["kb.search/1"] = Field(default="kb.search/1", alias="schema")
    query: str
    mode: Mode
    good_match: bool
    hits: tuple[Hit, ...]
    weaker: int = 0
    changed_notes: int
    missing: tuple[str, ...] = ()
    undated: int = 0
    posts_left_out: int = 0
    held_back: tuple[HeldBackNote, ...] = ()
    read_as: tuple[ConceptWeight, ...] = ()
    seconds: float
