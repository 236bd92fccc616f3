"""The concepts of the areas: what they are, how a query asks for them, and which notes treat them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kb.models import Frozen, VerdictArea


class DescribedConcept(Frozen):
    """A concept, with the other concepts that it is related to, and the paths of the notes that treat it, best first.

    A query asks for it by the `weight` and in the way that `how` says; both are null where there is no query. A
    concept that the query names but no note treats has weight 0. One that is `everywhere` occurs in so many passages
    that `notes` does not list them.
    """

    concept: str
    area: VerdictArea | None
    weight: float | None = None
    how: Literal["named", "described", "part", "related"] | None = None
    aliases: tuple[str, ...] = ()
    definition: str = ""
    part_of: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    builds_on: tuple[str, ...] = ()
    leads_to: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    everywhere: bool = False


class ConceptList(Frozen):
    """The concepts that a query asks for, the surest first; without a query all that kb knows, by area."""

    schema_: Literal["kb.concepts/1"] = Field(default="kb.concepts/1", serialization_alias="schema")
    query: str | None
    concepts: tuple[DescribedConcept, ...]
