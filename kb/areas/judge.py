"""Verdicts for notes, by what the areas mean in a notebook and by what its writer filed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kb.areas.classifier import Classifier, Example, override
from kb.areas.texts import AreaTexts, load_areas
from kb.decisions import Decisions
from kb.errors import NoteError
from kb.index.arrays import centroid
from kb.index.batch import embedding_key
from kb.index.freshness import file_state
from kb.index.reader import IndexReader
from kb.models import AreaVerdict, Chunk, FiledArea, NoteRecord, OutsidePolicy, StoredArea, VerdictArea
from kb.notes import files
from kb.notes.chunking import chunk_note
from kb.notes.parse import parse_note
from kb.reports import Classification, Skipped

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

WRITERS_WORD = ("decision", "front matter")  # verdicts by these are examples to learn from


def area_texts(reader: IndexReader) -> AreaTexts:
    """What the areas mean in a notebook: the texts that come with kb, and those of `kb.toml`."""
    return load_areas().with_own(reader.settings.areas)


def phrase_keys(reader: IndexReader, fingerprint: str) -> list[str]:
    """The keys of the vectors that every classifier needs."""
    return [embedding_key(phrase, fingerprint) for phrase, _ in area_texts(reader).phrases]


def embed_phrases(reader: IndexReader) -> FloatArray:
    """The vectors `(n, dim)` of the phrases of the areas; a writer keeps them for later."""
    phrases = [phrase for phrase, _ in area_texts(reader).phrases]
    return reader.cached("phrase vectors", lambda: reader.embed(phrases))


def classifier(reader: IndexReader, notes: Sequence[NoteRecord] = ()) -> Classifier:
    """A classifier that knows the notebook's areas, and as examples those of some notes that the writer filed."""
    return Classifier(area_texts(reader), embed_phrases(reader), _examples(reader, notes))


def read_passages(reader: IndexReader, path: str) -> list[Chunk]:
    """The passages of a file as it is now. Raises `NoteError`."""
    note = parse_note(files.read(reader.root, path))
    return chunk_note(note, reader.encoder.count_tokens, reader.encoder.max_tokens)


def classify(reader: IndexReader, judge: Classifier, path: str, decisions: Decisions) -> Classification | Skipped:
    """The verdict for one file, nothing stored."""
    try:
        note = parse_note(files.read(reader.root, path))
    except NoteError as error:
        return Skipped(path=path, reason=str(error))
    chunks = chunk_note(note, reader.encoder.count_tokens, reader.encoder.max_tokens)
    verdict = judge.classify(note, chunks, reader.embed([chunk.embedded for chunk in chunks]))
    verdict, _ = decide(note.path, note.area, verdict, decisions, reader.settings.outside)
    return Classification(path=note.path, **dict(verdict))


def decide(
    path: str, stated: FiledArea | None, verdict: AreaVerdict, decisions: Decisions, policy: OutsidePolicy
) -> tuple[AreaVerdict, StoredArea]:
    """Where a note is filed: a decision wins over the area that its front matter states, that over a flag, that over
    the classifier; what that says lies outside goes by the notebook's policy.
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


def _examples(reader: IndexReader, notes: Sequence[NoteRecord]) -> list[Example]:
    filed = [note for note in notes if note.verdict.decided_by in WRITERS_WORD]
    if not filed:
        return []
    passages = reader.passages()
    examples = []
    for note in filed:
        rows = passages.rows.get(note.id)
        vectors = passages.matrix[rows] if rows else _vectors_of_held_back(reader, note)
        if vectors is not None:
            examples.append(Example(note.path, _side(note.area), centroid(vectors)))
    return examples


def _vectors_of_held_back(reader: IndexReader, note: NoteRecord) -> FloatArray | None:
    """The vectors of a note without passages in the index; None where its file cannot be read."""
    if file_state(reader, note) is None:
        return None
    try:
        chunks = read_passages(reader, note.path)
    except NoteError:
        return None
    return reader.embed([chunk.embedded for chunk in chunks]) if chunks else None


def _side(area: StoredArea) -> VerdictArea:
    return "outside" if area == "detour" else area


def classifications(reader: IndexReader, paths: Sequence[str]) -> Iterator[Classification | Skipped]:
    """The verdict for each of some files."""
    judge = classifier(reader, reader.catalog.notes())
    for path in paths:
        yield classify(reader, judge, path, reader.decisions)
