"""`kb pull`: the notes of another machine, from its Chroma server into this catalog."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from kb.areas.judge import embed_phrases, phrase_keys
from kb.errors import EncoderError, InputError, RemovalError, ServerError
from kb.index.catalog import Changes
from kb.index.writer import IndexWriter
from kb.models import ChunkRecord, NoteRecord, Progress, note_of
from kb.remote.collections import Held
from kb.remote.records import batches, is_whole, memory
from kb.remote.server import ServerStore
from kb.reports import Pulled, Skipped
from kb.sync.removal import FEW

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

BEING_WRITTEN = "is being written by the other machine; pull again"


def pull(
    writer: IndexWriter, progress: Progress, should_stop: Callable[[], bool], allow_removal: bool = False
) -> Pulled:
    """Fill the catalog with the notes on the server. Raises `ServerError`, `InputError` where this notebook has notes
    of its own, and `EncoderError` where it uses another model than the machine that writes there.
    """
    started = time.monotonic()
    server = writer.store
    if not isinstance(server, ServerStore):
        raise InputError("kb.toml names no server to pull from; set `url` in its table [chroma]")
    held = _readable(writer, server)
    run = _Pull(writer, server, held)
    run.drop(allow_removal)
    run.fetch(progress, should_stop)
    embed_phrases(writer)  # outlines need them, and a reader could not store them
    writer.drop_unused_embeddings(phrase_keys(writer, held.encoder), held.encoder)
    return run.report(time.monotonic() - started)


def _readable(writer: IndexWriter, server: ServerStore) -> Held:
    """The generation to pull, once this notebook is known to be able to take it."""
    if obstacle := server.obstacle():
        raise ServerError(obstacle)
    held = server.newest()
    if held is None:
        raise ServerError(f"there is no notebook {server.place}; on the machine with the notes, run `kb sync` first")
    own = sum(not note.remote for note in writer.catalog.notes())
    if own or held.writer == server.writer:
        kept = f"has {own} notes of its own" if own else "writes that server itself"
        raise InputError(f"{writer.root} {kept}; pull into another notebook, made with `kb init`")
    if held.encoder != writer.encoder.fingerprint:
        raise EncoderError(
            f"{server.place} has another model; set `model` and `precision` as on the machine that writes it"
        )
    return held


class _Pull:
    """One run of `kb pull`."""

    def __init__(self, writer: IndexWriter, server: ServerStore, held: Held) -> None:
        self._writer = writer
        self._catalog = writer.catalog
        self._server = server
        self._held = held
        self._known = {note.id: note for note in self._catalog.notes()}
        self._there = server.digests(held.generation)
        self._added: list[str] = []
        self._updated: list[str] = []
        self._removed: list[str] = []
        self._skipped: list[Skipped] = []
        self._chunks = 0

    def drop(self, allow_removal: bool) -> None:
        """Remove the notes that are no longer on the server; all notes if their vectors are another model's."""
        gone = [note for id, note in self._known.items() if id not in self._there]
        if len(gone) > FEW and 2 * len(gone) > len(self._known) and not allow_removal:
            raise RemovalError(
                f"{len(gone)} of {len(self._known)} notes would leave: they are gone from "
                f"{self._server.place}; to confirm: `kb pull --yes`"
            )
        self._removed = [note.path for note in gone]
        if self._catalog.fingerprint() not in (None, self._held.encoder):
            gone = list(self._known.values())
            self._known.clear()
        self._publish(Changes(removed=[note.id for note in gone]))

    def fetch(self, progress: Progress, should_stop: Callable[[], bool]) -> None:
        """Fetch the notes that are new or changed, in batches."""
        changed = self._changed()
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

    def _changed(self) -> list[str]:
        """The ids of the notes that differ between the server and the catalog."""
        changed = []
        for ids in batches(list(self._there)):
            chunks = self._catalog.chunks_of(ids)
            for id in ids:
                known = self._known.get(id)
                if known is None or memory(known, chunks.get(id, [])).digest != self._there[id][0]:
                    changed.append(id)
        return changed

    def _take(self, ids: Collection[str]) -> None:
        """Take those of some notes that are complete on the server into the catalog, in one commit."""
        notes = self._server.recall(self._held.generation, {id: self._there[id] for id in ids})
        texts, vectors = self._passages(notes)
        taken: list[tuple[NoteRecord, list[ChunkRecord]]] = []
        for id in ids:
            note, rows = notes.get(id, (None, []))
            chunks = [row.model_copy(update={"text": row.text or texts.get(row.id, "")}) for row in rows]
            if note is None or not all(is_whole(chunk) and chunk.embedding_key in vectors for chunk in chunks):
                self._skip(id, note)
                continue
            taken.append((note, chunks))
            (self._updated if id in self._known else self._added).append(note.path)
            self._chunks += len(chunks)
        self._store(taken, vectors)
        # A path may have passed to another note; the note that had it will be fetched under its new path.
        paths = {note.path: note.id for note, _ in taken}
        moved = [note.id for note in self._known.values() if paths.get(note.path, note.id) != note.id]
        self._publish(Changes(notes=taken, removed=moved))

    def _skip(self, id: str, note: NoteRecord | None) -> None:
        known = note or self._known.get(id)
        self._skipped.append(Skipped(path=known.path if known else id, reason=BEING_WRITTEN))

    def _store(self, taken: Sequence[tuple[NoteRecord, list[ChunkRecord]]], vectors: dict[str, FloatArray]) -> None:
        import numpy as np

        keys = {chunk.embedding_key for _, chunks in taken for chunk in chunks}
        fresh = {key: vector for key, vector in vectors.items() if key in keys}
        if fresh:
            self._catalog.store_vectors(list(fresh), np.stack(list(fresh.values())), self._held.encoder)

    def _passages(
        self, notes: dict[str, tuple[NoteRecord, list[ChunkRecord]]]
    ) -> tuple[dict[str, str], dict[str, FloatArray]]:
        """The texts of the chunks of some notes by id, and their vectors by key: from the catalog, or the server."""
        rows = {row.id: row for _, rows in notes.values() for row in rows}
        texts = {id: row.text for id, row in self._catalog.chunks(rows).items()}
        vectors = dict(self._catalog.vectors({row.embedding_key for row in rows.values()}))
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
        if changes.notes or changes.removed or self._catalog.generation() != self._held.generation:
            self._catalog.publish(changes, self._held.generation, self._held.encoder)
            self._writer.shared.last_look = None
