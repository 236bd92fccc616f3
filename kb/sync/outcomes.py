"""What a sync did to each note, gathered for its report."""

from __future__ import annotations

from typing import cast

from kb.models import FiledArea, NoteRecord
from kb.reports import Added, Fault, HeldBack, Renamed, Skipped, SyncReport


class Outcomes:
    """The lists and counts of a `SyncReport` while it is being made."""

    def __init__(self) -> None:
        self.added: list[Added] = []
        self.updated: list[Added] = []
        self.renamed: list[Renamed] = []
        self.removed: list[str] = []
        self.outside: list[HeldBack] = []
        self.skipped: list[Skipped] = []
        self.faults: list[Fault] = []
        self.unchanged = 0
        self.embedded_chunks = 0

    def note(self, record: NoteRecord, chunks: int, origin: NoteRecord | None) -> None:
        """Record a note that was read, by comparing it with its previous record."""
        self.faults += [Fault(path=record.path, reason=fault) for fault in record.faults]
        if record.area == "outside":
            self.outside.append(_held_back(record))
        elif origin is None or origin.area == "outside":
            self.added.append(_added(record, chunks))
        elif (origin.sha256, origin.area, origin.kind) != (record.sha256, record.area, record.kind):
            self.updated.append(_added(record, chunks))
        elif origin.path == record.path:
            self.unchanged += 1

    def rename(self, before: str, after: str) -> None:
        """Record a note that was found under another path."""
        self.renamed.append(Renamed.model_validate({"from": before, "to": after}))

    def withdraw(self) -> None:
        """Take back all notes: none of them will be published."""
        for outcomes in (self.added, self.updated, self.renamed, self.outside, self.faults):
            outcomes.clear()

    def report(self, seconds: float) -> SyncReport:
        """The report of a run of this duration."""
        return SyncReport(
            added=tuple(self.added),
            updated=tuple(self.updated),
            renamed=tuple(self.renamed),
            removed=tuple(self.removed),
            unchanged=self.unchanged,
            outside=tuple(self.outside),
            skipped=tuple(self.skipped),
            faults=tuple(self.faults),
            embedded_chunks=self.embedded_chunks,
            seconds=round(seconds, 3),
        )


def _held_back(record: NoteRecord) -> HeldBack:
    return HeldBack(
        path=record.path,
        nearest_area=record.verdict.nearest_area,
        confidence=record.verdict.scores["outside"],
        evidence=record.verdict.evidence,
    )


def _added(record: NoteRecord, chunks: int) -> Added:
    return Added(
        path=record.path,
        area=cast(FiledArea, record.area),  # what lies outside is held back
        confidence=record.verdict.confidence,
        unsure=record.verdict.unsure,
        decided_by=record.verdict.decided_by,
        chunks=chunks,
    )
