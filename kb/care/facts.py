"""Examining an index for the doctor."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

from kb.care import probe
from kb.care.doctor import Facts
from kb.errors import CatalogError, DamageError, EncoderError, NewerError, NoteError, one_line
from kb.index import folder
from kb.index.batch import chunk_records
from kb.index.freshness import file_state, is_changed, is_read, state_of
from kb.index.lock import holder_of
from kb.index.opened import Index
from kb.index.reader import IndexReader
from kb.models import NoteRecord
from kb.notes import files
from kb.notes.chunking import chunk_note
from kb.notes.parse import parse_note
from kb.sync.changes import pending_changes

SAMPLE = 50  # notes that are parsed again


def look_over(index: Index, full: bool = False) -> Facts:
    """Gather the facts about an index; with `full`, check all notes and vectors instead of samples."""
    place = index.notebook.index_folder
    folder.make(place)
    facts = Facts(
        folder=place,
        unwritable=unwritable(place),
        writer=holder_of(place),
        missing_bytes=_missing_bytes(place),
    )
    try:
        with index.reader() as reader:
            return _of_catalog(reader, facts, full)
    except NewerError as error:
        return facts.with_(newer=one_line(error))
    except DamageError as error:
        return facts.with_(catalog_problem=one_line(error))
    except CatalogError as error:
        return facts.with_(obstacle=one_line(error))


def _of_catalog(reader: IndexReader, facts: Facts, full: bool) -> Facts:
    examined = reader.catalog.examine()
    if examined.file:
        return facts.with_(catalog_problem=f"the catalog is damaged: {examined.file}")
    facts = facts.with_(
        full_text_problem=examined.full_text,
        unsound_notes=len(examined.notes),
        unsound_vectors=len(examined.vectors),
        encoder_problem=_encoder_problem(reader),
    )
    if not facts.writer:  # what is being written looks like what an interrupted run left
        orphans = tuple(map(str, reader.orphans()))
        facts = facts.with_(orphans=orphans, unreferenced=len(reader.catalog.unreferenced()))
    facts = _of_vectors(reader, facts, full)
    return facts if facts.unsound_notes else _of_notes(reader, facts, full)


def _of_vectors(reader: IndexReader, facts: Facts, full: bool) -> Facts:
    store, generation = reader.store, reader.generation
    filed = Counter(area for area, _, _ in reader.catalog.filed_chunks())
    # Counts that were not compared count as equal.
    facts = facts.with_(
        generation=generation, filed_chunks=filed, vectors=filed, vectors_place=store.place_of(generation)
    )
    if not generation:
        return facts
    if obstacle := store.obstacle():
        return facts.with_(server_problem=obstacle)
    if not facts.unsound_notes:
        facts = facts.with_(pulled=any(note.remote for note in reader.catalog.notes()))
    if problem := store.problem(generation):
        return facts.with_(vector_problems=(problem,))
    facts = facts.with_(vectors=store.count(generation) or filed)
    if facts.unsound_notes:
        return facts
    found = probe.probe(reader.root, full) if store.can_crash else probe.problems(reader, full)
    return facts.with_(vector_problems=tuple(found))


def _of_notes(reader: IndexReader, facts: Facts, full: bool) -> Facts:
    notes = reader.catalog.notes()
    misread = [] if facts.encoder_problem else misread_notes(reader, notes, full)
    return facts.with_(
        gone=tuple(note.path for note in notes if state_of(reader, note) is None),
        changed_notes=pending_changes(reader),
        misread=tuple(note.path for note in misread),
        faults=tuple((note.path, fault) for note in notes for fault in note.faults),
    )


def misread_notes(reader: IndexReader, notes: list[NoteRecord], full: bool) -> list[NoteRecord]:
    """The notes, of a sample or of all, whose unchanged files parse to something else than the catalog holds."""
    chosen = notes if full else notes[:: max(1, len(notes) // SAMPLE)]
    return [note for note in chosen if _is_misread(reader, note)]


def _is_misread(reader: IndexReader, note: NoteRecord) -> bool:
    state = file_state(reader, note)
    if state is None or not is_read(note) or is_changed(reader.root, note, state):
        return False
    try:
        content = files.read(reader.root, note.path)
        parsed = parse_note(content)
    except NoteError:
        return True
    if (content.sha256, parsed.title, parsed.date, parsed.tags) != (note.sha256, note.title, note.date, note.tags):
        return True
    if note.area == "outside":
        return False
    encoder = reader.encoder
    chunks = chunk_records(note.id, chunk_note(parsed, encoder.count_tokens, encoder.max_tokens), encoder.fingerprint)
    stored = reader.catalog.chunks_of([note.id]).get(note.id, [])
    return [(c.id, c.start_line, c.end_line) for c in chunks] != [(c.id, c.start_line, c.end_line) for c in stored]


def unwritable(folder: Path) -> tuple[str, ...]:
    """The folders and files of an index that cannot be both read and written."""
    places = [folder, *sorted(files.below(folder))]
    return tuple(str(place) for place in places if os.path.lexists(place) and not os.access(place, os.R_OK | os.W_OK))


def _missing_bytes(folder: Path) -> int:
    """How many bytes of free disk space a write may lack: it copies the current vectors and logs the catalog."""
    needed = files.folder_bytes(folder)
    return max(0, needed - shutil.disk_usage(folder).free)


def _encoder_problem(reader: IndexReader) -> str | None:
    try:
        reader.require_current_encoder()
    except EncoderError as error:
        return str(error)
    return None
