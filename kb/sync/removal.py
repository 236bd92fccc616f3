"""Notes that leave the index: never most of them by accident, and for good when they are forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kb.areas.judge import phrase_keys
from kb.decisions import is_under, is_under_any
from kb.errors import NoteError, RemovalError, ServerError
from kb.index.batch import Batch
from kb.index.reader import IndexReader
from kb.index.writer import IndexWriter
from kb.models import FileState, NoteRecord
from kb.notes import files
from kb.reports import Forgotten

FEW = 10  # notes that may go without being asked about


def forget(writer: IndexWriter, path: str) -> Forgotten:
    """Take the notes at or below a notebook path out of the index, so that no byte of their text stays in it.

    A path that was forgotten is forgotten to its end, should that have been interrupted.
    """
    catalog = writer.catalog
    gone = [note for note in catalog.notes() if is_under(note.path, path)]
    writer.store.require_writer()
    writer.decide(lambda decisions: decisions.with_forgotten(path))
    fingerprint = catalog.fingerprint() or ""
    had_vectors = any(note.area != "outside" for note in gone)
    writer.publish(Batch(removed=[note.id for note in gone]), fingerprint, from_scratch=had_vectors)
    writer.remove_sources(source for source in catalog.sources() if is_under(source, path))
    writer.drop_unused_embeddings(phrase_keys(writer, fingerprint), fingerprint)
    writer.sweep()
    if left := writer.store.unsettled(catalog):
        raise ServerError(
            f"{path} is forgotten here, but {left} of its records are still on the server, "
            f"{writer.store.place}; run `kb sync` when it answers"
        )
    if not catalog.erase_removed():
        writer.notify("another process has the catalog open; the last bytes go when it ends")
    return Forgotten(paths=tuple(note.path for note in gone))


def refuse_mass_removal(
    reader: IndexReader, sources: Sequence[str], missing: Sequence[NoteRecord], states: Sequence[FileState]
) -> None:
    """Raise `RemovalError` where more than ten notes, and more than half of those of all sources or of one, would go:
    a drive that is not mounted looks like that.
    """
    if len(missing) <= FEW:
        return
    known = reader.catalog.file_states()
    gone = _not_moved(reader, missing, [state for state in states if state.path not in known])
    folders = [source for source in sources if not source.endswith(files.SUFFIXES)]
    for scope in (sources, *([folder] for folder in folders)):
        going = sum(is_under_any(path, scope) for path in gone)
        held = sum(is_under_any(path, scope) for path in known)
        if going > FEW and 2 * going > held:
            place = scope[0] if len(scope) == 1 else "their sources"
            raise RemovalError(
                f"{going} of {held} notes would leave the index: their files are gone from {place}; if no drive is "
                "missing and they shall go, run `kb sync --yes`"
            )


def _not_moved(reader: IndexReader, missing: Sequence[NoteRecord], fresh: Sequence[FileState]) -> list[str]:
    """The paths of missing notes whose bytes are not found under a new path either."""
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
        if found[note.sha256]:
            found[note.sha256] -= 1
        else:
            gone.append(note.path)
    return gone
