"""Notes that leave the index: a guard against removing most of them by accident, and `forget`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from kb.areas.judge import phrase_keys
from kb.decisions import is_under, is_under_any
from kb.errors import NoteError, RemovalError, ServerError
from kb.index.bases import drop_bases
from kb.index.batch import Batch
from kb.index.reader import IndexReader
from kb.index.writer import IndexWriter
from kb.models import FileState, NoteRecord
from kb.notes import files
from kb.reports import Forgotten
from kb.sync.known import KnownNotes
from kb.sync.plan import Plan

FEW = 10  # notes that may leave without confirmation


def forget(writer: IndexWriter, path: str) -> Forgotten:
    """Take the notes at or below a notebook path out of the index, leaving no byte of their text, names or paths in it.

    Forgetting a path again completes what was interrupted.
    """
    catalog = writer.catalog
    gone = [note for note in catalog.notes() if is_under(note.path, path)]
    writer.store.require_writer()
    writer.decide(lambda decisions: decisions.with_forgotten(path))
    fingerprint = catalog.fingerprint() or ""
    may_hold_vectors = not gone or any(note.area != "outside" for note in gone)
    writer.publish(Batch(removed=[note.id for note in gone]), fingerprint, from_scratch=may_hold_vectors)
    writer.remember_skipped([skipped for skipped in catalog.skipped() if is_under(skipped, path)], ())
    writer.remove_sources(source for source in catalog.sources() if is_under(source, path))
    writer.drop_unused_embeddings(phrase_keys(writer, fingerprint), fingerprint)
    drop_bases(writer.folder, {note.id for note in catalog.notes()})
    writer.sweep()
    if left := writer.store.unsettled(catalog):
        raise ServerError(
            f"{path} is forgotten here, not yet on {writer.store.place} (records: {left}); run `kb sync` later"
        )
    if not catalog.erase_removed():
        writer.notify("the catalog is being read elsewhere; the last bytes are erased when that reader is done")
    return Forgotten(paths=tuple(note.path for note in gone))


def refuse_mass_removal(
    reader: IndexReader, known: KnownNotes, sources: Sequence[str], plan: Plan, states: Iterable[FileState]
) -> None:
    """Raise `RemovalError` where more than ten notes, and more than half of those of all sources or of one, would
    leave: that is what a drive that is not mounted looks like.
    """
    if len(plan.missing) <= FEW:
        return
    leaving = _not_moved(reader, known, plan.missing, [state for state in states if state.path not in known.by_path])
    folders = [source for source in sources if not source.endswith(files.SUFFIXES)]
    linked = [path for path in leaving if not is_under_any(path, sources)]
    for scope in ((*sources, *linked), *([folder] for folder in folders)):
        going = sum(is_under_any(path, scope) for path in leaving)
        held = sum(is_under_any(path, scope) for path in known.by_path)
        if going > FEW and 2 * going > held:
            place = scope[0] if len(scope) == 1 else "their sources"
            raise RemovalError(
                f"{going} of {held} notes would leave: their files are gone from {place}; to confirm: `kb sync --yes`"
            )


def _not_moved(
    reader: IndexReader, known: KnownNotes, missing: Sequence[NoteRecord], fresh: Sequence[FileState]
) -> list[str]:
    """The paths of those missing notes that are not found under a new path."""
    sizes = {note.size for note in missing}
    found: Counter[str] = Counter()
    for state in fresh:
        if state.size in sizes:
            try:
                found[files.read(reader.root, state.path).sha256] += 1
            except NoteError:
                continue  # it cannot be taken in, so no note moved there
    gone = []
    for note in missing:
        if found[note.sha256] and known.has_left(note):
            found[note.sha256] -= 1
        else:
            gone.append(note.path)
    return gone
