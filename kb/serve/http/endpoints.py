"""The table of the JSON API: each endpoint has a path, a request, a report of `kb.reports`, and a function between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kb.errors import InputError, NoteError
from kb.models import AREAS, Frozen
from kb.reports import (
    AnsweredSearch,
    AreaList,
    Check,
    Classification,
    DraftList,
    DraftSections,
    Filed,
    GuideList,
    Ideas,
    Job,
    Link,
    NoteDetail,
    NoteLinks,
    NoteList,
    NoteMap,
    Outline,
    Rearranged,
    RelatedNotes,
    Rendered,
    RenderedDraft,
    RenderedNote,
    SavedDraft,
    Server,
    Status,
    SyncReport,
    Update,
)
from kb.serve.http import requests
from kb.serve.http.served import Served
from kb.serve.page.manual import rendered_guides
from kb.serve.page.markdown import rendered, rendered_draft


@dataclass(frozen=True)
class Endpoint:
    """One path of the API. Those that read take their request from the query string, changes from a JSON body, which
    may be as large as a file where one `uploads`. One that `streams` sends its report again with every change, as
    server-sent events.
    """

    path: str
    summary: str
    asked: type[Frozen]
    report: type[Frozen]
    answer: Callable[[Served, Any], Frozen]
    changes: bool = False
    streams: bool = False
    uploads: bool = False

    @property
    def method(self) -> str:
        """The HTTP method."""
        return "POST" if self.changes else "GET"


def _search(served: Served, asked: requests.SearchRequest) -> AnsweredSearch:
    notices: list[str] = []
    with served.live.telling(notices.append) as knowledge:
        found = knowledge.search(asked.query, asked.limit, asked.filter, asked.mode, asked.explain, asked.weak)
    return AnsweredSearch.model_construct(**dict(found), notices=tuple(notices))


def _note(served: Served, asked: requests.NoteRequest) -> NoteDetail:
    return served.knowledge.show(_id(served, asked))


def _note_html(served: Served, asked: requests.NoteRequest) -> RenderedNote:
    note = _note(served, asked)
    return RenderedNote(path=note.path, html=rendered(note.text, note.title, note.targets))


def _links(served: Served, asked: requests.NoteRequest) -> NoteLinks:
    return served.knowledge.links(_id(served, asked))


def _related(served: Served, asked: requests.RelatedRequest) -> RelatedNotes:
    return served.knowledge.related(_id(served, asked), asked.limit)


def _outline(served: Served, asked: requests.OutlineRequest) -> Outline:
    if asked.heading and asked.sections:
        raise InputError("sections has no effect with heading: there are as many as you name")
    if len({*asked.heading}) < len(asked.heading):
        raise InputError("a heading is given twice; name each once")
    return served.knowledge.outline(
        asked.topic, asked.area, asked.sections, asked.llm, headings=asked.heading, words=asked.words
    )


def _ideas(served: Served, asked: requests.IdeasRequest) -> Ideas:
    return served.knowledge.ideas(tuple(dict.fromkeys(asked.area)) or AREAS, asked.limit)


def _status(served: Served, _: requests.Nothing) -> Status:
    return served.knowledge.status()


def _list(served: Served, asked: requests.ListRequest) -> NoteList:
    return served.knowledge.list(asked.area, asked.kind, asked.unsure)


def _areas(served: Served, _: requests.Nothing) -> AreaList:
    return served.knowledge.areas()


def _map(served: Served, _: requests.Nothing) -> NoteMap:
    return served.mapping.get()


def _classify(served: Served, asked: requests.NoteRequest) -> Classification:
    knowledge = served.knowledge
    path, _ = knowledge.locate(_id(served, asked))
    for verdict in knowledge.classify([path]):
        if isinstance(verdict, Classification):
            return verdict
        raise NoteError(f"{verdict.path} {verdict.reason}")
    raise NoteError(f"{asked.note} is excluded by an ignore file now; run `kb sync`")


def _file(served: Served, asked: requests.FileRequest) -> Filed:
    return served.knowledge.file(_id(served, asked), asked.area)


def _render(served: Served, asked: requests.RenderRequest) -> Rendered:
    return Rendered(markdown=served.knowledge.render(asked.outline, asked.template, asked.citations))


def _save_draft(served: Served, asked: requests.SaveRequest) -> SavedDraft:
    return served.knowledge.save_draft(asked.outline, asked.template, asked.citations, asked.saved)


def _drafts(served: Served, _: requests.Nothing) -> DraftList:
    return served.knowledge.drafts()


def _draft_html(served: Served, asked: requests.DraftRequest) -> RenderedDraft:
    draft = served.knowledge.show_draft(asked.draft)
    return RenderedDraft(path=draft.path, title=draft.title, html=rendered_draft(draft.text, draft.title))


def _cut_draft(served: Served, asked: requests.DraftRequest) -> DraftSections:
    return served.knowledge.cut_draft(asked.draft)


def _rearrange_draft(served: Served, asked: requests.RearrangeRequest) -> Rearranged:
    return served.knowledge.rearrange_draft(asked.draft, asked.sha256, asked.sections, asked.save, asked.saved)


def _check_draft(served: Served, asked: requests.DraftRequest) -> Check:
    checked = served.knowledge.check_outline(served.knowledge.locate_draft(asked.draft))
    return checked.model_copy(update={"path": asked.draft})


def _update_draft(served: Served, asked: requests.UpdateRequest) -> Update:
    updated = served.knowledge.update_outline(served.knowledge.locate_draft(asked.draft), asked.dry_run)
    return updated.model_copy(update={"path": asked.draft})


def _add(served: Served, asked: requests.AddRequest) -> SyncReport:
    return served.knowledge.add_text(asked.title, asked.text, asked.area, asked.detour)


def _capture(served: Served, asked: requests.CaptureRequest) -> SyncReport:
    with served.live.capturing() as knowledge:
        return knowledge.capture_address(asked.address.strip(), asked.area, asked.detour, asked.full)


def _capture_pdf(served: Served, asked: requests.UploadRequest) -> SyncReport:
    with served.live.capturing() as knowledge:
        return knowledge.capture_pdf(asked.name, asked.content, asked.area, asked.detour, asked.full)


def _guides(_: Served, __: requests.Nothing) -> GuideList:
    return rendered_guides()


def _start_sync(served: Served, asked: requests.SyncRequest) -> Job:
    return served.jobs.start_sync(asked.allow_removal)


def _job(served: Served, asked: requests.JobRequest) -> Job:
    return served.jobs.get(asked.id)


def _server(served: Served, _: requests.Nothing) -> Server:
    return served.describe()


def _link(served: Served, _: requests.Nothing) -> Link:
    return served.link()


def _stop(served: Served, _: requests.Nothing) -> Server:
    return served.end()


def _id(served: Served, asked: requests.NoteRequest) -> str:
    """The id of the note asked for: no path that is given is ever opened."""
    return served.knowledge.identify(asked.note).id


ENDPOINTS = (
    Endpoint("/api/search", "Find notes by meaning and by words.", requests.SearchRequest, AnsweredSearch, _search),
    Endpoint("/api/note", "One note: its area and why, its links, its text.", requests.NoteRequest, NoteDetail, _note),
    Endpoint("/api/note/html", "One note as HTML.", requests.NoteRequest, RenderedNote, _note_html),
    Endpoint("/api/links", "The links of a note, to it, and to nothing.", requests.NoteRequest, NoteLinks, _links),
    Endpoint("/api/related", "The notes and posts related to a note.", requests.RelatedRequest, RelatedNotes, _related),
    Endpoint("/api/outline", "The skeleton of a post.", requests.OutlineRequest, Outline, _outline),
    Endpoint("/api/ideas", "What to write about next.", requests.IdeasRequest, Ideas, _ideas),
    Endpoint(
        "/api/status", "Counts, sources, and what changed since the last sync.", requests.Nothing, Status, _status
    ),
    Endpoint("/api/list", "The notes by path.", requests.ListRequest, NoteList, _list),
    Endpoint("/api/areas", "What the areas mean, and how many notes each has.", requests.Nothing, AreaList, _areas),
    Endpoint("/api/map", "All notes in two dimensions, or how far their map is.", requests.Nothing, NoteMap, _map),
    Endpoint("/api/classify", "The verdict for a note as it is now.", requests.NoteRequest, Classification, _classify),
    Endpoint("/api/file", "File a note under an area.", requests.FileRequest, Filed, _file, changes=True),
    Endpoint("/api/render", "An outline as Markdown.", requests.RenderRequest, Rendered, _render, changes=True),
    Endpoint("/api/draft", "Save an outline as a draft.", requests.SaveRequest, SavedDraft, _save_draft, changes=True),
    Endpoint("/api/drafts", "The drafts, and how many citations hold.", requests.Nothing, DraftList, _drafts),
    Endpoint("/api/draft/html", "One draft as HTML.", requests.DraftRequest, RenderedDraft, _draft_html),
    Endpoint(
        "/api/draft/sections", "One draft as sections and blocks.", requests.DraftRequest, DraftSections, _cut_draft
    ),
    Endpoint(
        "/api/draft/rearrange",
        "One draft in another order.",
        requests.RearrangeRequest,
        Rearranged,
        _rearrange_draft,
        changes=True,
    ),
    Endpoint("/api/draft/check", "Whether its citations hold.", requests.DraftRequest, Check, _check_draft),
    Endpoint("/api/draft/update", "Bring new points in.", requests.UpdateRequest, Update, _update_draft, changes=True),
    Endpoint("/api/add", "Write a new note under notes/.", requests.AddRequest, SyncReport, _add, changes=True),
    Endpoint("/api/capture", "Make a note of an address.", requests.CaptureRequest, SyncReport, _capture, changes=True),
    Endpoint(
        "/api/capture/pdf",
        "Make a note of a PDF.",
        requests.UploadRequest,
        SyncReport,
        _capture_pdf,
        changes=True,
        uploads=True,
    ),
    Endpoint("/api/guides", "The guides of the manual as HTML.", requests.Nothing, GuideList, _guides),
    Endpoint("/api/sync", "Start a sync in the background.", requests.SyncRequest, Job, _start_sync, changes=True),
    Endpoint("/api/job", "A sync as it is now.", requests.JobRequest, Job, _job),
    Endpoint("/api/job/events", "A sync with every change.", requests.JobRequest, Job, _job, streams=True),
    Endpoint("/api/server", "The server about itself.", requests.Nothing, Server, _server),
    Endpoint("/api/link", "One more link for a browser.", requests.Nothing, Link, _link, changes=True),
    Endpoint("/api/stop", "End the server.", requests.Nothing, Server, _stop, changes=True),
)
