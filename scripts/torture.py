"""Test the crash safety of kb and print the results. Fails if anything was lost."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

TESTS = Path(__file__).parent.parent / "tests"
PHASES = ("embedding", "copy", "Chroma write", "close", "commit", "sweep", "elsewhere")
VERBS = ("first add", "re-add", "rename", "forget", "rebuild", "sync")
UNSAFE = ("--unsafe", "--phases", "Chroma write", "close", "--verbs", "re-add", "rename", "sync")
Answer = Mapping[str, Any]


def answers(program: str, *arguments: object) -> Iterator[Answer]:
    """Run a program from the tests in a temporary folder, and yield the JSON objects that it prints."""
    with tempfile.TemporaryDirectory(prefix="kb-torture-") as folder:
        command = [sys.executable, str(TESTS / program), folder, *map(str, arguments)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            yield from map(json.loads, process.stdout)
        if process.returncode:
            raise SystemExit(f"torture: {program} failed")


def killed(*arguments: object) -> list[Answer]:
    """Run kills, and report each on standard error."""
    kills = []
    for kill in answers("killing.py", *arguments):
        kills.append(kill)
        wrong = [*kill["lost"], *kill["faults"]]
        note = f"; wrong: {wrong}" if wrong and "--unsafe" not in arguments else ""
        print(f"{len(kills)}: {kill['verb']}, {kill['phase']}{note}", file=sys.stderr)
    return kills


def row(name: str, kills: Sequence[Answer]) -> list[str]:
    """A row of the table: kills by verb, in all and near a write, the notes that must be found, and the results."""
    by_verb = [sum(kill["verb"] == verb for kill in kills) for verb in VERBS]
    near = sum(kill["near_write"] for kill in kills)
    required, lost = (sum(kill["acknowledged"] for kill in kills), sum(len(kill["lost"]) for kill in kills))
    faults, completed = sum(bool(kill["faults"]) for kill in kills), sum(kill["completed"] for kill in kills)
    return [name, *map(str, (*by_verb, len(kills), near)), f"{required:,}", *map(str, (lost, faults, completed))]


def kill_table(kills: Sequence[Answer], unsafe: Sequence[Answer]) -> Table:
    """Kills by phase; the last row is a writer that changes the current generation in place."""
    table = Table(box=None, pad_edge=False)
    table.add_column("killed in", no_wrap=True)
    for column in (*VERBS, "kills", "near a write", "notes", "lost", "faults", "re-runs"):
        table.add_column(column, justify="right")
    for phase in PHASES:
        table.add_row(*row(phase, [kill for kill in kills if kill["phase"] == phase]))
    table.add_row(*row("all", kills))
    if unsafe:
        table.add_row(*row("in place", unsafe))
    return table


def is_harmed(kills: Sequence[Answer]) -> bool:
    """Whether any kill lost a note, left a fault, or kept the command from completing when run again."""
    return any(kill["lost"] or kill["faults"] or not kill["completed"] for kill in kills)


def writers(seconds: float) -> tuple[str, bool]:
    """Run two concurrent writers; a summary, and whether anything was lost."""
    (answer,) = answers("crowding.py", "--writers", seconds)
    first, second = answer["added"]
    line = f"two writers for {seconds:.0f} s: {first} and {second} notes added, {len(answer['lost'])} of them lost"
    return f"{line}, {answer['failed']} writers failed", bool(answer["lost"] or answer["failed"])


def readers(rounds: int) -> tuple[str, bool]:
    """Run readers concurrently with a writer; a summary, and whether any saw an inconsistent state."""
    (answer,) = answers("crowding.py", "--rounds", rounds)
    line = f"two readers while all notes are re-added {answer['rounds']} times: {answer['searches']:,} searches"
    return f"{line}, {len(answer['mixed'])} of them mixed", bool(answer["mixed"] or answer["failed"])


def tests() -> tuple[str, bool]:
    """Run the slow tests, which damage every file in every way and fill a disk to twenty levels."""
    command = [sys.executable, "-m", "pytest", "-m", "torture", "--color=no"]
    ended = subprocess.run(command, cwd=TESTS.parent, capture_output=True, text=True, check=False)
    if ended.returncode:
        print(ended.stdout, file=sys.stderr)
    return f"pytest -m torture: {ended.stdout.strip().splitlines()[-1]}", ended.returncode != 0


def main() -> None:
    """Run the requested parts and print their results."""
    parser = argparse.ArgumentParser(prog="scripts/torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=240, help="minimum number of kills")
    parser.add_argument("--each", type=int, default=20, help="minimum number of kills in each phase")
    parser.add_argument(
        "--unsafe", type=int, default=24, help="kills of a writer that writes in place, which must be detected"
    )
    parser.add_argument("--seconds", type=float, default=120, help="duration of the test with two writers")
    parser.add_argument(
        "--rounds", type=int, default=200, help="how often all notes are re-added while two readers search"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=("kills", "writers", "readers", "tests"))
    arguments = parser.parse_args()
    parts = arguments.only or ("kills", "writers", "readers", "tests")
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    harmed = False
    if "kills" in parts:
        kills = killed("--kills", arguments.kills, "--each", arguments.each, "--seed", arguments.seed)
        unsafe = killed("--kills", arguments.unsafe, "--seed", arguments.seed, *UNSAFE)
        console.print(kill_table(kills, unsafe))
        harmed |= is_harmed(kills) or not any(kill["lost"] for kill in unsafe)
    others: dict[str, Callable[[], tuple[str, bool]]] = {
        "writers": partial(writers, arguments.seconds),
        "readers": partial(readers, arguments.rounds),
        "tests": tests,
    }
    for part, report in others.items():
        if part in parts:
            line, bad = report()
            console.print(line)
            harmed |= bad
    sys.exit(harmed)


if __name__ == "__main__":
    main()
