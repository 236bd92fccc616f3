"""Chroma's side of the doctor; for files in a process of its own: damaged ones can end the process that opens them.

`python -m kb.care.probe ROOT DESCRIPTOR FULL` writes what it found as JSON into an open pipe.
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
SAMPLE, QUERIES, NEAREST = 1000, 20, 10  # vectors compared, exact scans made, neighbours asked for
CLOSE = 1e-4
ENOUGH = 0.95  # the share of the nearest neighbours that the index must find


def probe(root: Path, full: bool) -> list[str]:
    """What is wrong with the current vectors as Chroma has them; a crash or a hang of Chroma is one of these things."""
    reading, writing = os.pipe()
    command = [sys.executable, "-P", "-m", "kb.care.probe", str(root), str(writing), "full" * full]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with open(reading, "rb") as pipe, ThreadPoolExecutor(1) as background:
        try:
            process = subprocess.Popen(
                command, env=environment, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        finally:
            os.close(writing)
        answer = background.submit(pipe.read)  # meanwhile: a pipe holds 64 KB, and then the child would wait
        try:
            code = process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return [f"Chroma did not answer within {SECONDS:.0f} s"]
    if code == 0:
        return [str(problem) for problem in json.loads(answer.result())]
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"failed with exit code {code}"
    return [f"Chroma {how} while it was asked"]


def problems(reader: IndexReader, full: bool) -> Iterator[str]:
    """Compare catalog and vectors both ways: ids, stored vectors, and the index with an exact scan."""
    generation, store = reader.generation, reader.store
    damage = store.obstacle() or store.problem(generation) or store.database_problem(generation)
    if damage:
        yield damage
        return
    try:
        ids = store.ids(generation)
        loose = {record.id for record in reader.catalog.loose()}  # known to be left over
        filed = reader.catalog.filed_vectors()
        for area in sorted({*ids, *filed}):
            expected = set(filed[area].ids if area in filed else ())
            held = {id for id in ids.get(area, ()) if id in expected or id not in loose}
            if expected != held:
                yield f"{area} lacks {len(expected - held)} vectors and holds {len(held - expected)} too many"
            elif expected:
                yield from _differences(store, generation, area, filed[area], full)
        yield from store.mismatches(reader.catalog)
    except KbError as error:
        yield one_line(error)


def _differences(
    store: VectorStore, generation: int, area: FiledArea, filed: StoredVectors, full: bool
) -> Iterator[str]:
    import numpy as np

    ids, matrix = filed
    chosen = range(0, len(ids), 1 if full else max(1, len(ids) // SAMPLE))
    stored = store.stored(generation, area, [ids[row] for row in chosen])
    differ = sum(not np.allclose(stored[ids[row]], matrix[row], atol=CLOSE) for row in chosen)
    if differ:
        yield f"{area} holds {differ} of {len(chosen)} vectors otherwise than the catalog"
        return
    found = asked = 0
    for row in range(0, len(ids), max(1, len(ids) // (QUERIES * (10 if full else 1)))):
        if not matrix[row].any():
            continue  # a text without words is near to nothing
        exact = np.sort(matrix @ matrix[row])[::-1][:NEAREST]
        answer = store.query(generation, matrix[row], [area], NEAREST)
        found += sum(cosine >= exact[-1] - CLOSE for cosine in answer.values())
        asked += len(exact)
    if found < ENOUGH * asked:
        yield f"{area}: the index finds {found / asked:.0%} of what an exact scan finds"


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
