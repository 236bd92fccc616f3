"""The frozen types that travel between stages: a note, its passages, a verdict, and what the catalog keeps."""

from __future__ import annotations

import datetime
import re
from bisect import bisect_left
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, JsonValue

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Area = Literal["ml-systems", "gnn", "llm"]
FiledArea = Literal["ml-systems", "gnn", "llm", "detour"]
VerdictArea = Literal["ml-systems", "gnn", "llm", "outside"]
StoredArea = Literal["ml-systems", "gnn", "llm", "detour", "outside"]
Kind = Literal["note", "post", "outline"]
DecidedBy = Literal["front matter", "flag", "decision", "classifier"]
Mode = Literal["hybrid", "dense", "lexical"]
System = Literal["lexical", "dense", "rrf", "sum", "hybrid"]
Precision = Literal["fp32", "int8"]
EvidenceKind = Literal["phrase", "term", "passage", "example"]
OutsidePolicy = Literal["hold", "detour", "refuse"]
BlockKind = Literal["heading", "paragraph", "list", "code", "table", "quote", "other"]

Notify = Callable[[str], None]  # a line for the user, beside the results
Progress = Callable[[int, int], None]  # how much is done, of how much

AREAS: tuple[Area, ...] = ("ml-systems", "gnn", "llm")
FILED_AREAS: tuple[FiledArea, ...] = ("ml-systems", "gnn", "llm", "detour")
STORED_AREAS: tuple[StoredArea, ...] = (*FILED_AREAS, "outside")


class Encoder(Protocol):
    """Texts to unit vectors. The real one runs a model; tests may use any other."""

    fingerprint: str
    dimensions: int
    max_tokens: int

    def count_tokens(self, text: str) -> int:
        """Word pieces of a text, special tokens not counted; at most `max_tokens` are embedded."""

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        """Embed passages: float32 `(len(texts), dimensions)`, rows of length 1."""

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Embed one query: float32 `(dimensions,)` of length 1."""


class Reranker(Protocol):
    """A query and passages to scores. The real one runs a cross-encoder."""

    def score(self, query: str, passages: list[str]) -> list[float]:
        """How well each passage answers the query, as a probability."""


class Frozen(BaseModel):
    """Base of all types here: immutable, and no field that is not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class FileState(Frozen):
    """What a look at a file's directory entry tells: enough to see that it may have changed."""

    path: str
    size: int
    mtime_ns: int


class NoteFile(FileState):
    r"""One file as read: newlines are `\\n`, and `sha256` is that of the bytes on disk."""

    text: str
    sha256: str


class Block(Frozen):
    """A top-level Markdown block: characters `[start, end)` of the note's text, under a heading path."""

    kind: BlockKind
    start: int
    end: int
    heading_path: tuple[str, ...] = ()


class Note(Frozen):
    """One parsed Markdown file."""

    path: str
    sha256: str
    text: str
    title: str
    date: datetime.date | None = None
    tags: tuple[str, ...] = ()
    kind: Kind | None = None
    area: FiledArea | None = None
    authors: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    front_matter: dict[str, JsonValue] = Field(default_factory=dict)
    blocks: tuple[Block, ...] = ()

    def line_of(self, offset: int) -> int:
        """The 1-based line of a character offset."""
        return bisect_left(self.newlines, offset) + 1

    @cached_property
    def newlines(self) -> list[int]:
        """The offsets of the newlines of the text."""
        return [match.start() for match in re.finditer("\n", self.text)]


class Chunk(Frozen):
    """A passage of a note. `embedded` is exactly what the encoder sees, `digest` names heading path and text."""

    heading_path: tuple[str, ...]
    text: str
    start_line: int
    end_line: int
    embedded: str
    digest: str


class AreaText(Frozen):
    """What an area means, or one kind of what lies outside: phrases compared by meaning, plain terms, vaguer hints.
    `names` are what the area itself is called.
    """

    description: str = ""
    names: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


class Evidence(Frozen):
    """One reason for a verdict: the area it speaks for, and where the note says it. `weight` is what the log-odds of
    that area lose when the reason is taken away; an example's address is that of the note like this one.
    """

    kind: EvidenceKind = "phrase"
    text: str
    toward: VerdictArea
    weight: float
    path: str
    line: int


class AreaVerdict(Frozen):
    """Which area a note belongs to, how sure that is, and why. The four `scores` sum to 1.

    `confidence` is the score of `area`, and `margin` its lead over the runner-up: below 0 where a note is filed under
    its best area although it may lie outside.
    """

    area: VerdictArea
    confidence: float
    unsure: bool
    decided_by: DecidedBy
    also: Area | None
    runner_up: VerdictArea
    margin: float
    scores: dict[VerdictArea, float]
    evidence: tuple[Evidence, ...] = ()

    @property
    def nearest_area(self) -> Area:
        """The likeliest of the three areas, whatever the verdict."""
        return max(AREAS, key=lambda area: self.scores[area])


class NoteRecord(FileState):
    """A note as the catalog keeps it. `area` is where it is filed; `outside` means held back, without chunks;
    `ruling` names the writer's decisions that held when it was filed; a `remote` note was filed on another machine,
    and its file need not be on this one.
    """

    id: str
    sha256: str
    title: str
    area: StoredArea
    kind: Kind
    date: datetime.date | None
    tags: tuple[str, ...]
    authors: tuple[str, ...]
    sources: tuple[str, ...]
    references: tuple[str, ...]
    links: tuple[str, ...]
    ruling: str = ""
    remote: bool = False
    verdict: AreaVerdict


def note_of(chunk_id: str) -> str:
    """The id of the note that a chunk is from."""
    return chunk_id.split(":", 1)[0]


def digest_of(chunk_id: str) -> str:
    """The hash of what a chunk says."""
    return chunk_id.split(":", 2)[1]


class ChunkRecord(Frozen):
    """A chunk as the catalog keeps it; `embedding_key` is the hash of what was embedded."""

    id: str
    note_id: str
    position: int
    heading_path: tuple[str, ...]
    text: str
    start_line: int
    end_line: int
    embedding_key: str


class Filter(Frozen):
    """Which notes a search may return. Empty areas or tags mean all of them; dates are inclusive.

    `phrases` must all stand in a note, word after word, and nothing in `without` may.
    """

    areas: tuple[FiledArea, ...] = ()
    tags: tuple[str, ...] = ()
    since: datetime.date | None = None
    until: datetime.date | None = None
    kinds: tuple[Kind, ...] = ("note",)
    phrases: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


class Statement(Frozen):
    """One sentence or bullet of a note, cleaned of Markdown, at its lines."""

    text: str
    start_line: int
    end_line: int
