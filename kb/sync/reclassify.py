"""Judging all notes anew, by what the writer has filed since and by what the areas mean now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kb.areas.judge import WRITERS_WORD, classifier, decide, embed, read_passages
from kb.errors import NoteError
from kb.index.lock import write_lock
from kb.index.publishing import Batch, chunk_records, publish
from kb.index.workspace import Workspace
from kb.models import AreaVerdict, ChunkRecord, NoteRecord, StoredArea
from kb.notes import files as notebook
from kb.reports import Move, Reclassification, Skipped
from kb.sync.changes import is_changed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kb.areas.classifier import Classifier

READ_AT_ONCE = 500  # notes whose passages are held in memory

Passages = list[ChunkRecord]


def reclassify(workspace: Workspace, apply: bool) -> Reclassification:
    """What would be filed elsewhere today; with `apply` it is, and all verdicts are those of today.

    Notes that the writer filed stay. Raises `EncoderError` where the index holds another model's vectors.
    """
    workspace.require_current_encoder()
    if not apply:
        return _reclassify(workspace, None)
    with write_lock(workspace.folder):
        batch = Batch()
        report = _reclassify(workspace, batch)
        if batch:
            publish(workspace, batch, workspace.encoder.fingerprint)
        return report


def _reclassify(workspace: Workspace, batch: Batch | None) -> Reclassification:
    notes = workspace.catalog.notes()
    judge = classifier(workspace, notes)
    moved: list[Move] = []
    skipped: list[Skipped] = []
    unmoved = 0
    for note, rows, vectors in _with_passages(workspace, notes, skipped):
        verdict, area = _decided(workspace, note, judge, rows, vectors)
        if area == note.area:
            unmoved += 1
        else:
            moved.append(Move(path=note.path, before=note.area, after=area, verdict=verdict))
        if batch is not None and (area, verdict) != (note.area, note.verdict):
            _put(batch, note.model_copy(update={"area": area, "verdict": verdict}), rows, vectors)
    return Reclassification(applied=batch is not None, moved=tuple(moved), unmoved=unmoved, skipped=tuple(skipped))


def _decided(
    workspace: Workspace, note: NoteRecord, judge: Classifier, rows: Passages, vectors: NDArray[np.float32]
) -> tuple[AreaVerdict, StoredArea]:
    verdict = judge.classify(note, rows, vectors)
    by = note.verdict.decided_by
    if by in WRITERS_WORD:
        kept = {"area": note.verdict.area, "decided_by": by, "unsure": False}
        return verdict.model_copy(update=kept), note.area
    return decide(note.path, None, verdict, workspace.decisions, workspace.settings.outside)


def _with_passages(
    workspace: Workspace, notes: list[NoteRecord], skipped: list[Skipped]
) -> Iterator[tuple[NoteRecord, Passages, NDArray[np.float32]]]:
    """Each note with its passages and their vectors; those of held back ones are read from their files."""
    for start in range(0, len(notes), READ_AT_ONCE):
        some = notes[start : start + READ_AT_ONCE]
        stored = workspace.catalog.chunks_of(note.id for note in some)
        known = workspace.catalog.vectors({row.embedding_key for rows in stored.values() for row in rows})
        for note in some:
            if note.id in stored:
                import numpy as np

                rows = stored[note.id]
                yield note, rows, np.stack([known[row.embedding_key] for row in rows])
                continue
            try:
                yield note, *_read(workspace, note)
            except NoteError as error:
                skipped.append(Skipped(path=note.path, reason=str(error)))


def _read(workspace: Workspace, note: NoteRecord) -> tuple[Passages, NDArray[np.float32]]:
    state = notebook.state_of(workspace.root, note.path)
    if state is None or is_changed(workspace, note, state):
        raise NoteError("is gone or changed; run `kb sync`")
    chunks = read_passages(workspace, note.path)
    if not chunks:
        raise NoteError("says nothing")
    vectors, _ = embed(workspace, [chunk.embedded for chunk in chunks])
    return chunk_records(note.id, chunks, workspace.encoder.fingerprint), vectors


def _put(batch: Batch, record: NoteRecord, rows: Passages, vectors: NDArray[np.float32]) -> None:
    kept = [] if record.area == "outside" else rows
    batch.notes.append((record, kept))
    batch.vectors |= {row.id: vector for row, vector in zip(kept, vectors, strict=False)}
