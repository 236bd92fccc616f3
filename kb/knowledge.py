"""`KnowledgeBase`: the verbs of kb. Every command is one call of a method here.

A verb opens a reader or a writer and calls one room with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kb import rooms
from kb.decisions import Decisions, Flags, is_under
from kb.errors import InputError, LockError, NoteError, OutsideError, RemovalError, ServerError
from kb.index.freshness import file_state
from kb.models import AREAS, STORED_AREAS, FiledArea, Filter, Kind, Mode, StoredArea, VerdictArea
from kb.notebook import find_notebook, open_notebook, write_template
from kb.opening import today
from kb.reports import Filed
from kb.verbs.capturing import CaptureVerbs

if TYPE_CHECKING:
    from kb.outline.post.citations import Citations
    from kb.reports import (
        BackedUp,
        Classification,
        ConceptList,
        Diagnosis,
        Duplicates,
        Forgotten,
        Ideas,
        NoteDetail,
        NoteList,
        NoteMap,
        Outline,
        Pulled,
        Rebuilt,
        Reclassification,
        RelatedNotes,
        Restored,
        SearchResult,
        Skipped,
        Status,
        SyncReport,
        Update,
    )

DEFAULT_LIMIT = 10


class KnowledgeBase(CaptureVerbs):
    """The verbs, on an open notebook. Several threads may share one."""

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
        `RemovalError` where most notes would leave the index, unless `allow_removal`; and `OutsideError`, with the
        report, after all others are in where notes lie outside and `kb.toml` refuses such.
        """
        sources = [self._source(path) for path in paths]
        flags = Flags(area=area, detour=detour, posts=posts)
        with self._index.write() as writer:
            report = self._take_in(writer, sources, flags, allow_removal)
            held = rooms.listing.outside_without_a_word(writer, sources)
        if held and self._index.notebook.settings.outside == "refuse":
            named = ", ".join(f"{note.path} (nearest {note.verdict.nearest_area})" for note in held)
            reason = f"kb.toml refuses what lies outside the areas: {named}; use --detour, or `kb file NOTE AREA`"
            raise OutsideError(reason, report)
        return report

    def add_text(
        self, title: str | None, text: str, area: FiledArea | None = None, detour: bool = False, posts: bool = False
    ) -> SyncReport:
        """Write a text as a new note under the notebook's `notes/`, by default with its own title, and add that."""
        if not text.strip() or (title is not None and not title.strip()):
            raise InputError("a note from standard input needs a title and a text")
        return self.add([rooms.new.write_note(self.root, title and title.strip(), text, today())], area, detour, posts)

    def sync(self, allow_removal: bool = False) -> SyncReport:
        """Look at every source again, and rebuild the vectors where they are missing or damaged. Raises
        `RemovalError` where most notes would leave the index, unless `allow_removal`.
        """
        with self._index.write() as writer:
            report = self._run(writer, writer.catalog.sources(), allow_removal)
            writer.repair_vectors()
            return self._with_repeats(writer, report)

    def pull(self, allow_removal: bool = False) -> Pulled:
        """Bring the index up to date with the notes that another machine keeps on the server of the settings. Raises
        `RemovalError` where most notes would leave the index, unless `allow_removal`.
        """
        with self._index.write() as writer:
            return rooms.pull.pull(writer, self._progress, self._should_stop, allow_removal)

    def classify(self, paths: Sequence[str | Path]) -> Iterator[Classification | Skipped]:
        """The verdict for each Markdown file of some paths; nothing is stored."""
        with self._index.reader() as reader:
            seen = rooms.changes.look(reader, [self._source(path) for path in paths], Decisions())
            yield from rooms.judge.classifications(reader, list(seen.files))
            yield from seen.skipped

    def file(self, name: str, area: StoredArea | None) -> Filed:
        """File a note under an area, as a detour, or outside; None takes an earlier decision back."""
        with self._index.write() as writer:
            note = self._find(writer, name)
            if file_state(writer, note) is None:
                where = "on another machine; file it there" if note.remote else "gone; run `kb sync`"
                raise NoteError(f"{note.path} is {where}")
            writer.decide(lambda decisions: decisions.with_filed(note.path, area))
            report = self._run(writer, [note.path])
            if report.skipped:
                raise NoteError(f"{note.path} {report.skipped[0].reason}; your decision holds once it can be read")
            after = writer.catalog.notes_by_id([note.id]).get(note.id, note)
            return Filed(path=note.path, before=note.area, area=after.area)

    def reclassify(self, apply: bool = False) -> Reclassification:
        """Judge all notes again, learning from those that the writer filed; what would move, and moves with `apply`."""
        if apply:
            with self._index.write() as writer:
                return rooms.reclassify.apply_reclassification(writer)
        return self._index.read(rooms.reclassify.reclassify)

    def forget(self, path: str) -> Forgotten:
        """Take a note, or all notes below a folder, out of the index for good; the files stay as they are.

        A path that was forgotten is forgotten to its end, should that have been interrupted.
        """
        with self._index.write() as writer:
            target = self._name(path)
            known = any(is_under(note.path, target) for note in writer.catalog.notes())
            if not known and target not in writer.decisions.forgotten:
                target = self._find(writer, path, by_part=False).path
            return rooms.removal.forget(writer, target)

    # --- out again ---

    def search(
        self,
        query: str,
        limit: int = DEFAULT_LIMIT,
        filter: Filter | None = None,
        mode: Mode = "hybrid",
        explain: bool = False,
        weak: bool = True,
    ) -> SearchResult:
        """The best notes for a query; published posts only where the filter asks for them. Without `weak`, weak hits
        are only counted.
        """
        if limit < 1:
            raise InputError(f"the number of hits should be at least 1, is {limit}")
        self._autosync()
        return self._index.read(
            lambda reader: rooms.answer.search(reader, query, limit, filter or Filter(), mode, explain, weak)
        )

    def concepts(self, query: str | None = None, areas: Sequence[VerdictArea] = ()) -> ConceptList:
        """The concepts that a query asks for, with the notes on them; without a query, all of some areas or of all."""
        if query is None:
            return self._index.read(lambda reader: rooms.glossary.all_concepts(reader, areas))
        return self._index.read(lambda reader: rooms.glossary.concepts_of(reader, query))

    def related(self, name: str, limit: int = DEFAULT_LIMIT) -> RelatedNotes:
        """The notes and posts related to one: by what they say, and by links either way."""
        self._autosync()
        return self._index.read(lambda reader: rooms.related.related(reader, self._find(reader, name), limit))

    def duplicates(self) -> Duplicates:
        """The notes and passages that say nearly the same."""
        self._autosync()
        return self._index.read(lambda reader: rooms.duplicates.duplicates(reader, self._progress))

    def outline(
        self,
        topic: str,
        areas: tuple[FiledArea, ...] = (),
        sections: int | None = None,
        llm: bool = True,
        headings: tuple[str, ...] = (),
        words: int | None = None,
    ) -> Outline:
        """The skeleton of a post of `words` words; raises `EvidenceError` where the notes say too little on the topic.

        Without `headings`, its sections suit the notes, and with `llm`, the language model that the settings name, if
        any, may name, order and sum them up.
        """
        self._autosync()
        outline = self._index.read(
            lambda reader: rooms.draft.draft(reader, topic, areas, sections, today(), headings, words)
        )
        settings = self._index.notebook.settings.outline
        return rooms.asking.worded(outline, settings, self._notify) if llm and not headings else outline

    def ideas(self, areas: Sequence[FiledArea] = AREAS, limit: int = 6) -> Ideas:
        """What could be written next: groups of notes that are ripe for a post, area after area."""
        self._autosync()
        return self._index.read(lambda reader: rooms.suggest.ideas(reader, tuple(areas), limit, today()))

    def map(self) -> NoteMap:
        """All notes in two dimensions, near to those that say similar things."""
        return self._index.read(lambda reader: rooms.draw.note_map(reader, self._progress))

    def render(self, outline: Outline, template: str = "jekyll", citations: Citations = "comment") -> str:
        """An outline as Markdown, by a template's name or the path of a Jinja file."""
        return rooms.write.rendered(outline, template, citations, today(), self._folder)

    def fill(
        self,
        path: str | Path,
        topic: str | None = None,
        areas: tuple[FiledArea, ...] = (),
        words: int | None = None,
        citations: Citations = "comment",
    ) -> tuple[Outline, str]:
        """The outline with the headings of a draft, by default on its title; and the draft's text with the points."""
        self._autosync()
        return self._index.read(
            lambda reader: rooms.write.fill_post(
                reader, Path(path), topic, areas, words, citations, today(), self._folder
            )
        )

    def update_outline(self, path: str | Path, dry_run: bool = False) -> Update:
        """Bring new points into a written outline without changing any other byte of it; with `dry_run`, only report
        them.
        """
        self._autosync()
        return self._index.read(lambda reader: rooms.write.update_post(reader, Path(path), today(), dry_run))

    def list(self, areas: Sequence[StoredArea] = (), kinds: Sequence[Kind] = (), unsure: bool = False) -> NoteList:
        """The notes of the index by path; held back ones only where `areas` names `outside`."""
        wanted = areas or tuple(area for area in STORED_AREAS if area != "outside")
        return self._index.read(lambda reader: rooms.listing.list_notes(reader, wanted, kinds, unsure))

    def show(self, name: str) -> NoteDetail:
        """One note, by its name or an address in it, with its text as the file says now."""
        return self._index.read(lambda reader: rooms.listing.show(reader, *self._addressed(reader, name)))

    def status(self) -> Status:
        """Counts, sources, and what changed since the last sync."""
        return self._index.read(rooms.status.status)

    def diagnose(self, full: bool = False) -> Diagnosis:
        """Check the index against itself and the notes: samples of them, or all with `full`."""
        return rooms.doctor.diagnose(rooms.facts.look_over(self._index, full))

    def repair(self, full: bool = False, allow_removal: bool = False) -> Diagnosis:
        """Repair what the doctor finds, saying it, and report what remains."""
        found = self.diagnose(full)
        for finding in found.findings:
            self._notify(f"found, {finding.check}: {finding.message}")
        if not found.ok:
            self.rebuild(allow_removal)
        return self.diagnose(full)

    def rebuild(self, allow_removal: bool = False) -> Rebuilt:
        """Rebuild the full text and the vectors from the catalog, embedding nothing; and the catalog from the notes
        where it is damaged. Then sync.
        """
        return rooms.rebuild.rebuild(
            self._index, lambda writer: self._run(writer, writer.catalog.sources(), allow_removal)
        )

    def backup(self, path: str | Path, overwrite: bool = False) -> BackedUp:
        """Write catalog, settings and decisions into one compressed file. Raises `BackupError`."""
        return rooms.backup.back_up(self._index, Path(path), overwrite)

    def restore(self, path: str | Path, overwrite: bool = False) -> Restored:
        """Put the index of a backup in place; one that exists only with `overwrite`. Raises `BackupError`."""
        notebook = self._index.notebook
        self._index.close()
        return rooms.backup.restore(notebook, Path(path), overwrite, lambda: self._open(open_notebook(notebook.root)))

    def _autosync(self) -> None:
        if self._index.notebook.settings.autosync:
            try:
                self.sync()
            except (LockError, RemovalError, ServerError) as error:  # what is indexed can be searched all the same
                self._notify(str(error))


def init(root: str | Path | None = None) -> Path:
    """Make a folder a notebook: write a commented `kb.toml`. Returns its path."""
    folder = Path(root) if root is not None else find_notebook() or Path.cwd()
    return write_template(folder.resolve())
