"""Vectors on a Chroma server or in Chroma Cloud, instead of in files."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from kb.errors import ServerError
from kb.index.batch import Batch
from kb.index.catalog import Catalog
from kb.index.catalog.reading import CatalogReader
from kb.models import FILED_AREAS, FiledArea, Notify
from kb.notebook import ChromaSettings
from kb.remote.collections import Collections
from kb.remote.records import BATCH, memory
from kb.remote.upload import build, settle, upload

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray


class ServerStore(Collections):
    """The vectors of a notebook on a server, as a `VectorStore`. Every method may raise `ServerError`."""

    most_results = BATCH
    can_crash = False

    def __init__(self, settings: ChromaSettings, token: str | None, index_folder: Path, notify: Notify) -> None:
        super().__init__(settings, token, index_folder)
        self._notify = notify
        self._pool = ThreadPoolExecutor(len(FILED_AREAS))
        self._last_open = threading.local()  # its `failure`, a thread

    def close(self) -> None:
        """Close the connections."""
        self._reading = None
        self._last_open = threading.local()
        self._questions.close()

    def open(self, generation: int) -> None:
        """Look up the collections of a generation, unless that was done. After a failure, the next query of the same
        thread raises it again, instead of waiting for the server once more.
        """
        self._last_open.failure = None
        try:
            self._held(generation)
        except ServerError as error:
            self._last_open.failure = error
            raise

    def query(self, generation: int, vector: FloatArray, areas: Iterable[FiledArea], limit: int) -> dict[str, float]:
        """Cosines of the nearest chunks of each area to a unit vector `(dim,)`, by chunk id; `limit` is at most
        `most_results`.
        """
        if failure := getattr(self._last_open, "failure", None):
            self._last_open.failure = None
            raise failure
        ids = self._held(generation).ids
        question = {"query_embeddings": [vector.tolist()], "n_results": limit, "include": ["distances"]}

        def nearest(area: FiledArea) -> dict[str, float]:
            answer = self._questions.collection(ids[area], "query", question)
            # Chroma answers with cosine distances; larger is better everywhere else.
            return {id: 1.0 - distance for id, distance in zip(answer["ids"][0], answer["distances"][0], strict=True)}

        return {id: cosine for found in self._pool.map(nearest, areas) for id, cosine in found.items()}

    def database_problem(self, generation: int) -> str | None:
        """None: the files of a server are its own business."""

    def place_of(self, generation: int) -> str:
        return self.place

    def count(self, generation: int) -> None:
        """None: only fetching all ids would tell."""

    def mismatches(self, catalog: CatalogReader) -> Iterator[str]:
        """The number of notes whose memory on the server differs, except those that an interrupted write left."""
        unreferenced = {record.id for record in catalog.unreferenced()}
        there = {note: digest for note, (digest, _) in self.digests(catalog.generation()).items()}
        there = {note: digest for note, digest in there.items() if f"{note}:0" not in unreferenced}
        filed = [note for note in catalog.notes() if note.area != "outside" and f"{note.id}:0" not in unreferenced]
        chunks = catalog.chunks_of(note.id for note in filed)
        here = {note.id: memory(note, chunks.get(note.id, [])).digest for note in filed}
        differ = sum(there.get(id) != digest for id, digest in here.items()) + len(set(there) - set(here))
        if differ:
            said = "1 note on the server differs" if differ == 1 else f"{differ} notes on the server differ"
            yield f"{said} from what the catalog has"

    def ids(self, generation: int) -> dict[FiledArea, list[str]]:
        """The ids of all vectors of each area."""
        held = self._held(generation)
        return {area: [id for page in self._pages(held.ids[area], []) for id in page["ids"]] for area in FILED_AREAS}

    def stored(self, generation: int, area: FiledArea, ids: list[str]) -> dict[str, FloatArray]:
        """The vectors that the server holds for some ids of an area."""
        return {id: passage.vector for id, passage in self.passages(generation, area, ids).items()}

    def publish(self, catalog: Catalog, batch: Batch, fingerprint: str, from_scratch: bool) -> None:
        """As for any store. Records are replaced in place, so `from_scratch` makes no difference."""
        upload(self, catalog, batch, fingerprint, self._notify)

    def rebuild(self, catalog: Catalog) -> None:
        self.require_writer()
        build(self, catalog, Batch(), catalog.fingerprint() or "", self._notify)

    def settle(self, catalog: Catalog) -> None:
        settle(self, catalog, self._notify)

    def unsettled(self, catalog: Catalog) -> int:
        return len(catalog.unreferenced())
