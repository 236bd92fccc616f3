"""Uploading notes to a Chroma server: new records before the commit that acknowledges them, deletions after it.

Every record that no commit references yet, or any longer, is first recorded in the catalog as unreferenced: the next
write finds what a crash left on the server, and deletes or completes it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from kb.errors import ServerError
from kb.index.batch import Batch, vector_change
from kb.index.catalog import Catalog, Unreferenced
from kb.models import ChunkRecord, NoteRecord, Notify, note_of
from kb.remote.collections import Collections
from kb.remote.records import NOTES, batches, piece_ids

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

NoteWithChunks = tuple[NoteRecord, list[ChunkRecord]]


def upload(server: Collections, catalog: Catalog, batch: Batch, fingerprint: str, notify: Notify) -> None:
    """Upload a batch and commit it; on return, it is durable. Raises `ServerError`."""
    current = catalog.generation()
    changes = batch.changes
    if not (changes.notes or changes.removed):
        catalog.publish(changes, current, fingerprint)
        return
    server.require_writer()
    if not current or fingerprint != catalog.fingerprint() or server.problem(current):
        build(server, catalog, batch, fingerprint, notify)
        return
    change = vector_change(catalog, batch)
    fresh = {id for vectors in change.added.values() for id in vectors.ids}
    written = {Unreferenced(area, id) for area, vectors in change.added.items() for id in vectors.ids} | _pieces(
        changes.notes
    )
    replaced = _with_chunks(catalog, batch.note_ids)
    retired = {Unreferenced(area, id) for area, ids in change.removed.items() for id in ids} | _pieces(replaced)
    before = catalog.unreferenced()
    catalog.set_unreferenced(before | written)
    server.put(current, changes.notes, {id: batch.vectors[id] for id in fresh})
    catalog.publish(replace(changes, unreferenced=(before | retired) - written), current, fingerprint)
    settle(server, catalog, notify)


def build(server: Collections, catalog: Catalog, batch: Batch, fingerprint: str, notify: Notify) -> None:
    """Write a new generation of everything in the catalog and a batch, and commit both together."""
    upcoming = server.create_generation(catalog.generation(), fingerprint)
    replaced = set(batch.note_ids)
    kept = [note.id for note in catalog.notes() if note.id not in replaced and note.area != "outside"]
    vectors: Mapping[str, FloatArray]
    for some in batches(kept):
        notes = _with_chunks(catalog, some)
        vectors = catalog.vectors_of(chunk for _, chunks in notes for chunk in chunks)
        server.put(upcoming, notes, vectors)
    server.put(upcoming, batch.notes, batch.vectors)
    catalog.publish(replace(batch.changes, unreferenced=()), upcoming, fingerprint)
    try:
        server.sweep(upcoming)
    except ServerError as error:
        notify(f"{error}; the notes are in; older collections remain there")


def settle(server: Collections, catalog: Catalog, notify: Notify) -> None:
    """Settle the unreferenced records: delete those that no row references, and write the others again.

    Where the server does not answer they stay as they are, and the user is told.
    """
    unreferenced = catalog.unreferenced()
    if not unreferenced:
        return
    generation = catalog.generation()
    notes = _with_chunks(catalog, {note_of(record.id) for record in unreferenced})
    needed = _pieces(notes) | {Unreferenced(note.area, chunk.id) for note, chunks in notes for chunk in chunks}
    again = [
        (note, rows) for note, rows in notes if any(note_of(record.id) == note.id for record in unreferenced & needed)
    ]
    lost = [chunk for note, chunks in again for chunk in chunks if Unreferenced(note.area, chunk.id) in unreferenced]
    try:
        server.put(generation, again, catalog.vectors_of(lost))
        for part in {record.part for record in unreferenced}:
            server.delete(generation, part, [record.id for record in unreferenced - needed if record.part == part])
    except ServerError as error:
        notify(f"{error}; the notes are in; {len(unreferenced)} old records remain there until the next write")
        return
    catalog.set_unreferenced(())


def _with_chunks(catalog: Catalog, ids: Collection[str]) -> list[NoteWithChunks]:
    """Notes of the catalog with their chunks, by id."""
    chunks = catalog.chunks_of(ids)
    return [(note, chunks.get(id, [])) for id, note in catalog.notes_by_id(ids).items()]


def _pieces(notes: Collection[tuple[NoteRecord, Collection[ChunkRecord]]]) -> set[Unreferenced]:
    return {Unreferenced(NOTES, id) for note, chunks in notes for id in piece_ids(note, list(chunks))}
