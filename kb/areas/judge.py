"""Classifies the notes of a notebook, and applies the user's decisions to the verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kb.areas.classifier import Classifier, Example, override
from kb.areas.texts import area_texts
from kb.decisions import Decisions
from kb.errors import NoteError
from kb.index.batch import embedding_key
from kb.index.freshness import file_state
from kb.index.reader import IndexReader
from kb.models import AreaVerdict, Chunk, FiledArea, Note, NoteRecord, OutsidePolicy, StoredArea
from kb.notes import files
from kb.notes.chunking import chunk_note
from kb.notes.parse import parse_note
from kb.reports import Classification, Skipped

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

DECIDED_BY_USER = ("decision", "front matter")  # notes with such verdicts are examples for the classifier


def phrase_keys(reader: IndexReader, fingerprint: str) -> list[str]:
    """The embedding keys of the phrases of the areas."""
    return [embedding_key(phrase, fingerprint) for phrase, _ in area_texts(reader).phrases]


def embed_phrases(reader: IndexReader) -> FloatArray:
    """The vectors `(n, dim)` of the phrases of the areas. A writer stores them in the catalog."""
    phrases = [phrase for phrase, _ in area_texts(reader).phrases]
    return reader.cached("phrase vectors", lambda: reader.embed(phrases))


def classifier(reader: IndexReader, notes: Sequence[NoteRecord] = ()) -> Classifier:
    """A classifier for the areas of the notebook; those of `notes` that the user filed are its examples."""
    return Classifier(area_texts(reader), embed_phrases(reader), reader.encoder.scale, _examples(reader, notes))


def read_passages(reader: IndexReader, path: str) -> list[Chunk]:
    """The chunks of a file in its current state. Raises `NoteError`."""
    return _read(reader, path)[1]


def classifications(reader: IndexReader, paths: Sequence[str]) -> Iterator[Classification | Skipped]:
    """The verdict on each file. Nothing is stored."""
    judge = classifier(reader, reader.catalog.notes())
    for path in paths:
        try:
            note, chunks = _read(reader, path)
        except NoteError as error:
            yield Skipped(path=path, reason=str(error))
            continue
        verdict = judge.classify(note, chunks, reader.embed([chunk.embedded for chunk in chunks]))
        verdict, _ = decide(note.path, note.area, verdict, reader.decisions, reader.settings.outside)
        yield Classification(path=note.path, **dict(verdict))


def decide(
    path: str, stated: FiledArea | None, verdict: AreaVerdict, decisions: Decisions, policy: OutsidePolicy
) -> tuple[AreaVerdict, StoredArea]:
    """The final verdict on a note, and where it is filed.

    In order of precedence: the user's decision, the area that the front matter states, the flag of the source, the
    classifier. Where the classifier says `outside`, a detour flag or the notebook's policy may file the note as a
    detour.
    """
    flags = decisions.flags_for(path)
    filed = decisions.filed.get(path)
    if filed == "outside":
        return verdict.model_copy(update={"area": "outside", "decided_by": "decision", "unsure": False}), "outside"
    if filed:
        return override(verdict, filed, "decision"), filed
    if stated:
        return override(verdict, stated, "front matter"), stated
    if flags.area:
        return override(verdict, flags.area, "flag"), flags.area
    if verdict.area == "outside" and flags.detour:
        return override(verdict, "detour", "flag"), "detour"
    if verdict.area == "outside" and policy == "detour":
        return verdict, "detour"
    return verdict, verdict.area


def vectors_of_held_back(reader: IndexReader, note: NoteRecord) -> FloatArray | None:
    """The vectors of a note that has no passages in the index; None if its file cannot be read."""
    if file_state(reader, note) is None:
        return None
    try:
        chunks = read_passages(reader, note.path)
    except NoteError:
        return None
    return reader.embed([chunk.embedded for chunk in chunks]) if chunks else None


def _read(reader: IndexReader, path: str) -> tuple[Note, list[Chunk]]:
    note = parse_note(files.read(reader.root, path))
    return note, chunk_note(note, reader.encoder.count_tokens, reader.encoder.max_tokens)


def _examples(reader: IndexReader, notes: Sequence[NoteRecord]) -> list[Example]:
    filed = [note for note in notes if note.verdict.decided_by in DECIDED_BY_USER]
    if not filed:
        return []
    passages = reader.passages()
    examples = []
    for note in filed:
        rows = passages.rows.get(note.id)
        vectors = passages.matrix[rows] if rows else vectors_of_held_back(reader, note)
        if vectors is not None:
            area = "outside" if note.area == "detour" else note.area
            examples.append(Example(note.path, area, vectors.mean(axis=0)))
    return examples
