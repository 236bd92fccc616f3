"""What is wrong with an index, and what mends it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kb.reports import Diagnosis, Finding


@dataclass(frozen=True)
class Facts:
    """What was seen of an index: the catalog's own check, and both sides of what must agree."""

    folder: Path
    catalog_check: str
    generation: int
    generation_whole: bool
    filed_chunks: Mapping[str, int]
    vectors: Mapping[str, int]
    missing_vectors: int
    encoder_problem: str | None
    gone: tuple[str, ...]
    changed_notes: int


def diagnose(facts: Facts) -> Diagnosis:
    """Every finding that the facts give, the gravest first."""
    findings = tuple(_findings(facts))
    return Diagnosis(ok=not findings, findings=findings)


def _findings(facts: Facts) -> Iterator[Finding]:
    catalog = str(facts.folder / "catalog.db")
    if facts.catalog_check != "ok":
        yield Finding(
            check="catalog",
            severity="error",
            path=catalog,
            message=f"the catalog is damaged: {facts.catalog_check}",
            repair="delete the index folder and add your sources again",
        )
    if not os.access(facts.folder, os.W_OK):
        yield Finding(
            check="permissions",
            severity="error",
            path=str(facts.folder),
            message="the index folder cannot be written",
            repair="give yourself write permission, or set index_dir in kb.toml",
        )
    if facts.missing_vectors:
        yield Finding(
            check="embeddings",
            severity="error",
            path=catalog,
            message=f"{facts.missing_vectors} chunks have no vector",
            repair="delete the index folder and add your sources again",
        )
    yield from _generation_findings(facts)
    if facts.encoder_problem:
        yield Finding(
            check="encoder",
            severity="warning",
            path=None,
            message=facts.encoder_problem,
            repair="set `model` in kb.toml to the model wanted, then `kb sync`",
        )
    for path in facts.gone:
        yield Finding(check="notes", severity="warning", path=path, message="the file is gone", repair="kb sync")
    if facts.changed_notes > len(facts.gone):
        number = facts.changed_notes - len(facts.gone)
        yield Finding(
            check="notes", severity="warning", path=None, message=f"{number} notes are new or changed", repair="kb sync"
        )


def _generation_findings(facts: Facts) -> Iterator[Finding]:
    folder = str(facts.folder / "vectors" / str(facts.generation))
    if facts.generation and not facts.generation_whole:
        yield Finding(
            check="vectors",
            severity="error",
            path=folder,
            message="the current vectors are missing or damaged",
            repair=f"delete {folder}, then `kb sync`",
        )
        return
    for area in sorted({*facts.filed_chunks, *facts.vectors}):
        expected, held = facts.filed_chunks.get(area, 0), facts.vectors.get(area, 0)
        if expected != held:
            yield Finding(
                check="vectors",
                severity="error",
                path=folder,
                message=f"{area} should hold {expected} vectors and holds {held}",
                repair=f"delete {folder}, then `kb sync`",
            )
