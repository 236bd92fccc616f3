"""What `kb list` and `kb show` return."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import Field

from kb.models import Area, AreaVerdict, Frozen, Kind, StoredArea


class ListedNote(Frozen):
    """One line of `kb list`; a `remote` note was pulled from a server. The `id` stays when its file is renamed, and
    `linked` counts the notes that it links to or that link to it.
    """

    id: str
    path: str
    title: str
    area: StoredArea
    kind: Kind
    date: datetime.date | None
    tags: tuple[str, ...]
    unsure: bool
    confidence: float
    nearest_area: Area
    linked: int
    remote: bool = False


class NoteList(Frozen):
    """The notes of a notebook."""

    schema_: Literal["kb.list/1"] = Field(default="kb.list/1", serialization_alias="schema")
    notes: tuple[ListedNote, ...]


class NoteDetail(ListedNote):
    """One note: what the catalog holds about it, and its current text. `targets` are the paths of the notes that its
    links lead to, by link, and `passages` the lines at which its passages began when it was indexed. `start_line` and
    `end_line` are those of the address that was asked for, if it was one.
    """

    schema_: Literal["kb.show/1"] = Field(default="kb.show/1", serialization_alias="schema")
    state: Literal["current", "changed"]
    authors: tuple[str, ...]
    sources: tuple[str, ...]
    links: tuple[str, ...]
    targets: dict[str, str]
    linked_from: tuple[str, ...]
    verdict: AreaVerdict
    chunks: int
    passages: tuple[int, ...] = ()
    text: str
    start_line: int | None = None
    end_line: int | None = None
