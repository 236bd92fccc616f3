"""What a user gets back from each verb: frozen, and the JSON contract field by field."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Literal

from pydantic import ConfigDict, Field

from kb.models import (
    Area,
    AreaVerdict,
    DecidedBy,
    Evidence,
    FiledArea,
    Frozen,
    Kind,
    StoredArea,
    System,
    VerdictArea,
)
from kb.reports.answer import Explanation as Explanation
from kb.reports.answer import Hit as Hit
from kb.reports.answer import Passage as Passage
from kb.reports.answer import Scores as Scores
from kb.reports.answer import SearchResult as SearchResult
from kb.reports.answer import TermWeight as TermWeight


class Added(Frozen):
    """A note that an add took in or updated."""

    path: str
    area: FiledArea
    confidence: float
    unsure: bool
    decided_by: DecidedBy
    chunks: int
    near_duplicate_of: str | None = None


class Renamed(Frozen):
    """A note found again under another path."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    origin: str = Field(alias="from")
    to: str


class HeldBack(Frozen):
    """A note outside the three areas, reported and not indexed."""

    path: str
    nearest_area: Area
    confidence: float
    evidence: tuple[Evidence, ...]


class Skipped(Frozen):
    """A file that could not be taken, and why."""

    path: str
    reason: str


class SyncReport(Frozen):
    """What an add or a sync did."""

    schema_: Literal["kb.sync/1"] = Field(default="kb.sync/1", serialization_alias="schema")
    added: tuple[Added, ...] = ()
    updated: tuple[Added, ...] = ()
    renamed: tuple[Renamed, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    outside: tuple[HeldBack, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    embedded_chunks: int = 0
    seconds: float = 0.0

    def with_repeats(self, older: Mapping[str, str]) -> SyncReport:
        """A copy in which some notes, by path, name the older one that they nearly repeat."""

        def named(notes: tuple[Added, ...]) -> tuple[Added, ...]:
            return tuple(note.model_copy(update={"near_duplicate_of": older.get(note.path)}) for note in notes)

        return self.model_copy(update={"added": named(self.added), "updated": named(self.updated)})


class Classification(AreaVerdict):
    """The verdict for one file, nothing stored."""

    schema_: Literal["kb.classify/1"] = Field(default="kb.classify/1", serialization_alias="schema")
    path: str


class Address(Frozen):
    """A quoted line of a note and where it stands."""

    text: str
    path: str
    start_line: int
    end_line: int


class Point(Address):
    """A quoted line with the SHA-256 of its text, whitespace collapsed."""

    sha256: str


class Summary(Frozen):
    """A sentence by a language model, with the hashes of the points it rests on."""

    text: str
    generated: Literal[True] = True
    points: tuple[str, ...]


class Section(Frozen):
    """One part of an outline: a heading, its points, and the notes it draws on. `generated` is said of the heading."""

    heading: str
    generated: bool = False
    summary: Summary | None = None
    points: tuple[Point, ...]
    notes: tuple[str, ...]


class Reference(Frozen):
    """Something the notes cite, by which notes, and which sections rest on those."""

    title: str
    authors: tuple[str, ...]
    url: str
    cited_by: tuple[str, ...]
    sections: tuple[str, ...]


class OpenQuestion(Frozen):
    """A question or TODO that a note leaves open."""

    text: str
    path: str
    line: int


class Gap(Frozen):
    """Something an outline lacks; `section` is null where it concerns the whole post."""

    kind: str
    text: str
    section: str | None = None


class Repeated(Frozen):
    """A point of the outline that a published post made already, and what it said."""

    text: str
    said: Address


class CoveredBefore(Frozen):
    """A published post on a similar subject, and which points of the outline it already made."""

    path: str
    title: str
    date: datetime.date | None
    similarity: float
    points: tuple[Repeated, ...] = ()


class NoteVersion(Frozen):
    """A note as it was: the SHA-256 of its file."""

    path: str
    sha256: str


class Outline(Frozen):
    """The skeleton of a post; every point has its address.

    `areas` and `wanted_sections` are as they were asked for, `considered` are the notes that points were chosen from.
    """

    schema_: Literal["kb.outline/1"] = Field(default="kb.outline/1", serialization_alias="schema")
    topic: str
    areas: tuple[FiledArea, ...] = ()
    wanted_sections: int | None = None
    title: str
    generated_title: bool = False
    area: VerdictArea
    sections: tuple[Section, ...]
    considered: tuple[NoteVersion, ...] = ()
    references: tuple[Reference, ...] = ()
    open_questions: tuple[OpenQuestion, ...] = ()
    gaps: tuple[Gap, ...] = ()
    leftovers: tuple[Address, ...] = ()
    covered_before: tuple[CoveredBefore, ...] = ()


class ListedNote(Frozen):
    """One line of `kb list`; a `remote` note was pulled from a server."""

    path: str
    title: str
    area: StoredArea
    kind: Kind
    date: datetime.date | None
    tags: tuple[str, ...]
    unsure: bool
    confidence: float
    nearest_area: Area
    remote: bool = False


class NoteList(Frozen):
    """The notes of a notebook."""

    schema_: Literal["kb.list/1"] = Field(default="kb.list/1", serialization_alias="schema")
    notes: tuple[ListedNote, ...]


class NoteDetail(ListedNote):
    """One note: what the catalog knows of it and its text as it is now."""

    schema_: Literal["kb.show/1"] = Field(default="kb.show/1", serialization_alias="schema")
    state: Literal["current", "changed"]
    authors: tuple[str, ...]
    sources: tuple[str, ...]
    links: tuple[str, ...]
    linked_from: tuple[str, ...]
    verdict: AreaVerdict
    chunks: int
    text: str


class Filed(Frozen):
    """What `kb file` decided, and where the note is filed now."""

    schema_: Literal["kb.file/1"] = Field(default="kb.file/1", serialization_alias="schema")
    path: str
    before: StoredArea
    area: StoredArea


class Forgotten(Frozen):
    """The notes that `kb forget` removed; their files are untouched."""

    schema_: Literal["kb.forget/1"] = Field(default="kb.forget/1", serialization_alias="schema")
    paths: tuple[str, ...]


class Move(Frozen):
    """A note that would be filed elsewhere today, and why."""

    path: str
    before: StoredArea
    after: StoredArea
    verdict: AreaVerdict


class Reclassification(Frozen):
    """What judging all notes anew would move, or has moved; `skipped` are files gone or changed since the last sync."""

    schema_: Literal["kb.reclassify/1"] = Field(default="kb.reclassify/1", serialization_alias="schema")
    applied: bool
    moved: tuple[Move, ...]
    unmoved: int
    skipped: tuple[Skipped, ...] = ()


class AreaCount(Frozen):
    """How many notes, posts included, an area holds."""

    area: StoredArea
    notes: int


class Status(Frozen):
    """The state of a notebook. `months` counts the notes of each area by month, `2024-08`; `vectors` says where those
    are.
    """

    schema_: Literal["kb.status/1"] = Field(default="kb.status/1", serialization_alias="schema")
    notebook: str
    sources: tuple[str, ...]
    areas: tuple[AreaCount, ...]
    months: dict[str, dict[StoredArea, int]]
    posts: int
    unsure: int
    chunks: int
    changed_notes: int
    generation: int
    encoder: str | None
    vectors: str
    index_bytes: int


class Measures(Frozen):
    """The mean measures of one way to rank; `intervals` holds the 95 % interval of each, by its name."""

    mode: System
    ndcg_10: float
    recall_10: float
    recall_100: float
    mrr: float
    intervals: dict[str, tuple[float, float]]


class Evaluation(Frozen):
    """How well each way to rank answers judged queries; `p_value`: hybrid against the best other, in nDCG@10."""

    schema_: Literal["kb.eval/1"] = Field(default="kb.eval/1", serialization_alias="schema")
    queries: int
    systems: tuple[Measures, ...]
    best_other: System
    p_value: float
