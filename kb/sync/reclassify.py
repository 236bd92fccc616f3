"""Judging all notes again, by what the user has filed since and by what the areas mean now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kb.areas.judge import DECIDED_BY_USER, classifier, decide, read_passages
from kb.errors import NoteError
from kb.index.batch import Batch, chunk_records
from kb.index.freshness import file_state, is_changed
from kb.index.reader import IndexReader
from kb.index.writer import IndexWriter
from kb.models import AreaVerdict, ChunkRecord, NoteRecord, StoredArea
from kb.reports import Move, Reclassification, Skipped

if TYPE_CHECKING:
    from kb.areas.classifier import Classifier
    from kb.index.arrays import FloatArray

BATCH = 500  # notes whose passages are in memory together

Passages = list[ChunkRecord]


def reclassify(reader: IndexReader) -> Reclassification:
    """Which notes would move to another area. Notes that the user filed stay. Raises `EncoderError` where the index
    holds another model's vectors.
    """
    return _reclassify(reader, None)


def apply_reclassification(writer: IndexWriter) -> Reclassification:
    """Move them, and renew all verdicts."""
    batch = Batch()
    report = _reclassify(writer, batch)
    writer.publish(batch)
    return report


def _reclassify(reader: IndexReader, batch: Batch | None) -> Reclassification:
    reader.require_current_encoder()
    notes = reader.catalog.notes()
    judge = classifier(reader, notes)
    moved: list[Move] = []
    skipped: list[Skipped] = []
    unmoved = 0
    for note, rows, vectors in _with_passages(reader, notes, skipped):
        verdict, area = _decided(reader, note, judge, rows, vectors)
        if area == note.area:
            unmoved += 1
        else:
            moved.append(Move(path=note.path, before=note.area, after=area, verdict=verdict))
        if batch is not None and (area, verdict) != (note.area, note.verdict):
            batch.put(note.model_copy(update={"area": area, "verdict": verdict}), rows, vectors)
    return Reclassification(applied=batch is not None, moved=tuple(moved), unmoved=unmoved, skipped=tuple(skipped))


def _decided(
    reader: IndexReader, note: NoteRecord, judge: Classifier, rows: Passages, vectors: FloatArray
) -> tuple[AreaVerdict, StoredArea]:
    verdict = judge.classify(note, rows, vectors)
    by = note.verdict.decided_by
    if by in DECIDED_BY_USER:
        kept = {"area": note.verdict.area, "decided_by": by, "unsure": False}
        return verdict.model_copy(update=kept), note.area
    return decide(note.path, None, verdict, reader.decisions, reader.settings.outside)


def _with_passages(
    reader: IndexReader, notes: list[NoteRecord], skipped: list[Skipped]
) -> Iterator[tuple[NoteRecord, Passages, FloatArray]]:
    """Each note with its passages and their vectors; held-back notes are read from their files."""
    import numpy as np

    for start in range(0, len(notes), BATCH):
        some = notes[start : start + BATCH]
        stored = reader.catalog.chunks_of(note.id for note in some)
        known = reader.catalog.vectors({row.embedding_key for rows in stored.values() for row in rows})
        for note in some:
            if note.id in stored:
                rows = stored[note.id]
                yield note, rows, np.stack([known[row.embedding_key] for row in rows])
                continue
            try:
                yield note, *_read(reader, note)
            except NoteError as error:
                skipped.append(Skipped(path=note.path, reason=str(error)))


def _read(reader: IndexReader, note: NoteRecord) -> tuple[Passages, FloatArray]:
    state = file_state(reader, note)
    if state is None or is_changed(reader.root, note, state):
        raise NoteError("is gone or changed; run `kb sync`")
    chunks = read_passages(reader, note.path)
    if not chunks:
        raise NoteError("has no text")
    vectors = reader.embed([chunk.embedded for chunk in chunks])
    return chunk_records(note.id, chunks, reader.encoder.fingerprint), vectors
