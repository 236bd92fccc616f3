"""The facts of an index for the doctor."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

from kb.care.doctor import Facts
from kb.errors import CatalogError, DamageError, EncoderError, NewerError, NoteError, one_line
from kb.index.lock import holder_of
from kb.index.workspace import Workspace
from kb.models import NoteRecord
from kb.notes import files as notebook
from kb.sync.changes import is_changed, pending_changes, state_of

SAMPLE = 50  # notes read again


def look_over(workspace: Workspace, full: bool = False) -> Facts:
    """Both sides of everything that must agree, as they are now; with `full` all of it instead of samples."""
    workspace.make_folder()
    surroundings = Facts(
        folder=workspace.folder,
        unwritable=unwritable(workspace.folder),
        writer=holder_of(workspace.folder),
        missing_bytes=_missing_bytes(workspace.folder),
    )
    try:
        examined = workspace.catalog.examine()
        if examined.file:
            return surroundings.with_(catalog_problem=f"the catalog is damaged: {examined.file}")
        if examined.full_text:
            surroundings = surroundings.with_(full_text_problem=examined.full_text)
        unsound = surroundings.with_(unsound_notes=len(examined.notes), unsound_vectors=len(examined.vectors))
        return _contents(workspace, full, unsound)
    except NewerError as error:
        return surroundings.with_(newer=one_line(error))
    except DamageError as error:
        return surroundings.with_(catalog_problem=one_line(error))
    except CatalogError as error:
        return surroundings.with_(obstacle=one_line(error))


def _contents(workspace: Workspace, full: bool, facts: Facts) -> Facts:
    catalog, vectors = workspace.catalog, workspace.vectors
    generation = catalog.generation()
    obstacle = vectors.obstacle() if generation else None
    filed = Counter(area for area, _, _ in catalog.filed_chunks())
    problem = vectors.problem(generation) if generation and not obstacle else None
    facts = facts.with_(
        generation=generation,
        filed_chunks=filed,
        vectors=filed if workspace.server or problem or not generation else workspace.generations.count(generation),
        server=workspace.server.place if workspace.server else None,
        server_problem=obstacle,
        pulled=any(note.remote for note in catalog.notes()),
        vector_problems=(problem,) if problem else (),
        encoder_problem=_encoder_problem(workspace),
    )
    if not facts.writer:  # what is being written looks like what was left behind
        facts = facts.with_(strays=tuple(map(str, workspace.strays())), loose=len(catalog.loose()))
    if facts.unsound_notes:
        return facts
    if generation and not problem and not obstacle:
        from kb.care.probe import probe, problems

        found = problems(workspace, full) if workspace.server else probe(workspace.root, full)
        facts = facts.with_(vector_problems=tuple(found))
    notes = catalog.notes()
    gone = tuple(note.path for note in notes if state_of(workspace, note) is None)
    return facts.with_(
        gone=gone,
        changed_notes=pending_changes(workspace),
        misread=() if facts.encoder_problem else tuple(note.path for note in misread_notes(workspace, notes, full)),
    )


def misread_notes(workspace: Workspace, notes: list[NoteRecord], full: bool) -> list[NoteRecord]:
    """The notes, of a sample or of all, of which the catalog says something else than their unchanged files."""
    chosen = notes if full else notes[:: max(1, len(notes) // SAMPLE)]
    return [note for note in chosen if _is_misread(workspace, note)]


def _is_misread(workspace: Workspace, note: NoteRecord) -> bool:
    from kb.index.publishing import chunk_records
    from kb.notes.chunking import chunk_note
    from kb.notes.parse import parse_note

    state = notebook.state_of(workspace.root, note.path)
    if state is None or is_changed(workspace, note, state):
        return False
    try:
        content = notebook.read(workspace.root, note.path)
        parsed = parse_note(content)
    except NoteError:
        return True
    if (content.sha256, parsed.title, parsed.date, parsed.tags) != (note.sha256, note.title, note.date, note.tags):
        return True
    if note.area == "outside":
        return False
    encoder = workspace.encoder
    chunks = chunk_records(note.id, chunk_note(parsed, encoder.count_tokens, encoder.max_tokens), encoder.fingerprint)
    stored = workspace.catalog.chunks_of([note.id]).get(note.id, [])
    return [(c.id, c.start_line, c.end_line) for c in chunks] != [(c.id, c.start_line, c.end_line) for c in stored]


def unwritable(folder: Path) -> tuple[str, ...]:
    """The folders and files of an index that cannot be written or read."""
    places = [folder, *sorted(folder.rglob("*"))]
    return tuple(str(place) for place in places if not os.access(place, os.R_OK | os.W_OK))


def _missing_bytes(folder: Path) -> int:
    """How much more free disk a write may need: a copy of the current vectors, and a log of the catalog."""
    needed = notebook.folder_bytes(folder)
    return max(0, needed - shutil.disk_usage(folder).free)


def _encoder_problem(workspace: Workspace) -> str | None:
    try:
        workspace.require_current_encoder()
    except EncoderError as error:
        return str(error)
    return None
