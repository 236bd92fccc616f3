"""An open notebook: its settings, decisions, catalog, vectors and encoder, each opened when first needed."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable, Hashable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from kb.config import Settings, chroma_token, index_folder, load_settings
from kb.decisions import Decisions, load_decisions
from kb.errors import CatalogError, DamageError, EncoderError, NotebookError, VectorError
from kb.index.catalog import CATALOG_NAME, Catalog
from kb.index.lock import LOCK_NAME
from kb.models import FILED_AREAS, ChunkRecord, Encoder, FiledArea, Filter, Reranker, note_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kb.areas.texts import AreaTexts
    from kb.index.vectors import Store, Vectors, VectorStore
    from kb.remote.server import ServerStore

SMALL = 5_000  # chunks
SOURCES_NAME = "sources.json"
VECTORS_NAME = "vectors"
WRITER_NAME = "writer"
COPIED = ".copy-"  # how a folder begins that holds a copy of a catalog for a while

Notify = Callable[[str], None]
Read = TypeVar("Read")


@dataclass(frozen=True)
class Look:
    """How many notes had changed when the sources were last looked at, and until when that may be repeated."""

    changes: int
    good_until: float


@dataclass(frozen=True)
class Passing:
    """The filed notes that a filter lets through; their share of all filed notes, and of those in its areas."""

    notes: frozenset[str]
    share: float
    share_of_areas: float


@dataclass(frozen=True)
class Passages:
    """All filed chunks: their ids, their vectors `(n, dim)`, and the rows of each note by its id."""

    ids: list[str]
    matrix: NDArray[np.float32]
    rows: dict[str, list[int]]

    def cosines(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """The cosine of every passage with a unit vector `(dim,)`."""
        return self.matrix @ vector if self.ids else vector[:0]


class Workspace:
    """What every verb works on. `notify` receives one line at a time for the user, beside the results."""

    def __init__(self, root: Path, encoder: Encoder | None, notify: Notify) -> None:
        self.root = root
        self.settings: Settings = load_settings(root)
        self.folder = index_folder(root, self.settings)
        self.notify = notify
        self._given_encoder = encoder
        self.last_look: Look | None = None
        self._remembered: dict[Hashable, object] = {}
        self._version: tuple[int, int] | None = None

    @cached_property
    def encoder(self) -> Encoder:
        from kb.index.encoder import load_encoder

        return self._given_encoder or load_encoder(self.settings.model, self.settings.precision, self.root, self.notify)

    def embed_in_bulk(self) -> None:
        """Embed on a GPU from now on, where there is one."""
        from kb.index.encoder import bulk_encoder

        self.encoder = bulk_encoder(self.encoder, self.settings.model, self.root, self.notify)

    @cached_property
    def reranker(self) -> Reranker | None:
        """The cross-encoder that the settings name."""
        if self.settings.rerank is None:
            return None
        from kb.index.encoder.export import quiet
        from kb.index.encoder.reranker import load_reranker

        with quiet():
            return load_reranker(self.settings.rerank, self.root)

    @cached_property
    def catalog(self) -> Catalog:
        self.make_folder()
        self._require_no_loss()
        return Catalog(self.folder)

    def make_folder(self) -> None:
        """Make the index folder where there is none. Raises `NotebookError`."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            ignore = self.folder / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
        except OSError as error:
            raise NotebookError(
                f"{self.folder} cannot be written: {error.strerror}; set index_dir in kb.toml"
            ) from error

    def create_catalog(self) -> None:
        """An empty catalog in place of one that was lost."""
        Catalog(self.folder).close()

    def _require_no_loss(self) -> None:
        """SQLite would take a missing or empty file for a new catalog; who ever wrote one left a lock behind."""
        path = self.folder / CATALOG_NAME
        if (self.folder / LOCK_NAME).exists() and not (path.exists() and path.stat().st_size):
            raise DamageError(f"{path} is missing or empty; `kb rebuild` makes it anew from your notes")

    def add_sources(self, sources: Iterable[str]) -> None:
        """Remember sources, in the catalog and beside it, where they outlive it."""
        for source in sources:
            self.catalog.add_source(source)
        self._write_sources()

    def remove_sources(self, sources: Iterable[str]) -> None:
        """Forget sources in both places."""
        self.catalog.remove_sources(sources)
        self._write_sources()

    def _write_sources(self) -> None:
        path = self.folder / SOURCES_NAME
        text = json.dumps(self.catalog.sources(), ensure_ascii=False, indent=1) + "\n"
        try:
            if not path.exists() or path.read_bytes() != text.encode():
                temporary = path.with_suffix(".part")
                temporary.write_text(text, encoding="utf-8")
                temporary.replace(path)
        except OSError as error:
            raise NotebookError(f"{path} cannot be written: {error.strerror}; `kb doctor` says more") from error

    def written_sources(self) -> list[str]:
        """The sources as they stand beside the catalog. Raises `CatalogError` where they are lost with it."""
        path = self.folder / SOURCES_NAME
        try:
            return [str(source) for source in json.loads(path.read_bytes())]
        except (OSError, ValueError, TypeError) as error:
            raise CatalogError(f"{path} cannot be read; delete {self.folder} and add your sources again") from error

    @cached_property
    def server(self) -> ServerStore | None:
        """The Chroma server that the settings name."""
        if self.settings.chroma.url is None:
            return None
        from kb.remote.server import ServerStore

        return ServerStore(self.settings.chroma, chroma_token())

    @cached_property
    def generations(self) -> VectorStore:
        """The generations of vectors in the index folder."""
        from kb.index.vectors import VectorStore

        return VectorStore(self.folder / VECTORS_NAME)

    @property
    def vectors(self) -> Store:
        """The vectors, on a server or in the index folder."""
        return self.server or self.generations

    @cached_property
    def writer(self) -> str:
        """The name by which a server knows who may write there: that of this index, made when first needed."""
        path = self.folder / WRITER_NAME
        try:
            if not path.exists():
                path.write_text(uuid.uuid4().hex, encoding="utf-8")
            return path.read_text(encoding="utf-8")
        except OSError as error:
            raise NotebookError(f"{path} cannot be written: {error.strerror}; `kb doctor` says more") from error

    @property
    def area_texts(self) -> AreaTexts:
        """What the areas mean here: the texts that come with kb, and those of `kb.toml`."""
        from kb.areas.texts import load_areas

        return load_areas().with_own(self.settings.areas)

    @property
    def decisions(self) -> Decisions:
        """As the file says now: the writer may edit it at any time."""
        return load_decisions(self.root)

    def close(self) -> None:
        for name in ("catalog", "server", "generations"):
            if opened := self.__dict__.pop(name, None):
                opened.close()
        self.__dict__.pop("writer", None)

    def require_current_encoder(self) -> None:
        """Raise `EncoderError` where the index holds another encoder's vectors."""
        indexed = self.catalog.fingerprint()
        if indexed is not None and indexed != self.encoder.fingerprint:
            raise EncoderError("the index was made with another model; run `kb sync` to embed the notes again")

    def open_vectors(self) -> None:
        """Open the current generation ahead of the first question, where there is one."""
        with suppress(VectorError):  # the question itself mends what is damaged
            self.vectors.open(self.catalog.generation())

    def remember(self, name: Hashable, read: Callable[[], Read]) -> Read:
        """What `read` returns, read once for each state of the catalog."""
        version = self.catalog.version()
        if version != self._version:
            self._remembered.clear()
            self._version = version
        if name not in self._remembered:
            self._remembered[name] = read()
        return cast(Read, self._remembered[name])

    def passing(self, filter: Filter) -> Passing:
        """The notes that a filter lets through."""
        return self.remember(filter, lambda: self._passing(filter))

    def _passing(self, filter: Filter) -> Passing:
        notes = self.catalog.note_ids(filter)
        shares = (
            len(notes) / max(self.catalog.count_notes(areas), 1) for areas in (FILED_AREAS, filter.areas or FILED_AREAS)
        )
        return Passing(frozenset(notes), *shares)

    @property
    def is_small(self) -> bool:
        """Whether all of the notebook's passages may be kept in memory for the next query."""
        return self.remember("chunks", self.catalog.count_chunks) <= SMALL

    def passages(self) -> Passages:
        """All passages."""
        return self.remember("passages", self._read_passages)

    def _read_passages(self) -> Passages:
        ids, matrix = self.catalog.chunk_vectors()
        rows: dict[str, list[int]] = {}
        for row, id in enumerate(ids):
            rows.setdefault(note_of(id), []).append(row)
        return Passages(ids, matrix, rows)

    def strays(self) -> list[Path]:
        """What runs that did not end left in the index folder; to be asked while nobody writes."""
        left = [path for pattern in (f"{COPIED}*", "*.part") for path in self.folder.glob(pattern)]
        if self.server:
            return sorted(left) + [path for path in [self.folder / VECTORS_NAME] if path.exists()]
        return sorted(left) + self.generations.strays(self.catalog.generation())

    def sweep_all(self) -> None:
        """Delete all that is not current, with the write lock held: older vectors, and what was left behind."""
        for path in self.strays():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        if self.server:
            self.server.drop_others(self.catalog.generation(), self.writer)
        else:
            self.generations.sweep(self.catalog.generation(), kept=1)

    def vectors_of(self, chunks: Iterable[ChunkRecord]) -> dict[str, NDArray[np.float32]]:
        """The vectors `(dim,)` that the catalog has of some chunks, by chunk id."""
        keys = {chunk.id: chunk.embedding_key for chunk in chunks}
        stored = self.catalog.vectors(set(keys.values()))
        if len(stored) < len(set(keys.values())):
            raise self._lacking()
        return {id: stored[key] for id, key in keys.items()}

    def filed_vectors(self, without: Iterable[str] = ()) -> dict[FiledArea, Vectors]:
        """Ids and vectors `(n, dim)` of all filed chunks by area, but for some notes' ids of chunks."""
        dropped = set(without)
        wanted: dict[FiledArea, list[tuple[str, str]]] = {}
        for area, id, key in self.catalog.filed_chunks():
            if id not in dropped:
                wanted.setdefault(area, []).append((id, key))
        return {area: ([id for id, _ in pairs], self._stack(key for _, key in pairs)) for area, pairs in wanted.items()}

    def _stack(self, keys: Iterable[str]) -> NDArray[np.float32]:
        import numpy as np

        ordered = list(keys)
        stored = self.catalog.vectors(set(ordered))
        if len(stored) < len(set(ordered)) or len({len(vector) for vector in stored.values()}) > 1:
            raise self._lacking()
        return np.stack([stored[key] for key in ordered])

    def _lacking(self) -> CatalogError:
        return CatalogError(f"{self.folder} lacks vectors of some passages; `kb doctor --repair` mends it")
