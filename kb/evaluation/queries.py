"""Measures rankings with judged queries. Pure, but for the file of queries."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path
from statistics import fmean

from pydantic import Field, ValidationError

from kb.errors import InputError, reason
from kb.evaluation.metrics import bootstrap_interval, ndcg, randomisation_p, recall, reciprocal_rank
from kb.faults import first_fault
from kb.models import Frozen, System
from kb.reports import Evaluation, Measures, Quality

SYSTEMS: tuple[System, ...] = ("lexical", "dense", "rrf", "sum", "hybrid")
DEPTH = 100
QUALITY_DEPTH = 10

Rank = Callable[[str, int], Mapping[System, Sequence[str]]]  # query, limit -> paths by system, best first


class GoldenQuery(Frozen):
    """A query and the paths of the notes that answer it, in no particular order."""

    text: str
    relevant: tuple[str, ...]
    area: str | None = None
    tag: str | None = None


class Golden(Frozen):
    """The contents of a `golden.toml`."""

    query: tuple[GoldenQuery, ...] = Field(min_length=1)


def load_golden(path: Path) -> Golden:
    """Read judged queries. Raises `InputError` naming the key that is wrong."""
    try:
        return Golden.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path} cannot be read: {reason(error)}") from error
    except ValidationError as error:
        raise InputError(f"{path}: {first_fault(error)}") from error


def compare_rankings(golden: Golden, rank: Rank) -> Evaluation:
    """The mean measures of each system over the queries."""
    answers = [(rank(query.text, DEPTH), set(query.relevant)) for query in golden.query]
    values = {system: [_measure(ranked[system], relevant) for ranked, relevant in answers] for system in SYSTEMS}
    quality = {system: [row["ndcg_10"] for row in rows] for system, rows in values.items()}
    best_other = max((system for system in SYSTEMS if system != "hybrid"), key=lambda system: fmean(quality[system]))
    return Evaluation(
        queries=len(golden.query),
        systems=tuple(_measures(system, rows) for system, rows in values.items()),
        best_other=best_other,
        p_value=randomisation_p(quality["hybrid"], quality[best_other]),
    )


def quality(golden: Golden, found: Callable[[str], Sequence[str]]) -> Quality:
    """The mean measures of one way to search, which gives the best ten paths for a query."""
    rows = [_measure(found(query.text), set(query.relevant)) for query in golden.query]
    return Quality(
        queries=len(rows),
        ndcg_10=fmean(row["ndcg_10"] for row in rows),
        recall_10=fmean(row["recall_10"] for row in rows),
        mrr=fmean(row["mrr"] for row in rows),
    )


def _measure(ranked: Sequence[str], relevant: Set[str]) -> dict[str, float]:
    return {
        "ndcg_10": ndcg(ranked, relevant, 10),
        "recall_10": recall(ranked, relevant, 10),
        "recall_100": recall(ranked, relevant, 100),
        "mrr": reciprocal_rank(ranked, relevant),
    }


def _measures(system: System, rows: Sequence[Mapping[str, float]]) -> Measures:
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    means = {name: fmean(column) for name, column in columns.items()}
    intervals = {name: bootstrap_interval(column) for name, column in columns.items()}
    return Measures(mode=system, intervals=intervals, **means)
