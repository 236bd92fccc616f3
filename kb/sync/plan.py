"""What a sync has to do: which files to read, and which notes leave. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from kb.decisions import Decisions, is_under_any
from kb.models import FileState, NoteRecord
from kb.sync.changes import Seen


@dataclass(frozen=True)
class Plan:
    """The files that may say something new, how many others there are, and the notes whose files are gone."""

    stale: Sequence[FileState]
    unchanged: int
    missing: Sequence[NoteRecord]


def make_plan(
    known: Mapping[str, NoteRecord],
    seen: Seen,
    yielded_elsewhere: Collection[str],
    sources: Sequence[str],
    decisions: Decisions,
    reembed: bool,
) -> Plan:
    """The plan for some sources, given the notes by path and what a look at the sources found.

    A note leaves only when no source yields it: `yielded_elsewhere` are the paths that other sources hold. With
    `reembed` every file is read again.
    """
    stale = [state for state in seen.files.values() if reembed or not _looks_unchanged(known, state, decisions)]
    missing = [note for note in unseen_notes(known, seen, sources) if note.path not in yielded_elsewhere]
    return Plan(stale, len(seen.files) - len(stale), missing)


def unseen_notes(known: Mapping[str, NoteRecord], seen: Seen, sources: Sequence[str]) -> list[NoteRecord]:
    """The notes below some sources whose files a look did not find. Where it could not look, nothing is missing; nor
    are notes of another machine.
    """
    places = [entry.path for entry in seen.skipped]
    return [
        note
        for path, note in known.items()
        if path not in seen.files and not note.remote and is_under_any(path, sources) and not is_under_any(path, places)
    ]


def _looks_unchanged(known: Mapping[str, NoteRecord], state: FileState, decisions: Decisions) -> bool:
    note = known.get(state.path)
    if note is None or note.remote or note.ruling != decisions.ruling(state.path):
        return False
    return (note.size, note.mtime_ns) == (state.size, state.mtime_ns)
