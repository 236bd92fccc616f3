"""What an outline chooses from: notes, and the parts of long ones. The chapters of a handbook are as different from one
another as short notes are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from kb.index.reader import IndexReader
from kb.models import ChunkRecord, NoteRecord

LONG = 40  # passages, some 15 minutes of reading; a longer note is divided
MIN_PARTS = 3  # that headings of one depth divide a long note into


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
