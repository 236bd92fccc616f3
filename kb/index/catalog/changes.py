"""What a commit to the catalog publishes, and short records of its rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kb.models import ChunkRecord, FileState, Frozen, NoteRecord

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray


class Unreferenced(NamedTuple):
    """A record on a server that no row may reference: the part of the notebook (an area or `notes`), and its id."""

    part: str
    id: str


@dataclass(frozen=True)
class Changes:
    """What one commit publishes: whole `notes` to add or replace, the new file states of `touched` notes by id, the ids
    of `removed` notes, and a new list of `unreferenced` records (None keeps the list).
    """

    notes: Sequence[tuple[NoteRecord, Sequence[ChunkRecord]]] = ()
    touched: Sequence[tuple[str, FileState]] = ()
    removed: Sequence[str] = ()
    unreferenced: Iterable[Unreferenced] | None = None


class IndexedFile(NamedTuple):
    """A file as it was when it was indexed, and the version of the reading that took it in."""

    path: str
    size: int
    mtime_ns: int
    sha256: str
    remote: bool
    reading: int


class NamesHeldBack(NamedTuple):
    """A note that is held back, and what it is called; `aliases` is a JSON list."""

    id: str
    path: str
    title: str
    kind: str
    aliases: str


class StoredVectors(NamedTuple):
    """Chunk ids and their vectors `(len(ids), dim)`."""

    ids: list[str]
    matrix: FloatArray


class Switch(Frozen):
    """A change of the setting `model`, where None is the default; `fingerprint` is that of the encoder after it."""

    before: str | None
    after: str | None
    fingerprint: str
