"""What a sync did to each note, gathered for its report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import cast

from kb.models import FiledArea, NoteRecord
from kb.notes.scan import IGNORE_NAMES, ignored_notes
from kb.reports import Added, Fault, HeldBack, Renamed, Skipped, SyncReport, TakenAsPost


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
        self.taken_as_posts: list[TakenAsPost] = []
        self.passed_over: Counter[str] = Counter()
        self.ignored: Counter[str] = Counter()
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

    def note_post(self, record: NoteRecord, folder: str, origin: NoteRecord | None) -> None:
        """Record a note that its folder makes a post, unless it was one before or is held back."""
        was_post = origin is not None and origin.kind == "post" and origin.area != "outside"
        if record.area != "outside" and not was_post:
            self.taken_as_posts.append(TakenAsPost(path=record.path, folder=folder))

    def pass_over(self, root: Path, passed_over: Mapping[str, str], taken: Collection[str]) -> None:
        """Count what was passed over, given the reason of each path, except notes that another source holds."""
        ignored = {
            note: reason
            for path, reason in passed_over.items()
            if reason in IGNORE_NAMES
            for note in ignored_notes(root, path)
        }
        self.ignored.update(reason for note, reason in ignored.items() if note not in taken)
        self.passed_over.update(reason for path, reason in passed_over.items() if reason not in IGNORE_NAMES)

    def rename(self, before: str, after: str) -> None:
        """Record a note that was found under another path."""
        self.renamed.append(Renamed.model_validate({"from": before, "to": after}))

    def withdraw(self) -> None:
        """Take back all notes: none of them will be published."""
        for outcomes in (self.added, self.updated, self.renamed, self.outside, self.faults, self.taken_as_posts):
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
            taken_as_posts=tuple(self.taken_as_posts),
            passed_over=_most_first(self.passed_over),
            ignored=_most_first(self.ignored),
            embedded_chunks=self.embedded_chunks,
            seconds=round(seconds, 3),
        )


def _most_first(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))


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
        kind=record.kind,
        confidence=record.verdict.confidence,
        unsure=record.unsure,
        decided_by=record.verdict.decided_by,
        runner_up=record.verdict.runner_up,
        margin=record.verdict.margin,
        chunks=chunks,
    )
