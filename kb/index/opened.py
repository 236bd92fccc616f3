"""An index that is open: it hands out readers and writers, and holds what they share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from kb.errors import ServerError, VectorError
from kb.index import folder
from kb.index.cache import Cache
from kb.index.catalog import CATALOG_NAME, Catalog
from kb.index.encoder import load_encoder
from kb.index.encoder.reranker import load_reranker
from kb.index.lock import write_lock
from kb.index.reader import IndexReader, Look
from kb.index.store import VectorStore
from kb.index.writer import IndexWriter
from kb.models import Encoder, Notify, Reranker
from kb.notebook import Notebook

Answer = TypeVar("Answer")
FileIdentity = tuple[int, int]  # device and inode

ATTEMPTS = 3  # a generation may be swept while it is opened, and the next one too; then no more is opened


class Index:
    """The index of a notebook. Several threads may read at once, and beside them one may write.

    `encoder` replaces the model that the settings name. Use `close` when done; the next use opens everything again.
    """

    def __init__(self, notebook: Notebook, store: VectorStore, encoder: Encoder | None, notify: Notify) -> None:
        self.notebook = notebook
        self.store = store
        self.notify = notify
        self.cache = Cache()
        self.last_look: Look | None = None
        self._given_encoder = encoder
        self._lock = threading.RLock()
        self._idle: list[tuple[Catalog, FileIdentity]] = []

    @property
    def encoder(self) -> Encoder:
        """The encoder of the notebook, loaded when first needed."""
        with self._lock:
            return self._encoder

    @property
    def reranker(self) -> Reranker | None:
        """The cross-encoder that the settings name, loaded when first needed."""
        with self._lock:
            return self._reranker

    @cached_property
    def _encoder(self) -> Encoder:
        settings = self.notebook.settings
        return self._given_encoder or load_encoder(settings.model, settings.precision, self.notebook.root, self.notify)

    @cached_property
    def _reranker(self) -> Reranker | None:
        name = self.notebook.settings.rerank
        return load_reranker(name, self.notebook.root) if name else None

    def read(self, ask: Callable[[IndexReader], Answer]) -> Answer:
        """What `ask` answers from one state of the index, whatever others write meanwhile.

        Vectors that were swept are no obstacle, since there are newer ones to ask; nor are damaged ones, in place of
        which those of the catalog are searched, which is said. No lock is taken.
        """
        failed = -1
        for attempt in range(ATTEMPTS):
            with self.reader(exact=attempt == ATTEMPTS - 1) as reader:
                try:
                    return ask(reader)
                except ServerError:
                    raise
                except VectorError as error:
                    damaged = reader.generation == failed
                    failed = reader.generation
                    if damaged:
                        self.notify(f"{error}; searching the catalog instead, `kb sync` repairs this")
        raise AssertionError("the last attempt asks for no generation")

    @contextmanager
    def reader(self, exact: bool = False) -> Iterator[IndexReader]:
        """A snapshot of the index, for as long as it is needed."""
        with self._catalog() as catalog, catalog.snapshot():
            yield IndexReader(self, catalog, exact)

    @contextmanager
    def write(self) -> Iterator[IndexWriter]:
        """The write lock and a writer. Raises `LockError` where another process does not release it in time."""
        with self._catalog():  # made before the lock: a lock without a catalog says that one was lost
            pass
        with write_lock(self.notebook.index_folder), self._catalog() as catalog:
            yield IndexWriter(self, catalog)

    @contextmanager
    def emptied(self) -> Iterator[IndexWriter]:
        """The write lock and a writer of an empty index, in place of one that is lost; it has the same sources."""
        place = self.notebook.index_folder
        sources = folder.read_sources(place)
        with write_lock(place):
            self.close()
            folder.delete_contents(place)
            Catalog(place).close()
            with self._catalog() as catalog:
                writer = IndexWriter(self, catalog)
                writer.add_sources(sources)
                yield writer

    def close(self) -> None:
        """Close files and clients that nobody is using."""
        with self._lock:
            for catalog, _ in self._idle:
                catalog.close()
            self._idle.clear()
            self.cache.clear()
            self.store.close()

    @contextmanager
    def _catalog(self) -> Iterator[Catalog]:
        """A connection to the catalog that no other thread is using."""
        place = self.notebook.index_folder
        folder.make(place)
        folder.require_catalog(place)
        catalog, identity = self._idle_catalog() or _open(place)
        try:
            yield catalog
        finally:
            with self._lock:
                self._idle.append((catalog, identity))

    def _idle_catalog(self) -> tuple[Catalog, FileIdentity] | None:
        """A connection that is open already, unless another file took the catalog's place: it was restored, or built
        from the notes.
        """
        current = _identity(self.notebook.index_folder)
        with self._lock:
            while self._idle:
                catalog, identity = self._idle.pop()
                if identity == current:
                    return catalog, identity
                catalog.close()
        return None


def _open(place: Path) -> tuple[Catalog, FileIdentity]:
    catalog = Catalog(place)
    return catalog, _identity(place)


def _identity(place: Path) -> FileIdentity:
    """Which file the catalog is; `(0, 0)` where there is none."""
    try:
        status = (place / CATALOG_NAME).stat()
    except FileNotFoundError:
        return 0, 0
    return status.st_dev, status.st_ino
