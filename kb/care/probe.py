"""Comparing the vectors in Chroma with those in the catalog.

Damaged files can crash the process that opens them, so files are probed in a child process:
`python -m kb.care.probe ROOT DESCRIPTOR FULL` writes its findings as JSON into an open pipe.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from kb.errors import KbError, one_line
from kb.index.catalog import StoredVectors
from kb.index.folder import VECTORS_NAME
from kb.index.opened import Index
from kb.index.reader import IndexReader
from kb.index.store import VectorStore
from kb.index.vectors import GenerationStore
from kb.models import FiledArea
from kb.notebook import open_notebook

SECONDS = 600.0
SAMPLE = 1000  # vectors that are compared
QUERIES, NEAREST = 20, 10  # queries that are compared with an exact scan, and their number of results
TOLERANCE = 1e-4  # of vectors and cosines
MIN_RECALL = 0.95


def probe(root: Path, full: bool) -> list[str]:
    """What is wrong with the current vectors in Chroma; a crash or hang of Chroma is one of these problems."""
    process, pipe = _start(root, full)
    with open(pipe, "rb") as answers, ThreadPoolExecutor(1) as background:
        answer = background.submit(answers.read)  # a pipe holds 64 KB: an unread one would block the child
        try:
            code = process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return [f"Chroma did not answer within {SECONDS:.0f} s"]
        found = answer.result()
    if code == 0:
        return [str(problem) for problem in json.loads(found)]
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"failed with exit code {code}"
    return [f"Chroma {how} while it was being checked"]


def _start(root: Path, full: bool) -> tuple[subprocess.Popen[bytes], int]:
    """A child process that probes, and the descriptor to read its findings from."""
    reading, writing = os.pipe()
    command = [sys.executable, "-P", "-m", "kb.care.probe", str(root), str(writing), "full" * full]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    silent = subprocess.DEVNULL
    try:
        return subprocess.Popen(command, env=environment, pass_fds=[writing], stdout=silent, stderr=silent), reading
    except OSError:
        os.close(reading)
        raise
    finally:
        os.close(writing)


def problems(reader: IndexReader, full: bool) -> Iterator[str]:
    """Compare ids, vectors and query results in Chroma with the catalog; with `full` all vectors, not a sample."""
    generation, store = reader.generation, reader.store
    damage = store.obstacle() or store.problem(generation) or store.database_problem(generation)
    if damage:
        yield damage
        return
    try:
        stored = store.ids(generation)
        filed = reader.catalog.filed_vectors()
        unreferenced = {record.id for record in reader.catalog.unreferenced()}  # reported on their own
        for area in sorted({*stored, *filed}):
            expected = set(filed[area].ids if area in filed else ())
            held = {id for id in stored.get(area, ()) if id in expected or id not in unreferenced}
            if expected != held:
                yield f"{area} lacks {len(expected - held)} vectors and holds {len(held - expected)} too many"
            elif expected:
                of_area = (store, generation, area, filed[area], full)
                if problem := _differing(*of_area) or _poor_recall(*of_area):
                    yield problem
        yield from store.mismatches(reader.catalog)
    except KbError as error:
        yield one_line(error)


def _differing(store: VectorStore, generation: int, area: FiledArea, filed: StoredVectors, full: bool) -> str | None:
    """Whether Chroma holds other vectors than the catalog, in one line."""
    import numpy as np

    ids, matrix = filed
    chosen = range(0, len(ids), 1 if full else max(1, len(ids) // SAMPLE))
    stored = store.stored(generation, area, [ids[row] for row in chosen])
    number = sum(not np.allclose(stored[ids[row]], matrix[row], atol=TOLERANCE) for row in chosen)
    return f"{area}: {number} of {len(chosen)} vectors differ from those in the catalog" if number else None


def _poor_recall(store: VectorStore, generation: int, area: FiledArea, filed: StoredVectors, full: bool) -> str | None:
    """Whether Chroma's index finds too few of the nearest neighbours that an exact scan finds, in one line."""
    import numpy as np

    ids, matrix = filed
    found = expected = 0
    for row in range(0, len(ids), max(1, len(ids) // (QUERIES * (10 if full else 1)))):
        if not matrix[row].any():
            continue  # the vector of a text without words has no neighbours
        exact = np.sort(matrix @ matrix[row])[::-1][:NEAREST]
        answer = store.query(generation, matrix[row], [area], NEAREST)
        found += sum(cosine >= exact[-1] - TOLERANCE for cosine in answer.values())
        expected += len(exact)
    if found >= MIN_RECALL * expected:
        return None
    return f"{area}: the index finds {found / expected:.0%} of what an exact scan finds"


def _main(root: str, descriptor: str, full: str) -> None:
    notebook = open_notebook(Path(root))
    store = GenerationStore(notebook.index_folder / VECTORS_NAME)
    with (
        open(int(descriptor), "w", encoding="utf-8") as pipe,
        closing(Index(notebook, store, None, lambda line: None)) as index,
        index.reader() as reader,
    ):
        json.dump(list(problems(reader, full=bool(full))), pipe)


if __name__ == "__main__":
    _main(*sys.argv[1:])
