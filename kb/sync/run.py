"""The notes of some sources -> the index: read what changed, embed what is new, judge and publish it in batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from kb.areas.concept_vectors import concept_vectors
from kb.areas.concepts import load_concepts
from kb.areas.judge import classifier, decide, phrase_keys
from kb.decisions import is_under_any
from kb.errors import EncoderError, NoteError
from kb.index.batch import Batch, chunk_records
from kb.index.freshness import is_read
from kb.index.writer import IndexWriter
from kb.models import AreaVerdict, Chunk, FileState, Note, NoteRecord, Progress, StoredArea
from kb.notes import READING, files
from kb.notes.chunking import chunk_note
from kb.notes.parse import parse_note, post_by_convention
from kb.notes.scan import is_reachable
from kb.reports import Skipped, SyncReport
from kb.sync.changes import Seen, look
from kb.sync.known import KnownNotes
from kb.sync.outcomes import Outcomes
from kb.sync.plan import Plan, make_plan, unseen_notes
from kb.sync.removal import refuse_mass_removal

if TYPE_CHECKING:
    from kb.areas.classifier import Classifier
    from kb.index.arrays import FloatArray

EMBED_BATCH = 64  # chunks
PUBLISH_BATCH = 300  # notes
BULK_BYTES = 300_000  # of Markdown, about 400 chunks: from here on, a GPU makes up for loading torch

ShouldStop = Callable[[], bool]


class Prepared(NamedTuple):
    """A parsed note, the state of its file, and its chunks."""

    note: Note
    state: FileState
    chunks: list[Chunk]


def run(
    writer: IndexWriter,
    sources: Sequence[str],
    progress: Progress,
    should_stop: ShouldStop,
    allow_removal: bool = False,
) -> SyncReport:
    """Bring the index up to date with some sources, or with all of them when the model changed.

    Stops after the current batch when `should_stop` returns true. Raises `RemovalError`, before anything is published,
    where most notes would leave the index, unless `allow_removal`.
    """
    started = time.monotonic()
    reembed = writer.catalog.fingerprint() not in (None, writer.encoder.fingerprint)
    if reembed:
        _refuse_remote(writer)
        writer.notify("the model changed: embedding all notes again")
        sources = tuple(dict.fromkeys((*writer.catalog.sources(), *sources)))
    sync = _Sync(writer, sources, reembed, progress)
    sync.run(should_stop, allow_removal)
    if sync.outcomes.embedded_chunks:  # so that the first search does not wait for it
        concept_vectors(writer.encoder, load_concepts(), writer.notify)
    return sync.outcomes.report(time.monotonic() - started)


def _refuse_remote(writer: IndexWriter) -> None:
    """Raise `EncoderError` where there are remote notes: only the machine with their files can embed them again."""
    if any(note.remote for note in writer.catalog.notes()):
        raise EncoderError("notes from `kb pull` have another model; set `model` and `precision` as on their machine")


class _Sync:
    """One run. With `reembed`, all of it is published at the end: a generation never mixes two encoders."""

    def __init__(self, writer: IndexWriter, sources: Sequence[str], reembed: bool, progress: Progress) -> None:
        self.outcomes = Outcomes()
        self.outcomes.embedded_chunks = writer.embedded_chunks  # before this run, as a capture does
        self._writer = writer
        self._sources = sources
        self._reembed = reembed
        self._known = KnownNotes(writer.root, writer.catalog.notes(), (*writer.catalog.sources(), *sources))
        self._batch = Batch()
        self._skipped: list[FileState] = []
        self._progress = progress
        self._done, self._total = 0, 0

    def run(self, should_stop: ShouldStop, allow_removal: bool) -> None:
        """Plan, read, publish, and tidy up unless the run was stopped."""
        plan, looked_at = self._plan(allow_removal)
        if plan.stale:  # before anything is embedded for nothing
            self._writer.store.require_writer()
        if sum(state.size for state in plan.stale) > BULK_BYTES:
            self._writer.embed_in_bulk()
        finished = self._ingest_all(plan.stale, should_stop)
        if finished:
            self._remove(plan.missing)
        elif self._reembed:
            self._batch = Batch()
            self.outcomes.withdraw()
        self._publish(from_scratch=self._reembed and finished)
        if finished:
            self._writer.remember_skipped(looked_at, self._skipped)
            self._tidy(reread=bool(plan.reread) or self._reembed)

    def _plan(self, allow_removal: bool) -> tuple[Plan, Sequence[str]]:
        """The plan, and the paths of all files whose being skipped is decided again."""
        writer, known = self._writer, self._known.by_path
        seen = look(writer, self._sources, writer.decisions)
        self.outcomes.skipped += seen.skipped
        others = [source for source in writer.catalog.sources() if source not in self._sources]
        unseen = unseen_notes(known, seen, self._sources if others else None)
        elsewhere = look(writer, others, writer.decisions) if unseen else Seen()
        plan = make_plan(known, seen, unseen, elsewhere, writer.decisions, self._reembed)
        self.outcomes.unchanged = plan.unchanged
        if plan.reread:
            said = "a note" if plan.reread == 1 else f"{plan.reread} notes"
            writer.notify(f"this version reads notes differently: reading {said} again")
        taken = {*known, *seen.files} - {note.path for note in plan.missing}
        self.outcomes.pass_over(writer.root, seen.passed_over, taken)
        if not allow_removal:
            refuse_mass_removal(writer, self._known, self._sources, plan, seen.files.values())
        before = [path for path in writer.catalog.skipped() if is_under_any(path, self._sources)]
        return plan, [*seen.files, *before]

    def _ingest_all(self, stale: Sequence[FileState], should_stop: ShouldStop) -> bool:
        """Read and embed files in batches; False when asked to stop before the end."""
        prepared: list[Prepared] = []
        stopped = False
        self._total = len(stale)
        for self._done, state in enumerate(stale):
            self._tell("reading")
            if stopped := should_stop():
                break
            if ready := self._prepare(state):
                prepared.append(ready)
            if sum(len(entry.chunks) for entry in prepared) >= EMBED_BATCH:
                self._ingest(prepared)
                prepared = []
        self._ingest(prepared)
        if not stopped:
            self._done = self._total
            self._tell("publishing")
        return not stopped

    def _tell(self, stage: str) -> None:
        self._progress(self._done, self._total, stage)

    def _prepare(self, state: FileState) -> Prepared | None:
        """Read, parse and chunk one note; None where it is unchanged or skipped."""
        writer = self._writer
        try:
            file = files.read(writer.root, state.path)
            now = FileState(path=file.path, size=file.size, mtime_ns=file.mtime_ns)
            known = self._known.by_path.get(state.path)
            if known and known.sha256 == file.sha256 and self._is_current(known):
                self._batch.touched.append((known.id, now))
                self.outcomes.unchanged += 1
                return None
            note = parse_note(file)
        except NoteError as error:
            self.outcomes.skipped.append(Skipped(path=state.path, reason=str(error)))
            self._skipped.append(state)
            return None
        chunks = chunk_note(self._as_embedded(note), writer.encoder.count_tokens, writer.encoder.max_tokens)
        return Prepared(note, now, chunks)

    def _is_current(self, known: NoteRecord) -> bool:
        """Whether a note was read by this version and filed on this machine, under the current decisions."""
        judged = known.ruling == self._writer.decisions.ruling(known.path) and not known.remote
        return judged and is_read(known) and not self._reembed

    def _as_embedded(self, note: Note) -> Note:
        """A renamed note under its old title, so that one titled after its file keeps its vectors."""
        origin = self._known.origin(note)
        renamed = origin is not None and origin.path != note.path and not self._reembed
        return note.model_copy(update={"title": origin.title}) if origin and renamed else note

    def _ingest(self, prepared: Sequence[Prepared]) -> None:
        """Embed the chunks of some notes together, judge each note, and put it into the batch."""
        texts = [chunk.embedded for entry in prepared for chunk in entry.chunks]
        if not texts:
            return
        self._tell("embedding")
        judge = self._classifier
        embedded = self._writer.embedded_chunks
        vectors = self._writer.embed(texts)
        self.outcomes.embedded_chunks += self._writer.embedded_chunks - embedded
        start = 0
        for entry in prepared:
            self._file(entry, judge, vectors[start : start + len(entry.chunks)])
            start += len(entry.chunks)
        if len(self._batch.notes) >= PUBLISH_BATCH and not self._reembed:
            self._tell("publishing")
            self._publish()

    @cached_property
    def _classifier(self) -> Classifier:
        """One classifier for the whole run, with the notes filed by the user before it as examples."""
        return classifier(self._writer, () if self._reembed else list(self._known.by_path.values()))

    def _file(self, entry: Prepared, judge: Classifier, vectors: FloatArray) -> None:
        note = entry.note
        origin = self._known.origin(note)
        if origin and origin.path != note.path:
            self._rename(origin, note.path)
        verdict, area = self._decide(note, judge.classify(note, entry.chunks, vectors))
        id = origin.id if origin else self._known.new_id(note.path)
        record = self._record(entry, id, verdict, area)
        self._batch.put(record, chunk_records(id, entry.chunks, self._writer.encoder.fingerprint), vectors)
        self.outcomes.note(record, len(entry.chunks), origin)
        folder = post_by_convention(note)
        if folder and not self._writer.decisions.flags_for(note.path).posts:
            self.outcomes.note_post(record, folder, origin)

    def _decide(self, note: Note, verdict: AreaVerdict) -> tuple[AreaVerdict, StoredArea]:
        return decide(note.path, note.area, verdict, self._writer.decisions, self._writer.settings.outside)

    def _rename(self, origin: NoteRecord, path: str) -> None:
        """Give a note its new path, and move the decisions about it there."""
        self._known.rename(origin, path)
        self.outcomes.rename(origin.path, path)
        if self._writer.decisions.with_renamed(origin.path, path) != self._writer.decisions:
            self._writer.decide(lambda decisions: decisions.with_renamed(origin.path, path), recorded=False)

    def _record(self, entry: Prepared, id: str, verdict: AreaVerdict, area: StoredArea) -> NoteRecord:
        note, decisions = entry.note, self._writer.decisions
        return NoteRecord(
            id=id,
            path=note.path,
            size=entry.state.size,
            mtime_ns=entry.state.mtime_ns,
            sha256=note.sha256,
            title=note.title,
            area=area,
            kind=note.kind or ("post" if decisions.flags_for(note.path).posts else "note"),
            date=note.date,
            tags=note.tags,
            authors=note.authors,
            sources=note.sources,
            aliases=note.aliases,
            links=note.links,
            faults=note.faults,
            ruling=decisions.ruling(note.path),
            reading=READING,
            verdict=verdict,
        )

    def _remove(self, missing: Sequence[NoteRecord]) -> None:
        """Remove the notes whose files are gone, except those found under another path."""
        renamed = {change.origin for change in self.outcomes.renamed}
        for note in missing:
            if note.path not in renamed:
                self._batch.removed.append(note.id)
                self.outcomes.removed.append(note.path)
        if self._reembed:
            self._set_aside_unread()

    def _set_aside_unread(self) -> None:
        """Keep the notes that could not be embedded by the new model, without chunks, until they can be read again."""
        taken = set(self._batch.note_ids)
        for note in self._known.by_path.values():
            if note.id not in taken:
                self._batch.notes.append((note.model_copy(update={"sha256": "", "size": 0, "mtime_ns": 0}), []))

    def _publish(self, from_scratch: bool = False) -> None:
        self._writer.publish(self._batch, from_scratch=from_scratch)
        self._batch = Batch()

    def _tidy(self, reread: bool) -> None:
        """Drop unused vectors, and the sources that are single files which are gone or lie in another source."""
        writer = self._writer
        writer.store.settle(writer.catalog)
        if self.outcomes.updated or self.outcomes.removed or reread:
            fingerprint = writer.encoder.fingerprint
            writer.drop_unused_embeddings(phrase_keys(writer, fingerprint), fingerprint)
        sources = writer.catalog.sources()
        single = [path for path in sources if path.endswith(files.SUFFIXES)]
        if single:
            covered = look(writer, set(sources) - set(single), writer.decisions).files
            writer.remove_sources(path for path in single if path in covered or self._is_gone(path))

    def _is_gone(self, source: str) -> bool:
        root = self._writer.root
        return not (root / source).exists() and is_reachable(root, source)
