"""What the sources hold now, and how much of it changed since it was indexed."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from kb.decisions import Decisions
from kb.index.catalog import IndexedFile
from kb.index.freshness import is_changed
from kb.index.reader import IndexReader, Look
from kb.models import FileState
from kb.notes.scan import scan
from kb.reports import Skipped

LOOK_SHARE = 20  # a look at all sources is repeated after this many times its own duration


@dataclass
class Seen:
    """What a look at some sources found: files by path, and what could not be looked at."""

    files: dict[str, FileState] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)


def look(reader: IndexReader, sources: Iterable[str], decisions: Decisions) -> Seen:
    """The files of some sources, each once and without what the writer forgot."""
    seen = Seen()
    paths: set[str] = set()
    for source in sources:
        for found in scan(reader.root, source):
            if found.path in paths or decisions.forgets(found.path, source):
                continue
            paths.add(found.path)
            if isinstance(found, Skipped):
                seen.skipped.append(found)
            else:
                seen.files[found.path] = found
    return seen


def pending_changes(reader: IndexReader) -> int:
    """How many notes were added, changed or deleted since the last sync."""
    known, skipped = reader.catalog.file_states(), reader.catalog.skipped()
    seen = look(reader, reader.catalog.sources(), reader.decisions)
    gone = sum(path not in seen.files and not note.remote for path, note in known.items())
    return gone + sum(_differs(reader, state, known.get(path), skipped) for path, state in seen.files.items())


def recent_changes(reader: IndexReader) -> int:
    """The same, looked at again only when that has become cheap beside the time since the last look.

    A process that searches many times a second would do little else than look at files.
    """
    started = time.monotonic()
    look = reader.shared.last_look
    if look is None or started >= look.good_until:
        count = pending_changes(reader)
        ended = time.monotonic()
        look = reader.shared.last_look = Look(count, ended + LOOK_SHARE * (ended - started))
    return look.changes


def _differs(reader: IndexReader, state: FileState, note: IndexedFile | None, skipped: dict[str, FileState]) -> bool:
    """Whether a sync would take a file in; one that it could not take is as it was then."""
    if note:
        return is_changed(reader.root, note, state)
    return skipped.get(state.path) != state
