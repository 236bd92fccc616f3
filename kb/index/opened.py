"""An open index: it hands out readers and writers, and holds what they share."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from kb.errors import NotebookError, ServerError, VectorError, reason
from kb.index import folder
from kb.index.cache import Cache
from kb.index.catalog import CATALOG_NAME, Catalog
from kb.index.catalog.reading import CatalogReader
from kb.index.encoder import load_encoder
from kb.index.encoder.reranker import load_reranker
from kb.index.lock import write_lock
from kb.index.reader import IndexReader, Look
from kb.index.store import VectorStore
from kb.index.writer import IndexWriter
from kb.models import Encoder, Notify, Reranker
from kb.notebook import Notebook
from kb.notes.files import PARTIAL
from kb.settings import write_setting

Answer = TypeVar("Answer")
FileIdentity = tuple[int, int]  # device and inode

TRIES = 2  # a generation may be swept while it is being opened; the second may not be opened in time either


class Index:
    """The index of a notebook, shared by threads: any number may read while one writes.

    Each reader or writer has a connection to the catalog of its own; the encoder, the store and the cache are shared.
    `encoder` replaces the model that the settings name. Call `close` when done; the next use opens everything again.
    """

    def __init__(self, notebook: Notebook, store: VectorStore, encoder: Encoder | None, notify: Notify) -> None:
        self.notebook = notebook
        self.store = store
        self.notify = notify
        self.cache = Cache()
        self.background: Executor = ThreadPoolExecutor(thread_name_prefix="search")
        self.last_look: Look | None = None
        self._existed = notebook.root.is_dir()
        self._given_encoder = encoder
        self._models = threading.Lock()  # loading one takes seconds
        self._lock = threading.Lock()  # guards the connections below
        self._idle: list[tuple[Catalog, FileIdentity]] = []

    @property
    def encoder(self) -> Encoder:
        """The encoder of the notebook, loaded on first use."""
        with self._models:
            return self._encoder

    @property
    def reranker(self) -> Reranker | None:
        """The cross-encoder that the settings name, loaded on first use."""
        with self._models:
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
        """What `ask` returns for one snapshot of the index, whatever others write meanwhile. No lock is taken.

        Where the vectors of the snapshot have been swept, `ask` is called again with a newer one; where they are
        damaged, with a reader that searches the vectors in the catalog instead, and the user is told.
        """
        failed: int | None = None
        for _ in range(TRIES):
            with self.reader() as reader:
                try:
                    return ask(reader)
                except ServerError:
                    raise
                except VectorError as error:
                    if reader.generation == failed:
                        self.notify(f"{error}; searching the catalog instead, `kb sync` repairs this")
                    failed = reader.generation
        with self.reader(exact=True) as reader:
            return ask(reader)

    @contextmanager
    def reader(self, exact: bool = False) -> Iterator[IndexReader]:
        """A snapshot of the index, for as long as it is needed."""
        with self._catalog() as catalog, catalog.snapshot():
            self._follow_switch(catalog)
            yield IndexReader(self, catalog, exact)

    @contextmanager
    def write(self) -> Iterator[IndexWriter]:
        """The write lock and a writer. Raises `LockError` where another process does not release it in time."""
        with self._catalog():  # create it before the lock: a lock without a catalog means that one was lost
            pass
        with write_lock(self.notebook.index_folder), self._catalog() as catalog:
            self._finish_switch(catalog)
            yield IndexWriter(self, catalog)

    def _follow_switch(self, catalog: CatalogReader) -> bool:
        """Use the model of the index's vectors where a change of model was interrupted after they were published and
        before `kb.toml` was written. Returns whether that is so.
        """
        switch, settings = catalog.switch(), self.notebook.settings
        if switch is None or switch.before != settings.model or switch.fingerprint != catalog.fingerprint():
            return False
        with self._models:
            self.notebook = replace(self.notebook, settings=settings.model_copy(update={"model": switch.after}))
            self.__dict__.pop("_encoder", None)
        return True

    def _finish_switch(self, catalog: Catalog) -> None:
        """Write what an interrupted change of model left to be written; as the lock is held, none is under way."""
        switch = catalog.switch()
        if switch is not None:
            if self._follow_switch(catalog):
                write_setting(self.notebook.root, "model", switch.after)
            catalog.set_switch(None)

    @contextmanager
    def emptied(self) -> Iterator[IndexWriter]:
        """The write lock and a writer of an empty index with the same sources, in place of one that is lost."""
        place = self.notebook.index_folder
        with write_lock(place):
            self._replace_by_empty(folder.read_sources(place))
            with self._catalog() as catalog:
                yield IndexWriter(self, catalog)

    def _replace_by_empty(self, sources: Sequence[str]) -> None:
        """Replace the catalog by one that holds nothing but sources, and delete the vectors."""
        place = self.notebook.index_folder
        self.close()
        try:
            with tempfile.TemporaryDirectory(suffix=PARTIAL, dir=place) as beside:
                with closing(Catalog(Path(beside))) as fresh:
                    for source in sources:
                        fresh.add_source(source)
                folder.replace_catalog(place, Path(beside) / CATALOG_NAME)
            folder.delete([place / folder.VECTORS_NAME])
        except OSError as error:
            raise NotebookError(
                f"{place} cannot be written: {reason(error)}; `kb doctor` says what it needs"
            ) from error

    def close(self) -> None:
        """Close the connections and clients that no thread is using."""
        with self._lock:
            idle, self._idle = self._idle, []
        for catalog, _ in idle:
            catalog.close()
        self.cache.clear()
        self.store.close()

    @contextmanager
    def _catalog(self) -> Iterator[Catalog]:
        """A connection to the catalog for one thread."""
        place = self.notebook.index_folder
        if self._existed and not self.notebook.root.is_dir():  # it would be made again, empty
            raise NotebookError(f"{self.notebook.root} is gone; restore it, or open it at its new place")
        folder.make(place, self.notebook.root if self._existed else None)
        folder.require_catalog(place)
        catalog, identity = self._idle_catalog() or _open(place)
        try:
            yield catalog
        finally:
            with self._lock:
                self._idle.append((catalog, identity))

    def _idle_catalog(self) -> tuple[Catalog, FileIdentity] | None:
        """A connection that is open already; one to a catalog that has been replaced (by a restore or a rebuild) is
        closed.
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
    """Device and inode of the catalog; `(0, 0)` if it does not exist."""
    try:
        status = (place / CATALOG_NAME).stat()
    except FileNotFoundError:
        return 0, 0
    return status.st_dev, status.st_ino
