"""Chroma's side of the doctor, in a process of its own: damaged vectors can end the process that opens them.

`python -m kb.library.probing ROOT DESCRIPTOR FULL` writes what it found as JSON into an open pipe.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from kb.errors import KbError, one_line
from kb.library.workspace import Workspace
from kb.models import FiledArea

SECONDS = 600.0
SAMPLE, QUERIES, NEAREST = 1000, 20, 10  # vectors compared, exact scans made, neighbours asked for
CLOSE = 1e-4
ENOUGH = 0.95  # the share of the nearest neighbours that the index must find


def probe(root: Path, full: bool) -> list[str]:
    """What is wrong with the current vectors as Chroma has them; a crash or a hang of Chroma is one of these things."""
    reading, writing = os.pipe()
    command = [sys.executable, "-P", "-m", "kb.library.probing", str(root), str(writing), "full" * full]
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
    damage = workspace.vectors.problem(generation) or workspace.vectors.database_problem(generation)
    if damage:
        yield damage
        return
    try:
        ids = workspace.vectors.ids(generation)
        filed = workspace.filed_vectors()
        for area in sorted({*ids, *filed}):
            expected, held = set(filed[area][0] if area in filed else ()), set(ids.get(area, ()))
            if expected != held:
                yield f"{area} lacks {len(expected - held)} vectors and holds {len(held - expected)} too many"
            elif expected:
                yield from _differences(workspace, generation, area, full)
    except KbError as error:
        yield one_line(error)


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
