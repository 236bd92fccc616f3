"""The outlines of a notebook, and three simple ways to make one, beside outlines that writers made."""

from __future__ import annotations

import datetime
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from kb.errors import EvidenceError
from kb.evaluation.baselines import flat, k_means, own_headings
from kb.evaluation.outlines import (
    Attempt,
    GoldOutline,
    OutlineEvaluation,
    OutlineSystem,
    evaluate_outlines,
    load_outlines,
)
from kb.index.reader import IndexReader
from kb.models import Filter, Progress
from kb.outline.draft import draft, holds
from kb.outline.points import Evidence
from kb.reports import Section
from kb.search.find import find

BASELINE_PASSAGES = 40


def appraise(reader: IndexReader, path: Path, progress: Progress, today: datetime.date) -> OutlineEvaluation:
    """Measure the outlines of a file's topics. Raises `InputError` for a file of another form."""
    gold = load_outlines(path)
    attempts: list[Mapping[OutlineSystem, Attempt]] = []
    seconds = 0.0
    for number, outline in enumerate(gold, 1):
        started = time.perf_counter()
        ours = _drafted(reader, outline, today)
        seconds += time.perf_counter() - started
        attempts.append({**_baselines(reader, outline.topic), "kb": ours})
        progress(number, len(gold))

    def standing(section: Section) -> Sequence[bool]:
        return holds(reader, section.points)

    return evaluate_outlines(gold, attempts, reader.encoder.encode, standing, seconds / len(gold))


def _drafted(reader: IndexReader, gold: GoldOutline, today: datetime.date) -> Attempt:
    try:
        outline = draft(reader, gold.topic, (), None, today)
    except EvidenceError:
        return Attempt(())
    return Attempt(outline.sections, len(outline.leftovers))


def _baselines(reader: IndexReader, topic: str) -> dict[OutlineSystem, Attempt]:
    """The same best passages of a search, laid out in three ways."""
    ids = [entry.id for entry in find(reader, topic, Filter(), "hybrid").ranked[:BASELINE_PASSAGES]]
    chunks = reader.catalog.chunks(ids)
    notes = reader.catalog.notes_by_id(chunk.note_id for chunk in chunks.values())
    evidence = [Evidence(notes[chunks[id].note_id], chunks[id]) for id in ids]
    order, matrix = reader.catalog.chunk_vectors(ids)
    rows = {id: row for row, id in enumerate(order)}
    vectors = matrix[[rows[id] for id in ids]]
    return {
        "flat": Attempt(flat(evidence)),
        "headings": Attempt(own_headings(evidence)),
        "k-means": Attempt(k_means(evidence, vectors)),
    }
