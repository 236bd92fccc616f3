"""The facts of an index for the doctor."""

from __future__ import annotations

from collections import Counter

from kb.care.doctor import Facts
from kb.errors import EncoderError
from kb.ingest import notebook
from kb.library.looking import pending_changes
from kb.library.workspace import Workspace


def look_over(workspace: Workspace) -> Facts:
    """Both sides of everything that must agree, as they are now."""
    catalog, vectors = workspace.catalog, workspace.vectors
    generation = catalog.generation()
    filed = list(catalog.filed_chunks())
    whole = vectors.is_whole(generation) and not vectors.damaged_files(generation)
    stored = catalog.vectors({key for _, _, key in filed})
    gone = tuple(note.path for note in catalog.notes() if notebook.state_of(workspace.root, note.path) is None)
    return Facts(
        folder=workspace.folder,
        catalog_check=catalog.check(),
        generation=generation,
        generation_whole=whole,
        filed_chunks=Counter(area for area, _, _ in filed),
        vectors=vectors.count(generation) if whole else {},
        missing_vectors=sum(key not in stored for _, _, key in filed),
        encoder_problem=_encoder_problem(workspace),
        gone=gone,
        changed_notes=pending_changes(workspace),
    )


def _encoder_problem(workspace: Workspace) -> str | None:
    try:
        workspace.require_current_encoder()
    except EncoderError as error:
        return str(error)
    return None
