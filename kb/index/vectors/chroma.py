"""Chroma's embedded client: one collection per area, in one folder. The only module that imports chromadb."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from kb.errors import VectorError
from kb.index.catalog import StoredVectors
from kb.models import FiledArea

if TYPE_CHECKING:
    from chromadb.api import ClientAPI as ClientAPI
    from chromadb.api.models.Collection import Collection as Collection
    from chromadb.config import Settings

    from kb.index.arrays import FloatArray

BATCH = 4000
# Measured on real MiniLM vectors: recall@10 of 1.000 up to 100,000 vectors. Nothing is left in Chroma's log, which
# every later open would replay.
GRAPH = {"space": "cosine", "max_neighbors": 32, "ef_construction": 200, "ef_search": 400}
HNSW = GRAPH | {"sync_threshold": 1, "batch_size": 2}


def open_client(folder: Path) -> ClientAPI:
    """A client on a folder, which Chroma creates if it does not exist.

    Chroma's pool of SQLite connections may miscount its idle ones when two threads of its runtime meet. One of them
    then spins, and closing the client waits for it forever (transact-rs/sqlx#3645). A single thread cannot do so.

    Of a folder that could not be opened, on a full disk for example, Chroma keeps what it could not start. The next
    client on it fails for that alone, with an `AttributeError`, but makes Chroma let go of it.
    """
    os.environ.setdefault("TOKIO_WORKER_THREADS", "1")
    with guard(folder):
        try:
            return _client(folder)
        except AttributeError:
            return _client(folder)


def _client(folder: Path) -> ClientAPI:
    import chromadb

    return chromadb.PersistentClient(path=str(folder), settings=_settings().model_copy())


@cache
def _settings() -> Settings:
    """The settings of every client, which Chroma reads from the environment in several milliseconds."""
    from chromadb.config import Settings

    return Settings(anonymized_telemetry=False)


def close_client(client: ClientAPI) -> None:
    """Close a client's files."""
    with suppress(AttributeError):
        cast(Any, client).close()


def collection(client: ClientAPI, area: FiledArea) -> Collection:
    """The collection of an area, created if it does not exist."""
    return client.get_or_create_collection(area, configuration=cast(Any, {"hnsw": HNSW}), embedding_function=None)


def nearest(collection: Collection, vector: FloatArray, limit: int) -> dict[str, float]:
    """Cosines of the nearest chunks of a collection to a unit vector `(dim,)`, by chunk id."""
    answer = collection.query(query_embeddings=vector[None, :], n_results=limit, include=["distances"])
    distances = (answer["distances"] or [[]])[0]
    # Chroma answers with cosine distances; larger is better everywhere else.
    return {id: 1.0 - distance for id, distance in zip(answer["ids"][0], distances, strict=True)}


def stored(collection: Collection, ids: Sequence[str]) -> dict[str, FloatArray]:
    """The vectors that a collection has under some ids."""
    import numpy as np

    found: dict[str, FloatArray] = {}
    for start in range(0, len(ids), BATCH):
        answer = collection.get(ids=list(ids[start : start + BATCH]), include=["embeddings"])
        found |= zip(answer["ids"], np.asarray(answer["embeddings"], dtype=np.float32), strict=True)
    return found


def remove(collection: Collection, ids: Sequence[str]) -> None:
    """Delete vectors by their ids."""
    for start in range(0, len(ids), BATCH):
        collection.delete(ids=list(ids[start : start + BATCH]))


def add(collection: Collection, vectors: StoredVectors) -> int:
    """Add vectors, and return how many replaced others.

    Those are deleted first: an upsert of the only id in a collection silently leaves the old vector in HNSW.
    """
    replaced = 0
    for start in range(0, len(vectors.ids), BATCH):
        batch = vectors.ids[start : start + BATCH]
        known = collection.get(ids=batch, include=[])["ids"]
        if known:
            collection.delete(ids=known)
        collection.upsert(ids=batch, embeddings=vectors.matrix[start : start + BATCH])
        replaced += len(known)
    return replaced


@contextmanager
def guard(folder: Path) -> Iterator[None]:
    """The one place where Chroma's errors become ours; it raises its own, SQLite's and bare ones of its core."""
    try:
        yield
    except Exception as error:
        raise VectorError(f"{folder} cannot be used: {' '.join(str(error).split())[:200]}") from error
