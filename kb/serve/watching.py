"""Watching the sources: when notes have changed on disk, a sync brings them into the index.

Events only say that it is time to look. Whether a sync is due is decided by the files as they are then: how an editor
saves does not matter, and what kb itself writes starts nothing.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from watchfiles import Change, watch

from kb.decisions import DECISIONS_NAME
from kb.errors import KbError, LockError, one_line
from kb.models import FileState, Notify
from kb.notebook import CONFIG_NAME
from kb.notes.files import is_note, is_utf8
from kb.notes.scan import IGNORE_NAMES
from kb.serve.live import LiveNotebook

QUIET_SECONDS = 0.25  # without an event, after which the notes are looked at
LONGEST_SECONDS = 1.0  # after the first event, even if more follow
TICK_SECONDS = 1.0  # between two looks at the sources, the settings and the decisions
SPACING_SECONDS = 1.0  # between the starts of two syncs
LOOK_SECONDS = 60.0  # between two looks at the notes without an event: some may be lost
POLL_SECONDS = 2.0  # the same where there are no events
LOOK_SHARE = 50  # between two looks, so many times the duration of the last
MOUNTS = Path("/proc/self/mountinfo")
# On these, changes are made by other machines, or by the host of a virtual one, and cause no events.
REMOTE = ("nfs", "cifs", "smb", "9p", "fuse.", "afs", "ceph", "glusterfs", "vboxsf", "virtiofs", "prl_fs", "vmhgfs")

Pending = tuple[frozenset[FileState], frozenset[str]]  # the files added and changed, and the paths that are gone
Identity = tuple[int, ...]


class Watcher:
    """Calls `sync` whenever notes have changed, until the notebook is `stopping`. `notify` hears of errors."""

    def __init__(self, live: LiveNotebook, sync: Callable[[], object], notify: Notify) -> None:
        self._live = live
        self._sync = sync
        self._notify = notify
        self._settings: tuple[Identity, ...] = ()
        self._places: dict[str, Identity] = {}
        self._tried: Pending = frozenset(), frozenset()
        self._told = ""
        self._polls = False  # since folders could not be watched
        self._next_look = 0.0
        self._interval = LOOK_SECONDS

    def run(self) -> None:
        """Watch until the notebook is stopping. The same error is told once; only a held lock is tried again before
        anything else has changed.
        """
        while not self._live.stopping.is_set():
            try:
                self._watch()
            except (KbError, OSError) as error:
                self._tell(str(error))
            except Exception as error:
                logging.getLogger(__name__).exception("watching failed")
                self._tell(f"watching failed and starts again: {one_line(error)}")
            else:
                continue
            self._live.stopping.wait(TICK_SECONDS)

    def _watch(self) -> None:
        """Watch the folders that the sources have now, until they have others."""
        folders = self._look()
        unwatched = True  # until the first event or tick, changes may have been missed
        for changes in self._changes(folders):
            if changes or unwatched or self._is_time():
                unwatched = False
                if self._look() != folders:
                    return

    def _changes(self, folders: frozenset[Path]) -> Iterator[Collection[object]]:
        """What happened in some folders, after a moment of quiet; nothing at each tick."""
        stopping, names = self._live.stopping, frozenset(str(path) for path in folders if is_utf8(str(path)))
        self._interval = LOOK_SECONDS
        if not _any_remote(folders):
            try:
                yield from watch(
                    *names,
                    watch_filter=lambda change, path: _matters(change, path, names),
                    debounce=round(LONGEST_SECONDS * 1000),
                    step=round(QUIET_SECONDS * 1000),
                    rust_timeout=round(TICK_SECONDS * 1000),
                    yield_on_timeout=True,
                    stop_event=stopping,
                    recursive=False,
                )
                return
            except FileNotFoundError:  # it has gone since the look
                return
            except OSError as error:
                if not self._polls:
                    self._notify(f"folders cannot be watched ({error}); they are looked at every few seconds instead")
                self._polls = True
        self._interval = POLL_SECONDS
        self._next_look = 0.0
        while not stopping.wait(TICK_SECONDS):
            yield ()

    def _is_time(self) -> bool:
        """Whether to look at the notes without an event."""
        return time.monotonic() >= self._next_look or (self._settings, self._places) != self._stamps()

    def _look(self) -> frozenset[Path]:
        """Look at all notes, and sync if the index is behind; returns the folders to watch.

        The first time, and after a change of the settings or the decisions, only a sync can tell what is due. What it
        did not settle, such as a removal to be confirmed, is not tried again until something changes.
        """
        started = time.monotonic()
        before, (settings, places) = self._settings, self._stamps()
        survey = self._live.knowledge.survey()
        ended = time.monotonic()
        self._next_look = ended + max(self._interval, LOOK_SHARE * (ended - started))
        self._settings, self._places = settings, places
        pending = survey.changed, survey.gone
        if (any(pending) and pending != self._tried) or (places and before != settings):
            self._bring_in(pending)
        elif not any(pending):
            self._tried = pending
        return survey.folders

    def _bring_in(self, pending: Pending) -> None:
        started = time.monotonic()
        self._tried = pending
        try:
            self._sync()
        except LockError:
            self._tried, self._settings = (frozenset(), frozenset()), ()
            raise
        self._told = ""
        self._live.stopping.wait(max(0.0, started + SPACING_SECONDS - time.monotonic()))

    def _stamps(self) -> tuple[tuple[Identity, ...], dict[str, Identity]]:
        """What tells a change of the settings and the decisions, and of the folders that are sources."""
        root, sources = self._live.root, self._live.knowledge.sources()
        folders = {os.path.dirname(root / source) if is_note(source) else str(root / source) for source in sources}
        settings = tuple(_identity(root / name, with_content=True) for name in (CONFIG_NAME, DECISIONS_NAME))
        return settings, dict.fromkeys(sources, ()) | {folder: _identity(folder) for folder in folders}

    def _tell(self, line: str) -> None:
        if line != self._told:
            self._told = line
            self._notify(line)


@contextmanager
def watching(live: LiveNotebook, sync: Callable[[], object], notify: Notify) -> Iterator[None]:
    """Watch in a thread until the block ends, and the notebook with it."""
    thread = threading.Thread(target=Watcher(live, sync, notify).run, name="watcher")
    thread.start()
    try:
        yield
    finally:
        live.stopping.set()
        thread.join()


def _matters(change: Change, path: str, folders: Collection[str]) -> bool:
    """Whether an event may concern a note: it is of a note or an ignore file by its name, or of a folder."""
    name = os.path.basename(path)
    if name.startswith("."):
        return name in IGNORE_NAMES
    return is_note(name) or path in folders or (change is Change.added and os.path.isdir(path))


def _identity(path: str | Path, with_content: bool = False) -> Identity:
    """Device and inode, and what tells another content; nothing where the path cannot be reached."""
    try:
        status = os.stat(path)
    except OSError:
        return ()
    return (status.st_dev, status.st_ino, *((status.st_size, status.st_mtime_ns) if with_content else ()))


def _any_remote(folders: Collection[Path]) -> bool:
    """Whether any folder lies on a file system that other machines change, as far as Linux tells."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return False
    kinds: dict[str, str] = {}
    for line in lines:
        place, _, kind = line.partition(" - ")
        kinds[place.split()[4].replace("\\040", " ")] = kind
    mounts = {next(str(place) for place in (folder, *folder.parents) if str(place) in kinds) for folder in folders}
    return any(kinds[mount].startswith(REMOTE) for mount in mounts)
