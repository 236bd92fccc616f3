"""Reading an index: one consistent snapshot of catalog and vectors."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from kb.decisions import Decisions, load_decisions
from kb.errors import EncoderError
from kb.index import folder
from kb.index.arrays import products
from kb.index.batch import embedding_key
from kb.index.cache import KEPT_ANSWERS, Cache
from kb.index.catalog.reading import CatalogReader
from kb.index.store import VectorStore
from kb.models import FILED_AREAS, Encoder, Filter, Notify, Reranker, note_of
from kb.notebook import Notebook

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

SMALL = 5_000  # chunks

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Passing:
    """The filed notes that a filter lets through; their share of all filed notes, and of those in its areas."""

    notes: frozenset[str]
    share: float
    share_of_areas: float


@dataclass(frozen=True)
class Passages:
    """All filed chunks: their ids, their vectors `(n, dim)`, the row of each, and the rows of each note by its id."""

    ids: list[str]
    matrix: FloatArray
    row_of: dict[str, int]
    rows: dict[str, list[int]]

    def cosines(self, vector: FloatArray) -> FloatArray:
        """The cosine of every passage with a unit vector `(dim,)`."""
        return products(self.matrix, vector) if self.ids else vector[:0]


@dataclass
class Look:
    """How many notes had changed when the sources were last checked, and until when (monotonic seconds) that count is
    reused.
    """

    changes: int
    good_until: float


class Shared(Protocol):
    """What the readers and writers of a process share; several threads may use it at the same time."""

    notebook: Notebook
    notify: Notify
    cache: Cache
    background: Executor
    store: VectorStore
    last_look: Look | None

    @property
    def encoder(self) -> Encoder: ...

    @property
    def reranker(self) -> Reranker | None: ...


class IndexReader:
    """One snapshot of an index: of the catalog, and of the generation of vectors that it names.

    A reader belongs to one thread. With `exact`, dense search scans the vectors in the catalog, in place of a
    generation that cannot be used.
    """

    def __init__(self, shared: Shared, catalog: CatalogReader, exact: bool = False) -> None:
        self.shared = shared
        self.catalog = catalog
        self.exact = exact
        self.notebook = shared.notebook
        self.root = shared.notebook.root
        self.settings = shared.notebook.settings
        self.folder = shared.notebook.index_folder
        self.notify = shared.notify
        self.store = shared.store

    @property
    def generation(self) -> int:
        """The generation of vectors of this snapshot; 0 before the first."""
        return self.catalog.generation()

    @cached_property
    def decisions(self) -> Decisions:
        """What the user decided: the file, read once, on first use."""
        return load_decisions(self.root)

    @property
    def encoder(self) -> Encoder:
        """The encoder that the settings name."""
        return self.shared.encoder

    def scanning(self) -> IndexReader:
        """A reader of the same snapshot, whose dense search scans the vectors in the catalog: for what reads all of
        them anyway, and need not open the generation as well.
        """
        return IndexReader(self.shared, self.catalog, exact=True)

    def require_current_encoder(self) -> None:
        """Raise `EncoderError` where the index holds another encoder's vectors."""
        indexed = self.catalog.fingerprint()
        if indexed is not None and indexed != self.encoder.fingerprint:
            raise EncoderError("the index was made with another model; run `kb sync` to embed the notes again")

    def embed(self, texts: list[str]) -> FloatArray:
        """Vectors `(len(texts), dim)` of some passages: from the catalog where it has them, else computed."""
        return self.embed_missing(texts)[0]

    def embed_missing(self, texts: list[str]) -> tuple[FloatArray, dict[str, FloatArray]]:
        """The same, and by key those among them that had to be computed."""
        import numpy as np

        encoder = self.encoder
        keys = [embedding_key(text, encoder.fingerprint) for text in texts]
        known = self.catalog.vectors(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        fresh = dict(zip(missing, encoder.encode(list(missing.values())), strict=True)) if missing else {}
        known |= fresh
        return np.stack([known[key] for key in keys]), fresh

    def cached(
        self, name: str, read: Callable[[], Answer], parameters: Hashable = (), most: int = KEPT_ANSWERS
    ) -> Answer:
        """What `read` returns, computed once for each published state and shared with all readers of that state; for at
        most so many different `parameters`.
        """
        return self.shared.cache.get(self._state, name, parameters, read, most)

    @property
    def _state(self) -> str:
        return self.catalog.state()

    def passing(self, filter: Filter) -> Passing:
        """The notes that a filter lets through."""
        return self.cached("passing", lambda: self._passing(filter), filter)

    def _passing(self, filter: Filter) -> Passing:
        notes = self.catalog.note_ids(filter)
        shares = (
            len(notes) / max(self.catalog.count_notes(areas), 1) for areas in (FILED_AREAS, filter.areas or FILED_AREAS)
        )
        return Passing(frozenset(notes), *shares)

    @property
    def chunk_count(self) -> int:
        """How many chunks there are."""
        return self.cached("chunk count", self.catalog.count_chunks)

    def note_lengths(self) -> Mapping[str, float]:
        """The length of each note, as a share of the mean of the filed ones, by its id."""
        return self.cached("note lengths", self._note_lengths)

    def _note_lengths(self) -> dict[str, float]:
        mean = self.catalog.mean_size() or 1.0
        return {note: size / mean for note, size in self.catalog.sizes().items()}

    @property
    def is_small(self) -> bool:
        """Whether the notebook is small enough to keep all of its passages in memory for the next query."""
        return self.chunk_count <= SMALL

    def passages(self) -> Passages:
        """All passages."""
        return self.cached("passages", self._passages)

    def _passages(self) -> Passages:
        ids, matrix = self.catalog.chunk_vectors()
        rows: dict[str, list[int]] = {}
        for row, id in enumerate(ids):
            rows.setdefault(note_of(id), []).append(row)
        return Passages(ids, matrix, {id: row for row, id in enumerate(ids)}, rows)

    def orphans(self) -> list[Path]:
        """What interrupted runs left in the index folder. Call this only while no process writes."""
        return folder.orphans(self.folder) + self.store.orphans(self.generation)
