"""Writing an index: the only way to change the catalog, the vectors or the decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kb.decisions import Decisions, load_decisions, save_decisions
from kb.index import folder
from kb.index.batch import Batch
from kb.index.catalog import Catalog
from kb.index.encoder import bulk_encoder
from kb.index.reader import IndexReader, Shared
from kb.models import Encoder, FileState

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

Change = Callable[[Decisions], Decisions]


class IndexWriter(IndexReader):
    """A reader that holds the write lock. It sees what it publishes, and has read the decisions under the lock.

    `embedded_chunks` counts the texts that had to be embedded.
    """

    catalog: Catalog

    def __init__(self, shared: Shared, catalog: Catalog) -> None:
        super().__init__(shared, catalog)
        self.embedded_chunks = 0
        self._unsaved: list[Change] = []
        self._encoder: Encoder | None = None
        self.decisions = load_decisions(self.root)

    @property
    def encoder(self) -> Encoder:
        return self._encoder or super().encoder

    def embed_in_bulk(self) -> None:
        """From now on, embed on a GPU where there is one."""
        self._encoder = bulk_encoder(self.encoder, self.settings.model, self.root, self.notify)

    def embed(self, texts: list[str]) -> FloatArray:
        """Vectors `(len(texts), dim)` of some passages; those that the catalog lacks are stored there."""
        vectors, fresh = self.embed_missing(texts)
        self.store_vectors(fresh)
        return vectors

    def store_vectors(self, vectors: Mapping[str, FloatArray]) -> None:
        """Store vectors that this encoder computed, by their keys, in the catalog."""
        import numpy as np

        if vectors:
            self.catalog.store_vectors(list(vectors), np.stack(list(vectors.values())), self.encoder.fingerprint)
        self.embedded_chunks += len(vectors)

    def decide(self, change: Change, recorded: bool = True) -> None:
        """Change the decisions; the change is saved by the next `publish`. It gets an entry in their log if `recorded`,
        which it is unless it follows from a decision that the log has already.
        """
        now = datetime.now(UTC).replace(microsecond=0)
        applied: Change = (lambda before: change(before).recorded(before, now)) if recorded else change
        self.decisions = applied(self.decisions)
        self._unsaved.append(applied)

    def publish(self, batch: Batch, fingerprint: str | None = None, from_scratch: bool = False) -> None:
        """Save the decisions, write a batch's vectors and commit; on return, all of it is durable.

        The decisions go first: after a crash in between, the next sync files the notes by them. `fingerprint` names the
        encoder of the vectors, by default the writer's own. `from_scratch` copies no vector of the current generation.
        """
        self._save_decisions()
        if batch or from_scratch:
            self.store.publish(self.catalog, batch, fingerprint or self.encoder.fingerprint, from_scratch)
            self.shared.last_look = None

    def _save_decisions(self) -> None:
        """Apply the changes to the file as it is now: the user may have edited it since the run began."""
        if not self._unsaved:
            return
        before = decisions = load_decisions(self.root)
        for change in self._unsaved:
            decisions = change(decisions)
        if decisions != before:
            save_decisions(self.root, decisions)
        self._unsaved.clear()

    def rebuild_vectors(self) -> None:
        """Rebuild and publish all vectors from the catalog; nothing is embedded."""
        self.store.rebuild(self.catalog)

    def repair_vectors(self) -> None:
        """Rebuild the current generation where it is missing or damaged."""
        problem = self.store.problem(self.generation) if self.generation else None
        if problem:
            self.notify(f"{problem}; rebuilding the vectors from the catalog")
            self.rebuild_vectors()

    def add_sources(self, sources: Iterable[str]) -> None:
        """Remember sources, in the catalog and in a file next to it."""
        for source in sources:
            self.catalog.add_source(source)
        folder.write_sources(self.folder, self.catalog.sources())

    def remove_sources(self, sources: Iterable[str]) -> None:
        """Forget sources in both places."""
        self.catalog.remove_sources(sources)
        folder.write_sources(self.folder, self.catalog.sources())

    def remember_skipped(self, looked_at: Iterable[str], skipped: Iterable[FileState]) -> None:
        """Remember which of some files, by path, were skipped, so that looking for changes need not read them again."""
        self.catalog.set_skipped(looked_at, skipped)
        self.shared.last_look = None

    def drop_unused_embeddings(self, keep: Sequence[str], fingerprint: str) -> None:
        """Drop the vectors of other encoders, and those that no chunk uses and whose keys are not in `keep`."""
        self.catalog.sweep_vectors(keep, fingerprint)

    def sweep(self) -> None:
        """Delete everything that is not current: older generations, and what interrupted runs left."""
        folder.delete(self.orphans())
        self.store.sweep(self.generation)
