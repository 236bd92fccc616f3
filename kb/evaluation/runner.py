"""Judged queries -> a table of measures."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean

from pydantic import Field, ValidationError

from kb.errors import InputError
from kb.evaluation.metrics import ndcg, recall, reciprocal_rank
from kb.models import Frozen, Mode
from kb.reports import Evaluation, Measures

MODES: tuple[Mode, ...] = ("lexical", "dense", "hybrid")
DEPTH = 10

Rank = Callable[[str, Mode, int], Sequence[str]]  # query, mode, how many -> paths, best first


class GoldenQuery(Frozen):
    """A query with the notes that answer it, in no particular order."""

    text: str
    relevant: tuple[str, ...]
    area: str | None = None
    tag: str | None = None


class Golden(Frozen):
    """The contents of a `golden.toml`."""

    query: tuple[GoldenQuery, ...] = Field(min_length=1)


def load_golden(path: Path) -> Golden:
    """Read judged queries. Raises `InputError` naming what is wrong."""
    try:
        return Golden.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{path}: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error


def evaluate(golden: Golden, rank: Rank) -> Evaluation:
    """The mean measures of each search mode over the queries."""
    rows = []
    for mode in MODES:
        answers = [(rank(query.text, mode, DEPTH), set(query.relevant)) for query in golden.query]
        rows.append(
            Measures(
                mode=mode,
                ndcg_10=fmean(ndcg(ranked, relevant, DEPTH) for ranked, relevant in answers),
                recall_10=fmean(recall(ranked, relevant, DEPTH) for ranked, relevant in answers),
                mrr=fmean(reciprocal_rank(ranked, relevant) for ranked, relevant in answers),
            )
        )
    return Evaluation(queries=len(golden.query), systems=tuple(rows))
