"""What a running server says about itself, its jobs and its failures."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kb.models import Frozen
from kb.reports.search import SearchResult
from kb.reports.sync import SyncReport


class Failure(Frozen):
    """Why a request was not answered: the HTTP status, the kind of error, and its message."""

    schema_: Literal["kb.error/1"] = Field(default="kb.error/1", serialization_alias="schema")
    status: int
    error: str
    message: str


class Job(Frozen):
    """A sync in the background: `done` of `total` notes are read and embedded, and `notices` are lines for the user.
    `report` and `failure` are null until it has ended.
    """

    schema_: Literal["kb.job/1"] = Field(default="kb.job/1", serialization_alias="schema")
    id: str
    state: Literal["running", "done", "failed"]
    done: int = 0
    total: int = 0
    notices: tuple[str, ...] = ()
    report: SyncReport | None = None
    failure: Failure | None = None


class Server(Frozen):
    """A server: the notebook that it serves, its address, its process, for how many seconds it has run, and the id of
    the sync that began last.
    """

    schema_: Literal["kb.server/1"] = Field(default="kb.server/1", serialization_alias="schema")
    notebook: str
    address: str
    version: str
    process: int
    seconds: float
    job: str | None = None


class Link(Frozen):
    """An address that opens the page in a browser, once."""

    schema_: Literal["kb.link/1"] = Field(default="kb.link/1", serialization_alias="schema")
    address: str


class AnsweredSearch(SearchResult):
    """The answer to one query, with what else there is to say of it, such as words or tags that no note has."""

    notices: tuple[str, ...] = ()


class Rendered(Frozen):
    """An outline as Markdown."""

    schema_: Literal["kb.render/1"] = Field(default="kb.render/1", serialization_alias="schema")
    markdown: str


class RenderedNote(Frozen):
    """The body of a note as HTML that does nothing but show it; its blocks have the numbers of their lines."""

    schema_: Literal["kb.rendered-note/1"] = Field(default="kb.rendered-note/1", serialization_alias="schema")
    path: str
    html: str


class RenderedDraft(Frozen):
    """A draft as HTML that does nothing but show it, without its title; its blocks have the numbers of their lines."""

    schema_: Literal["kb.rendered-draft/1"] = Field(default="kb.rendered-draft/1", serialization_alias="schema")
    path: str
    title: str
    html: str


class RenderedGuide(Frozen):
    """A guide of the manual: its subject, what that covers, its title, and its text as HTML."""

    subject: str
    summary: str
    title: str
    html: str


class GuideList(Frozen):
    """The guides of the manual."""

    schema_: Literal["kb.guides/1"] = Field(default="kb.guides/1", serialization_alias="schema")
    guides: tuple[RenderedGuide, ...]
