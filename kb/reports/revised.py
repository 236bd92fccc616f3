"""What a user gets back about a written outline: `kb outline --check` and `kb outline --update`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kb.models import Frozen
from kb.reports import Address, Point

CitationState = Literal["holds", "moved", "changed", "gone"]


class CheckedCitation(Frozen):
    """A citation at a line of a post, and whether the note still says so.

    It `holds` when the cleaned lines at its address contain the quoted text; the text `moved` when it stands at
    `moved_to` instead; otherwise the note `changed`, or is `gone`. `text` is null where it stands nowhere any more.
    """

    line: int
    path: str
    start_line: int
    end_line: int
    sha256: str
    state: CitationState
    text: str | None = None
    moved_to: Address | None = None


class Check(Frozen):
    """The citations of a post against the notes as they are now."""

    schema_: Literal["kb.check/1"] = Field(default="kb.check/1", serialization_alias="schema")
    path: str
    ok: bool
    citations: tuple[CheckedCitation, ...]


class AddedPoint(Point):
    """A point that was brought into a post, under one of the writer's headings or a new one."""

    section: str
    new_section: bool


class Update(Frozen):
    """The points that were brought into a post."""

    schema_: Literal["kb.update/1"] = Field(default="kb.update/1", serialization_alias="schema")
    path: str
    added: tuple[AddedPoint, ...]
