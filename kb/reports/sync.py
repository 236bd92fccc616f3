"""What `kb add`, `kb sync`, `kb pull` and `kb forget` did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import ConfigDict, Field

from kb.models import Area, AreaVerdict, DecidedBy, Evidence, FiledArea, Frozen, Kind, VerdictArea

CaptureState = Literal["new", "updated", "merged", "conflict", "unchanged", "known", "outside"]


class Added(Frozen):
    """A note that was added or updated; `near_duplicate_of` is the path of an older note that it nearly repeats, and
    `margin` the lead of its area over the `runner_up`.
    """

    path: str
    area: FiledArea
    kind: Kind
    confidence: float
    unsure: bool
    decided_by: DecidedBy
    runner_up: VerdictArea
    margin: float
    chunks: int
    near_duplicate_of: str | None = None


class Renamed(Frozen):
    """A note whose file has another path than before."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    origin: str = Field(alias="from")
    to: str


class HeldBack(Frozen):
    """A note outside the three areas: reported, not indexed."""

    path: str
    nearest_area: Area
    confidence: float
    evidence: tuple[Evidence, ...]


class Skipped(Frozen):
    """A file that was skipped, and why."""

    path: str
    reason: str


class Fault(Frozen):
    """What the front matter of a note states wrongly; the note was taken without it."""

    path: str
    reason: str


class TakenAsPost(Frozen):
    """A note that became a post because it lies in the folder of a blog, such as `_posts`."""

    path: str
    folder: str


class Captured(Frozen):
    """What was captured of an argument, and the note of it. `changes` says how a note changed that was captured before;
    `conflict` is the path of a file with what could not be merged.

    Of state `known` is what another note is about already, at `path`: nothing was fetched. Of state `outside` is what
    belongs to none of the areas: nothing was written, and `path` is None.
    """

    input: str
    key: str
    title: str = ""
    state: CaptureState
    path: str | None
    changes: str = ""
    conflict: str | None = None
    remarks: tuple[str, ...] = ()
    nearest_area: Area | None = None
    confidence: float | None = None
    evidence: tuple[Evidence, ...] = ()

    def held_back(self, verdict: AreaVerdict) -> Captured:
        """A copy for what is not written, because it lies outside the areas."""
        return self.model_copy(
            update={
                "state": "outside",
                "path": None,
                "nearest_area": verdict.nearest_area,
                "confidence": verdict.confidence,
                "evidence": verdict.evidence,
            }
        )


class SyncReport(Frozen):
    """What `kb add` or `kb sync` did. `captured` has what was made a note of, `added` and `updated` where it was filed.
    `passed_over` counts the files of other formats by their endings, and `ignored`
    the notes that ignore files exclude by the names of these, most frequent first.
    """

    schema_: Literal["kb.sync/1"] = Field(default="kb.sync/1", serialization_alias="schema")
    added: tuple[Added, ...] = ()
    updated: tuple[Added, ...] = ()
    renamed: tuple[Renamed, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    outside: tuple[HeldBack, ...] = ()
    captured: tuple[Captured, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    faults: tuple[Fault, ...] = ()
    taken_as_posts: tuple[TakenAsPost, ...] = ()
    passed_over: dict[str, int] = Field(default_factory=dict)
    ignored: dict[str, int] = Field(default_factory=dict)
    embedded_chunks: int = 0
    seconds: float = 0.0

    def with_repeats(self, older: Mapping[str, str]) -> SyncReport:
        """A copy in which each path of `older` names the older note that it nearly repeats."""

        def named(notes: tuple[Added, ...]) -> tuple[Added, ...]:
            return tuple(note.model_copy(update={"near_duplicate_of": older.get(note.path)}) for note in notes)

        return self.model_copy(update={"added": named(self.added), "updated": named(self.updated)})

    def with_captures(self, captured: Iterable[Captured], skipped: Iterable[Skipped]) -> SyncReport:
        """A copy with further captures, and with further files and addresses that were skipped."""
        return self.model_copy(update={"captured": (*self.captured, *captured), "skipped": (*self.skipped, *skipped)})


class Pulled(Frozen):
    """What `kb pull` fetched from a server, by path; `skipped` lists notes that were being written there."""

    schema_: Literal["kb.pull/1"] = Field(default="kb.pull/1", serialization_alias="schema")
    added: tuple[str, ...]
    updated: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    skipped: tuple[Skipped, ...]
    chunks: int
    seconds: float


class Forgotten(Frozen):
    """The notes that `kb forget` removed from the index; their files are untouched."""

    schema_: Literal["kb.forget/1"] = Field(default="kb.forget/1", serialization_alias="schema")
    paths: tuple[str, ...]
