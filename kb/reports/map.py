"""The map of a notebook."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kb.models import Frozen, Kind, StoredArea


class MappedNote(Frozen):
    """A note on the map. `x` and `y` are -1..1; `cluster` is the number of its cluster, from 0, and `concepts` are
    those that its title and tags name. One that is held back has no passages.
    """

    path: str
    title: str
    area: StoredArea
    kind: Kind
    passages: int
    x: float
    y: float
    cluster: int
    concepts: tuple[str, ...] = ()


class MapCluster(Frozen):
    """Notes that lie together, what they are called, and their middle. `notes` counts them."""

    label: str
    x: float
    y: float
    notes: int


class NoteMap(Frozen):
    """All notes in two dimensions: those that say similar things lie near each other. `missing` are notes without text
    that can be read.

    While it is being computed for the first time there are no notes yet, and `done` of `total` steps are.
    """

    schema_: Literal["kb.map/1"] = Field(default="kb.map/1", serialization_alias="schema")
    notes: tuple[MappedNote, ...] = ()
    clusters: tuple[MapCluster, ...] = ()
    missing: tuple[str, ...] = ()
    computing: bool = False
    done: int = 0
    total: int = 0
