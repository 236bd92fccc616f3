"""What a notebook keeps on a Chroma server or in Chroma Cloud: one collection an area, and one of notes.

A record has the id of its chunk, its vector, its text, and the key of what was embedded. The collection of notes holds
the rest of what a catalog knows, in pieces (`records`). Records are written in place; a generation is a set of
collections, and a new one is built only when everything is rebuilt. Search ignores records that no catalog references.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kb.errors import ServerError
from kb.index import folder
from kb.index.vectors.chroma import GRAPH
from kb.models import FILED_AREAS, ChunkRecord, NoteRecord
from kb.notebook import ChromaSettings
from kb.remote.interface import Questions
from kb.remote.records import BATCH, NOTES, batches, memory, recalled, shortened

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

COLLECTIONS_AT_ONCE = 100

NotesWithChunks = Sequence[tuple[NoteRecord, Sequence[ChunkRecord]]]


class Held(NamedTuple):
    """A set of collections on a server: its generation, writer and encoder, and Chroma's ids of them by part."""

    generation: int
    writer: str
    encoder: str
    ids: Mapping[str, str]


@dataclass(frozen=True)
class Passage:
    """A passage on a server."""

    text: str
    embedding_key: str
    vector: FloatArray


class Collections:
    """A notebook's collections on a server; threads may share it. Every method may raise `ServerError`.

    `index_folder` holds the catalog, and the name by which the server knows this index as a writer.
    """

    def __init__(self, settings: ChromaSettings, token: str | None, index_folder: Path) -> None:
        self._questions = Questions(settings, token)
        self._folder = index_folder
        self._prefix = settings.collection
        self._reading: Held | None = None
        self.place = f"{self._prefix!r} at {self._questions.url}"

    def newest(self) -> Held | None:
        """What another machine may read: of several generations the oldest, as the next one is still being written."""
        return min(self._all(), key=lambda held: held.generation, default=None)

    def obstacle(self) -> str | None:
        """Why the server cannot be used, in one line."""
        try:
            version = self._questions.ask_server("/version")
            checks = self._questions.ask_server("/pre-flight-checks")
        except ServerError as error:
            return str(error)
        told = isinstance(checks, dict) and checks.get("supports_base64_encoding")
        if not str(version).startswith("1.") or not told:
            return f"{self._questions.url} answers with version {version}; kb needs a Chroma server of version 1"
        return None

    def problem(self, generation: int) -> str | None:
        """Which generation the server lacks, in one line."""
        return None if self._find(generation) else f"the server has no generation {generation} of {self.place}"

    def digests(self, generation: int) -> dict[str, tuple[str, int]]:
        """The digest of each note's memory and the number of its pieces, by note id."""
        found = {}
        for page in self._pages(self._held(generation).ids[NOTES], ["metadatas"]):
            for id, metadata in zip(page["ids"], page["metadatas"], strict=True):
                if id.endswith(":0"):
                    found[id.removesuffix(":0")] = str(metadata["digest"]), int(metadata["pieces"])
        return found

    def recall(
        self, generation: int, digests: Mapping[str, tuple[str, int]]
    ) -> dict[str, tuple[NoteRecord, list[ChunkRecord]]]:
        """Some notes without the texts of their chunks, by note id, except those that are being written."""
        wanted = [f"{note}:{piece}" for note, (_, pieces) in digests.items() for piece in range(pieces)]
        collection = self._held(generation).ids[NOTES]
        documents: dict[str, str] = {}
        for page in self._by_id(collection, wanted, ["documents"]):
            documents |= zip(page["ids"], page["documents"], strict=True)
        notes = {
            note: recalled(digest, [documents.get(f"{note}:{piece}", "") for piece in range(pieces)])
            for note, (digest, pieces) in digests.items()
        }
        return {id: note for id, note in notes.items() if note}

    def passages(self, generation: int, area: str, ids: Sequence[str]) -> dict[str, Passage]:
        """Passages of an area by their ids; missing ones are left out."""
        import numpy as np

        found: dict[str, Passage] = {}
        include = ["documents", "embeddings", "metadatas"]
        for page in self._by_id(self._held(generation).ids[area], ids, include):
            rows = zip(page["ids"], page["documents"], page["embeddings"], page["metadatas"], strict=True)
            for id, text, vector, metadata in rows:
                found[id] = Passage(text or "", str(metadata["key"]), np.asarray(vector, dtype=np.float32))
        return found

    # --- writing ---

    @property
    def writer(self) -> str:
        """The name by which the server knows this index."""
        return folder.writer_name(self._folder)

    def require_writer(self) -> None:
        """Raise `ServerError` where the server cannot be used, or another index is its writer."""
        if obstacle := self.obstacle():
            raise ServerError(obstacle)
        if any(held.writer != self.writer for held in self._all()):
            raise ServerError(
                f"{self.place} is another notebook's or a lost index's; `kb pull` it, or set another `collection`"
            )

    def create_generation(self, current: int, encoder: str) -> int:
        """Make empty collections for a new generation, and return its number. The collection of notes is made last:
        without it a generation does not count.
        """
        generation = max([current, *(number for (number, _), _ in self._parts())]) + 1
        for area in (*FILED_AREAS, NOTES):
            name = f"{self._prefix}-{generation}-{area}"
            configuration = {"hnsw": GRAPH if area != NOTES else {"space": "cosine"}}
            id = self._questions.create(name, configuration, {"writer": self.writer, "encoder": encoder})
            if area != NOTES:
                # After its first query, Chroma's index grows with each write. Without this one, the first write after a
                # query would build the whole index (measured: 21 s at 2,000 vectors).
                self._questions.collection(id, "query", {"query_embeddings": [[1.0]], "n_results": 1, "include": []})
        self._reading = None
        return generation

    def put(self, generation: int, notes: NotesWithChunks, vectors: Mapping[str, FloatArray]) -> None:
        """Write those chunks of some notes whose ids are in `vectors` `(dim,)`, then the memories of the notes."""
        held = self._held(generation)
        chunks: dict[str, list[ChunkRecord]] = {}
        for note, rows in notes:
            if note.area != "outside":
                chunks.setdefault(note.area, []).extend(row for row in rows if row.id in vectors)
        for area, written in chunks.items():
            for rows in batches(written):
                self._upsert(
                    held.ids[area],
                    [row.id for row in rows],
                    [vectors[row.id] for row in rows],
                    [shortened(row.text) for row in rows],
                    [{"key": row.embedding_key} for row in rows],
                )
        self._put_memories(held.ids[NOTES], notes)

    def delete(self, generation: int, part: str, ids: Sequence[str]) -> None:
        """Delete records of an area, or of the notes, by their ids; missing ones are no error."""
        for some in batches(ids):
            self._questions.collection(self._held(generation).ids[part], "delete", {"ids": some})

    def orphans(self, generation: int) -> list[Path]:
        """The generations in files, from before the notebook used a server."""
        return [path for path in [self._folder / folder.VECTORS_NAME] if path.exists()]

    def sweep(self, generation: int) -> None:
        """Delete all other generations that this index wrote, on the server and in files."""
        folder.delete(self.orphans(generation))
        for (other, _), described in self._parts():
            if other != generation and (described.get("metadata") or {}).get("writer") == self.writer:
                self._questions.drop(described["name"])

    def _put_memories(self, collection: str, notes: NotesWithChunks) -> None:
        import numpy as np

        pieces: list[tuple[str, str, dict[str, object]]] = []
        for note, rows in notes:
            if note.area != "outside":
                kept = memory(note, rows)
                metadata = {"digest": kept.digest, "pieces": len(kept.pieces)}
                pieces += [(f"{note.id}:{number}", text, metadata) for number, text in enumerate(kept.pieces)]
        for some in batches(pieces):
            # Chroma needs a vector with every record; these are never queried.
            angles = [int(hashlib.sha256(id.encode()).hexdigest()[:8], 16) for id, _, _ in some]
            vectors = [np.array([np.cos(angle), np.sin(angle)], dtype=np.float32) for angle in angles]
            self._upsert(collection, [id for id, _, _ in some], vectors, [t for _, t, _ in some], [m for *_, m in some])

    def _upsert(
        self,
        collection: str,
        ids: list[str],
        vectors: Sequence[FloatArray],
        documents: list[str],
        metadatas: Sequence[Mapping[str, object]],
    ) -> None:
        embeddings = [base64.b64encode(vector.astype("<f4").tobytes()).decode() for vector in vectors]
        records = {"ids": ids, "embeddings": embeddings, "documents": documents, "metadatas": metadatas}
        self._questions.collection(collection, "upsert", records)

    # --- records ---

    def _held(self, generation: int) -> Held:
        held = self._reading  # another thread may replace it meanwhile
        if held is None or held.generation != generation:
            held = self._find(generation)
            if held is None:
                raise ServerError(
                    f"the server has no generation {generation} of {self.place}; run `kb sync`, or `kb pull` elsewhere"
                )
            self._reading = held
        return held

    def _find(self, generation: int) -> Held | None:
        return next((held for held in self._all() if held.generation == generation), None)

    def _all(self) -> list[Held]:
        """All complete generations under this notebook's name."""
        found: dict[int, dict[str, dict[str, Any]]] = {}
        for (generation, part), described in self._parts():
            found.setdefault(generation, {})[part] = described
        return [
            Held(
                generation,
                str((parts[NOTES].get("metadata") or {}).get("writer")),
                str((parts[NOTES].get("metadata") or {}).get("encoder")),
                {part: str(described["id"]) for part, described in parts.items()},
            )
            for generation, parts in found.items()
            if {*parts} == {*FILED_AREAS, NOTES}
        ]

    def _parts(self) -> Iterator[tuple[tuple[int, str], dict[str, Any]]]:
        """Generation and part of each collection of this notebook, with its description on the server."""
        pattern = re.compile(rf"{re.escape(self._prefix)}-(\d+)-({'|'.join((*FILED_AREAS, NOTES))})")
        found: list[dict[str, Any]] = []
        while page := self._questions.collections(COLLECTIONS_AT_ONCE, len(found)):
            found += page
        for described in found:
            if name := pattern.fullmatch(str(described["name"])):
                yield (int(name[1]), name[2]), described

    def _pages(self, collection: str, include: list[str]) -> Iterator[dict[str, Any]]:
        """All records of a collection, page by page."""
        read = 0
        while True:
            question = {"limit": BATCH, "offset": read, "include": include}
            page: dict[str, Any] = self._questions.collection(collection, "get", question)
            if not page["ids"]:
                return
            yield page
            read += len(page["ids"])

    def _by_id(self, collection: str, ids: Sequence[str], include: list[str]) -> Iterator[dict[str, Any]]:
        for some in batches(ids):
            yield self._questions.collection(collection, "get", {"ids": some, "include": include})
