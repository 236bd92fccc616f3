"""Vectors and verdicts for notes, using what the catalog has already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from kb.areas.classifier import Classifier, Example, centroid, override
from kb.decisions import Decisions
from kb.errors import NoteError
from kb.index.publishing import embedding_key
from kb.index.workspace import Workspace
from kb.models import AreaVerdict, Chunk, FiledArea, NoteRecord, OutsidePolicy, StoredArea, VerdictArea
from kb.notes import files as notebook
from kb.notes.chunking import chunk_note
from kb.notes.parse import parse_note
from kb.reports import Classification, Skipped
from kb.sync.changes import look

WRITERS_WORD = ("decision", "front matter")  # verdicts by these are examples to learn from


def embed(workspace: Workspace, texts: Sequence[str], store: bool = True) -> tuple[NDArray[np.float32], int]:
    """Vectors `(len(texts), dim)`, from the catalog where it has them, and how many had to be embedded."""
    encoder = workspace.encoder
    keys = [embedding_key(text, encoder.fingerprint) for text in texts]
    known = workspace.catalog.vectors(keys)
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if new:
        vectors = encoder.encode(list(new.values()))
        if store and not workspace.catalog.in_snapshot:
            workspace.catalog.store_vectors(list(new), vectors, encoder.fingerprint)
        known |= dict(zip(new, vectors, strict=True))
    return np.stack([known[key] for key in keys]), len(new)


def classifier(workspace: Workspace, notes: Sequence[NoteRecord] = ()) -> Classifier:
    """A classifier that knows the notebook's areas, and as examples those of some notes that the writer filed."""
    texts = workspace.area_texts
    phrase_vectors, _ = embed(workspace, [phrase for phrase, _ in texts.phrases])
    return Classifier(texts, phrase_vectors, _examples(workspace, notes))


def read_passages(workspace: Workspace, path: str) -> list[Chunk]:
    """The passages of a file as it is now. Raises `NoteError`."""
    note = parse_note(notebook.read(workspace.root, path))
    return chunk_note(note, workspace.encoder.count_tokens, workspace.encoder.max_tokens)


def classifications(workspace: Workspace, sources: Sequence[str]) -> Iterator[Classification | Skipped]:
    """The verdict for each file of some sources, nothing stored."""
    skipped: list[Skipped] = []
    judge = classifier(workspace, workspace.catalog.notes())
    for state in look(workspace, sources, Decisions(), skipped):
        try:
            note = parse_note(notebook.read(workspace.root, state.path))
        except NoteError as error:
            yield Skipped(path=state.path, reason=str(error))
            continue
        chunks = chunk_note(note, workspace.encoder.count_tokens, workspace.encoder.max_tokens)
        vectors, _ = embed(workspace, [chunk.embedded for chunk in chunks], store=False)
        verdict = judge.classify(note, chunks, vectors)
        verdict, _ = decide(note.path, note.area, verdict, workspace.decisions, workspace.settings.outside)
        yield Classification(path=note.path, **dict(verdict))
    yield from skipped


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


def _examples(workspace: Workspace, notes: Sequence[NoteRecord]) -> list[Example]:
    filed = [note for note in notes if note.verdict.decided_by in WRITERS_WORD]
    if not filed:
        return []
    passages = workspace.passages()
    examples = []
    for note in filed:
        rows = passages.rows.get(note.id)
        vectors = passages.matrix[rows] if rows else _vectors_of_held_back(workspace, note)
        if vectors is not None:
            examples.append(Example(note.path, _side(note.area), centroid(vectors)))
    return examples


def _vectors_of_held_back(workspace: Workspace, note: NoteRecord) -> NDArray[np.float32] | None:
    """Those of a note that the index has no passages of; None where its file cannot be read any more."""
    try:
        chunks = read_passages(workspace, note.path)
    except NoteError:
        return None
    return embed(workspace, [chunk.embedded for chunk in chunks])[0] if chunks else None


def _side(area: StoredArea) -> VerdictArea:
    return "outside" if area == "detour" else area
