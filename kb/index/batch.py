"""What one commit publishes, and the ids and keys of what it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kb.index.catalog import Changes, StoredVectors
from kb.index.catalog.reading import CatalogReader
from kb.models import Chunk, ChunkRecord, FiledArea, FileState, NoteRecord

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray


@dataclass
class Batch:
    """Whole notes that a commit adds or replaces, with the vectors `(dim,)` of their chunks by chunk id; the new file
    states of notes that are otherwise unchanged, by note id; and the ids of notes to remove.
    """

    notes: list[tuple[NoteRecord, list[ChunkRecord]]] = field(default_factory=list)
    vectors: dict[str, FloatArray] = field(default_factory=dict)
    touched: list[tuple[str, FileState]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.notes or self.touched or self.removed)

    @property
    def note_ids(self) -> list[str]:
        """The notes whose chunks this batch replaces or removes."""
        return [note.id for note, _ in self.notes] + self.removed

    @property
    def changes(self) -> Changes:
        """The changes to the catalog."""
        return Changes(notes=self.notes, touched=self.touched, removed=self.removed)

    def put(self, note: NoteRecord, chunks: Sequence[ChunkRecord], vectors: FloatArray) -> None:
        """Add or replace a note with its chunks and their vectors `(len(chunks), dim)`; a note outside the areas is
        stored without chunks.
        """
        kept = [] if note.area == "outside" else list(chunks)
        self.notes.append((note, kept))
        self.vectors |= {chunk.id: vector for chunk, vector in zip(kept, vectors, strict=False)}


@dataclass(frozen=True)
class VectorChange:
    """The chunk ids to remove from each area, and the chunk ids with their vectors to add to it."""

    removed: Mapping[FiledArea, list[str]] = field(default_factory=dict)
    added: Mapping[FiledArea, StoredVectors] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any(self.removed.values()) or any(vectors.ids for vectors in self.added.values())


def embedding_key(text: str, fingerprint: str) -> str:
    """The key of a vector: a hash of the embedded text and the encoder's fingerprint."""
    return hashlib.sha256(f"{fingerprint}\0{text}".encode()).hexdigest()[:32]


def chunk_records(note_id: str, chunks: Sequence[Chunk], fingerprint: str) -> list[ChunkRecord]:
    """Chunks with their ids: `<note id>:<digest>:<n>`, n counting identical passages."""
    seen: dict[str, int] = {}
    records = []
    for position, chunk in enumerate(chunks):
        number = seen.get(chunk.digest, 0)
        seen[chunk.digest] = number + 1
        records.append(
            ChunkRecord(
                id=f"{note_id}:{chunk.digest}:{number}",
                note_id=note_id,
                position=position,
                heading_path=chunk.heading_path,
                text=chunk.text,
                kinds=chunk.kinds,
                start_line=chunk.start_line,
                end_line=chunk.end_line,
                embedding_key=embedding_key(chunk.embedded, fingerprint),
            )
        )
    return records


def vector_change(catalog: CatalogReader, batch: Batch) -> VectorChange:
    """The difference between the published chunks of a batch's notes and those in the batch."""
    published = _published(catalog, batch.note_ids)
    upcoming = {note.id: _keys_by_area(note, chunks) for note, chunks in batch.notes}
    removed: dict[FiledArea, list[str]] = {}
    added: dict[FiledArea, list[str]] = {}
    for id in batch.note_ids:
        before, after = published.get(id, {}), upcoming.get(id, {})
        for area, keys in before.items():
            removed.setdefault(area, []).extend(chunk for chunk in keys if chunk not in after.get(area, {}))
        for area, keys in after.items():
            known = before.get(area, {})
            added.setdefault(area, []).extend(chunk for chunk, key in keys.items() if known.get(chunk) != key)
    return VectorChange({area: ids for area, ids in removed.items() if ids}, _with_vectors(batch, added))


def vectors_after(catalog: CatalogReader, batch: Batch) -> dict[FiledArea, StoredVectors]:
    """All vectors as they will be once a batch is published: those of the catalog that stay, and its own."""
    import numpy as np

    replaced = [chunk.id for chunks in catalog.chunks_of(batch.note_ids).values() for chunk in chunks]
    kept = catalog.filed_vectors(without=replaced)
    fresh: dict[FiledArea, list[str]] = {}
    for note, chunks in batch.notes:
        if note.area != "outside":
            fresh.setdefault(note.area, []).extend(chunk.id for chunk in chunks)
    for area, (ids, matrix) in _with_vectors(batch, fresh).items():
        old_ids, old_matrix = kept.get(area, StoredVectors([], matrix[:0]))
        kept[area] = StoredVectors(old_ids + ids, np.concatenate([old_matrix, matrix]))
    return kept


KeysByArea = dict[FiledArea, dict[str, str]]


def _published(catalog: CatalogReader, note_ids: Sequence[str]) -> dict[str, KeysByArea]:
    chunks = catalog.chunks_of(note_ids)
    return {id: _keys_by_area(note, chunks.get(id, [])) for id, note in catalog.notes_by_id(note_ids).items()}


def _keys_by_area(note: NoteRecord, chunks: Sequence[ChunkRecord]) -> KeysByArea:
    """The embedding keys of a note's chunks by chunk id, under its area; nothing for a note that is held back."""
    return {} if note.area == "outside" else {note.area: {chunk.id: chunk.embedding_key for chunk in chunks}}


def _with_vectors(batch: Batch, ids_by_area: Mapping[FiledArea, list[str]]) -> dict[FiledArea, StoredVectors]:
    import numpy as np

    return {
        area: StoredVectors(ids, np.stack([batch.vectors[id] for id in ids]))
        for area, ids in ids_by_area.items()
        if ids
    }
