"""What `kb inbox`, `kb log`, `kb undo`, `kb tags`, `kb links` and `kb config` show."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import Field, JsonValue

from kb.models import AreaVerdict, Frozen, StoredArea
from kb.reports.sync import Skipped


class InboxNote(Frozen):
    """A note about whose area kb is not sure, or that it holds back; `opening` is how its text begins."""

    path: str
    title: str
    area: StoredArea
    opening: str
    verdict: AreaVerdict


class Inbox(Frozen):
    """The notes that wait for a decision: unsure ones, then those held back, the least certain first."""

    schema_: Literal["kb.inbox/1"] = Field(default="kb.inbox/1", serialization_alias="schema")
    notes: tuple[InboxNote, ...]


Act = Literal["filed", "withdrawn", "forgotten", "remembered", "flagged"]


class Decision(Frozen):
    """What was decided about a path, and when; `at` is None where that is not recorded. `area` is where a note was
    filed or what area its source was given, and `before` the area by an earlier decision.
    """

    at: datetime.datetime | None
    act: Act
    path: str
    area: StoredArea | None = None
    before: StoredArea | None = None
    detour: bool = False
    posts: bool = False


class DecisionLog(Frozen):
    """The decisions of a notebook, newest first; those without a date come last, by path."""

    schema_: Literal["kb.log/1"] = Field(default="kb.log/1", serialization_alias="schema")
    decisions: tuple[Decision, ...]


class Undone(Frozen):
    """The decisions that were taken back together. `unindexed` are the paths below which notes may have to be added
    again.
    """

    schema_: Literal["kb.undo/1"] = Field(default="kb.undo/1", serialization_alias="schema")
    decisions: tuple[Decision, ...]
    areas: dict[str, StoredArea]
    unindexed: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()


class Tag(Frozen):
    """A tag, and how many notes have it or one nested below it."""

    tag: str
    notes: int


class TagList(Frozen):
    """All tags by name; a tag such as `graphs/gnn` comes after `graphs`."""

    schema_: Literal["kb.tags/1"] = Field(default="kb.tags/1", serialization_alias="schema")
    tags: tuple[Tag, ...]


class LinkedNote(Frozen):
    """A note at the other end of a link, and the line of the file that has the link; None where it is not found."""

    path: str
    title: str
    area: StoredArea
    line: int | None


class MissingLink(Frozen):
    """A link that leads to no note of the notebook."""

    link: str
    line: int | None


class NoteLinks(Frozen):
    """The links of a note: `links` from it, `linked_from` to it, and `missing` to nothing."""

    schema_: Literal["kb.links/1"] = Field(default="kb.links/1", serialization_alias="schema")
    path: str
    title: str
    links: tuple[LinkedNote, ...]
    linked_from: tuple[LinkedNote, ...]
    missing: tuple[MissingLink, ...]


class Setting(Frozen):
    """A setting: its value, its default (None where there is none), and what it means in Markdown."""

    schema_: Literal["kb.setting/1"] = Field(default="kb.setting/1", serialization_alias="schema")
    key: str
    value: JsonValue
    default: JsonValue
    meaning: str

    @property
    def is_default(self) -> bool:
        """Whether the notebook leaves the setting as it is by default."""
        return self.value == self.default


class SettingList(Frozen):
    """All settings of a notebook, and the file that they are in; it need not exist."""

    schema_: Literal["kb.config/1"] = Field(default="kb.config/1", serialization_alias="schema")
    path: str
    settings: tuple[Setting, ...]
