"""Notes onto a Chroma server: records before the commit that acknowledges them, and away with old ones after it.

Every record that a commit does not name yet, or no longer, is noted in the catalog first, as a loose one: what a crash
leaves on the server is found and put right by the next write.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from kb.errors import ServerError
from kb.index.catalog import Changes, Loose
from kb.index.workspace import VECTORS_NAME, Workspace
from kb.models import ChunkRecord, NoteRecord, note_of
from kb.remote.records import NOTES, batches, piece_ids

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kb.index.vectors import VectorChange
    from kb.remote.server import ServerStore


def upload(
    workspace: Workspace,
    server: ServerStore,
    changes: Changes,
    change: VectorChange,
    vectors: Mapping[str, NDArray[np.float32]],
    fingerprint: str,
) -> None:
    """Bring changes to the server and commit them; when it returns, they are in. Raises `ServerError`.

    `vectors` has those of all chunks of the changed notes, by chunk id; `fingerprint` names their encoder.
    """
    catalog, current = workspace.catalog, workspace.catalog.generation()
    if not (changes.notes or changes.removed):
        catalog.publish(changes, current, fingerprint)
        return
    server.require_writer(workspace.writer)
    if not current or fingerprint != catalog.fingerprint() or server.problem(current):
        build(workspace, server, changes, vectors, fingerprint)
        return
    fresh = {id for ids, _ in change.added.values() for id in ids}
    written = {Loose(area, id) for area, (ids, _) in change.added.items() for id in ids} | _pieces(changes.notes)
    replaced = _with_chunks(workspace, {*changes.removed, *(note.id for note, _ in changes.notes)})
    retired = {Loose(area, id) for area, ids in change.removed.items() for id in ids} | _pieces(replaced)
    before = catalog.loose()
    catalog.set_loose(before | written)
    server.put(current, changes.notes, {id: vectors[id] for id in fresh})
    catalog.publish(replace(changes, loose=(before | retired) - written), current, fingerprint)
    settle(workspace)


def build(
    workspace: Workspace,
    server: ServerStore,
    changes: Changes,
    vectors: Mapping[str, NDArray[np.float32]],
    fingerprint: str,
) -> None:
    """Write a new generation of everything, as the catalog is after some changes, and commit them with it."""
    catalog = workspace.catalog
    upcoming = server.next_generation(catalog.generation())
    server.create(upcoming, workspace.writer, fingerprint)
    replaced = {*changes.removed, *(note.id for note, _ in changes.notes)}
    kept = [note.id for note in catalog.notes() if note.id not in replaced and note.area != "outside"]
    for some in batches(kept):
        notes = _with_chunks(workspace, some)
        server.put(upcoming, notes, workspace.vectors_of(row for _, rows in notes for row in rows))
    server.put(upcoming, changes.notes, vectors)
    catalog.publish(replace(changes, loose=()), upcoming, fingerprint)
    shutil.rmtree(workspace.folder / VECTORS_NAME, ignore_errors=True)  # of the time before the server
    try:
        server.drop_others(upcoming, workspace.writer)
    except ServerError as error:
        workspace.notify(f"{error}; the notes are in, and older collections are left over there")


def settle(workspace: Workspace) -> None:
    """Put loose records right, with the write lock held: delete what no row names, write again what one does.

    Where the server cannot be asked they stay loose, and that is said.
    """
    server, catalog = workspace.server, workspace.catalog
    loose = catalog.loose() if server else set()
    if not server or not loose:
        return
    generation = catalog.generation()
    notes = _with_chunks(workspace, {note_of(record.id) for record in loose})
    needed = _pieces(notes) | {Loose(note.area, row.id) for note, rows in notes for row in rows}
    again = [(note, rows) for note, rows in notes if any(note_of(record.id) == note.id for record in loose & needed)]
    lost = [row for note, rows in again for row in rows if Loose(note.area, row.id) in loose]
    try:
        server.put(generation, again, workspace.vectors_of(lost))
        for part in {record.part for record in loose}:
            server.delete(generation, part, [record.id for record in loose - needed if record.part == part])
    except ServerError as error:
        workspace.notify(f"{error}; the notes are in, and {len(loose)} old records stay there until the next write")
        return
    catalog.set_loose(())


def _with_chunks(workspace: Workspace, ids: Collection[str]) -> list[tuple[NoteRecord, list[ChunkRecord]]]:
    """Notes of the catalog with their chunks, by id."""
    chunks = workspace.catalog.chunks_of(ids)
    return [(note, chunks.get(id, [])) for id, note in workspace.catalog.notes_by_id(ids).items()]


def _pieces(notes: Collection[tuple[NoteRecord, Collection[ChunkRecord]]]) -> set[Loose]:
    return {Loose(NOTES, id) for note, rows in notes for id in piece_ids(note, list(rows))}
