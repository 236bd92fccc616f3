"""Another machine's notes, from the Chroma server on which it keeps them, into this catalog."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from kb.errors import EncoderError, InputError, RemovalError, ServerError
from kb.index.catalog import Changes
from kb.index.lock import write_lock
from kb.index.publishing import drop_unused_vectors
from kb.index.workspace import Workspace
from kb.models import ChunkRecord, NoteRecord, note_of
from kb.remote.records import batches, is_whole, memory
from kb.reports import Skipped
from kb.reports.cared import Pulled
from kb.sync.removal import FEW

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kb.remote.server import Held, ServerStore
    from kb.sync.run import Progress

Vectors = dict[str, "NDArray[np.float32]"]


def pull(workspace: Workspace, progress: Progress, should_stop: Callable[[], bool], allow_removal: bool) -> Pulled:
    """Make the catalog one of the notes on the server. Raises `ServerError`, `InputError` where this notebook has notes
    of its own, and `EncoderError` where it has another model than the one that writes there.
    """
    started = time.monotonic()
    if workspace.server is None:
        raise InputError("kb.toml names no server to pull from; set `url` in its table [chroma]")
    catalog = workspace.catalog
    with write_lock(workspace.folder):
        held = _readable(workspace, workspace.server, catalog.notes())
        run = _Pull(workspace, workspace.server, held)
        run.drop(allow_removal)
        run.fetch(progress, should_stop)
        drop_unused_vectors(workspace, held.encoder)
    return run.report(time.monotonic() - started)


def _readable(workspace: Workspace, server: ServerStore, notes: Sequence[NoteRecord]) -> Held:
    """What the server holds, if this notebook may be filled with it."""
    if obstacle := server.obstacle():
        raise ServerError(obstacle)
    held = server.newest()
    if held is None:
        raise ServerError(f"there is no notebook {server.place}; on the machine with the notes, run `kb sync` first")
    own = sum(not note.remote for note in notes)
    if own or held.writer == workspace.writer:
        kept = f"has {own} notes of its own" if own else "writes that server itself"
        raise InputError(f"{workspace.root} {kept}; pull into another notebook, made with `kb init`")
    if held.encoder != workspace.encoder.fingerprint:
        raise EncoderError(
            f"the notes of {server.place} were embedded by another model; set `model` and `precision` in kb.toml as on "
            "the machine that writes them"
        )
    return held


class _Pull:
    """One run of `kb pull`."""

    def __init__(self, workspace: Workspace, server: ServerStore, held: Held) -> None:
        self._workspace = workspace
        self._server = server
        self._held = held
        self._known = {note.id: note for note in workspace.catalog.notes()}
        self._there = server.digests(held.generation)
        self._added: list[str] = []
        self._updated: list[str] = []
        self._removed: list[str] = []
        self._skipped: list[Skipped] = []
        self._chunks = 0

    def drop(self, allow_removal: bool) -> None:
        """Take out the notes that are no longer on the server, or have another model's vectors here."""
        gone = [note for id, note in self._known.items() if id not in self._there]
        if len(gone) > FEW and 2 * len(gone) > len(self._known) and not allow_removal:
            raise RemovalError(
                f"{len(gone)} of {len(self._known)} notes would leave the index: they are gone from "
                f"{self._server.place}; if they shall go, run `kb pull --yes`"
            )
        self._removed = [note.path for note in gone]
        if self._workspace.catalog.fingerprint() not in (None, self._held.encoder):
            gone = list(self._known.values())
            self._known.clear()
        self._publish(Changes(removed=[note.id for note in gone]))

    def fetch(self, progress: Progress, should_stop: Callable[[], bool]) -> None:
        """Bring the notes that are new or say something else, some at a time."""
        catalog = self._workspace.catalog
        changed = []
        for ids in batches(list(self._there)):
            chunks = catalog.chunks_of(ids)
            for id in ids:
                known = self._known.get(id)
                if known is None or memory(known, chunks.get(id, [])).digest != self._there[id][0]:
                    changed.append(id)
        for done, ids in enumerate(batches(changed)):
            progress(done * len(ids), len(changed))
            if should_stop():
                return
            self._take(ids)

    def report(self, seconds: float) -> Pulled:
        """What was done."""
        return Pulled(
            added=tuple(sorted(self._added)),
            updated=tuple(sorted(self._updated)),
            removed=tuple(sorted(self._removed)),
            unchanged=len(self._there) - len(self._added) - len(self._updated) - len(self._skipped),
            skipped=tuple(self._skipped),
            chunks=self._chunks,
            seconds=round(seconds, 3),
        )

    def _take(self, ids: Collection[str]) -> None:
        notes = self._server.recall(self._held.generation, {id: self._there[id] for id in ids})
        texts, vectors = self._passages(notes)
        taken: list[tuple[NoteRecord, list[ChunkRecord]]] = []
        for id in ids:
            note, rows = notes.get(id, (None, []))
            whole = [row.model_copy(update={"text": row.text or texts.get(row.id, "")}) for row in rows]
            if note is None or not all(is_whole(row) and row.embedding_key in vectors for row in whole):
                path = note.path if note else self._known[id].path if id in self._known else id
                self._skipped.append(Skipped(path=path, reason="is being written by the other machine; pull again"))
                continue
            taken.append((note, whole))
            (self._updated if id in self._known else self._added).append(note.path)
            self._chunks += len(whole)
        keys = {row.embedding_key for _, rows in taken for row in rows}
        fresh = {key: vector for key, vector in vectors.items() if key in keys}
        if fresh:
            import numpy as np

            self._workspace.catalog.store_vectors(list(fresh), np.stack(list(fresh.values())), self._held.encoder)
        # A path may have passed to another note; the one that had it comes again under its new one.
        paths = {note.path: note.id for note, _ in taken}
        moved = [note.id for note in self._known.values() if paths.get(note.path, note.id) != note.id]
        self._publish(Changes(notes=taken, removed=moved))

    def _passages(self, notes: dict[str, tuple[NoteRecord, list[ChunkRecord]]]) -> tuple[dict[str, str], Vectors]:
        """The texts of the chunks of some notes by id, and their vectors by key: from the catalog, or the server."""
        catalog = self._workspace.catalog
        rows = {row.id: row for _, rows in notes.values() for row in rows}
        texts = {id: row.text for id, row in catalog.chunks(rows).items()}
        vectors: Vectors = dict(catalog.vectors({row.embedding_key for row in rows.values()}))
        wanted: dict[str, list[str]] = {}
        for row in rows.values():
            if row.id not in texts or row.embedding_key not in vectors:
                wanted.setdefault(notes[note_of(row.id)][0].area, []).append(row.id)
        for area, ids in wanted.items():
            for id, passage in self._server.passages(self._held.generation, area, ids).items():
                texts[id] = passage.text
                vectors[passage.embedding_key] = passage.vector
        return texts, vectors

    def _publish(self, changes: Changes) -> None:
        if changes.notes or changes.removed or self._workspace.catalog.generation() != self._held.generation:
            self._workspace.catalog.publish(changes, self._held.generation, self._held.encoder)
            self._workspace.last_look = None
