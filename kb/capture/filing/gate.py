"""Where captures would be filed, judged before they are written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from kb.areas.judge import classifier, decide
from kb.decisions import Decisions
from kb.index.reader import IndexReader
from kb.models import AreaVerdict, NoteFile, StoredArea
from kb.notes.chunking import chunk_note
from kb.notes.parse import parse_note

Judged = tuple[AreaVerdict, StoredArea]


def judge(reader: IndexReader, texts: Mapping[str, str], decisions: Decisions) -> dict[str, Judged]:
    """The verdict on each of some texts, by the notebook path that it would have, and where it would be filed."""
    if not texts:
        return {}
    notes = [parse_note(_file(path, text)) for path, text in texts.items()]
    encoder = reader.encoder
    chunks = [chunk_note(note, encoder.count_tokens, encoder.max_tokens) for note in notes]
    vectors = reader.embed([chunk.embedded for each in chunks for chunk in each])
    deciding = classifier(reader, reader.catalog.notes())
    judged: dict[str, Judged] = {}
    start = 0
    for note, each in zip(notes, chunks, strict=True):
        verdict = deciding.classify(note, each, vectors[start : start + len(each)])
        start += len(each)
        judged[note.path] = decide(note.path, note.area, verdict, decisions, reader.settings.outside)
    return judged


def _file(path: str, text: str) -> NoteFile:
    content = text.encode()
    return NoteFile(path=path, size=len(content), mtime_ns=0, text=text, sha256=hashlib.sha256(content).hexdigest())
