"""What a sync has to do: which files to read, and which notes leave the index. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kb.decisions import Decisions, is_under_any
from kb.index.freshness import is_read
from kb.models import FileState, NoteRecord
from kb.sync.changes import Seen


@dataclass(frozen=True)
class Plan:
    """The files to read, how many of them only because an earlier version read them, the number of the other files, and
    the notes whose files are gone.
    """

    stale: Sequence[FileState]
    reread: int
    unchanged: int
    missing: Sequence[NoteRecord]


def make_plan(
    known: Mapping[str, NoteRecord],
    seen: Seen,
    unseen: Sequence[NoteRecord],
    elsewhere: Seen,
    decisions: Decisions,
    reembed: bool,
) -> Plan:
    """The plan for some sources, given the notes by path, the files seen in these sources, the notes `unseen` there,
    and the files seen `elsewhere`, in all others: a note leaves only when no source holds it. With `reembed` every file
    is read again.
    """
    stale = [state for state in seen.files.values() if reembed or not _looks_unchanged(known, state, decisions)]
    missing = [note for note in unseen if not elsewhere.may_hold(note.path)]
    reread = sum(state.path in known and not is_read(known[state.path]) for state in stale) if not reembed else 0
    return Plan(stale, reread, len(seen.files) - len(stale), missing)


def unseen_notes(known: Mapping[str, NoteRecord], seen: Seen, sources: Sequence[str] | None) -> list[NoteRecord]:
    """The notes below some sources, or behind links in them, whose files were not seen there; without `sources`, all
    notes that were not seen. Remote notes have no files to be seen.
    """
    scope = None if sources is None else (*sources, *seen.linked)
    return [
        note
        for path, note in known.items()
        if not note.remote and (scope is None or is_under_any(path, scope)) and not seen.may_hold(path)
    ]


def _looks_unchanged(known: Mapping[str, NoteRecord], state: FileState, decisions: Decisions) -> bool:
    note = known.get(state.path)
    if note is None or note.remote or note.ruling != decisions.ruling(state.path) or not is_read(note):
        return False
    return (note.size, note.mtime_ns) == (state.size, state.mtime_ns)
