"""What holds the vectors: files in the index folder (`kb.index.vectors`), or a Chroma server (`kb.remote.server`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kb.index.batch import Batch
from kb.index.catalog import Catalog
from kb.index.catalog.reading import CatalogReader
from kb.models import FiledArea

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray


class VectorStore(Protocol):
    """Generations of vectors. Every method may raise `VectorError`. Several threads may read at once; the methods that
    write need the write lock.
    """

    @property
    def place(self) -> str:
        """Where the vectors are, for the user."""

    @property
    def most_results(self) -> int:
        """How many chunks of an area can be asked for in one query."""

    @property
    def can_crash(self) -> bool:
        """Whether damage may end the process that looks for it."""

    def close(self) -> None:
        """Close what no thread is using; the next query opens it again."""

    def open(self, generation: int) -> None:
        """Open a generation ahead of the first query."""

    def query(self, generation: int, vector: FloatArray, areas: Iterable[FiledArea], limit: int) -> dict[str, float]:
        """Cosines of the nearest chunks of each area to a unit vector `(dim,)`, by chunk id."""

    def obstacle(self) -> str | None:
        """Why the store cannot be reached at all, in one line."""

    def problem(self, generation: int) -> str | None:
        """What is wrong with a generation without opening it in Chroma, in one line."""

    def database_problem(self, generation: int) -> str | None:
        """What is wrong with Chroma's database of a generation, in one line."""

    def place_of(self, generation: int) -> str:
        """Where a generation is, for the user."""

    def count(self, generation: int) -> dict[str, int] | None:
        """How many vectors each area of a generation holds; None where only fetching all ids would tell."""

    def ids(self, generation: int) -> dict[FiledArea, list[str]]:
        """The ids of all vectors of each area, as Chroma has them."""

    def stored(self, generation: int, area: FiledArea, ids: list[str]) -> dict[str, FloatArray]:
        """The vectors that Chroma holds for some ids of an area."""

    def mismatches(self, catalog: CatalogReader) -> Iterator[str]:
        """Differences between the store and a catalog other than in vectors, one line each."""

    def require_writer(self) -> None:
        """Raise `VectorError` where this index may not write to the store; called before anything is embedded."""

    def publish(self, catalog: Catalog, batch: Batch, fingerprint: str, from_scratch: bool) -> None:
        """Write a batch's vectors, then commit batch and generation to the catalog; on return, the batch is durable.

        `fingerprint` names the encoder of the vectors. With `from_scratch` nothing is copied from the current
        generation: its vectors are another encoder's, or some of them must not survive in a copy.
        """

    def rebuild(self, catalog: Catalog) -> None:
        """Rebuild all vectors from the catalog and publish them as a new generation; nothing is embedded."""

    def settle(self, catalog: Catalog) -> None:
        """Complete or undo what an interrupted write left."""

    def unsettled(self, catalog: Catalog) -> int:
        """How many records of an interrupted write are still to be settled."""

    def orphans(self, generation: int) -> list[Path]:
        """What interrupted runs left in the index folder. Call this only while no process writes."""

    def sweep(self, generation: int) -> None:
        """Delete every generation but one."""
