"""Batches of notes into the index: their vectors first, into a new generation or onto a server, then one commit."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kb.index.catalog import Changes
from kb.index.lock import write_lock
from kb.index.vectors import VectorChange, Vectors
from kb.index.workspace import Workspace
from kb.models import Chunk, ChunkRecord, FiledArea, FileState, NoteRecord
from kb.remote.upload import build, upload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def embedding_key(text: str, fingerprint: str) -> str:
    """The name of a vector: what was embedded, and by which encoder."""
    return hashlib.sha256(f"{fingerprint}\0{text}".encode()).hexdigest()[:32]


@dataclass
class Batch:
    """What the next commit will publish; `vectors` holds those of all its chunks, by chunk id."""

    notes: list[tuple[NoteRecord, list[ChunkRecord]]] = field(default_factory=list)
    vectors: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    touched: list[tuple[str, FileState]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    @property
    def note_ids(self) -> list[str]:
        """The notes whose chunks this batch replaces or removes."""
        return [note.id for note, _ in self.notes] + self.removed

    def __bool__(self) -> bool:
        return bool(self.notes or self.touched or self.removed)


def publish(workspace: Workspace, batch: Batch, fingerprint: str, afresh: bool = False) -> None:
    """Write a batch's vectors and commit both; when it returns, the batch is in.

    `fingerprint` names the encoder of the batch's vectors. `afresh` takes nothing over from the current generation:
    its vectors are another encoder's, or some of them shall not survive in a copy.
    """
    change = _vector_change(workspace, batch)
    changes = Changes(notes=batch.notes, touched=batch.touched, removed=batch.removed)
    if workspace.server:
        upload(workspace, workspace.server, changes, change, batch.vectors, fingerprint)
        workspace.last_look = None
        return
    generations, current = workspace.generations, workspace.catalog.generation()
    upcoming = current + 1 if change or afresh else current
    if upcoming != current:
        generations.close()
        if afresh or generations.should_rebuild(current, change):
            generations.build(upcoming, _everything(workspace, batch))
        else:
            generations.advance(current, upcoming, change)
    workspace.catalog.publish(changes, upcoming, fingerprint)
    workspace.last_look = None
    generations.sweep(upcoming)


def rebuild_vectors(workspace: Workspace) -> None:
    """Write and publish all vectors anew from the catalog; nothing is embedded."""
    with write_lock(workspace.folder):
        fingerprint = workspace.catalog.fingerprint() or ""
        if workspace.server:
            workspace.server.require_writer(workspace.writer)
            build(workspace, workspace.server, Changes(), {}, fingerprint)
            return
        upcoming = workspace.catalog.generation() + 1
        workspace.generations.close()
        workspace.generations.build(upcoming, workspace.filed_vectors())
        workspace.catalog.publish(Changes(), upcoming, fingerprint)
        workspace.generations.sweep(upcoming)


def mend_vectors(workspace: Workspace) -> None:
    """Rebuild the current generation if it is missing, or its files have other sizes than when it was published."""
    generation = workspace.catalog.generation()
    problem = workspace.vectors.problem(generation) if generation else None
    if problem:
        workspace.notify(f"{problem}; building the vectors afresh from the catalog")
        rebuild_vectors(workspace)


def drop_unused_vectors(workspace: Workspace, fingerprint: str) -> None:
    """Take out of the catalog the vectors that neither a chunk nor the classifier needs, and other encoders'."""
    phrases = [embedding_key(phrase, fingerprint) for phrase, _ in workspace.area_texts.phrases]
    workspace.catalog.sweep_vectors(phrases, fingerprint)


def _vector_change(workspace: Workspace, batch: Batch) -> VectorChange:
    """What differs between the chunks that are current and those of the batch."""
    catalog, ids = workspace.catalog, batch.note_ids
    before = catalog.chunks_of(ids)
    areas = {note.id: note.area for note in catalog.notes_by_id(ids).values()}
    removed: dict[FiledArea, list[str]] = {}
    added: dict[FiledArea, list[str]] = {}
    after = {note.id: (note.area, {row.id: row.embedding_key for row in rows}) for note, rows in batch.notes}
    for id in ids:
        area, keys = after.get(id, ("outside", {}))
        old = {row.id: row.embedding_key for row in before.get(id, [])}
        old_area = areas.get(id, area)
        moved = old_area != area
        if old_area != "outside":
            removed.setdefault(old_area, []).extend(row for row in old if moved or row not in keys)
        if area != "outside":
            added.setdefault(area, []).extend(row for row, key in keys.items() if moved or old.get(row) != key)
    return VectorChange(removed={a: r for a, r in removed.items() if r}, added=_with_vectors(batch, added))


def _with_vectors(batch: Batch, added: dict[FiledArea, list[str]]) -> dict[FiledArea, Vectors]:
    import numpy as np

    return {area: (ids, np.stack([batch.vectors[id] for id in ids])) for area, ids in added.items() if ids}


def _everything(workspace: Workspace, batch: Batch) -> dict[FiledArea, Vectors]:
    """All vectors of the upcoming generation: those of the catalog as the batch leaves it, and the batch's."""
    import numpy as np

    replaced = [row.id for rows in workspace.catalog.chunks_of(batch.note_ids).values() for row in rows]
    everything = workspace.filed_vectors(without=replaced)
    fresh: dict[FiledArea, list[str]] = {}
    for note, rows in batch.notes:
        if note.area != "outside":
            fresh.setdefault(note.area, []).extend(row.id for row in rows)
    for area, (new_ids, matrix) in _with_vectors(batch, fresh).items():
        old_ids, old_matrix = everything.get(area, ([], matrix[:0]))
        everything[area] = (old_ids + new_ids, np.concatenate([old_matrix, matrix]))
    return everything


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
                start_line=chunk.start_line,
                end_line=chunk.end_line,
                embedding_key=embedding_key(chunk.embedded, fingerprint),
            )
        )
    return records
