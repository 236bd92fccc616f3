"""What is wrong with an index, and what repairs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from kb.reports import Diagnosis, Finding

REPAIR = "kb doctor --repair"


@dataclass(frozen=True)
class Facts:
    """What was observed of an index: the problems of its parts, and the numbers that must agree."""

    folder: Path
    catalog_problem: str | None = None
    newer: str | None = None
    obstacle: str | None = None
    full_text_problem: str | None = None
    unsound_notes: int = 0
    unsound_vectors: int = 0
    misread: tuple[str, ...] = ()
    generation: int = 0
    vector_problems: tuple[str, ...] = ()
    filed_chunks: Mapping[str, int] = field(default_factory=dict)
    vectors: Mapping[str, int] = field(default_factory=dict)
    vectors_place: str | None = None
    server_problem: str | None = None
    pulled: bool = False
    orphans: tuple[str, ...] = ()
    unreferenced: int = 0
    encoder_problem: str | None = None
    unwritable: tuple[str, ...] = ()
    writer: str | None = None
    missing_bytes: int = 0
    gone: tuple[str, ...] = ()
    faults: tuple[tuple[str, str], ...] = ()
    changed_notes: int = 0

    def with_(self, **changes: object) -> Facts:
        """A copy with more observations."""
        return replace(self, **changes)  # type: ignore[arg-type]  # replace() knows the fields


def diagnose(facts: Facts) -> Diagnosis:
    """Every finding that follows from the facts, most serious first."""
    parts = (_catalog_findings, _vector_findings, _surrounding_findings, _note_findings)
    findings = tuple(finding for part in parts for finding in part(facts))
    return Diagnosis(ok=not findings, findings=findings)


def _finding(
    check: str, message: str, repair: str, path: object = None, severity: Literal["error", "warning"] = "error"
) -> Finding:
    named = None if path is None else str(path)
    return Finding(check=check, severity=severity, path=named, message=message, repair=repair)


def _catalog_findings(facts: Facts) -> Iterator[Finding]:
    catalog = facts.folder / "catalog.db"
    if facts.newer:
        yield _finding("version", facts.newer, "upgrade kb, or `kb rebuild` with this one", catalog)
    if facts.catalog_problem:
        yield _finding("catalog", facts.catalog_problem, REPAIR, catalog)
    if facts.obstacle:
        yield _finding(
            "catalog", facts.obstacle, "fix the other findings, or wait for the process that uses it", catalog
        )
    if facts.full_text_problem:
        yield _finding("full text", f"the full text is damaged: {facts.full_text_problem}", REPAIR, catalog)
    if facts.unsound_notes:
        message = f"inconsistent rows, or no vector: {_notes(facts.unsound_notes)}"
        yield _finding("rows", message, REPAIR, catalog)
    if facts.unsound_vectors:
        message = f"{facts.unsound_vectors} vectors differ from what was written, or are another model's"
        yield _finding("rows", message, REPAIR, catalog)
    for path in facts.misread:
        yield _finding("notes", "the catalog does not match the file, which has not changed", REPAIR, path)


def _vector_findings(facts: Facts) -> Iterator[Finding]:
    if facts.server_problem:
        yield _finding("server", facts.server_problem, "see [chroma] in kb.toml")
        return
    place = facts.vectors_place
    for problem in facts.vector_problems:
        if facts.pulled:
            yield _finding("vectors", f"this index and the server differ: {problem}", "kb pull", place)
        else:
            yield _finding("vectors", problem, REPAIR, place)
    if facts.vector_problems:
        return
    for area in sorted({*facts.filed_chunks, *facts.vectors}):
        expected, held = facts.filed_chunks.get(area, 0), facts.vectors.get(area, 0)
        if expected != held:
            yield _finding("vectors", f"{area} should hold {expected} vectors and holds {held}", REPAIR, place)


def _surrounding_findings(facts: Facts) -> Iterator[Finding]:
    for path in facts.unwritable[:1]:
        number = len(facts.unwritable)
        message = "cannot be read and written" + (f", nor {number - 1} more" if number > 1 else "")
        yield _finding("permissions", message, "give yourself permission, or set index_dir in kb.toml", path)
    if facts.missing_bytes:
        message = f"the disk is nearly full: a write may need {facts.missing_bytes / 1e6:.1f} MB more"
        yield _finding("disk", message, "free some space, or set index_dir in kb.toml", facts.folder, "warning")
    for path in facts.orphans:
        yield _finding("orphans", "left by an interrupted run", REPAIR, path, "warning")
    if facts.unreferenced:
        message = f"{facts.unreferenced} unreferenced records are left from an interrupted run"
        yield _finding("orphans", message, "kb sync", facts.vectors_place, "warning")
    if facts.writer:
        message = f"process {facts.writer} is writing; unfinished files were not checked"
        yield _finding("lock", message, "wait until it is done", facts.folder / "lock", "warning")
    if facts.encoder_problem:
        repair = "set `model` in kb.toml to the model wanted, then `kb sync`"
        yield _finding("encoder", facts.encoder_problem, repair, severity="warning")


def _note_findings(facts: Facts) -> Iterator[Finding]:
    for path, fault in facts.faults:
        yield _finding("front matter", fault, "correct it in the note, then `kb sync`", path, "warning")
    for path in facts.gone:
        yield _finding("notes", "the file is gone", "kb sync", path, "warning")
    number = facts.changed_notes - len(facts.gone)
    if number > 0:
        yield _finding("notes", f"new or changed: {_notes(number)}", "kb sync", severity="warning")


def _notes(number: int) -> str:
    return "1 note" if number == 1 else f"{number} notes"
