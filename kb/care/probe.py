"""Chroma's side of the doctor; for files in a process of its own: damaged ones can end the process that opens them.

`python -m kb.care.probe ROOT DESCRIPTOR FULL` writes what it found as JSON into an open pipe.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kb.errors import KbError, one_line
from kb.index.workspace import Workspace
from kb.models import FiledArea
from kb.remote.records import memory

if TYPE_CHECKING:
    from kb.remote.server import ServerStore

SECONDS = 600.0
SAMPLE, QUERIES, NEAREST = 1000, 20, 10  # vectors compared, exact scans made, neighbours asked for
CLOSE = 1e-4
ENOUGH = 0.95  # the share of the nearest neighbours that the index must find


def probe(root: Path, full: bool) -> list[str]:
    """What is wrong with the current vectors as Chroma has them; a crash or a hang of Chroma is one of these things."""
    reading, writing = os.pipe()
    command = [sys.executable, "-P", "-m", "kb.care.probe", str(root), str(writing), "full" * full]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with open(reading, "rb") as answers:
        try:
            process = subprocess.Popen(
                command, env=environment, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        finally:
            os.close(writing)
        try:
            code = process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return [f"Chroma did not answer within {SECONDS:.0f} s"]
        answer = answers.read()
    if code == 0:
        return [str(problem) for problem in json.loads(answer)]
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"failed with exit code {code}"
    return [f"Chroma {how} while it was asked"]


def problems(workspace: Workspace, full: bool) -> Iterator[str]:
    """Compare catalog and vectors both ways: ids, stored vectors, and the index with an exact scan."""
    generation = workspace.catalog.generation()
    vectors = workspace.vectors
    damage = vectors.obstacle() or vectors.problem(generation) or vectors.database_problem(generation)
    if damage:
        yield damage
        return
    try:
        ids = vectors.ids(generation)
        loose = {record.id for record in workspace.catalog.loose()}  # known to be left over
        filed = workspace.filed_vectors()
        for area in sorted({*ids, *filed}):
            expected = set(filed[area][0] if area in filed else ())
            held = {id for id in ids.get(area, ()) if id in expected or id not in loose}
            if expected != held:
                yield f"{area} lacks {len(expected - held)} vectors and holds {len(held - expected)} too many"
            elif expected:
                yield from _differences(workspace, generation, area, full)
        if workspace.server:
            yield from _forgetful(workspace, workspace.server, generation, loose)
    except KbError as error:
        yield one_line(error)


def _forgetful(workspace: Workspace, server: ServerStore, generation: int, loose: Collection[str]) -> Iterator[str]:
    """Where the server's memory of notes is not what the catalog knows of them."""
    there = {note: digest for note, (digest, _) in server.digests(generation).items() if f"{note}:0" not in loose}
    filed = [note for note in workspace.catalog.notes() if note.area != "outside" and f"{note.id}:0" not in loose]
    chunks = workspace.catalog.chunks_of(note.id for note in filed)
    here = {note.id: memory(note, chunks.get(note.id, [])).digest for note in filed}
    differ = sum(there.get(id) != digest for id, digest in here.items()) + len(set(there) - set(here))
    if differ:
        yield f"the server knows {differ} notes otherwise than the catalog"


def _differences(workspace: Workspace, generation: int, area: FiledArea, full: bool) -> Iterator[str]:
    import numpy as np

    ids, matrix = workspace.filed_vectors()[area]
    chosen = range(0, len(ids), 1 if full else max(1, len(ids) // SAMPLE))
    stored = workspace.vectors.stored(generation, area, [ids[row] for row in chosen])
    differ = sum(not np.allclose(stored[ids[row]], matrix[row], atol=CLOSE) for row in chosen)
    if differ:
        yield f"{area} holds {differ} of {len(chosen)} vectors otherwise than the catalog"
        return
    found = asked = 0
    for row in range(0, len(ids), max(1, len(ids) // (QUERIES * (10 if full else 1)))):
        if not matrix[row].any():
            continue  # a text without words is near to nothing
        exact = np.sort(matrix @ matrix[row])[::-1][:NEAREST]
        answer = workspace.vectors.query(generation, matrix[row], [area], NEAREST)
        found += sum(cosine >= exact[-1] - CLOSE for cosine in answer.values())
        asked += len(exact)
    if found < ENOUGH * asked:
        yield f"{area}: the index finds {found / asked:.0%} of what an exact scan finds"


if __name__ == "__main__":
    opened = Workspace(Path(sys.argv[1]), None, lambda line: None)
    with open(int(sys.argv[2]), "w", encoding="utf-8") as pipe:
        json.dump(list(problems(opened, full=bool(sys.argv[3]))), pipe)
