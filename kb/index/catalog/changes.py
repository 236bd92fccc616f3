"""What a commit to the catalog publishes, and short rows that it gives back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from kb.models import ChunkRecord, FileState, NoteRecord

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray


class Loose(NamedTuple):
    """A record on a server that no row may need: the area or other part of the notebook that it is in, and its id."""

    part: str
    id: str


@dataclass(frozen=True)
class Changes:
    """What one commit publishes. `notes` replaces or adds whole notes; `touched` only updates their file states;
    `loose` replaces the list of loose records.
    """

    notes: Sequence[tuple[NoteRecord, Sequence[ChunkRecord]]] = ()
    touched: Sequence[tuple[str, FileState]] = ()
    removed: Sequence[str] = field(default=())
    loose: Iterable[Loose] | None = None


class IndexedFile(NamedTuple):
    """A file as it was when it was indexed."""

    path: str
    size: int
    mtime_ns: int
    sha256: str
    remote: bool


class StoredVectors(NamedTuple):
    """Chunk ids and their vectors `(len(ids), dim)`."""

    ids: list[str]
    matrix: FloatArray
