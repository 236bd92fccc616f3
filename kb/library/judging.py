"""Vectors and verdicts for notes, using what the catalog has already."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kb.decisions import Decisions
from kb.errors import NoteError
from kb.ingest import notebook
from kb.ingest.areas import classify, load_areas, override
from kb.ingest.chunking import chunk_note
from kb.ingest.markdown import parse_note
from kb.library.publishing import embedding_key
from kb.library.workspace import Workspace
from kb.models import AreaVerdict, Chunk, FileState, Note, StoredArea
from kb.reports import Classification, Skipped


def embed(workspace: Workspace, texts: Sequence[str], store: bool = True) -> tuple[NDArray[np.float32], int]:
    """Vectors `(len(texts), dim)`, from the catalog where it has them, and how many had to be embedded."""
    encoder = workspace.encoder
    keys = [embedding_key(text, encoder.fingerprint) for text in texts]
    known = workspace.catalog.vectors(keys)
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if new:
        vectors = encoder.encode(list(new.values()))
        if store:
            workspace.catalog.store_vectors(list(new), vectors, encoder.fingerprint)
        known |= dict(zip(new, vectors, strict=True))
    return np.stack([known[key] for key in keys]), len(new)


def judge(workspace: Workspace, note: Note, chunks: Sequence[Chunk], vectors: NDArray[np.float32]) -> AreaVerdict:
    """The classifier's verdict for one note."""
    areas = load_areas()
    phrase_vectors, _ = embed(workspace, [phrase for phrase, _ in areas.phrases])
    return classify(note, chunks, vectors, areas, phrase_vectors)


def decide(note: Note, verdict: AreaVerdict, decisions: Decisions) -> tuple[AreaVerdict, StoredArea]:
    """Where a note is filed: a decision wins over its front matter, that over a flag, that over the classifier."""
    flags = decisions.flags_for(note.path)
    filed = decisions.filed.get(note.path)
    if filed == "outside":
        return verdict.model_copy(update={"area": "outside", "decided_by": "decision", "unsure": False}), "outside"
    if filed:
        return override(verdict, filed, "decision"), filed
    if note.area:
        return override(verdict, note.area, "front matter"), note.area
    if flags.area:
        return override(verdict, flags.area, "flag"), flags.area
    if verdict.area == "outside" and flags.detour:
        return override(verdict, "detour", "flag"), "detour"
    return verdict, verdict.area


def classify_file(workspace: Workspace, state: FileState) -> Classification | Skipped:
    """The verdict for a file; nothing is stored."""
    try:
        note = parse_note(notebook.read(workspace.root, state.path))
    except NoteError as error:
        return Skipped(path=state.path, reason=str(error))
    encoder = workspace.encoder
    chunks = chunk_note(note, encoder.count_tokens, encoder.max_tokens)
    vectors, _ = embed(workspace, [chunk.embedded for chunk in chunks], store=False)
    verdict, _ = decide(note, judge(workspace, note, chunks, vectors), workspace.decisions)
    return Classification(path=note.path, **dict(verdict))
