"""What an outline chooses from: notes, and the parts of long ones. The chapters of a handbook are as different from one
another as short notes are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from kb.index.reader import IndexReader
from kb.models import ChunkRecord, NoteRecord

LONG = 40  # passages, some 15 minutes of reading; a longer note is divided
MAP_SHARE, MAP_LINES = 0.5, 5  # the least share of lines that begin with a link, and number of them, of a list of links
MIN_PARTS = 3  # that headings of one depth divide a long note into

_LINKED = re.compile(r"\s*(?:>\s*)?(?:(?:[-*+|]|\d+[.)])\s+)?(?:\[[ xX]\]\s+)?[*_\"“]*(?:!?\[|https?://)")


@dataclass(frozen=True)
class Part:
    """A note, or a part of one (`number` from 1), and the rows of its passages, at least one."""

    note: NoteRecord
    rows: Sequence[int]
    number: int = 0

    @property
    def id(self) -> str:
        """The id of the note, or one that is made from it."""
        return f"{self.note.id}/{self.number}" if self.number else self.note.id


def parts_of(reader: IndexReader, notes: Mapping[str, NoteRecord]) -> list[Part]:
    """Some notes, given by id, of which long ones are divided by their headings."""
    rows_of, row_of = reader.passages().rows, reader.passages().row_of
    long = [id for id in notes if len(rows_of.get(id, ())) > LONG]
    parts = []
    for id, chunks in reader.catalog.chunks_of(long).items():
        divided = _divided([chunk for chunk in chunks if chunk.id in row_of])
        for number, group in enumerate(divided, start=1):
            parts.append(Part(notes[id], [row_of[chunk.id] for chunk in group], number if len(divided) > 1 else 0))
    return [Part(notes[id], rows) for id, rows in rows_of.items() if id in notes and id not in long] + parts


def is_a_map(texts: Iterable[str]) -> bool:
    """Whether passages mostly lead to others, as the index of a folder, a reading list, or the README of a course do:
    half of their lines other than headings begin with a link.
    """
    lines = [line for text in texts for line in text.splitlines() if line.strip() and not line.startswith("#")]
    linked = sum(bool(_LINKED.match(line)) for line in lines)
    return linked >= MAP_LINES and linked >= MAP_SHARE * len(lines)


def _divided(chunks: Sequence[ChunkRecord], depth: int = 1) -> list[list[ChunkRecord]]:
    """The parts of a run of passages under the headings of the first depth that makes several, each divided again if it
    is still long. A run that no headings divide is one part.
    """
    if len(chunks) <= LONG or depth > max(len(chunk.heading_path) for chunk in chunks):
        return [list(chunks)]
    groups = [list(group) for _, group in groupby(chunks, lambda chunk: chunk.heading_path[:depth])]
    if len(groups) < MIN_PARTS:
        return _divided(chunks, depth + 1)
    return [part for group in groups for part in _divided(group, depth + 1)]
