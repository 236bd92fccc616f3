"""Generations of vectors in the index folder, each one a Chroma database in a folder of its own.

A published generation is never written to: a write copies it, changes the copy, closes the client, syncs the files and
renames the copy into place; the catalog then names it as current.
"""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kb.errors import VectorError, reason
from kb.index import PRIVATE_FOLDER
from kb.index.batch import Batch, VectorChange, vector_change, vectors_after
from kb.index.catalog import Catalog, Changes, StoredVectors
from kb.index.catalog.reading import CatalogReader
from kb.index.folder import delete
from kb.index.vectors import chroma, files
from kb.models import FILED_AREAS, FiledArea
from kb.notes.files import PARTIAL, flush

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray
    from kb.index.vectors.chroma import ClientAPI, Collection

MAX_DEAD_SHARE = 1 / 3
KEPT_GENERATIONS = 2


class _Key(NamedTuple):
    """A generation and the inode and time of its manifest: an index that is built from scratch counts from 1 again."""

    generation: int
    inode: int
    mtime_ns: int


@dataclass
class _Opened:
    """An open generation, the number of vectors in each of its collections, and the number of threads using it."""

    client: ClientAPI
    live: dict[FiledArea, int]
    collections: dict[FiledArea, Collection]
    users: int = 0


class GenerationStore:
    """The generations in a folder, as a `VectorStore`.

    Threads share one client a generation. The generation opened last stays open for the next query; any other is closed
    when its last user is done.
    """

    most_results = sys.maxsize
    can_crash = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened: dict[_Key, _Opened] = {}
        self._latest: _Key | None = None
        self._lock = threading.Lock()  # guards the two above
        self._pool = ThreadPoolExecutor(len(FILED_AREAS))

    @property
    def place(self) -> str:
        return str(self._folder)

    # --- reading ---

    def close(self) -> None:
        with self._lock:
            self._latest = None
            self._close_unused()

    def open(self, generation: int) -> None:
        with self._reading(generation):
            pass

    def query(self, generation: int, vector: FloatArray, areas: Iterable[FiledArea], limit: int) -> dict[str, float]:
        with self._reading(generation) as opened, chroma.guard(self._path(generation)):
            asked = [(opened.collections[area], min(limit, opened.live[area])) for area in areas if opened.live[area]]
            answers = self._pool.map(lambda ask: chroma.nearest(ask[0], vector, ask[1]), asked)
            return {id: cosine for answer in answers for id, cosine in answer.items()}

    def obstacle(self) -> str | None:
        """None: nothing stands between kb and its own files; `problem` checks them."""

    def problem(self, generation: int) -> str | None:
        """What is wrong with the files of a generation; reads all of them without opening any in Chroma."""
        try:
            files.verified(self._path(generation))
        except VectorError as error:
            return str(error)
        return None

    def count(self, generation: int) -> dict[str, int]:
        """How many vectors a generation holds in each area."""
        return dict(files.manifest_of(self._path(generation))["live"])

    def place_of(self, generation: int) -> str:
        return str(self._path(generation))

    def mismatches(self, catalog: CatalogReader) -> Iterator[str]:
        """None: a generation holds nothing but vectors."""
        return iter(())

    def database_problem(self, generation: int) -> str | None:
        return files.database_problem(self._path(generation))

    def ids(self, generation: int) -> dict[FiledArea, list[str]]:
        with self._reading(generation) as opened, chroma.guard(self._path(generation)):
            return {area: collection.get(include=[])["ids"] for area, collection in opened.collections.items()}

    def stored(self, generation: int, area: FiledArea, ids: list[str]) -> dict[str, FloatArray]:
        with self._reading(generation) as opened, chroma.guard(self._path(generation)):
            return chroma.stored(opened.collections[area], ids)

    @contextmanager
    def _reading(self, generation: int) -> Iterator[_Opened]:
        """A generation, opened unless it is open already, for as long as it is needed."""
        key = self._key(generation)
        with self._lock:
            opened = self._opened.get(key) or self._open(key)
            opened.users += 1
        try:
            yield opened
        finally:
            with self._lock:
                opened.users -= 1
                self._close_unused()

    def _open(self, key: _Key) -> _Opened:
        """Open a generation, with the lock held."""
        path = self._path(key.generation)
        self._close_replaced(key)
        live = files.verified(path)["live"]
        client: ClientAPI | None = None
        try:
            client = chroma.open_client(path)
            with chroma.guard(path):
                collections = {area: client.get_collection(area, embedding_function=None) for area in live}
        except VectorError:
            self._close(key, client)
            raise
        self._opened[key] = _Opened(client, live, collections)
        self._latest = key
        return self._opened[key]

    def _close_replaced(self, key: _Key) -> None:
        """Close the generation whose folder another one of the same number has replaced: Chroma shares one client a
        path. Raises `VectorError` while other threads use it.
        """
        for other in [other for other in self._opened if other.generation == key.generation]:
            if self._opened[other].users:
                raise VectorError(f"{self._path(key.generation)} was replaced while it was being read; try again")
            self._close(other, self._opened.pop(other).client)

    def _close_unused(self) -> None:
        for key in [key for key, opened in self._opened.items() if not opened.users and key != self._latest]:
            self._close(key, self._opened.pop(key).client)

    def _close(self, key: _Key, client: ClientAPI | None) -> None:
        """Close a client. Where another process swept the generation while this one opened it, Chroma made files of its
        own in that place, which are deleted.
        """
        if client is not None:
            chroma.close_client(client)
        path = self._path(key.generation)
        if not (path / files.MANIFEST).exists():
            delete([path])

    def _key(self, generation: int) -> _Key:
        try:
            status = (self._path(generation) / files.MANIFEST).stat()
        except OSError as error:
            raise VectorError(f"{error.filename} is missing") from error
        return _Key(generation, status.st_ino, status.st_mtime_ns)

    # --- writing ---

    def require_writer(self) -> None:
        """Nothing to check: whoever can write the folder can write its vectors."""

    def publish(self, catalog: Catalog, batch: Batch, fingerprint: str, from_scratch: bool) -> None:
        current = catalog.generation()
        change = vector_change(catalog, batch)
        if not (change or from_scratch):
            catalog.publish(batch.changes, current, fingerprint)
            return
        upcoming = current + 1
        if from_scratch or self.should_rebuild(current, change):
            self.build(upcoming, vectors_after(catalog, batch))
        else:
            self.advance(current, upcoming, change)
        catalog.publish(batch.changes, upcoming, fingerprint)
        self.keep_latest(upcoming)

    def rebuild(self, catalog: Catalog) -> None:
        upcoming = catalog.generation() + 1
        self.build(upcoming, catalog.filed_vectors())
        catalog.publish(Changes(), upcoming, catalog.fingerprint() or "")
        self.keep_latest(upcoming)

    def settle(self, catalog: Catalog) -> None:
        """Nothing to finish: a generation is published whole or not at all."""

    def unsettled(self, catalog: Catalog) -> int:
        return 0

    def orphans(self, generation: int) -> list[Path]:
        found = [path for path in self._paths() if not files.is_kept(path, generation, KEPT_GENERATIONS)]
        if not self.problem(generation):
            found += files.unnamed(self._path(generation))
        return found

    def sweep(self, generation: int) -> None:
        self._sweep(generation, kept=1)

    def keep_latest(self, current: int) -> None:
        """Delete all but the current generation and its predecessor, which a reader may still be using."""
        self._sweep(current, KEPT_GENERATIONS)

    def advance(self, current: int, upcoming: int, change: VectorChange) -> None:
        """Write generation `upcoming` as a changed copy of `current`."""
        manifest = files.manifest_of(self._path(current))
        with self._upcoming(upcoming) as folder:
            shutil.copytree(self._path(current), folder)
            _write(folder, change, manifest["dead"])

    def build(self, upcoming: int, added: Mapping[FiledArea, StoredVectors]) -> None:
        """Write generation `upcoming` from scratch."""
        with self._upcoming(upcoming) as folder:
            folder.mkdir()
            _write(folder, VectorChange(added=added), 0)

    def should_rebuild(self, generation: int, change: VectorChange) -> bool:
        """Whether to write a generation from scratch: the current one is damaged, or more than a third of its copy
        would be dead vectors.
        """
        if self.problem(generation):
            return True
        manifest = files.manifest_of(self._path(generation))
        dead = manifest["dead"] + sum(len(ids) for ids in change.removed.values())
        added = sum(len(vectors.ids) for vectors in change.added.values())
        total = sum(manifest["live"].values()) + manifest["dead"] + added
        return bool(dead > total * MAX_DEAD_SHARE)

    def _sweep(self, current: int, kept: int) -> None:
        """Delete everything but the last `kept` generations."""
        delete([path for path in self._paths() if not files.is_kept(path, current, kept)])

    def _paths(self) -> list[Path]:
        return sorted(self._folder.iterdir()) if self._folder.is_dir() else []

    def _path(self, generation: int) -> Path:
        return self._folder / str(generation)

    @contextmanager
    def _upcoming(self, generation: int) -> Iterator[Path]:
        """A folder to fill; it gets its final name once it is complete and on disk."""
        target = self._path(generation)
        temporary = target.with_suffix(PARTIAL)
        self._folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        delete([target, temporary])  # what an interrupted write left
        try:
            yield temporary
            files.sync(temporary)
            temporary.rename(target)
            flush(self._folder)
        except OSError as error:
            raise VectorError(
                f"{target} cannot be written: {reason(error)}; the notes added before are safe"
            ) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _write(folder: Path, change: VectorChange, dead: int) -> None:
    client = chroma.open_client(folder)
    try:
        with chroma.guard(folder):
            for area, ids in change.removed.items():
                dead += len(ids)
                chroma.remove(chroma.collection(client, area), ids)
            for area, vectors in change.added.items():
                dead += chroma.add(chroma.collection(client, area), vectors)
            live = {area: chroma.collection(client, area).count() for area in FILED_AREAS}
    finally:
        chroma.close_client(client)
    files.clear_unused(folder)
    files.write_manifest(folder, live, dead)
