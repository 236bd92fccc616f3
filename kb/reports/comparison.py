"""Related notes and near-duplicates."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kb.models import FiledArea, Frozen, Kind
from kb.reports.outline import Address


class ComparedNote(Frozen):
    """A note that resembles another."""

    path: str
    title: str
    area: FiledArea
    kind: Kind


class Related(ComparedNote):
    """A note related to the one asked about. `score` is the similarity of their passages (a mean of cosines),
    `passage_score` the cosine of the nearest pair, `ours` and `theirs`. `link` is the direction of the links between
    them: `to` this note, `from` it, or `both`.
    """

    state: Literal["current", "changed"]
    score: float
    link: Literal["to", "from", "both"] | None
    passage_score: float
    ours: Address
    theirs: Address


class RelatedNotes(Frozen):
    """The notes related to one note. `missing` lists those that were dropped because their files are gone."""

    schema_: Literal["kb.related/1"] = Field(default="kb.related/1", alias="schema")
    path: str
    title: str
    notes: tuple[Related, ...]
    changed_notes: int
    missing: tuple[str, ...] = ()


class NoteGroup(Frozen):
    """Notes that say nearly the same. `similarity` is the smallest share of five-word runs that any two of
    them have in common.
    """

    similarity: float
    notes: tuple[ComparedNote, ...]


class PassageGroup(Frozen):
    """Passages that say nearly the same. `similarity` is the smallest share of a passage's five-word runs that
    another, longer passage contains.
    """

    similarity: float
    passages: tuple[Address, ...]


class Duplicates(Frozen):
    """Near-duplicates in a notebook. The passages of notes that are listed as a whole are not listed again."""

    schema_: Literal["kb.duplicates/1"] = Field(default="kb.duplicates/1", alias="schema")
    notes: tuple[NoteGroup, ...]
    passages: tuple[PassageGroup, ...]
