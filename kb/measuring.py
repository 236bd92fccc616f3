"""Measuring search and the classifier on documents that others judged, in notebooks made for it."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from kb.areas.judge import classifier
from kb.errors import InputError, NoteError
from kb.evaluation.areas import AreaEvaluation, load_labels, measure
from kb.evaluation.beir import FOLDER, Beir
from kb.index.writer import IndexWriter
from kb.knowledge import KnowledgeBase
from kb.models import Chunk, Encoder, Note, Notify, Progress
from kb.notebook import open_notebook
from kb.notes import files
from kb.notes.chunking import chunk_note
from kb.notes.parse import parse_note
from kb.opening import open_index
from kb.reports import Evaluation, Skipped

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Embedded = tuple[Note, list[Chunk], NDArray[np.float32]]


def evaluate_beir(folder: str | Path, notify: Notify, progress: Progress) -> Evaluation:
    """Measure each way to rank on a folder in BEIR format.

    Its documents become notes of a notebook in the user's cache, taken in on purpose whatever their area, and are
    embedded once. Raises `InputError` for a folder that is not in that format.
    """
    beir = Beir(Path(folder))
    root = platformdirs.user_cache_path("kb") / "beir" / beir.digest
    root.mkdir(parents=True, exist_ok=True)
    with KnowledgeBase(root, create=True, notify=notify, progress=progress) as knowledge:
        beir.write(root)
        knowledge.add([root / FOLDER], detour=True)
        return knowledge.evaluate_queries(beir.golden)


def evaluate_areas(
    labels_path: str | Path, root: str | Path, notify: Notify, progress: Progress, encoder: Encoder | None = None
) -> AreaEvaluation:
    """Measure the classifier alone on notes below `root` whose areas a file of JSON lines gives.

    What the front matter says of the area does not count. `encoder` replaces the model; vectors are kept in the user's
    cache, for the next time. Raises `InputError` where no labelled note can be read.
    """
    labels = load_labels(Path(labels_path))
    paths = [label.path for label in labels if label.area != "mixed"]
    skipped: list[Skipped] = []
    embedded: list[Embedded] = []
    cache = open_notebook(platformdirs.user_cache_path("kb") / "areas")
    with closing(open_index(cache, encoder, notify)) as index, index.write() as writer:
        for number, path in enumerate(paths, 1):
            try:
                embedded.append(_embedded(writer, Path(root).resolve(), path))
            except NoteError as error:
                skipped.append(Skipped(path=path, reason=str(error)))
            progress(number, len(paths))
        if not embedded:
            raise InputError(f"{labels_path} names no note that can be read below {root}")
        judge = classifier(writer)
        started = time.perf_counter()
        verdicts = {note.path: judge.classify(note, chunks, vectors) for note, chunks, vectors in embedded}
        return measure(labels, verdicts, skipped, time.perf_counter() - started)


def _embedded(writer: IndexWriter, root: Path, path: str) -> Embedded:
    """A note, its passages and their vectors `(len(chunks), dim)`."""
    note = parse_note(files.read(root, path))
    chunks = chunk_note(note, writer.encoder.count_tokens, writer.encoder.max_tokens)
    return note, chunks, writer.embed([chunk.embedded for chunk in chunks])
