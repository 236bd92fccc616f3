"""What a user gets back from comparing notes with one another: `kb related` and `kb duplicates`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kb.models import FiledArea, Frozen, Kind
from kb.reports import Address


class ComparedNote(Frozen):
    """A note that is like another."""

    path: str
    title: str
    area: FiledArea
    kind: Kind


class Related(ComparedNote):
    """A note related to the one asked about. `score` is how alike the passages of both are (a mean of cosines),
    `passage_score` the cosine of the nearest pair, `ours` and `theirs`. `link` says where links lead: `to` this note,
    `from` it, `both` ways.
    """

    state: Literal["current", "changed"]
    score: float
    link: Literal["to", "from", "both"] | None
    passage_score: float
    ours: Address
    theirs: Address


class RelatedNotes(Frozen):
    """The notes related to one note. `missing` lists those dropped because their file is gone."""

    schema_: Literal["kb.related/1"] = Field(default="kb.related/1", serialization_alias="schema")
    path: str
    title: str
    notes: tuple[Related, ...]
    changed_notes: int
    missing: tuple[str, ...] = ()


class NoteGroup(Frozen):
    """Notes that say nearly the same. `similarity` is the least share of five-word runs that two of them have in
    common.
    """

    similarity: float
    notes: tuple[ComparedNote, ...]


class PassageGroup(Frozen):
    """Passages that say nearly the same. `similarity` is the least share of a passage's five-word runs that stand in
    another, longer one.
    """

    similarity: float
    passages: tuple[Address, ...]


class Duplicates(Frozen):
    """What a notebook says twice; passages of notes that are listed as a whole are not listed again."""

    schema_: Literal["kb.duplicates/1"] = Field(default="kb.duplicates/1", serialization_alias="schema")
    notes: tuple[NoteGroup, ...]
    passages: tuple[PassageGroup, ...]
