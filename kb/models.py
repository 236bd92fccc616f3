"""The immutable types that rooms exchange: notes, chunks, verdicts, catalog records, and two model interfaces."""

from __future__ import annotations

import datetime
import re
from bisect import bisect_left
from collections.abc import Callable
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from kb.scale import Scale

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

Notify = Callable[[str], None]  # takes a message for the user
Progress = Callable[..., None]  # takes the number of notes done, their total and, where it is known, what happens now

AREAS: tuple[Area, ...] = ("ml-systems", "gnn", "llm")
FILED_AREAS: tuple[FiledArea, ...] = ("ml-systems", "gnn", "llm", "detour")
STORED_AREAS: tuple[StoredArea, ...] = (*FILED_AREAS, "outside")


class Encoder(Protocol):
    """Turns texts into unit vectors. `max_tokens` is the limit of its input; text beyond that is truncated."""

    fingerprint: str
    dimensions: int
    max_tokens: int

    @property
    def scale(self) -> Scale:
        """What the cosines of its vectors mean, as `kb.index.encoder.scale.measure` finds out."""

    @property
    def centred_scale(self) -> Scale:
        """What the cosines of its vectors less part of their mean mean."""

    def count_tokens(self, text: str) -> int:
        """The number of tokens in a text, without special tokens."""

    def reads(self, text: str) -> bool:
        """Whether its tokenizer knows the script of a text."""

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        """Embed passages as float32 unit vectors `(len(texts), dimensions)`."""

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Embed a query as a float32 unit vector `(dimensions,)`."""


class Reranker(Protocol):
    """Scores passages for a query; implemented by a cross-encoder."""

    def score(self, query: str, passages: list[str]) -> list[float]:
        """The probability that each passage answers the query."""


class Frozen(BaseModel):
    """Base class: immutable, and rejects undeclared fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class FileState(Frozen):
    """A file's size and modification time: a cheap hint that its content may have changed."""

    path: str
    size: int
    mtime_ns: int


class NoteFile(FileState):
    r"""A file that was read. `text` has `\\n` newlines; `sha256` is the hash of the bytes on disk."""

    text: str
    sha256: str


class LineKind(StrEnum):
    """What a line of a note is; the kinds of a note are one letter a line. A `DEFINITION` only points elsewhere: a link
    definition, a badge, an entry of a table of contents. `METADATA` is front matter, or markup of a tool.
    """

    BLANK = " "
    PROSE = "p"
    HEADING = "h"
    LIST = "l"
    QUOTATION = "q"
    CODE = "c"
    TABLE = "t"
    MATH = "m"
    HTML = "x"
    DEFINITION = "d"
    METADATA = "k"


class Block(Frozen):
    """A top-level Markdown block: characters `[start, end)` of the note's text, and the headings above it."""

    kind: BlockKind
    start: int
    end: int
    heading_path: tuple[str, ...] = ()


class Note(Frozen):
    """A parsed Markdown file. `text` has blanks in place of comments, and `kinds` a `LineKind` for each of its lines;
    `faults` say what its front matter states wrongly.
    """

    path: str
    sha256: str
    text: str
    title: str
    date: datetime.date | None = None
    tags: tuple[str, ...] = ()
    kind: Kind | None = None
    area: FiledArea | None = None
    authors: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    front_matter: dict[str, JsonValue] = Field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    kinds: str = ""
    faults: tuple[str, ...] = ()

    def line_of(self, offset: int) -> int:
        """The 1-based line of a character offset."""
        return bisect_left(self.newlines, offset) + 1

    @cached_property
    def newlines(self) -> list[int]:
        """The character offsets of all newlines."""
        return [match.start() for match in re.finditer("\n", self.text)]


class Chunk(Frozen):
    """A passage of a note. `kinds` has the `LineKind` of each of its lines; `embedded` is the exact input of the
    encoder; `digest` hashes heading path and text.
    """

    heading_path: tuple[str, ...]
    text: str
    kinds: str = ""
    start_line: int
    end_line: int
    embedded: str
    digest: str


class AreaText(Frozen):
    """Defines an area, or one kind of subject outside the areas.

    `phrases` are compared by meaning. `terms` are unambiguous words, `hints` merely suggestive ones. `names` are what
    the area itself is called.
    """

    description: str = ""
    names: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


class Evidence(Frozen):
    """One reason for or against a verdict, with its address.

    `weight` is how far the log-odds of the area `toward` fall without it. Evidence of kind `example` has the address
    of the similar note.
    """

    kind: EvidenceKind = "phrase"
    text: str
    toward: VerdictArea
    weight: float
    path: str
    line: int


class AreaVerdict(Frozen):
    """Which area a note belongs to, with what confidence, and why. The four `scores` are probabilities.

    `confidence` is the score of `area`; `margin` is its lead over the runner-up.
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
        """The most probable of the three areas, even if the verdict is `outside`."""
        return max(AREAS, key=lambda area: self.scores[area])


class NoteRecord(FileState):
    """A note in the catalog.

    `area` is where it is filed; a note with `outside` is held back and has no chunks. `ruling` identifies the user's
    decisions that applied when it was filed. A `remote` note was filed on another machine; its file may not exist on
    this one. `reading` is the version of the reading that took it in.
    """

    id: str
    sha256: str
    title: str
    area: StoredArea
    kind: Kind
    date: datetime.date | None
    tags: tuple[str, ...]
    authors: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    sources: tuple[str, ...]
    links: tuple[str, ...]
    faults: tuple[str, ...] = ()
    ruling: str = ""
    remote: bool = False
    reading: int = 0
    verdict: AreaVerdict

    @property
    def unsure(self) -> bool:
        """Whether it is filed by a verdict near a border; what is held back is not filed."""
        return self.verdict.unsure and self.area != "outside"


def note_of(chunk_id: str) -> str:
    """The id of the note that a chunk belongs to."""
    return chunk_id.split(":", 1)[0]


def digest_of(chunk_id: str) -> str:
    """The `digest` of a chunk."""
    return chunk_id.split(":", 2)[1]


class ChunkRecord(Frozen):
    """A chunk in the catalog. `embedding_key` hashes the embedded text and the encoder's fingerprint."""

    id: str
    note_id: str
    position: int
    heading_path: tuple[str, ...]
    text: str
    kinds: str = ""
    start_line: int
    end_line: int
    embedding_key: str


class Filter(Frozen):
    """Which notes a search may return: those in any of `areas`, with all of `tags` and one of `paths`, where empty is
    no condition. Dates are inclusive. A note must contain every one of `phrases` and none of `without`; both are
    matched as consecutive words, regardless of case and inflection.
    """

    areas: tuple[FiledArea, ...] = ()
    tags: tuple[str, ...] = ()
    since: datetime.date | None = None
    until: datetime.date | None = None
    kinds: tuple[Kind, ...] = ("note",)
    phrases: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


class Statement(Frozen):
    """A sentence or bullet of a note, without Markdown, and its lines."""

    text: str
    start_line: int
    end_line: int
