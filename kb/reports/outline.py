"""An outline, and what becomes of one that was written to a file."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import Field

from kb.models import FiledArea, Frozen, StoredArea, VerdictArea


class Address(Frozen):
    """A quoted line of a note and its address."""

    text: str
    path: str
    start_line: int
    end_line: int


class Quoted(Address):
    """A quoted line with the SHA-256 of its text after collapsing whitespace."""

    sha256: str


PointKind = Literal["quotation", "table", "formula", "code"]


class Point(Quoted):
    """A line worth quoting, or the place of a table, a formula or code that is worth having.

    `label` says what the text is about where its own words do not; it is not part of the quotation. `also` holds where
    other notes make the same claim, and `contradicts` the points of the section that make an opposite comparison.
    """

    label: str = ""
    kind: PointKind = "quotation"
    also: tuple[Quoted, ...] = ()
    contradicts: tuple[Address, ...] = ()


class Summary(Frozen):
    """A sentence by a language model, with the hashes of the points it is based on."""

    text: str
    generated: Literal[True] = True
    points: tuple[str, ...]


class Section(Frozen):
    """A section of an outline: a heading, its points, and the notes it draws on. `generated` concerns the heading.
    `so_what` is what follows from the section, if its writer has said so.
    """

    heading: str
    generated: bool = False
    summary: Summary | None = None
    points: tuple[Point, ...]
    so_what: str = ""
    notes: tuple[str, ...]


class Reference(Frozen):
    """A work that the notes cite, the notes that cite it, and the sections that draw on those notes."""

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
    """Something an outline lacks; `section` is null if it concerns the whole post."""

    kind: str
    text: str
    section: str | None = None


class Repeated(Frozen):
    """A point of the outline that a published post already made, and what that post says."""

    text: str
    said: Address


class CoveredBefore(Frozen):
    """A published post on a similar subject, and the points of the outline that it already made."""

    path: str
    title: str
    date: datetime.date | None
    similarity: float
    points: tuple[Repeated, ...] = ()


class NoteVersion(Frozen):
    """The version of a note: the SHA-256 of its file."""

    path: str
    sha256: str


class Outline(Frozen):
    """The skeleton of a post; every point has an address.

    `areas`, `wanted_sections`, `words` (the length of the post) and `headings` are what was asked for, and `empty` are
    those of the headings for which the notes have nothing. `considered` lists the notes from which points were chosen.
    `thesis` is the one sentence that a reader should take away, if the writer has said it.
    """

    schema_: Literal["kb.outline/1"] = Field(default="kb.outline/1", alias="schema")
    topic: str
    areas: tuple[FiledArea, ...] = ()
    wanted_sections: int | None = None
    words: int | None = None
    headings: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    title: str
    generated_title: bool = False
    thesis: str = ""
    area: VerdictArea
    sections: tuple[Section, ...]
    considered: tuple[NoteVersion, ...] = ()
    references: tuple[Reference, ...] = ()
    open_questions: tuple[OpenQuestion, ...] = ()
    gaps: tuple[Gap, ...] = ()
    leftovers: tuple[Address, ...] = ()
    covered_before: tuple[CoveredBefore, ...] = ()


CitationState = Literal["holds", "moved", "changed", "gone"]


class CheckedCitation(Frozen):
    """A citation at a line of a post, and whether the note still contains the quoted text.

    It `holds` if the cleaned lines at its address contain the text, and it `moved` if those at `moved_to` do; otherwise
    the note `changed` or is `gone`. `text` is null if the text is found nowhere. `quoted` is what the post says there,
    and `now` what the note says now that is most like it, if anything is.
    """

    line: int
    path: str
    start_line: int
    end_line: int
    sha256: str
    state: CitationState
    text: str | None = None
    moved_to: Address | None = None
    quoted: str = ""
    now: Address | None = None


class Check(Frozen):
    """The citations of a post, compared with the notes as they are now."""

    schema_: Literal["kb.check/1"] = Field(default="kb.check/1", serialization_alias="schema")
    path: str
    ok: bool
    citations: tuple[CheckedCitation, ...]


class Draft(Frozen):
    """A file with a written outline, when it was last changed, and how many of its citations hold."""

    path: str
    title: str
    modified: datetime.datetime
    citations: int
    holding: int


class DraftList(Frozen):
    """The drafts of a notebook, the last changed first."""

    schema_: Literal["kb.drafts/1"] = Field(default="kb.drafts/1", serialization_alias="schema")
    drafts: tuple[Draft, ...]


class DraftDetail(Frozen):
    """A written outline as its file says now, with `\\n` newlines."""

    path: str
    title: str
    text: str


class DraftBlock(Frozen):
    """What a draft says in a block or an item of a list that begins at a line, and the first citation there, if any."""

    line: int
    text: str
    label: str = ""
    path: str | None = None
    start_line: int | None = None
    end_line: int | None = None
    sha256: str | None = None


class DraftSection(Frozen):
    """A section of a draft, whose heading is at a line: its points, and what else its writer says there."""

    line: int
    heading: str
    points: tuple[DraftBlock, ...]


class DraftSections(Frozen):
    """A draft as what can be put in another order, the SHA-256 of its text, and what it was made of."""

    schema_: Literal["kb.draft-sections/1"] = Field(default="kb.draft-sections/1", serialization_alias="schema")
    path: str
    title: str
    sha256: str
    topic: str
    areas: tuple[FiledArea, ...]
    sections: tuple[DraftSection, ...]


class ArrangedSection(Frozen):
    """A section of a draft, by the line of its heading, or a new one; the lines of its blocks, and new points."""

    line: int | None = None
    heading: str = Field(min_length=1, max_length=500)
    points: tuple[int | Point, ...] = ()


class Rearranged(Frozen):
    """A draft in another order as Markdown, and the file with it, if it was saved."""

    schema_: Literal["kb.rearranged/1"] = Field(default="kb.rearranged/1", serialization_alias="schema")
    markdown: str
    path: str | None = None
    sha256: str | None = None


class SavedDraft(NoteVersion):
    """The file that an outline was saved to."""

    schema_: Literal["kb.draft/1"] = Field(default="kb.draft/1", serialization_alias="schema")


class AddedPoint(Point):
    """A point that was added to a post, under one of its headings or a new one, and its line of Markdown."""

    section: str
    new_section: bool
    markdown: str


class Update(Frozen):
    """The points that were added to a post; with `dry_run`, those that would be."""

    schema_: Literal["kb.update/1"] = Field(default="kb.update/1", serialization_alias="schema")
    path: str
    dry_run: bool = False
    added: tuple[AddedPoint, ...]


class Unfinished(Frozen):
    """Something at a line of a post that its writer was to fill in, settle or delete before publishing."""

    line: int
    text: str


class Published(Frozen):
    """A post made of a draft.

    It was `written` unless it was `refused`, because citations no longer hold (`failing`), or unless `output` already
    had this very text. `references` is the number of works in its list, and `cited` that of the citations that became
    references to it; `cited_notes` has a path for each citation that holds. `area` is null if the post is not indexed.
    """

    schema_: Literal["kb.publish/1"] = Field(default="kb.publish/1", serialization_alias="schema")
    path: str
    output: str
    date: datetime.date
    written: bool
    refused: bool = False
    area: StoredArea | None = None
    citations: int
    failing: tuple[CheckedCitation, ...] = ()
    unfinished: tuple[Unfinished, ...] = ()
    references: int = 0
    cited: int = 0
    cited_notes: tuple[str, ...] = ()
