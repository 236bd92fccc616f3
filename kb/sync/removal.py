"""Notes that leave the index: those whose files are gone, and those that the writer forgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from kb.decisions import is_under, save_decisions
from kb.errors import NoteError, RemovalError, ServerError
from kb.index.lock import write_lock
from kb.index.publishing import Batch, drop_unused_vectors, publish
from kb.index.workspace import Workspace
from kb.models import FileState, NoteRecord
from kb.notes import files as notebook
from kb.reports import Forgotten, Skipped

FEW = 10  # notes that may go without being asked about


def forget(workspace: Workspace, target: str) -> Forgotten:
    """Take the notes at or below a notebook path out of the index, so that no byte of their text stays in it."""
    catalog = workspace.catalog
    if workspace.server:
        workspace.server.require_writer(workspace.writer)
    save_decisions(workspace.root, workspace.decisions.with_forgotten(target))
    gone = [note for note in catalog.notes() if is_under(note.path, target)]
    with write_lock(workspace.folder):
        fingerprint = catalog.fingerprint() or ""
        had_vectors = any(note.area != "outside" for note in gone)
        publish(workspace, Batch(removed=[note.id for note in gone]), fingerprint, afresh=had_vectors)
        workspace.remove_sources(source for source in catalog.sources() if is_under(source, target))
        drop_unused_vectors(workspace, fingerprint)
        workspace.sweep_all()
        if workspace.server and (left := catalog.loose()):
            raise ServerError(
                f"{target} is forgotten here, but {len(left)} of its records are still on the server, "
                f"{workspace.server.place}; run `kb sync` when it answers"
            )
        if not catalog.erase_removed():
            workspace.notify("another process has the catalog open; the last bytes go when it ends")
    return Forgotten(paths=tuple(note.path for note in gone))


def missing_notes(
    known: Mapping[str, NoteRecord],
    sources: Sequence[str],
    states: Iterable[FileState],
    skipped: Iterable[Skipped],
) -> list[NoteRecord]:
    """The notes, known by their paths, that belong to some sources and were neither seen there nor passed over; those
    of another machine are not missed.
    """
    seen = {state.path for state in states}
    places = [entry.path for entry in skipped]
    return [
        note
        for path, note in known.items()
        if path not in seen and not note.remote and not _below(path, places) and _below(path, sources)
    ]


def refuse_mass_removal(
    workspace: Workspace, sources: Sequence[str], missing: Sequence[NoteRecord], states: Sequence[FileState]
) -> None:
    """Raise `RemovalError` where more than ten notes, and more than half of those of all sources or of one, would go:
    a drive that is not mounted looks like that.
    """
    if len(missing) <= FEW:
        return
    known = workspace.catalog.file_states()
    gone = _not_moved(workspace, missing, [state for state in states if state.path not in known])
    folders = [source for source in sources if not source.endswith(notebook.SUFFIXES)]
    for scope in (sources, *([folder] for folder in folders)):
        going = sum(_below(path, scope) for path in gone)
        held = sum(_below(path, scope) for path in known)
        if going > FEW and 2 * going > held:
            place = scope[0] if len(scope) == 1 else "their sources"
            raise RemovalError(
                f"{going} of {held} notes would leave the index: their files are gone from {place}; if no drive is "
                "missing and they shall go, run `kb sync --yes`"
            )


def _not_moved(workspace: Workspace, missing: Sequence[NoteRecord], fresh: Sequence[FileState]) -> list[str]:
    """The paths of missing notes whose bytes are not found under a new path either."""
    sizes = {note.size for note in missing}
    found: Counter[str] = Counter()
    for state in fresh:
        if state.size in sizes:
            try:
                found[notebook.read(workspace.root, state.path).sha256] += 1
            except NoteError:
                continue  # it cannot be taken in, so no note moved there
    gone = []
    for note in missing:
        if found[note.sha256]:
            found[note.sha256] -= 1
        else:
            gone.append(note.path)
    return gone


def _below(path: str, places: Collection[str]) -> bool:
    return any(is_under(path, place) for place in places)
