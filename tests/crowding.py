"""Several processes over one notebook: two that write, or one that writes and some that read.

A program of its own for the same reason as `killing`. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any

from doubles import HashingEncoder
from killing import ORIGINAL, Task, Version, forked, missing, rehearsed, version, write

from kb.errors import KbError
from kb.knowledge import KnowledgeBase
from kb.models import AREAS, Mode
from kb.reports import Hit

MODES: tuple[Mode, ...] = ("hybrid", "dense", "lexical")
READERS = 2


def write_for(pipe: int, root: Path, seconds: float, first: int) -> None:
    """Add one note after the other, every second number from `first`, and write the number of each that is in."""
    deadline = time.monotonic() + seconds
    with KnowledgeBase(root, create=True, encoder=HashingEncoder()) as knowledge:
        for number in count(first, 2):
            if time.monotonic() > deadline:
                return
            note = version(number)
            write(root, {number: note})
            try:
                knowledge.add([root / note.path])
            except KbError as error:
                sys.stderr.write(f"{error}\n")
                raise
            os.write(pipe, f"{number}\n".encode())


def two_writers(root: Path, seconds: float) -> dict[str, Any]:
    """How many notes two writers added, and which of these are not found."""
    write(root, ORIGINAL)
    rehearsed(root, Task({}, ORIGINAL, lambda knowledge: knowledge.add([root / "notes"])))
    writers = [forked(write_for, root, seconds, len(ORIGINAL) + turn) for turn in (0, 1)]
    added = [_lines(pipe) for _, pipe in writers]
    statuses = [os.waitpid(process, 0)[1] for process, _ in writers]
    numbers = [*ORIGINAL, *(int(line) for lines in added for line in lines)]
    allowed: dict[int, tuple[Version | None, ...]] = {number: (version(number),) for number in numbers}
    faults: list[str] = []
    lost = list(missing(root, allowed, faults))
    return {"added": [len(lines) for lines in added], "failed": sum(map(bool, statuses)), "lost": lost + faults}


def rewrite(pipe: int, root: Path, rounds: int) -> None:
    """Let all notes say the next round, and add them in one batch."""
    with KnowledgeBase(root, encoder=HashingEncoder()) as knowledge:
        for number in range(1, rounds + 1):
            write(root, in_round(number))
            knowledge.add([root / "notes"])
            os.write(pipe, f"{number}\n".encode())


def in_round(number: int) -> dict[int, Version]:
    """Every note as one passage with the number of the round."""
    head = "---\narea: {}\n---\n# Note {}\n\nzebras {} round{}\n"
    return {
        key: Version(note.path, head.format(AREAS[key % 3], key, note.token, number)) for key, note in ORIGINAL.items()
    }


def read_on(pipe: int, root: Path, last: int) -> None:
    """Search until the last round is seen; write down each answer that is of no state or of one that is past, and how
    often was searched.
    """
    seen, searches = 0, 0
    with KnowledgeBase(root, encoder=HashingEncoder()) as knowledge:
        while seen < last:
            mode = MODES[searches % len(MODES)]
            searches += 1
            hits = knowledge.search("zebras", limit=100, mode=mode).hits
            rounds = {int(hit.text.rpartition("round")[2]) for hit in hits}
            if len(hits) != len(ORIGINAL) or len(rounds) != 1 or min(rounds) < seen or not all(map(agrees, hits)):
                os.write(pipe, f"{mode}: {len(hits)} notes of the rounds {sorted(rounds)} after {seen}\n".encode())
            seen = max(rounds, default=seen)
    os.write(pipe, f"{searches}\n".encode())


def agrees(hit: Hit) -> bool:
    """Whether the vector that a hit was found by is that of its text."""
    encoder = HashingEncoder()
    embedded = hit.title + "\n" + hit.text.rpartition("\n\n")[2]  # without the heading, which is the title
    cosine = float(encoder.encode_query(embedded) @ encoder.encode_query("zebras"))
    return hit.scores.dense is None or abs(hit.scores.dense - cosine) < 1e-4


def readers_beside_a_writer(root: Path, rounds: int) -> dict[str, Any]:
    """How often readers asked while everything was added again and again, and which answers were no state at all."""
    first = in_round(0)
    write(root, first)
    rehearsed(root, Task({}, first, lambda knowledge: knowledge.add([root / "notes"])))
    readers = [forked(read_on, root, rounds) for _ in range(READERS)]
    writer = forked(rewrite, root, rounds)
    written = _lines(writer[1])
    answers = [_lines(pipe) for _, pipe in readers]
    statuses = [os.waitpid(process, 0)[1] for process, _ in (*readers, writer)]
    mixed = [line for lines in answers for line in lines[:-1]]
    searches = sum(int(lines[-1]) for lines in answers if lines)
    return {"rounds": len(written), "searches": searches, "failed": sum(map(bool, statuses)), "mixed": mixed}


def _lines(pipe: int) -> list[str]:
    with open(pipe, encoding="utf-8") as lines:
        return lines.read().splitlines()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--writers", type=float, metavar="SECONDS", help="let two write for so long")
    parser.add_argument("--rounds", type=int, help="add everything again so many times while others read")
    arguments = parser.parse_args()
    if arguments.writers:
        result = two_writers(arguments.folder, arguments.writers)
    else:
        result = readers_beside_a_writer(arguments.folder, arguments.rounds)
    json.dump(result, sys.stdout)
