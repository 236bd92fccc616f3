"""Where captures would be filed, judged before they are written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from kb.areas.judge import classifier, decide
from kb.decisions import Decisions
from kb.index.batch import embedding_key
from kb.index.reader import IndexReader
from kb.models import AreaVerdict, NoteFile, StoredArea
from kb.notes.chunking import chunk_note
from kb.notes.parse import parse_note

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray


class Judged(NamedTuple):
    """The verdict on a text, where it would be filed, and by their keys the vectors that had to be computed for it."""

    verdict: AreaVerdict
    area: StoredArea
    vectors: dict[str, FloatArray]


def judge(reader: IndexReader, texts: Mapping[str, str], decisions: Decisions) -> dict[str, Judged]:
    """Judge some texts, by the notebook paths that they would have."""
    if not texts:
        return {}
    notes = [parse_note(_file(path, text)) for path, text in texts.items()]
    encoder = reader.encoder
    chunks = [chunk_note(note, encoder.count_tokens, encoder.max_tokens) for note in notes]
    vectors, computed = reader.embed_missing([chunk.embedded for each in chunks for chunk in each])
    deciding = classifier(reader, reader.catalog.notes())
    judged: dict[str, Judged] = {}
    start = 0
    for note, each in zip(notes, chunks, strict=True):
        verdict = deciding.classify(note, each, vectors[start : start + len(each)])
        start += len(each)
        verdict, area = decide(note.path, note.area, verdict, decisions, reader.settings.outside)
        keys = [embedding_key(chunk.embedded, encoder.fingerprint) for chunk in each]
        judged[note.path] = Judged(verdict, area, {key: computed[key] for key in keys if key in computed})
    return judged


def _file(path: str, text: str) -> NoteFile:
    content = text.encode()
    return NoteFile(path=path, size=len(content), mtime_ns=0, text=text, sha256=hashlib.sha256(content).hexdigest())
