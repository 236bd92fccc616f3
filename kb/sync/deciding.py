"""The decisions of the writer: the notes that wait for one, those that were made, and taking the last one back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from kb.decisions import Decisions, Entry, Held, is_under
from kb.errors import InputError, NoteError
from kb.index.batch import Batch
from kb.index.freshness import text_of
from kb.index.reader import IndexReader
from kb.index.writer import IndexWriter
from kb.models import NoteFile, NoteRecord
from kb.notes.parse import parse_note
from kb.notes.prose import clean
from kb.reports import Decision, DecisionLog, Inbox, InboxNote, SyncReport, Undone
from kb.sync.removal import forget

OPENING_CHARACTERS = 400
READABLE = ("paragraph", "list", "quote")


def inbox(reader: IndexReader) -> Inbox:
    """The notes that the classifier is not sure of, and those that it holds back; the least certain verdicts first."""
    waiting = [
        note
        for note in reader.catalog.notes()
        if note.verdict.decided_by == "classifier" and not note.remote and (note.area == "outside" or note.unsure)
    ]
    waiting.sort(key=lambda note: (note.area == "outside", note.verdict.confidence, note.path))
    return Inbox(
        notes=tuple(
            InboxNote(
                path=note.path, title=note.title, area=note.area, opening=_opening(reader, note), verdict=note.verdict
            )
            for note in waiting
        )
    )


def log(decisions: Decisions) -> DecisionLog:
    """All decisions: those of the log, newest first, and then those that hold and that it does not tell of."""
    recorded = [decision for entry in reversed(decisions.log) for decision in _decisions_of(entry)]
    told = Held(
        filed={path: area for entry in decisions.log for path, area in entry.made.filed.items()},
        forgotten=tuple(path for entry in decisions.log for path in entry.made.forgotten),
        flags={path: flags for entry in decisions.log for path, flags in entry.made.flags.items()},
    )
    undated = _made(decisions.without(told), Held(), None)
    return DecisionLog(decisions=(*recorded, *sorted(undated, key=lambda decision: decision.path)))


def undo(writer: IndexWriter, run: Callable[[Sequence[str]], SyncReport]) -> Undone:
    """Take the last decision back, and file the notes as they would be without it. Raises `InputError` where there is
    none, or where it is not known which one was the last.
    """
    entry = writer.decisions.last()
    if entry is None:
        raise InputError(
            "kb.decisions.toml does not say which decision was last; see `kb log` and `kb file NOTE --undo`"
            if log(writer.decisions).decisions
            else "there is no decision to take back"
        )
    writer.decide(lambda decisions: decisions.taken_back(entry), recorded=False)
    for path in entry.dropped.forgotten:
        forget(writer, path)
    paths = sorted({*entry.made.paths, *entry.dropped.paths} - {*entry.dropped.forgotten})
    held = [path for path in paths if _is_held(writer, path)]
    skipped = run(held).skipped if held else ()
    writer.publish(Batch())
    after = {note.path: note.area for note in writer.catalog.notes()}
    return Undone(
        decisions=tuple(_decisions_of(entry)),
        areas={path: after[path] for path in paths if path in after},
        unindexed=tuple(path for path in entry.made.forgotten if not any(is_under(note, path) for note in after)),
        skipped=skipped,
    )


def _is_held(writer: IndexWriter, path: str) -> bool:
    """Whether a path lies below a source whose notes are in the index."""
    return any(is_under(path, source) for source in writer.catalog.sources())


def _opening(reader: IndexReader, note: NoteRecord) -> str:
    """The first words of a note without its title; empty where the file cannot be read."""
    try:
        text = text_of(reader, note)
        parsed = parse_note(NoteFile(path=note.path, size=0, mtime_ns=0, sha256="", text=text))
    except NoteError:
        return ""
    readable = (clean(parsed.text[block.start : block.end]) for block in parsed.blocks if block.kind in READABLE)
    return next(filter(None, readable), "")[:OPENING_CHARACTERS]


def _decisions_of(entry: Entry) -> Iterator[Decision]:
    """What an entry decided: about each path what was made, and what was withdrawn and not replaced."""
    made, dropped = entry.made, entry.dropped
    yield from _made(made, dropped, entry)
    if not made.forgotten:  # which drops what was decided below
        for path, area in dropped.filed.items():
            if path not in made.filed:
                yield Decision(at=entry.at, act="withdrawn", path=path, before=area)
    for path in dropped.forgotten:
        yield Decision(at=entry.at, act="remembered", path=path)


def _made(made: Held, dropped: Held, entry: Entry | None) -> Iterator[Decision]:
    at = entry.at if entry else None
    for path, area in made.filed.items():
        yield Decision(at=at, act="filed", path=path, area=area, before=dropped.filed.get(path))
    for path in made.forgotten:
        yield Decision(at=at, act="forgotten", path=path)
    for path, flags in made.flags.items():
        yield Decision(at=at, act="flagged", path=path, area=flags.area, detour=flags.detour, posts=flags.posts)
