"""`KnowledgeBase`: the verbs of kb. Every command is one call of a method here.

A verb imports its stages when it is called, so that no command waits for what only another one uses.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from kb.config import CONFIG_NAME, find_notebook, is_notebook, write_template
from kb.decisions import Flags, is_under, save_decisions
from kb.errors import InputError, NotebookError, NoteError
from kb.ingest import notebook
from kb.library.workspace import Notify, Workspace
from kb.models import AREAS, STORED_AREAS, Encoder, FiledArea, Filter, Kind, Mode, NoteRecord, StoredArea
from kb.reports import (
    Classification,
    Diagnosis,
    Evaluation,
    Filed,
    Forgotten,
    ListedNote,
    NoteDetail,
    NoteList,
    Outline,
    Reclassification,
    SearchResult,
    Skipped,
    Status,
    SyncReport,
)
from kb.reports.compared import Duplicates, RelatedNotes
from kb.reports.ideas import Ideas
from kb.reports.revised import Check, Update

if TYPE_CHECKING:
    from kb.evaluation.outlines import OutlineEvaluation
    from kb.evaluation.runner import Golden
    from kb.library.intake import Intake, Progress
    from kb.outline.citations import Citations

DEFAULT_LIMIT = 10


def _silent(*_: object) -> None:
    """Neither notices nor progress."""


def _never() -> bool:
    return False


class KnowledgeBase:
    """A notebook and its index.

    `root` defaults to `KB_NOTEBOOK`, else to the nearest folder upwards that is a notebook; with `create` a folder
    becomes one. `encoder` replaces the model (for tests, or one of your own), `notify` receives lines for the user,
    `progress` the count of notes done and to do, and `should_stop` is asked between batches.
    Use it as a context manager, or call `close`. Raises `NotebookError` where there is no notebook.
    """

    def __init__(
        self,
        root: str | Path | None = None,
        *,
        create: bool = False,
        encoder: Encoder | None = None,
        notify: Notify = _silent,
        progress: Progress = _silent,
        should_stop: Callable[[], bool] = _never,
    ) -> None:
        found = find_notebook(Path(root) if root is not None else None)
        if not create and (found is None or not is_notebook(found)):
            place = f"{found} is no notebook" if found else "there is no notebook here or above"
            raise NotebookError(f"{place}; run `kb init`, or `kb add` your notes")
        self._workspace = Workspace(found or Path.cwd(), encoder, notify)
        self._progress = progress
        self._should_stop = should_stop

    def __enter__(self) -> KnowledgeBase:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close files and clients; the next verb opens them again."""
        self._workspace.close()

    @property
    def root(self) -> Path:
        """The notebook's folder."""
        return self._workspace.root

    # --- notes in ---

    def add(
        self, paths: Sequence[str | Path], area: FiledArea | None = None, detour: bool = False, posts: bool = False
    ) -> SyncReport:
        """Take files and folders as sources and bring the index up to date with them.

        `area` files their notes there, `detour` takes in what lies outside the areas, `posts` marks them as
        published; the three hold for later syncs too. Raises `InputError` for a path that does not exist, and
        `OutsideError` after all others are in where notes lie outside and `kb.toml` refuses such.
        """
        sources = [self._source(path) for path in paths]
        decisions = before = self._workspace.decisions
        flags = Flags(area=area, detour=detour, posts=posts)
        for source in sources:
            decisions = decisions.with_remembered(source)
            if flags != Flags():
                decisions = decisions.with_flags(source, flags)
        if decisions != before:
            save_decisions(self.root, decisions)
        for source in sources:
            self._workspace.catalog.add_source(source)
        report = self._intake().run(sources)
        if self._workspace.settings.outside == "refuse":
            from kb.library.looking import refuse_outside

            refuse_outside(self._workspace, sources)
        return report

    def add_text(
        self, title: str, text: str, area: FiledArea | None = None, detour: bool = False, posts: bool = False
    ) -> SyncReport:
        """Write a text as a new note under the notebook's `notes/`, and add that."""
        if not title.strip() or not text.strip():
            raise InputError("a note from standard input needs a title and a text")
        return self.add([notebook.write_note(self.root, title.strip(), text)], area, detour, posts)

    def sync(self) -> SyncReport:
        """Look at every source again, and build the vectors afresh where they are missing or damaged."""
        report = self._intake().run(self._workspace.catalog.sources())
        self._workspace.mend_vectors()
        return report

    def classify(self, paths: Sequence[str | Path]) -> Iterator[Classification | Skipped]:
        """The verdict for each Markdown file of some paths; nothing is stored."""
        from kb.library.judging import classifications

        yield from classifications(self._workspace, [self._source(path) for path in paths])

    def file(self, name: str, area: StoredArea | None) -> Filed:
        """File a note under an area, as a detour, or outside; None takes an earlier decision back."""
        note = self.find_note(name)
        if notebook.state_of(self.root, note.path) is None:
            raise NoteError(f"{note.path} is gone; run `kb sync`")
        save_decisions(self.root, self._workspace.decisions.with_filed(note.path, area))
        report = self._intake().run([note.path])
        if report.skipped:
            raise NoteError(f"{note.path} {report.skipped[0].reason}; your decision holds once it can be read")
        after = {entry.path: entry for entry in self._workspace.catalog.notes()}.get(note.path, note)
        return Filed(path=note.path, before=note.area, area=after.area)

    def reclassify(self, apply: bool = False) -> Reclassification:
        """Judge all notes anew, learning from those that the writer filed; what would move, and moves with `apply`."""
        from kb.library.reclassifying import reclassify

        return reclassify(self._workspace, apply)

    def forget(self, path: str) -> Forgotten:
        """Take a note, or all notes below a folder, out of the index for good; the files stay as they are."""
        from kb.index.lock import write_lock
        from kb.library.publishing import Batch, publish

        known = [note.path for note in self._workspace.catalog.notes()]
        target = self._name(path)
        if not any(is_under(name, target) for name in known):
            target = self.find_note(path).path
        save_decisions(self.root, self._workspace.decisions.with_forgotten(target))
        gone = [note for note in self._workspace.catalog.notes() if is_under(note.path, target)]
        with write_lock(self._workspace.folder):
            fingerprint = self._workspace.catalog.fingerprint() or ""
            publish(self._workspace, Batch(removed=[note.id for note in gone]), fingerprint)
            sources = self._workspace.catalog.sources()
            self._workspace.catalog.remove_sources(source for source in sources if is_under(source, target))
        return Forgotten(paths=tuple(note.path for note in gone))

    # --- out again ---

    def search(
        self,
        query: str,
        limit: int = DEFAULT_LIMIT,
        filter: Filter | None = None,
        mode: Mode = "hybrid",
        explain: bool = False,
    ) -> SearchResult:
        """The best notes for a query; published posts only where the filter asks for them."""
        from kb.library.answering import search

        if limit < 1:
            raise InputError(f"the number of hits should be at least 1, is {limit}")
        if self._workspace.settings.autosync:
            self.sync()
        return search(self._workspace, query, limit, filter or Filter(), mode, explain)

    def related(self, name: str, limit: int = DEFAULT_LIMIT) -> RelatedNotes:
        """The notes and posts related to one: by what they say, and by links either way."""
        from kb.library.comparing import related

        return related(self._workspace, self.find_note(name), limit)

    def duplicates(self) -> Duplicates:
        """The notes and passages that say nearly the same."""
        from kb.library.comparing import duplicates

        return duplicates(self._workspace, self._progress)

    def outline(
        self, topic: str, areas: tuple[FiledArea, ...] = (), sections: int | None = None, llm: bool = True
    ) -> Outline:
        """The skeleton of a post; raises `EvidenceError` where the notes say too little about the topic.

        With `llm`, the language model that the settings name, if any, may name, order and sum up its sections.
        """
        from kb.library.drafting import draft
        from kb.library.wording import worded

        if self._workspace.settings.autosync:
            self.sync()
        outline = draft(self._workspace, topic, areas, sections)
        return worded(self._workspace, outline) if llm else outline

    def ideas(self, areas: Sequence[FiledArea] = AREAS, limit: int = 6) -> Ideas:
        """What could be written next: groups of notes that are ripe for a post, area after area."""
        from kb.library.suggesting import ideas

        if self._workspace.settings.autosync:
            self.sync()
        return ideas(self._workspace, tuple(areas), limit)

    def render(self, outline: Outline, template: str = "jekyll", citations: Citations = "comment") -> str:
        """An outline as Markdown, by a template's name or the path of a Jinja file."""
        from kb.library.writing import rendered

        return rendered(outline, template, citations)

    def check_outline(self, path: str | Path) -> Check:
        """Verify every citation of a written outline against the notes as they are now."""
        from kb.library.writing import check_post

        return check_post(self._workspace, Path(path))

    def update_outline(self, path: str | Path) -> Update:
        """Bring new points into a written outline, beside the writer's own text; no other byte of it changes."""
        from kb.library.writing import update_post

        if self._workspace.settings.autosync:
            self.sync()
        return update_post(self._workspace, Path(path))

    def write(self, path: str | Path, text: str, overwrite: bool = False) -> None:
        """Write a rendered outline; an existing file only with `overwrite`."""
        notebook.write_file(Path(path), text, overwrite)

    def list(self, areas: Sequence[StoredArea] = (), kinds: Sequence[Kind] = (), unsure: bool = False) -> NoteList:
        """The notes of the index by path; held back ones only where `areas` names `outside`."""
        from kb.library.looking import listed

        wanted = areas or tuple(area for area in STORED_AREAS if area != "outside")
        return NoteList(
            notes=tuple(
                ListedNote.model_validate(listed(note))
                for note in self._workspace.catalog.notes()
                if note.area in wanted and (not kinds or note.kind in kinds) and (note.verdict.unsure or not unsure)
            )
        )

    def show(self, name: str) -> NoteDetail:
        """One note, with its text as the file says now."""
        from kb.library.looking import detail

        return detail(self._workspace, self.find_note(name))

    def locate(self, address: str) -> tuple[Path, int]:
        """The file and line of a note's name, or of an address such as `notes/gcn.md:12-14`."""
        name, _, lines = address.rpartition(":")
        start = lines.split("-")[0]
        if name and start.isdigit():
            return self.root / self.find_note(name).path, int(start)
        return self.root / self.find_note(address).path, 1

    def status(self) -> Status:
        """Counts, sources, and what changed since the last sync."""
        from kb.library.balance import status

        return status(self._workspace)

    def diagnose(self) -> Diagnosis:
        """Check the index against itself and the notes."""
        from kb.care.doctor import diagnose
        from kb.library.caring import look_over

        return diagnose(look_over(self._workspace))

    def evaluate(self, golden: str | Path) -> Evaluation:
        """Measure each way to rank with the judged queries of a file."""
        from kb.evaluation.runner import load_golden

        return self.evaluate_queries(load_golden(Path(golden)))

    def evaluate_queries(self, golden: Golden) -> Evaluation:
        """The same with queries at hand."""
        from kb.evaluation.runner import evaluate
        from kb.library.finding import rankings

        return evaluate(golden, lambda query, limit: rankings(self._workspace, query, limit))

    def evaluate_outlines(self, path: str | Path) -> OutlineEvaluation:
        """Measure outlines of the topics of a file, beside simple ways to make one."""
        from kb.library.appraising import appraise

        return appraise(self._workspace, Path(path), self._progress)

    def find_note(self, name: str) -> NoteRecord:
        """The note that a path, a file name without its ending, or a title names. Raises `InputError`."""
        from kb.library.naming import find_note

        return find_note(self._workspace.catalog.notes(), name, self._name(name))

    def _name(self, path: str | Path) -> str:
        return notebook.notebook_path(self.root, Path(path))

    def _source(self, path: str | Path) -> str:
        if not os.path.lexists(path):
            raise InputError(f"{path} does not exist")
        return self._name(path)

    def _intake(self) -> Intake:
        from kb.library.intake import Intake

        return Intake(self._workspace, self._progress, self._should_stop)


def init(root: str | Path | None = None) -> Path:
    """Make a folder a notebook: write a commented `kb.toml`. Returns its path."""
    folder = Path(root) if root is not None else find_notebook() or Path.cwd()
    if is_notebook(folder) and (folder / CONFIG_NAME).exists():
        raise NotebookError(f"{folder / CONFIG_NAME} exists already; edit it as it is")
    return write_template(folder.resolve())
