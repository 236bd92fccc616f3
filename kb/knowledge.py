"""`KnowledgeBase`: the verbs of kb. Every command is one call of a method here.

A verb imports its stages when it is called, so that no command waits for what only another one uses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kb.config import CONFIG_NAME, find_notebook, is_notebook, write_template
from kb.decisions import Flags, is_under, save_decisions
from kb.errors import InputError, NotebookError, NoteError, RemovalError, ServerError
from kb.models import AREAS, STORED_AREAS, FiledArea, Filter, Kind, Mode, StoredArea
from kb.notes import files as notebook
from kb.opening import OpenNotebook
from kb.reports import (
    Classification,
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
from kb.reports.cared import BackedUp, Diagnosis, Pulled, Rebuilt, Restored
from kb.reports.compared import Duplicates, RelatedNotes
from kb.reports.ideas import Ideas
from kb.reports.revised import Check, Update

if TYPE_CHECKING:
    from kb.evaluation.outlines import OutlineEvaluation
    from kb.evaluation.runner import Golden
    from kb.outline.post.citations import Citations

DEFAULT_LIMIT = 10


class KnowledgeBase(OpenNotebook):
    """The verbs, on an open notebook."""

    # --- notes in ---

    def add(
        self,
        paths: Sequence[str | Path],
        area: FiledArea | None = None,
        detour: bool = False,
        posts: bool = False,
        allow_removal: bool = False,
    ) -> SyncReport:
        """Take files and folders as sources and bring the index up to date with them.

        `area` files their notes there, `detour` takes in what lies outside the areas, `posts` marks them as
        published; the three hold for later syncs too. Raises `InputError` for a path that does not exist, and
        `RemovalError` where most notes would leave the index, unless `allow_removal`; and `OutsideError` after all
        others are in where notes lie outside and `kb.toml` refuses such.
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
        self._workspace.add_sources(sources)
        report = self._intake(allow_removal).run(sources)
        if self._workspace.settings.outside == "refuse":
            from kb.sync.changes import refuse_outside

            refuse_outside(self._workspace, sources)
        return report

    def add_text(
        self, title: str, text: str, area: FiledArea | None = None, detour: bool = False, posts: bool = False
    ) -> SyncReport:
        """Write a text as a new note under the notebook's `notes/`, and add that."""
        if not title.strip() or not text.strip():
            raise InputError("a note from standard input needs a title and a text")
        return self.add([notebook.write_note(self.root, title.strip(), text)], area, detour, posts)

    def sync(self, allow_removal: bool = False) -> SyncReport:
        """Look at every source again, and build the vectors afresh where they are missing or damaged. Raises
        `RemovalError` where most notes would leave the index, unless `allow_removal`.
        """
        from kb.index.publishing import mend_vectors

        report = self._intake(allow_removal).run(self._workspace.catalog.sources())
        mend_vectors(self._workspace)
        return report

    def pull(self, allow_removal: bool = False) -> Pulled:
        """Bring the index up to date with the notes that another machine keeps on the server of the settings. Raises
        `RemovalError` where most notes would leave the index, unless `allow_removal`.
        """
        from kb.remote.pull import pull

        return pull(self._workspace, self._progress, self._should_stop, allow_removal)

    def classify(self, paths: Sequence[str | Path]) -> Iterator[Classification | Skipped]:
        """The verdict for each Markdown file of some paths; nothing is stored."""
        from kb.areas.judge import classifications

        yield from classifications(self._workspace, [self._source(path) for path in paths])

    def file(self, name: str, area: StoredArea | None) -> Filed:
        """File a note under an area, as a detour, or outside; None takes an earlier decision back."""
        note = self.find_note(name)
        if notebook.state_of(self.root, note.path) is None:
            where = "on another machine; file it there" if note.remote else "gone; run `kb sync`"
            raise NoteError(f"{note.path} is {where}")
        save_decisions(self.root, self._workspace.decisions.with_filed(note.path, area))
        report = self._intake().run([note.path])
        if report.skipped:
            raise NoteError(f"{note.path} {report.skipped[0].reason}; your decision holds once it can be read")
        after = {entry.path: entry for entry in self._workspace.catalog.notes()}.get(note.path, note)
        return Filed(path=note.path, before=note.area, area=after.area)

    def reclassify(self, apply: bool = False) -> Reclassification:
        """Judge all notes anew, learning from those that the writer filed; what would move, and moves with `apply`."""
        from kb.sync.reclassify import reclassify

        return reclassify(self._workspace, apply)

    def forget(self, path: str) -> Forgotten:
        """Take a note, or all notes below a folder, out of the index for good; the files stay as they are.

        A path that was forgotten is forgotten to its end, should that have been interrupted.
        """
        from kb.sync.removal import forget

        known = [note.path for note in self._workspace.catalog.notes()]
        target = self._name(path)
        if target not in self._workspace.decisions.forgotten and not any(is_under(name, target) for name in known):
            target = self.find_note(path).path
        return forget(self._workspace, target)

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
        from kb.index.reading import at_once
        from kb.search.answer import search

        if limit < 1:
            raise InputError(f"the number of hits should be at least 1, is {limit}")
        self._autosync()
        return at_once(
            self._workspace, lambda: search(self._workspace, query, limit, filter or Filter(), mode, explain)
        )

    def related(self, name: str, limit: int = DEFAULT_LIMIT) -> RelatedNotes:
        """The notes and posts related to one: by what they say, and by links either way."""
        from kb.index.reading import at_once
        from kb.search.comparing import related

        return at_once(self._workspace, lambda: related(self._workspace, self.find_note(name), limit))

    def duplicates(self) -> Duplicates:
        """The notes and passages that say nearly the same."""
        from kb.index.reading import at_once
        from kb.search.comparing import duplicates

        return at_once(self._workspace, lambda: duplicates(self._workspace, self._progress))

    def outline(
        self, topic: str, areas: tuple[FiledArea, ...] = (), sections: int | None = None, llm: bool = True
    ) -> Outline:
        """The skeleton of a post; raises `EvidenceError` where the notes say too little about the topic.

        With `llm`, the language model that the settings name, if any, may name, order and sum up its sections.
        """
        from kb.outline.draft import draft
        from kb.outline.generated import worded

        self._autosync()
        outline = draft(self._workspace, topic, areas, sections)
        return worded(self._workspace, outline) if llm else outline

    def ideas(self, areas: Sequence[FiledArea] = AREAS, limit: int = 6) -> Ideas:
        """What could be written next: groups of notes that are ripe for a post, area after area."""
        from kb.ideas.suggest import ideas
        from kb.index.reading import at_once

        self._autosync()
        return at_once(self._workspace, lambda: ideas(self._workspace, tuple(areas), limit))

    def render(self, outline: Outline, template: str = "jekyll", citations: Citations = "comment") -> str:
        """An outline as Markdown, by a template's name or the path of a Jinja file."""
        from kb.outline.post.write import rendered

        return rendered(outline, template, citations)

    def check_outline(self, path: str | Path) -> Check:
        """Verify every citation of a written outline against the notes as they are now."""
        from kb.outline.post.write import check_post

        return check_post(self._workspace, Path(path))

    def update_outline(self, path: str | Path) -> Update:
        """Bring new points into a written outline, beside the writer's own text; no other byte of it changes."""
        from kb.outline.post.write import update_post

        self._autosync()
        return update_post(self._workspace, Path(path))

    def write(self, path: str | Path, text: str, overwrite: bool = False) -> None:
        """Write a rendered outline; an existing file only with `overwrite`."""
        notebook.write_file(Path(path), text, overwrite)

    def list(self, areas: Sequence[StoredArea] = (), kinds: Sequence[Kind] = (), unsure: bool = False) -> NoteList:
        """The notes of the index by path; held back ones only where `areas` names `outside`."""
        from kb.sync.changes import listed

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
        from kb.sync.changes import detail

        return detail(self._workspace, self.find_note(name))

    def status(self) -> Status:
        """Counts, sources, and what changed since the last sync."""
        from kb.care.status import status

        return status(self._workspace)

    def diagnose(self, full: bool = False) -> Diagnosis:
        """Check the index against itself and the notes: samples of them, or all with `full`."""
        from kb.care.doctor import diagnose
        from kb.care.facts import look_over

        return diagnose(look_over(self._workspace, full))

    def repair(self, full: bool = False, allow_removal: bool = False) -> Diagnosis:
        """Mend what the doctor finds, saying it, and report what remains."""
        found = self.diagnose(full)
        for finding in found.findings:
            self._workspace.notify(f"found, {finding.check}: {finding.message}")
        if not found.ok:
            self.rebuild(allow_removal)
        return self.diagnose(full)

    def rebuild(self, allow_removal: bool = False) -> Rebuilt:
        """Make the full text and the vectors anew from the catalog, embedding nothing; and the catalog anew from the
        notes where it is damaged. Then sync.
        """
        from kb.care.rebuild import rebuild

        return rebuild(self._workspace, self._intake(allow_removal))

    def backup(self, path: str | Path, overwrite: bool = False) -> BackedUp:
        """Write catalog, settings and decisions into one compressed file. Raises `BackupError`."""
        from kb.care.backup import back_up

        return back_up(self._workspace, Path(path), overwrite)

    def restore(self, path: str | Path, overwrite: bool = False) -> Restored:
        """Put the index of a backup in place; one that exists only with `overwrite`. Raises `BackupError`."""
        from kb.care.backup import restore

        return restore(self._workspace, Path(path), overwrite)

    def evaluate(self, golden: str | Path) -> Evaluation:
        """Measure each way to rank with the judged queries of a file."""
        from kb.evaluation.runner import load_golden

        return self.evaluate_queries(load_golden(Path(golden)))

    def evaluate_queries(self, golden: Golden) -> Evaluation:
        """The same with queries at hand."""
        from kb.evaluation.runner import evaluate
        from kb.search.find import rankings

        return evaluate(golden, lambda query, limit: rankings(self._workspace, query, limit))

    def evaluate_outlines(self, path: str | Path) -> OutlineEvaluation:
        """Measure outlines of the topics of a file, beside simple ways to make one."""
        from kb.evaluation.appraise import appraise

        return appraise(self._workspace, Path(path), self._progress)

    def _autosync(self) -> None:
        if self._workspace.settings.autosync:
            try:
                self.sync()
            except (RemovalError, ServerError) as error:  # what is there may be asked all the same
                self._workspace.notify(str(error))


def init(root: str | Path | None = None) -> Path:
    """Make a folder a notebook: write a commented `kb.toml`. Returns its path."""
    folder = Path(root) if root is not None else find_notebook() or Path.cwd()
    if is_notebook(folder) and (folder / CONFIG_NAME).exists():
        raise NotebookError(f"{folder / CONFIG_NAME} exists already; edit it as it is")
    return write_template(folder.resolve())
