"""Chroma: generations of vectors, one collection per area. The only module that imports chromadb.

A published generation is never written: a write copies it, changes the copy, closes the client, syncs the files and
renames the copy into place; the catalog then names it as current.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from kb.errors import VectorError
from kb.index.vectors import files
from kb.models import FILED_AREAS, FiledArea

if TYPE_CHECKING:
    import numpy as np
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection
    from numpy.typing import NDArray

BATCH = 4000
MAX_DEAD_SHARE = 1 / 3
KEPT_GENERATIONS = 2
# Measured on real MiniLM vectors: recall@10 of 1.000 up to 100,000 vectors. Nothing is left in Chroma's log, which
# every later open would replay.
GRAPH = {"space": "cosine", "max_neighbors": 32, "ef_construction": 200, "ef_search": 400}
HNSW = GRAPH | {"sync_threshold": 1, "batch_size": 2}

Vectors = tuple[list[str], "NDArray[np.float32]"]


@dataclass(frozen=True)
class VectorChange:
    """Chunk ids to take out of each area, and ids with their vectors `(n, dim)` to put in."""

    removed: Mapping[FiledArea, list[str]] = field(default_factory=dict)
    added: Mapping[FiledArea, Vectors] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any(self.removed.values()) or any(ids for ids, _ in self.added.values())


@dataclass(frozen=True)
class _Reading:
    """A generation that is open, and how many vectors each of its collections holds."""

    generation: int
    client: ClientAPI
    live: dict[FiledArea, int]
    collections: dict[FiledArea, Collection]


class Store(Protocol):
    """What can be asked of vectors, wherever they are. Every method may raise `VectorError`."""

    @property
    def most_results(self) -> int:
        """How many chunks of an area can be asked for at once."""

    def close(self) -> None:
        """Close what is open; the next question opens it again."""

    def open(self, generation: int) -> None:
        """Open a generation for reading, unless it is."""

    def query(
        self, generation: int, vector: NDArray[np.float32], areas: Iterable[FiledArea], limit: int
    ) -> dict[str, float]:
        """Cosines of the nearest chunks of each area to a unit vector `(dim,)`, by chunk id."""

    def obstacle(self) -> str | None:
        """Why the place of the vectors cannot be asked at all, in one line."""

    def problem(self, generation: int) -> str | None:
        """What is wrong with a generation at first sight, in one line."""

    def database_problem(self, generation: int) -> str | None:
        """What is wrong with Chroma's database of a generation, in one line."""

    def ids(self, generation: int) -> dict[FiledArea, list[str]]:
        """The ids of all vectors of each area, as Chroma has them."""

    def stored(self, generation: int, area: FiledArea, ids: list[str]) -> dict[str, NDArray[np.float32]]:
        """The vectors that Chroma has under some ids of an area."""


class VectorStore:
    """The generations in a folder. Every method may raise `VectorError`."""

    most_results = sys.maxsize

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._reading: _Reading | None = None

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(len(FILED_AREAS))

    def close(self) -> None:
        """Close the client of the generation that is open for reading."""
        if self._reading:
            _close(self._reading.client)
            self._reading = None

    def open(self, generation: int) -> None:
        """Open a generation for reading, unless it is."""
        if self._reading and self._reading.generation == generation:
            return
        self.close()
        live = files.verified(self._path(generation))["live"]
        client = _client(self._path(generation))
        try:
            with _guard(self._path(generation)):
                collections = {area: client.get_collection(area, embedding_function=None) for area in live}
        except VectorError:
            _close(client)
            raise
        self._reading = _Reading(generation, client, live, collections)

    def query(
        self, generation: int, vector: NDArray[np.float32], areas: Iterable[FiledArea], limit: int
    ) -> dict[str, float]:
        """Cosines of the nearest chunks of each area to a unit vector `(dim,)`, by chunk id."""
        self.open(generation)
        reading = cast(_Reading, self._reading)
        asked = [(reading.collections[area], min(limit, reading.live[area])) for area in areas if reading.live[area]]
        with _guard(self._path(generation)):
            answers = self._pool.map(lambda ask: _nearest(ask[0], vector, ask[1]), asked)
            return {id: cosine for answer in answers for id, cosine in answer.items()}

    def obstacle(self) -> str | None:
        """Nothing: files can be looked at, and `problem` does."""

    def problem(self, generation: int) -> str | None:
        """What is wrong with the files of a generation, in one line; reads all of them, and opens none in Chroma."""
        try:
            files.verified(self._path(generation))
        except VectorError as error:
            return str(error)
        return None

    def count(self, generation: int) -> dict[str, int]:
        """How many vectors a generation holds in each area."""
        return dict(files.manifest_of(self._path(generation))["live"])

    def should_rebuild(self, generation: int, change: VectorChange) -> bool:
        """Whether a copy would not do: nothing whole to copy, or more than a third of it would be dead."""
        if self.problem(generation):
            return True
        manifest = files.manifest_of(self._path(generation))
        dead = manifest["dead"] + sum(len(ids) for ids in change.removed.values())
        total = sum(manifest["live"].values()) + manifest["dead"] + sum(len(ids) for ids, _ in change.added.values())
        return bool(dead > total * MAX_DEAD_SHARE)

    def advance(self, current: int, upcoming: int, change: VectorChange) -> None:
        """Write generation `upcoming` as a changed copy of `current`."""
        manifest = files.manifest_of(self._path(current))
        with self._upcoming(upcoming) as folder:
            shutil.copytree(self._path(current), folder)
            self._write(folder, change, manifest["dead"])

    def build(self, upcoming: int, added: Mapping[FiledArea, Vectors]) -> None:
        """Write generation `upcoming` afresh."""
        with self._upcoming(upcoming) as folder:
            folder.mkdir()
            self._write(folder, VectorChange(added=added), 0)

    def sweep(self, current: int, kept: int = KEPT_GENERATIONS) -> None:
        """Delete all but the last `kept` generations, those never published, and what a crash left half made."""
        for path in self._paths():
            if not files.is_kept(path, current, kept):
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()

    def strays(self, current: int) -> list[Path]:
        """Files and folders that belong to neither the current generation nor the one before."""
        strays = [path for path in self._paths() if not files.is_kept(path, current, KEPT_GENERATIONS)]
        if not self.problem(current):
            strays += files.strays(self._path(current))
        return strays

    def database_problem(self, generation: int) -> str | None:
        """What SQLite says is wrong with Chroma's database of a generation."""
        return files.database_problem(self._path(generation))

    def ids(self, generation: int) -> dict[FiledArea, list[str]]:
        """The ids of all vectors of each area, as Chroma has them."""
        self.open(generation)
        collections = cast(_Reading, self._reading).collections
        with _guard(self._path(generation)):
            return {area: collection.get(include=[])["ids"] for area, collection in collections.items()}

    def stored(self, generation: int, area: FiledArea, ids: list[str]) -> dict[str, NDArray[np.float32]]:
        """The vectors that Chroma has under some ids of an area."""
        import numpy as np

        self.open(generation)
        collection = cast(_Reading, self._reading).collections[area]
        found: dict[str, NDArray[np.float32]] = {}
        with _guard(self._path(generation)):
            for start in range(0, len(ids), BATCH):
                answer = collection.get(ids=ids[start : start + BATCH], include=["embeddings"])
                found |= zip(answer["ids"], np.asarray(answer["embeddings"], dtype=np.float32), strict=True)
        return found

    def _paths(self) -> list[Path]:
        return sorted(self._folder.iterdir()) if self._folder.is_dir() else []

    def _path(self, generation: int) -> Path:
        return self._folder / str(generation)

    @contextmanager
    def _upcoming(self, generation: int) -> Iterator[Path]:
        """A folder to fill, which gets its name once it is whole and on disk."""
        target = self._path(generation)
        temporary = target.with_suffix(".part")
        self._folder.mkdir(parents=True, exist_ok=True)
        for leftover in (target, temporary):
            shutil.rmtree(leftover, ignore_errors=True)
        try:
            yield temporary
            files.sync(temporary)
            temporary.rename(target)
            files.sync_folder(self._folder)
        except OSError as error:
            raise VectorError(
                f"{target} cannot be written: {error.strerror}; the notes added before are safe"
            ) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def _write(self, folder: Path, change: VectorChange, dead: int) -> None:
        client = _client(folder)
        try:
            with _guard(folder):
                for area, ids in change.removed.items():
                    dead += len(ids)
                    _remove(_collection(client, area), ids)
                for area, vectors in change.added.items():
                    dead += _add(_collection(client, area), vectors)
                live = {area: _collection(client, area).count() for area in FILED_AREAS}
        finally:
            _close(client)
        files.write_manifest(folder, live, dead)


def _client(folder: Path) -> ClientAPI:
    import chromadb
    from chromadb.config import Settings

    with _guard(folder):
        return chromadb.PersistentClient(path=str(folder), settings=Settings(anonymized_telemetry=False))


def _close(client: ClientAPI) -> None:
    with suppress(AttributeError):
        cast(Any, client).close()


def _collection(client: ClientAPI, area: FiledArea) -> Collection:
    return client.get_or_create_collection(area, configuration=cast(Any, {"hnsw": HNSW}), embedding_function=None)


def _nearest(collection: Collection, vector: NDArray[np.float32], limit: int) -> dict[str, float]:
    answer = collection.query(query_embeddings=vector[None, :], n_results=limit, include=["distances"])
    distances = (answer["distances"] or [[]])[0]
    # Chroma answers with cosine distances; larger is better everywhere else.
    return {id: 1.0 - distance for id, distance in zip(answer["ids"][0], distances, strict=True)}


def _remove(collection: Collection, ids: list[str]) -> None:
    for start in range(0, len(ids), BATCH):
        collection.delete(ids=ids[start : start + BATCH])


def _add(collection: Collection, vectors: Vectors) -> int:
    """Add vectors, and say how many replaced others.

    Those are deleted first: an upsert of the only id in a collection leaves the old vector in HNSW, without a word.
    """
    ids, matrix = vectors
    replaced = 0
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        known = collection.get(ids=batch, include=[])["ids"]
        if known:
            collection.delete(ids=known)
        collection.upsert(ids=batch, embeddings=matrix[start : start + BATCH])
        replaced += len(known)
    return replaced


@contextmanager
def _guard(folder: Path) -> Iterator[None]:
    """The one place where Chroma's errors become ours; it raises its own, SQLite's and bare ones of its core."""
    try:
        yield
    except Exception as error:
        raise VectorError(f"{folder} cannot be used: {' '.join(str(error).split())[:200]}") from error
