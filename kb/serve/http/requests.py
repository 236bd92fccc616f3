"""What each route may be asked: the parameters of a query, or the fields of a JSON body."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import Base64Bytes, Field

from kb.capture.web.fetch import MAX_PDF
from kb.models import FiledArea, Filter, Frozen, Kind, Mode, StoredArea
from kb.reports import ArrangedSection, NoteVersion, Outline

MAX_LIMIT = 1000
MAX_SECTIONS = 12
MIN_WORDS = 100
KINDS: dict[str, tuple[Kind, ...]] = {"note": ("note",), "post": ("post",), "all": ("note", "post", "outline")}

Query = Annotated[str, Field(min_length=1, max_length=2000)]
Identifier = Annotated[str, Field(min_length=1, max_length=2000, description="The id of a note, or its path.")]
Template = Literal["jekyll", "hugo", "plain"]
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT)]


class Nothing(Frozen):
    """No parameters."""


class SearchRequest(Frozen):
    """A query, and which notes may be found: those in any of the areas and with all of the tags. Without `weak`, weak
    hits are only counted.
    """

    query: Query
    limit: Limit = 10
    area: tuple[FiledArea, ...] = ()
    tag: tuple[str, ...] = ()
    since: datetime.date | None = None
    until: datetime.date | None = None
    kind: Literal["note", "post", "all"] = "note"
    mode: Mode = "hybrid"
    explain: bool = False
    weak: bool = True

    @property
    def filter(self) -> Filter:
        """The same as a filter of the library."""
        return Filter(areas=self.area, tags=self.tag, since=self.since, until=self.until, kinds=KINDS[self.kind])


class NoteRequest(Frozen):
    """One note."""

    note: Identifier


class RelatedRequest(NoteRequest):
    """One note, and how many others to name."""

    limit: Limit = 10


class OutlineRequest(Frozen):
    """A topic, the areas of its notes, and the number of sections, by default as many as fit, or else their headings;
    and the length of the post in words. With `llm`, the language model that `kb.toml` names may word the sections.
    """

    topic: Query
    area: tuple[FiledArea, ...] = ()
    sections: Annotated[int, Field(ge=1, le=MAX_SECTIONS)] | None = None
    heading: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=500)], ...], Field(max_length=50)] = ()
    words: Annotated[int, Field(ge=MIN_WORDS)] | None = None
    llm: bool = True


class IdeasRequest(Frozen):
    """How many ideas, and from which areas: without any, from the three."""

    limit: Limit = 6
    area: tuple[FiledArea, ...] = ()


class ListRequest(Frozen):
    """The notes of some areas and kinds: without any, of all but what is held back as outside."""

    area: tuple[StoredArea, ...] = ()
    kind: tuple[Kind, ...] = ()
    unsure: bool = False


class JobRequest(Frozen):
    """One job."""

    id: Annotated[str, Field(min_length=1, max_length=100)]


class FileRequest(NoteRequest):
    """A note and the area to file it under; null takes the decision back."""

    area: StoredArea | None


class RenderRequest(Frozen):
    """An outline, as drafted or as the writer has changed it; the template, and how to cite."""

    outline: Outline
    template: Template = "jekyll"
    citations: Literal["comment", "footnote", "none"] = "comment"


class SaveRequest(Frozen):
    """An outline to save as a draft, the template, and how to cite: without citations it could not be checked; and what
    it was saved to before, to be replaced if that has not changed since.
    """

    outline: Outline
    template: Template = "jekyll"
    citations: Literal["comment", "footnote"] = "comment"
    saved: NoteVersion | None = None


class DraftRequest(Frozen):
    """A draft, by its path in the list of drafts."""

    draft: Annotated[str, Field(min_length=1, max_length=2000)]


class RearrangeRequest(DraftRequest):
    """A draft, the hash of what it was when it was opened, and the sections to have in place of its own; with `save`,
    the result is written to a new file, or to what it was saved to before, if that has not changed since.
    """

    sha256: Annotated[str, Field(min_length=64, max_length=64)]
    sections: tuple[ArrangedSection, ...]
    save: bool = False
    saved: NoteVersion | None = None


class UpdateRequest(DraftRequest):
    """A draft to bring new points into; with `dry_run`, only to say which."""

    dry_run: bool = False


class AddRequest(Frozen):
    """A new note. `area` files it, and `detour` takes it in even if it lies outside the areas."""

    title: Annotated[str, Field(min_length=1, max_length=500)]
    text: Annotated[str, Field(min_length=1)]
    area: FiledArea | None = None
    detour: bool = False


class CaptureRequest(Frozen):
    """An address, an arXiv id or a DOI to make a note of; addresses of private networks are refused. `full` takes the
    text of a paper too. `area` files the note, and `detour` takes it in even if it lies outside the areas.
    """

    address: Annotated[str, Field(min_length=1, max_length=2000)]
    area: FiledArea | None = None
    detour: bool = False
    full: bool = False


class UploadRequest(Frozen):
    """A PDF of at most 50 MB in Base64, to make a note of, and the name of its file; the rest is as for an address."""

    name: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^/\\\x00-\x1f]+\.[Pp][Dd][Ff]$")]
    content: Annotated[Base64Bytes, Field(min_length=1, max_length=MAX_PDF)]
    area: FiledArea | None = None
    detour: bool = False
    full: bool = False


class SyncRequest(Frozen):
    """Whether most notes of a source may leave the index."""

    allow_removal: bool = False
