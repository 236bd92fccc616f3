"""What the sources hold now, and how much of it changed since it was indexed."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from kb.decisions import Decisions, is_under
from kb.index.catalog import IndexedFile
from kb.index.freshness import is_changed, is_read
from kb.index.reader import IndexReader, Look
from kb.models import FileState
from kb.notes.files import is_note
from kb.notes.scan import Entered, Linked, PassedOver, scan
from kb.reports import Skipped

LOOK_SHARE = 20


@dataclass
class Seen:
    """What is in some sources: files by path, the files and folders that had to be skipped, the reasons for which
    others were passed over, by path, the folders and notes elsewhere to which links led, and all folders that were
    looked at.
    """

    files: dict[str, FileState] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    passed_over: dict[str, str] = field(default_factory=dict)
    linked: list[str] = field(default_factory=list)
    folders: set[str] = field(default_factory=set)

    def may_hold(self, path: str) -> bool:
        """Whether a file was seen, or may be in a place that could not be read."""
        return path in self.files or any(is_under(path, entry.path) for entry in self.skipped)


def look(reader: IndexReader, sources: Iterable[str], decisions: Decisions) -> Seen:
    """The files of some sources, each once and without those that the user forgot."""
    seen = Seen()
    paths: set[str] = set()
    for source in sources:
        for found in scan(reader.root, source):
            if isinstance(found, Entered):
                seen.folders.add(found.path)
                continue
            if found.path in paths or decisions.forgets(found.path, source):
                continue
            if isinstance(found, PassedOver):
                seen.passed_over[found.path] = found.reason
            elif isinstance(found, Linked):
                seen.linked += [] if is_under(found.path, source) else [found.path]
            elif isinstance(found, Skipped):
                paths.add(found.path)
                seen.skipped.append(found)
            else:
                paths.add(found.path)
                seen.files[found.path] = found
    return seen


@dataclass(frozen=True)
class Survey:
    """The folders in which notes of the sources lie or may appear, and what differs from the index: files that were
    added or changed, as they are now, and the paths of notes whose files are gone.
    """

    folders: frozenset[Path]
    changed: frozenset[FileState]
    gone: frozenset[str]


def survey(reader: IndexReader) -> Survey:
    """Look at all sources."""
    known, skipped, sources = reader.catalog.file_states(), reader.catalog.skipped(), reader.catalog.sources()
    seen = look(reader, sources, reader.decisions)
    around = {(reader.root / source).parent for source in sources if is_note(source)}
    return Survey(
        folders=frozenset({reader.root / folder for folder in seen.folders} | set(filter(Path.is_dir, around))),
        changed=frozenset(
            state for path, state in seen.files.items() if _differs(reader, state, known.get(path), skipped)
        ),
        gone=frozenset(path for path, note in known.items() if not note.remote and not seen.may_hold(path)),
    )


def pending_changes(reader: IndexReader) -> int:
    """How many notes were added, changed or deleted since the last sync."""
    surveyed = survey(reader)
    return len(surveyed.changed) + len(surveyed.gone)


def recent_changes(reader: IndexReader) -> int:
    """The same, counted again only when the last count is older than `LOOK_SHARE` times its own duration.

    A process that searches many times a second would otherwise spend most of its time on this.
    """
    started = time.monotonic()
    look = reader.shared.last_look
    if look is None or started >= look.good_until:
        count = pending_changes(reader)
        ended = time.monotonic()
        look = reader.shared.last_look = Look(count, ended + LOOK_SHARE * (ended - started))
    return look.changes


def _differs(reader: IndexReader, state: FileState, note: IndexedFile | None, skipped: dict[str, FileState]) -> bool:
    """Whether a sync would take a file in. It would not take one that was skipped and has not changed since."""
    if skipped.get(state.path) == state:
        return False
    return note is None or not is_read(note) or is_changed(reader.root, note, state)
