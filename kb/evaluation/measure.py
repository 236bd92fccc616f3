"""The measurements, each on what it is handed: an open reader or writer, or a function that opens a notebook."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kb.areas.judge import classifier
from kb.errors import EvidenceError, InputError, NoteError
from kb.evaluation.areas import AreaEvaluation, compare_verdicts, load_labels
from kb.evaluation.baselines import flat, k_means, own_headings
from kb.evaluation.beir import FOLDER, Beir
from kb.evaluation.guided import FilledHeading, filled_headings
from kb.evaluation.outlines import Attempt, OutlineEvaluation, OutlineSystem, compare_outlines
from kb.evaluation.queries import QUALITY_DEPTH, Golden, compare_rankings, quality
from kb.evaluation.written import GoldOutline, load_outlines
from kb.index.reader import IndexReader
from kb.index.writer import IndexWriter
from kb.models import Chunk, Filter, Note, Progress, System
from kb.notes import files
from kb.notes.chunking import chunk_note
from kb.notes.parse import parse_note
from kb.outline.draft import draft, holds
from kb.outline.points import Excerpt
from kb.reports import Evaluation, Quality, Section, Skipped
from kb.search.answer import search
from kb.search.find import find, rankings

if TYPE_CHECKING:
    from kb.index.arrays import FloatArray

    Embedded = tuple[Note, list[Chunk], FloatArray]

BASELINE_PASSAGES = 40
SEARCHED_NOTES = 100  # more than an outline or a section cites


class Searchable(Protocol):
    """A notebook that takes notes and answers queries."""

    def add(self, paths: Sequence[Path], *, detour: bool) -> object:
        """Index notes, with `detour` whatever their area."""

    def evaluate(self, golden: Golden) -> Evaluation:
        """Measure each way to rank."""


def evaluate_queries(reader: IndexReader, golden: Golden) -> Evaluation:
    """Measure each way to rank with judged queries."""

    def rank(query: str, limit: int) -> dict[System, list[str]]:
        return rankings(reader, query, limit)

    return compare_rankings(golden, rank)


def evaluate_search(reader: IndexReader, golden: Golden) -> Quality:
    """Measure what `kb search` finds, reranker included."""

    def found(query: str) -> list[str]:
        return [hit.path for hit in search(reader, query, QUALITY_DEPTH, Filter(), "hybrid").hits]

    return quality(golden, found)


def evaluate_beir(
    folder: Path, cache: Path, open_notebook: Callable[[Path], AbstractContextManager[Searchable]]
) -> Evaluation:
    """Measure each way to rank on a folder in BEIR format.

    Its documents become the notes of a notebook below `cache`, where they stay embedded for the next time. Raises
    `InputError` for a folder that is not in that format.
    """
    beir = Beir(folder)
    root = cache / beir.digest
    root.mkdir(parents=True, exist_ok=True)
    with open_notebook(root) as notebook:
        beir.write(root)
        notebook.add([root / FOLDER], detour=True)
        return notebook.evaluate(beir.golden)


def evaluate_areas(writer: IndexWriter, labels_path: Path, root: Path, progress: Progress) -> AreaEvaluation:
    """Measure the classifier on notes below `root` whose areas a file of JSON lines gives; front matter is ignored.

    The writer keeps the notes' vectors for the next time, but indexes no note. Raises `InputError` if no labelled note
    can be read.
    """
    labels = load_labels(labels_path)
    paths = [label.path for label in labels if label.area != "mixed"]
    skipped: list[Skipped] = []
    embedded: list[Embedded] = []
    for number, path in enumerate(paths, 1):
        try:
            embedded.append(_embedded(writer, root.resolve(), path))
        except NoteError as error:
            skipped.append(Skipped(path=path, reason=str(error)))
        progress(number, len(paths))
    if not embedded:
        raise InputError(f"{labels_path} names no note that can be read below {root}")
    judge = classifier(writer)
    started = time.perf_counter()
    verdicts = {note.path: judge.classify(note, chunks, vectors) for note, chunks, vectors in embedded}
    return compare_verdicts(labels, verdicts, skipped, time.perf_counter() - started)


def _embedded(writer: IndexWriter, root: Path, path: str) -> Embedded:
    """A note, its chunks, and their vectors `(len(chunks), dim)`."""
    note = parse_note(files.read(root, path))
    chunks = chunk_note(note, writer.encoder.count_tokens, writer.encoder.max_tokens)
    return note, chunks, writer.embed([chunk.embedded for chunk in chunks])


def evaluate_outlines(reader: IndexReader, path: Path, progress: Progress, today: datetime.date) -> OutlineEvaluation:
    """Measure outlines and three baselines on the topics of a file of JSON lines, and how well the headings are filled
    of those whose headings are given.

    Raises `InputError` naming a line that is no outline.
    """
    written = load_outlines(path)
    gold = [outline for outline in written if not outline.guided]
    attempts: list[Mapping[OutlineSystem, Attempt]] = []
    filled: list[FilledHeading] = []
    seconds = 0.0
    for number, outline in enumerate(written, 1):
        if outline.guided:
            filled += _filled(reader, outline, today)
        else:
            started = time.perf_counter()
            ours = _drafted(reader, outline.topic, today)
            seconds += time.perf_counter() - started
            found = _found(reader, outline.topic)
            tried = {**_baselines(reader, outline.topic), "kb": ours}
            attempts.append({system: made._replace(found=found) for system, made in tried.items()})
        progress(number, len(written))

    def valid(section: Section) -> Sequence[bool]:
        return holds(reader, section.points)

    return compare_outlines(gold, attempts, reader.encoder, valid, seconds / max(len(gold), 1), filled)


def _drafted(reader: IndexReader, topic: str, today: datetime.date, headings: tuple[str, ...] = ()) -> Attempt:
    try:
        outline = draft(reader, topic, (), None, today, headings)
    except EvidenceError:
        return Attempt(())
    return Attempt(outline.sections, len(outline.leftovers))


def _filled(reader: IndexReader, gold: GoldOutline, today: datetime.date) -> list[FilledHeading]:
    """The headings that are given for a topic, each compared with a search for it within the topic."""
    headings = tuple(section.heading for section in gold.sections)
    made = _drafted(reader, gold.topic, today, headings).sections
    cited = [section.notes for section in made] or [()] * len(headings)
    found = {heading: _found(reader, f"{gold.topic}: {heading}") for heading in headings}
    return filled_headings(gold.topic, gold.sections, cited, found)


def _found(reader: IndexReader, query: str) -> Sequence[str]:
    """The paths of the notes that a search finds, best first."""
    return rankings(reader, query, SEARCHED_NOTES)["hybrid"]


def _baselines(reader: IndexReader, topic: str) -> dict[OutlineSystem, Attempt]:
    """The best passages of a search, arranged by each baseline."""
    ids = [entry.id for entry in find(reader, topic, Filter(), "hybrid").ranked[:BASELINE_PASSAGES]]
    chunks = reader.catalog.chunks(ids)
    notes = reader.catalog.notes_by_id(chunk.note_id for chunk in chunks.values())
    excerpts = [Excerpt(notes[chunks[id].note_id], chunks[id]) for id in ids]
    order, matrix = reader.catalog.chunk_vectors(ids)
    rows = {id: row for row, id in enumerate(order)}
    return {
        "flat": Attempt(flat(excerpts)),
        "headings": Attempt(own_headings(excerpts)),
        "k-means": Attempt(k_means(excerpts, matrix[[rows[id] for id in ids]])),
    }
