"""What lies in the sources, and whether it changed since it was indexed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from kb.decisions import Decisions, is_under
from kb.errors import NoteError, OutsideError
from kb.index.catalog import IndexedFile
from kb.index.workspace import Look, Workspace
from kb.models import FileState, NoteRecord
from kb.notes import files as notebook
from kb.notes.links import link_targets
from kb.reports import NoteDetail, Skipped

State = Literal["current", "changed"]

LOOK_SHARE = 20  # a look at all sources is repeated after so many times its own duration


def pending_changes(workspace: Workspace) -> int:
    """How many notes were added, changed or deleted since they were last looked at."""
    known = workspace.catalog.file_states()
    decisions = workspace.decisions
    states = {state.path: state for state in look(workspace, workspace.catalog.sources(), decisions, [])}
    gone = sum(path not in states and not note.remote for path, note in known.items())
    return gone + sum(_differs(workspace, state, known.get(path)) for path, state in states.items())


def recent_changes(workspace: Workspace) -> int:
    """The same, looked at anew only when that has become cheap beside the time since the last look.

    A process that searches many times a second would do little else than look at files.
    """
    started = time.monotonic()
    if workspace.last_look is None or started >= workspace.last_look.good_until:
        count = pending_changes(workspace)
        ended = time.monotonic()
        workspace.last_look = Look(count, ended + LOOK_SHARE * (ended - started))
    return workspace.last_look.changes


def is_changed(workspace: Workspace, note: NoteRecord | IndexedFile, state: FileState) -> bool:
    """Whether a file no longer says what was indexed; its bytes are read only when size or time differ."""
    if (state.size, state.mtime_ns) == (note.size, note.mtime_ns):
        return False
    try:
        return notebook.read(workspace.root, note.path).sha256 != note.sha256
    except NoteError:
        return True


def state_of(workspace: Workspace, note: NoteRecord) -> State | None:
    """Whether a note's file still says what was indexed; None where it is gone. That of a remote note need not be here,
    and says what it said when it was pulled.
    """
    state = notebook.state_of(workspace.root, note.path)
    if state is None:
        return "current" if note.remote else None
    return "changed" if is_changed(workspace, note, state) else "current"


def text_of(workspace: Workspace, note: NoteRecord) -> str:
    """What a note's file says now; for a remote note without one, its passages at their lines. Raises `NoteError`."""
    if not note.remote or notebook.state_of(workspace.root, note.path):
        return notebook.read(workspace.root, note.path).text
    lines: list[str] = []
    for chunk in workspace.catalog.chunks_of([note.id]).get(note.id, []):
        lines += [""] * (chunk.end_line - len(lines))
        for number, line in enumerate(chunk.text.split("\n"), chunk.start_line - 1):
            lines[number] = f"{lines[number]} {line}".strip() if lines[number] else line
    return "\n".join(lines) + "\n"


def current_notes(workspace: Workspace, notes: Sequence[NoteRecord]) -> list[NoteRecord]:
    """Those of the notes whose files still say what was indexed."""
    current = [note for note in notes if state_of(workspace, note) == "current"]
    if len(current) < len(notes):
        left_out = len(notes) - len(current)
        workspace.notify(f"{left_out} notes changed since the last sync and were left out; run `kb sync`")
    return current


def _differs(workspace: Workspace, state: FileState, note: IndexedFile | None) -> bool:
    if note:
        return is_changed(workspace, note, state)
    from kb.notes.parse import parse_note

    try:
        parse_note(notebook.read(workspace.root, state.path))
    except NoteError:
        return False  # it would be skipped again
    return True


def look(
    workspace: Workspace, sources: Iterable[str], decisions: Decisions, skipped: list[Skipped]
) -> Iterator[FileState]:
    """The files of some sources, each once and without what the writer forgot; adds to `skipped`."""
    seen: set[str] = set()
    for source in sources:
        for found in notebook.scan(workspace.root, source):
            if found.path in seen or decisions.forgets(found.path, source):
                continue
            seen.add(found.path)
            if isinstance(found, Skipped):
                skipped.append(found)
            else:
                yield found


def refuse_outside(workspace: Workspace, sources: Iterable[str]) -> None:
    """Raise `OutsideError` where notes of some sources lie outside the areas and the writer did not say so."""
    held = [
        f"{note.path} (nearest {note.verdict.nearest_area})"
        for note in workspace.catalog.notes()
        if note.area == "outside" and note.verdict.decided_by == "classifier"
        if any(is_under(note.path, source) for source in sources)
    ]
    if held:
        raise OutsideError(
            f"kb.toml refuses what lies outside the areas: {', '.join(held)}; use --detour, or `kb file NOTE AREA`"
        )


def listed(note: NoteRecord) -> dict[str, object]:
    """What a list of notes shows of each."""
    return {
        "path": note.path,
        "title": note.title,
        "area": note.area,
        "kind": note.kind,
        "date": note.date,
        "tags": note.tags,
        "unsure": note.verdict.unsure,
        "confidence": note.verdict.confidence,
        "nearest_area": note.verdict.nearest_area,
        "remote": note.remote,
    }


def detail(workspace: Workspace, note: NoteRecord) -> NoteDetail:
    """A note with its text as the file says now. Raises `NoteError` where the file is gone."""
    state = state_of(workspace, note)
    if state is None:
        raise NoteError(f"{note.path} is gone; run `kb sync`")
    notes = workspace.catalog.notes()
    position = [other.id for other in notes].index(note.id)
    targets = link_targets(notes)
    return NoteDetail.model_validate(
        listed(note)
        | {
            "state": state,
            "authors": note.authors,
            "sources": note.sources,
            "links": note.links,
            "linked_from": tuple(other.path for other, found in zip(notes, targets, strict=True) if position in found),
            "verdict": note.verdict,
            "chunks": len(workspace.catalog.chunks_of([note.id]).get(note.id, [])),
            "text": text_of(workspace, note),
        }
    )
