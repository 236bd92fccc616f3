"""The questions that notes leave open."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kb.index.reader import IndexReader
from kb.models import ChunkRecord, NoteRecord, Statement
from kb.notes.statements import statements
from kb.reports import OpenQuestion

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

MAX_QUESTIONS = 12

_QUESTION = re.compile(r"\?$|^(?:TODO|FIXME|Q|Question)\b\s*:", re.IGNORECASE)
# A cheap test on the raw text, to parse few passages; the marks of emphasis may follow the word.
_MAY_ASK = re.compile(r"\?(?![^\W_])|\b(?:TODO|FIXME|Q|Question)\b[\s*_`~]*:", re.IGNORECASE)
_QUESTION_HEADING = re.compile(r"\b(?:open )?questions?\b|\bto ?do\b|\bunknowns?\b", re.IGNORECASE)


def is_question(text: str) -> bool:
    """Whether a statement is a question or a TODO."""
    return bool(_QUESTION.search(text))


def asks(heading: str) -> bool:
    """Whether a heading announces questions or plans instead of findings."""
    return bool(_QUESTION_HEADING.search(heading))


def open_questions(chunk: ChunkRecord) -> list[Statement]:
    """The questions and TODOs of a passage."""
    if not _MAY_ASK.search(chunk.text):
        return []
    return [entry for entry in statements(chunk.text, chunk.kinds, chunk.start_line) if is_question(entry.text)]


def nearest_questions(
    reader: IndexReader, notes: Sequence[NoteRecord], topic_vector: FloatArray
) -> tuple[OpenQuestion, ...]:
    """The open questions of some notes, the nearest to a topic first, at most `MAX_QUESTIONS`."""
    chunks = reader.catalog.chunks_of(note.id for note in notes)
    found = [
        OpenQuestion(text=question.text, path=note.path, line=question.start_line)
        for note in notes
        for chunk in chunks.get(note.id, [])
        for question in open_questions(chunk)
    ]
    if not found:
        return ()
    cosines = reader.encoder.encode([question.text for question in found]) @ topic_vector
    return tuple(found[index] for index in np.argsort(-cosines, kind="stable")[:MAX_QUESTIONS])
