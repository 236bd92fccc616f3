"""The verb that takes in what is no note yet: addresses, papers, files of other formats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kb import rooms
from kb.decisions import Flags
from kb.errors import InputError, OutsideError
from kb.index.bases import drop_bases, store_base
from kb.models import FiledArea
from kb.opening import today
from kb.reports import Captured, Skipped
from kb.verbs.filing import FilingVerbs

if TYPE_CHECKING:
    from kb.capture.filing.taking import Argument
    from kb.capture.filing.writing import Planned
    from kb.index.arrays import FloatArray
    from kb.index.writer import IndexWriter
    from kb.reports import SyncReport

Confirm = Callable[[Captured], bool]  # whether to take in as a detour what lies outside the areas


def _hold_back(captured: Captured) -> bool:
    """Confirm nothing."""
    return False


class CaptureVerbs(FilingVerbs):
    """The verb that captures, on an open notebook."""

    def captures(self, path: str) -> bool:
        """Whether an argument is captured: an address, an identifier, or a file of another format than Markdown."""
        return rooms.taking.is_capture(path, self._folder)

    def capture_address(
        self, address: str, area: FiledArea | None = None, detour: bool = False, full: bool = False
    ) -> SyncReport:
        """Make a note of a public address, an arXiv id or a DOI, and add it, as `capture` does; what is given is never
        taken for the path of a file. Raises `InputError` where it is none of these, and `OutsideError` like `add`.
        """
        return self.capture([rooms.taking.named_by(address)], area, detour, full=full)

    def capture_pdf(
        self, name: str, content: bytes, area: FiledArea | None = None, detour: bool = False, full: bool = False
    ) -> SyncReport:
        """Make a note of the content of a PDF, and add it, as `capture` does; `name` is what it is called, and never
        opened. Raises `OutsideError` like `add`.
        """
        return self.capture([rooms.taking.Given(content, ".pdf", name=name)], area, detour, full=full)

    def capture(
        self,
        arguments: Sequence[Argument],
        area: FiledArea | None = None,
        detour: bool = False,
        posts: bool = False,
        *,
        full: bool = False,
        template: bool = False,
        collection: str | None = None,
        allow_private: bool = False,
        allow_removal: bool = False,
        confirm: Confirm = _hold_back,
    ) -> SyncReport:
        """Make notes of addresses, identifiers of papers and files of other formats, and add them; what is a note or a
        folder is added as it is.

        What was captured before is merged with what the writer changed in its note. Where a new note would lie outside
        the areas, nothing is written, unless `confirm` takes it as a detour. `full` takes the text of a paper too,
        `template` gives a new note headings to fill in, and `allow_private` permits addresses of private networks.
        Raises `RemovalError` and `OutsideError` like `add`.
        """
        flags = Flags(area=area, detour=detour, posts=posts)
        with self._index.reader() as reader:
            known = rooms.known.KnownCaptures(reader)
        fetcher = rooms.fetch.Fetcher(allow_private)
        taking = rooms.taking.Taking(self.root, self._folder, known, fetcher, full, collection)
        taken = taking.take(arguments, self._notify, self._should_stop)
        sources = [self._source(path) for path in taken.notes]
        planning = rooms.writing.Planning(self.root, self._index.notebook.index_folder, known, today(), template)
        planned, held, detours, vectors = self._judged(planning.plan(taken.captures), flags, confirm)
        report, outside = rooms.reports.SyncReport(), list[str]()
        if planned or sources:
            with self._index.write() as writer:
                writer.store_vectors(vectors)
                report = self._written(writer, planned, sources, flags, detours, allow_removal)
                outside = [note.path for note in rooms.listing.outside_without_a_word(writer, sources)]
        report = report.with_captures((*held, *taken.known, *planning.known), (*taken.skipped, *planning.skipped))
        self._refuse([*outside, *(captured.input for captured in held)], report)
        return report

    def _refuse(self, outside: Sequence[str], report: SyncReport) -> None:
        """Raise `OutsideError` where the settings refuse what lies outside the areas."""
        if outside and self.settings.outside == "refuse":
            named = ", ".join(outside)
            raise OutsideError(f"kb.toml refuses what lies outside the areas: {named}; use --detour", report)

    def _judged(
        self, planned: Sequence[Planned], flags: Flags, confirm: Confirm
    ) -> tuple[list[Planned], list[Captured], list[str], dict[str, FloatArray]]:
        """What is to be written; what is held back as outside the areas; the paths of confirmed detours; and the
        vectors that were computed for what is to be written, by their keys.
        """
        if flags.area or flags.detour:
            return list(planned), [], [], {}
        new = {plan.report.path: plan.after for plan in planned if plan.report.path and plan.is_new and plan.after}
        with self._index.reader() as reader:
            judged = rooms.gate.judge(reader, new, reader.decisions.with_added(new, flags))
        written: list[Planned] = []
        held: list[Captured] = []
        detours: list[str] = []
        vectors: dict[str, FloatArray] = {}
        for plan in planned:
            found = judged.get(path := plan.report.path or "")
            if found and found.area == "outside":
                entry = plan.report.held_back(found.verdict)
                if not confirm(entry):
                    held.append(entry)
                    continue
                detours.append(path)
            written.append(plan)
            vectors |= found.vectors if found else {}
        return written, held, detours, vectors

    def _written(
        self,
        writer: IndexWriter,
        planned: Sequence[Planned],
        notes: Sequence[str],
        flags: Flags,
        detours: Sequence[str],
        allow_removal: bool,
    ) -> SyncReport:
        """Write the files of captures, and add them and some notes."""
        captured: list[Captured] = []
        skipped: list[Skipped] = []
        bases: dict[str, str] = {}
        for plan in planned:
            try:
                written = rooms.writing.write(plan)
            except InputError as error:
                skipped.append(Skipped(path=plan.report.input, reason=str(error)))
                continue
            captured.append(written)
            bases[written.path or ""] = plan.base
        writer.decide(lambda decisions: decisions.with_added(detours, Flags(detour=True)))
        report = self._take_in(writer, [*notes, *bases], flags, allow_removal)
        ids = {note.path: note.id for note in writer.catalog.notes()}
        for path, base in bases.items():
            if path in ids:
                store_base(writer.folder, ids[path], base)
        drop_bases(writer.folder, set(ids.values()))
        return report.with_captures(captured, skipped)

    def _take_in(self, writer: IndexWriter, sources: Sequence[str], flags: Flags, allow_removal: bool) -> SyncReport:
        """Take some notebook paths as sources, and bring the index up to date with them."""
        linked = rooms.changes.look(writer, sources, writer.decisions).linked if flags != Flags() else ()
        writer.decide(lambda decisions: decisions.with_added((*sources, *linked), flags))
        writer.add_sources(sources)
        return self._with_repeats(writer, self._run(writer, sources, allow_removal))
