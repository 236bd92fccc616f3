"""Which notes treat the concepts of the areas.

A concept is looked up in the full text by its names, as phrases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from kb.areas.concept_vectors import concept_vectors
from kb.areas.concepts import Concepts, load_concepts
from kb.index.catalog.fulltext import FullText
from kb.index.reader import IndexReader
from kb.search.concepts.wording import Wording, wording_of
from kb.search.query import match_expression
from kb.search.words import idf, note_weight

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

TITLE_FACTOR = 2.0  # of a note that is named after the concept, or tagged with it
MOST_CHUNKS = 3_000  # that have a concept; one that more of them have says little, and takes long to look up


class Treatment(NamedTuple):
    """How much weight a concept has in each note that treats it, BM25+, the notes named after it, and its rarity, an
    idf. One that is `everywhere` has no weight in any, and no rarity.
    """

    notes: Mapping[str, float] = {}
    titled: Collection[str] = ()
    everywhere: bool = False
    rarity: float = 0.0


class Treatments:
    """The concepts that kb knows, their vectors `(n, dim)` and words, and the notes that treat each of them.

    A concept is looked up when it is first asked for.
    """

    def __init__(self, concepts: Concepts, vectors: FloatArray, wording: Wording) -> None:
        self.concepts = concepts
        self.vectors = vectors
        self.wording = wording
        self._known: dict[int, Treatment] = {}

    def of(self, reader: IndexReader, number: int) -> Treatment:
        """The notes of the reader's state that treat a concept."""
        if number not in self._known:
            self._known[number] = look_up(reader, self.concepts.names(number))
        return self._known[number]

    def is_treated(self, reader: IndexReader, number: int) -> bool:
        """Whether any note treats a concept."""
        found = self.of(reader, number)
        return bool(found.notes) or found.everywhere


def treatments(reader: IndexReader) -> Treatments:
    """The treatments of all concepts in the reader's state."""
    return reader.cached("treatments", lambda: _treatments(reader))


def _treatments(reader: IndexReader) -> Treatments:
    concepts = load_concepts(reader.settings.own_concepts)
    return Treatments(concepts, concept_vectors(reader.encoder, concepts, reader.notify), wording_of(concepts))


def look_up(
    reader: IndexReader, names: Sequence[str], rarity: float | None = None, title_factor: float = TITLE_FACTOR
) -> Treatment:
    """The notes that have any of some names, weighted by the rarity of these or by another one, an idf; those that have
    one in their titles weigh `title_factor` times as much.
    """
    full_text, expression = reader.catalog.full_text, match_expression(names)
    chunks = full_text.matching(expression, MOST_CHUNKS + 1)
    if len(chunks) > MOST_CHUNKS:
        return Treatment(everywhere=True)
    chunks, titled = _having(full_text, names) if chunks else ({}, set[str]())
    lengths = reader.note_lengths()
    rarity = idf(reader.chunk_count, len(chunks)) if rarity is None else rarity
    return Treatment(
        {
            note: note_weight(rarity, count, lengths.get(note, 1.0)) * (title_factor if note in titled else 1.0)
            for note, count in Counter(chunks.values()).items()
        },
        titled,
        rarity=rarity,
    )


def _having(full_text: FullText, names: Sequence[str]) -> tuple[dict[int, str], set[str]]:
    """The chunks that have any of some names, by number with their notes, and the notes that have one in their titles.

    A name whose stem is that of other words too, as `explain` is that of *explainability*, has to be written out.
    """
    exact = [name for name in names if not _shares_stem(full_text, name)]
    lookups = [(match_expression([name]), name.removesuffix("s")) for name in names if name not in exact]
    if exact:
        lookups.append((match_expression(exact), ""))
    chunks: dict[int, str] = {}
    titled: set[str] = set()
    for expression, written in lookups:
        chunks |= full_text.matching(expression, written=written)
        titled.update(full_text.matching(f"title : ({expression})", written=written).values())
    return chunks, titled


def _shares_stem(full_text: FullText, name: str) -> bool:
    """Whether stemming a name of one word takes more from it than a plural s."""
    return name.isalpha() and full_text.stems(name) != (name.lower().removesuffix("s"),)
