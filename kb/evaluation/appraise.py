"""The outlines of a notebook, and three simple ways to make one, beside outlines that writers made."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
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
from kb.index.reading import at_once
from kb.index.workspace import Workspace
from kb.models import Filter
from kb.outline.draft import draft, holds
from kb.outline.points import Evidence
from kb.reports import Section
from kb.search.find import find
from kb.sync.run import Progress

BASELINE_PASSAGES = 40


def appraise(workspace: Workspace, path: Path, progress: Progress) -> OutlineEvaluation:
    """Measure the outlines of a file's topics. Raises `InputError` for a file of another form."""
    gold = load_outlines(path)
    attempts: list[Mapping[OutlineSystem, Attempt]] = []
    seconds = 0.0
    for number, outline in enumerate(gold, 1):
        started = time.perf_counter()
        ours = _drafted(workspace, outline)
        seconds += time.perf_counter() - started
        attempts.append({**at_once(workspace, partial(_baselines, workspace, outline.topic)), "kb": ours})
        progress(number, len(gold))

    def standing(section: Section) -> Sequence[bool]:
        return holds(workspace, section.points)

    return evaluate_outlines(gold, attempts, workspace.encoder.encode, standing, seconds / len(gold))


def _drafted(workspace: Workspace, gold: GoldOutline) -> Attempt:
    try:
        outline = draft(workspace, gold.topic, (), None)
    except EvidenceError:
        return Attempt(())
    return Attempt(outline.sections, len(outline.leftovers))


def _baselines(workspace: Workspace, topic: str) -> dict[OutlineSystem, Attempt]:
    """The same best passages of a search, laid out in three ways."""
    ids = [entry.id for entry in find(workspace, topic, Filter(), "hybrid").ranked[:BASELINE_PASSAGES]]
    chunks = workspace.catalog.chunks(ids)
    notes = workspace.catalog.notes_by_id(chunk.note_id for chunk in chunks.values())
    evidence = [Evidence(notes[chunks[id].note_id], chunks[id]) for id in ids]
    order, matrix = workspace.catalog.chunk_vectors(ids)
    rows = {id: row for row, id in enumerate(order)}
    vectors = matrix[[rows[id] for id in ids]]
    return {
        "flat": Attempt(flat(evidence)),
        "headings": Attempt(own_headings(evidence)),
        "k-means": Attempt(k_means(evidence, vectors)),
    }
