"""Notes in: look at sources, read what changed, embed what is new, classify, publish batch by batch."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from kb.decisions import save_decisions
from kb.errors import EncoderError, NoteError
from kb.index.lock import write_lock
from kb.index.publishing import Batch, chunk_records, drop_unused_vectors, publish
from kb.index.workspace import Workspace
from kb.models import AreaVerdict, Chunk, FileState, Note, NoteRecord, StoredArea
from kb.notes import files as notebook
from kb.remote.upload import settle
from kb.reports import Added, HeldBack, Renamed, Skipped, SyncReport
from kb.sync.changes import look
from kb.sync.removal import missing_notes, refuse_mass_removal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kb.areas.classifier import Classifier

EMBED_BATCH = 64
PUBLISH_BATCH = 300
BULK_BYTES = 300_000  # of Markdown, some four hundred chunks: a GPU is worth loading torch for

Progress = Callable[[int, int], None]  # notes done, notes to do
Prepared = tuple[Note, FileState, list[Chunk]]


class Intake:
    """One run of `kb add` or `kb sync`. Takes the write lock, and stops after the batch in hand when asked to.

    Unless `allow_removal`, it refuses with `RemovalError` when most notes would leave the index.
    """

    def __init__(
        self, workspace: Workspace, progress: Progress, should_stop: Callable[[], bool], allow_removal: bool = False
    ) -> None:
        self._workspace = workspace
        self._progress = progress
        self._should_stop = should_stop
        self._allow_removal = allow_removal
        self._decisions = workspace.decisions
        self._batch = Batch()
        self._skipped: list[Skipped] = []
        self._added: list[Added] = []
        self._updated: list[Added] = []
        self._renamed: list[Renamed] = []
        self._removed: list[str] = []
        self._outside: list[HeldBack] = []
        self._unchanged = 0
        self._embedded = 0
        self._reembed = False

    def run(self, sources: Sequence[str]) -> SyncReport:
        """Bring the index up to date with some sources; with all of them when the model changed."""
        started = time.monotonic()
        catalog = self._workspace.catalog
        with write_lock(self._workspace.folder):
            if catalog.fingerprint() not in (None, self._workspace.encoder.fingerprint):
                self._refuse_remote()
                self._workspace.notify("the model changed: embedding all notes again")
                self._reembed = True
                sources = catalog.sources()
            finished = self._take(sources)
            if self._reembed and not finished:
                self._discard()
            self._publish()
            if finished:
                self._tidy()
            self._notice_repeats()
        return self._report(time.monotonic() - started)

    def _refuse_remote(self) -> None:
        """Raise `EncoderError` where there are notes that only the machine with their files can embed again."""
        if any(note.remote for note in self._workspace.catalog.notes()):
            raise EncoderError(
                "the notes that `kb pull` brought were embedded by another model; set `model` and `precision` in "
                "kb.toml as on the machine that writes them"
            )

    def _take(self, sources: Sequence[str]) -> bool:
        """Go through the files of the sources; False when asked to stop before the end."""
        self._known = {note.path: note for note in self._workspace.catalog.notes()}
        self._by_hash: dict[str, list[NoteRecord]] = {}
        for note in self._known.values():
            self._by_hash.setdefault(note.sha256, []).append(note)
        states = list(look(self._workspace, sources, self._decisions, self._skipped))
        if not self._allow_removal:
            missing = missing_notes(self._known, sources, states, self._skipped)
            refuse_mass_removal(self._workspace, sources, missing, states)
        stale = [state for state in states if self._reembed or not self._looks_unchanged(state)]
        self._unchanged = len(states) - len(stale)
        if stale and self._workspace.server:  # before anything is embedded for nothing
            self._workspace.server.require_writer(self._workspace.writer)
        if sum(state.size for state in stale) > BULK_BYTES:
            self._workspace.embed_in_bulk()
        prepared: list[Prepared] = []
        for done, state in enumerate(stale):
            self._progress(done, len(stale))
            if self._should_stop():
                break
            ready = self._prepare(state)
            if ready:
                prepared.append(ready)
            if sum(len(chunks) for _, _, chunks in prepared) >= EMBED_BATCH:
                self._ingest(prepared)
                prepared = []
        else:
            self._ingest(prepared)
            self._progress(len(stale), len(stale))
            self._drop_missing(sources, states)
            if self._reembed:
                self._set_aside_untaken()
            return True
        self._ingest(prepared)
        return False

    def _discard(self) -> None:
        """Give up what an interrupted change of model prepared: one generation never mixes two encoders."""
        self._batch = Batch()
        for outcomes in (self._added, self._updated, self._renamed, self._outside):
            outcomes.clear()

    def _looks_unchanged(self, state: FileState) -> bool:
        known = self._known.get(state.path)
        if known is None or known.remote or known.ruling != self._decisions.ruling(state.path):
            return False
        return (known.size, known.mtime_ns) == (state.size, state.mtime_ns)

    def _prepare(self, state: FileState) -> Prepared | None:
        """Read and cut one note; None where it says what it said before, or cannot be taken."""
        from kb.notes.chunking import chunk_note
        from kb.notes.parse import parse_note

        known = self._known.get(state.path)
        try:
            file = notebook.read(self._workspace.root, state.path)
            judged = known is not None and known.ruling == self._decisions.ruling(state.path)
            if known and known.sha256 == file.sha256 and judged and not known.remote and not self._reembed:
                self._batch.touched.append((known.id, file))
                self._unchanged += 1
                return None
            note = parse_note(file)
        except NoteError as error:
            self._skipped.append(Skipped(path=state.path, reason=str(error)))
            return None
        encoder = self._workspace.encoder
        return note, file, chunk_note(self._as_embedded(note), encoder.count_tokens, encoder.max_tokens)

    def _as_embedded(self, note: Note) -> Note:
        """A note under the title that its vectors have: one titled after its file keeps them when it is renamed."""
        origin = self._origin(note)
        renamed = origin is not None and origin.path != note.path and not self._reembed
        return note.model_copy(update={"title": origin.title}) if origin and renamed else note

    def _ingest(self, prepared: Sequence[Prepared]) -> None:
        """Embed the chunks of some notes in one go, judge each note, and put it into the batch."""
        from kb.areas.judge import embed

        texts = [chunk.embedded for _, _, chunks in prepared for chunk in chunks]
        if not texts:
            return
        vectors, embedded = embed(self._workspace, texts)
        self._embedded += embedded
        start = 0
        for note, state, chunks in prepared:
            self._file(note, state, chunks, vectors[start : start + len(chunks)])
            start += len(chunks)
        if len(self._batch.notes) >= PUBLISH_BATCH and not self._reembed:
            self._publish()

    def _file(self, note: Note, state: FileState, chunks: list[Chunk], vectors: NDArray[np.float32]) -> None:
        verdict = self._classifier.classify(note, chunks, vectors)
        verdict, area = self._decide(note, verdict)
        origin = self._origin(note)
        if origin and origin.path != note.path:
            self._rename(origin, note)
            verdict, area = self._decide(note, verdict)
        id = origin.id if origin else self._new_id(note.path)
        record = self._record(note, state, id, verdict, area)
        rows = [] if area == "outside" else chunk_records(id, chunks, self._workspace.encoder.fingerprint)
        self._batch.notes.append((record, rows))
        self._batch.vectors |= {row.id: vector for row, vector in zip(rows, vectors, strict=False)}
        self._note_outcome(record, len(rows), origin)

    @cached_property
    def _classifier(self) -> Classifier:
        """One for the whole run: what the writer filed before it is what it learns from."""
        from kb.areas.judge import classifier

        return classifier(self._workspace, () if self._reembed else list(self._known.values()))

    def _decide(self, note: Note, verdict: AreaVerdict) -> tuple[AreaVerdict, StoredArea]:
        from kb.areas.judge import decide

        return decide(note.path, note.area, verdict, self._decisions, self._workspace.settings.outside)

    def _record(self, note: Note, state: FileState, id: str, verdict: AreaVerdict, area: StoredArea) -> NoteRecord:
        kind = note.kind or ("post" if self._decisions.flags_for(note.path).posts else "note")
        return NoteRecord(
            id=id,
            path=note.path,
            size=state.size,
            mtime_ns=state.mtime_ns,
            sha256=note.sha256,
            title=note.title,
            area=area,
            kind=kind,
            date=note.date,
            tags=note.tags,
            authors=note.authors,
            sources=note.sources,
            references=note.references,
            links=note.links,
            ruling=self._decisions.ruling(note.path),
            verdict=verdict,
        )

    def _origin(self, note: Note) -> NoteRecord | None:
        """The record of this note: under its path, or the same bytes under a path that is gone."""
        if note.path in self._known:
            return self._known[note.path]
        for candidate in self._by_hash.get(note.sha256, []):
            if candidate.path in self._known and notebook.state_of(self._workspace.root, candidate.path) is None:
                return candidate
        return None

    def _rename(self, origin: NoteRecord, note: Note) -> None:
        self._known[note.path] = self._known.pop(origin.path)
        self._renamed.append(Renamed.model_validate({"from": origin.path, "to": note.path}))
        moved = self._decisions.with_renamed(origin.path, note.path)
        if moved != self._decisions:
            self._decisions = moved
            save_decisions(self._workspace.root, moved)

    def _new_id(self, path: str) -> str:
        """A name from the path when first seen; a renamed note may hold the one that a path would give."""
        taken = {note.id for note in self._known.values()} | {note.id for note, _ in self._batch.notes}
        number = 0
        while True:
            id = hashlib.sha256(f"{path}\0{number}".encode()).hexdigest()[:16]
            if id not in taken:
                return id
            number += 1

    def _note_outcome(self, record: NoteRecord, chunks: int, origin: NoteRecord | None) -> None:
        if record.area == "outside":
            verdict = record.verdict
            self._outside.append(
                HeldBack(
                    path=record.path,
                    nearest_area=verdict.nearest_area,
                    confidence=verdict.scores["outside"],
                    evidence=verdict.evidence,
                )
            )
            return
        outcome = Added(
            path=record.path,
            area=record.area,
            confidence=record.verdict.confidence,
            unsure=record.verdict.unsure,
            decided_by=record.verdict.decided_by,
            chunks=chunks,
        )
        fresh = origin is None or (origin.area == "outside")
        if fresh:
            self._added.append(outcome)
        elif origin and (origin.sha256 != record.sha256 or origin.area != record.area or origin.kind != record.kind):
            self._updated.append(outcome)
        elif origin and origin.path == record.path:
            self._unchanged += 1

    def _drop_missing(self, sources: Sequence[str], states: Sequence[FileState]) -> None:
        for note in missing_notes(self._known, sources, states, self._skipped):
            self._batch.removed.append(note.id)
            self._removed.append(note.path)

    def _set_aside_untaken(self) -> None:
        """Notes that cannot be embedded by the new model leave the index until they can be read again."""
        taken = set(self._batch.note_ids)
        for note in self._known.values():
            if note.id not in taken:
                unread = note.model_copy(update={"sha256": "", "size": 0, "mtime_ns": 0})
                self._batch.notes.append((unread, []))

    def _publish(self) -> None:
        if self._batch:
            publish(self._workspace, self._batch, self._workspace.encoder.fingerprint, afresh=self._reembed)
            self._batch = Batch()

    def _tidy(self) -> None:
        """Drop vectors nobody needs, and single files as sources that are gone or that a folder holds."""
        workspace = self._workspace
        settle(workspace)
        if self._updated or self._removed or self._reembed:
            drop_unused_vectors(workspace, workspace.encoder.fingerprint)
        sources = workspace.catalog.sources()
        files = [path for path in sources if path.endswith(notebook.SUFFIXES)]
        if files:
            covered = {state.path for state in look(workspace, set(sources) - set(files), self._decisions, [])}
            workspace.remove_sources(path for path in files if path in covered or not (workspace.root / path).exists())

    def _notice_repeats(self) -> None:
        """Say of new and updated notes which nearly repeat an older one; costs nothing where there are none."""
        outcomes = [*self._updated, *self._added]
        if not outcomes:
            return
        from kb.search.comparing import repeated_notes

        older = repeated_notes(self._workspace, [outcome.path for outcome in outcomes])
        for listed in (self._updated, self._added):
            listed[:] = [
                outcome.model_copy(update={"near_duplicate_of": older.get(outcome.path)}) for outcome in listed
            ]

    def _report(self, seconds: float) -> SyncReport:
        return SyncReport(
            added=tuple(self._added),
            updated=tuple(self._updated),
            renamed=tuple(self._renamed),
            removed=tuple(self._removed),
            unchanged=self._unchanged,
            outside=tuple(self._outside),
            skipped=tuple(self._skipped),
            embedded_chunks=self._embedded,
            seconds=round(seconds, 3),
        )
