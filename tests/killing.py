"""Kill writers at drawn moments, look at what is left, and let them run again.

A program of its own, `python tests/killing.py FOLDER`, because it forks: that spares each writer its imports, and a
process that ever opened Chroma cannot. Prints one JSON object a kill; `scripts/torture` makes a table of many.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from functools import wraps
from importlib import import_module
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any

import chromadb
from chromadb.api.client import Client
from doubles import HashingEncoder, probe_here

from kb.areas.texts import load_areas
from kb.care import probe
from kb.errors import KbError
from kb.index import vectors
from kb.index.catalog import CATALOG_NAME, Catalog
from kb.index.vectors import GenerationStore
from kb.index.writer import IndexWriter
from kb.knowledge import KnowledgeBase
from kb.models import FILED_AREAS, NoteFile, note_of
from kb.notes.chunking import chunk_note
from kb.notes.parse import parse_note
from kb.sync import run as intake

PHASES = ("embedding", "copy", "Chroma write", "close", "commit", "sweep")
ELSEWHERE = "elsewhere"
NOTES = 12
NEAR_NANOSECONDS = 20_000_000
TOO_LARGE = 10  # times the size that a file has after a run that is not disturbed
MOST_ATTEMPTS = 5  # for each kill


# --- notes, and what a verb does with them ---


@dataclass(frozen=True)
class Version:
    """What one note says at one time, and where."""

    path: str
    text: str

    @property
    def token(self) -> str:
        """A word that no other version has."""
        return next(word for word in self.text.split() if word.startswith("zebra"))

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


Notes = dict[int, Version]  # by a number that a note keeps when it is renamed


@dataclass(frozen=True)
class Task:
    """A verb, what the index holds before it, and what after it; the files say already what they shall say."""

    before: Notes
    after: Notes
    run: Callable[[KnowledgeBase], object]
    erases: bool = False  # whether no byte of what goes may be left


def version(number: int, revision: int = 0, path: str | None = None) -> Version:
    """A note of two passages, of which a revision changes the second."""
    chance = random.Random(number)
    first, second = (" ".join(f"word{chance.randrange(500)}" for _ in range(45)) for _ in range(2))
    head = f"---\narea: {('gnn', 'llm', 'ml-systems')[number % 3]}\n---\n# Note {number}\n"
    text = f"{head}\n{first}\n\n## More\n\nzebra{number}x{revision} {second}\n"
    return Version(path or f"notes/{number % 2}/{number:02}.md", text)


def write(root: Path, notes: Mapping[int, Version]) -> None:
    """Write the files of some notes."""
    for note in notes.values():
        (root / note.path).parent.mkdir(parents=True, exist_ok=True)
        (root / note.path).write_text(note.text, encoding="utf-8")


def remove(root: Path, notes: Notes, numbers: Sequence[int]) -> Notes:
    """Delete the files of some notes; the others."""
    for number in numbers:
        (root / notes[number].path).unlink()
    return {number: note for number, note in notes.items() if number not in numbers}


ORIGINAL: Notes = {number: version(number) for number in range(NOTES)}


def first_add(root: Path) -> Task:
    shutil.rmtree(root / ".kb")
    return Task({}, ORIGINAL, lambda knowledge: knowledge.add([root / "notes"]))


def add_again(root: Path) -> Task:
    edited = {number: version(number, revision=1) for number in range(8)}
    write(root, edited)
    return Task(ORIGINAL, ORIGINAL | edited, lambda knowledge: knowledge.add([root / "notes"]))


def rename(root: Path) -> Task:
    """Five notes under other names, and two new ones beside them."""
    after = remove(root, ORIGINAL, range(5))
    after |= {number: version(number, path=f"notes/moved/{number:02}.md") for number in range(5)}
    after |= {number: version(number) for number in (NOTES, NOTES + 1)}
    write(root, after)
    return Task(ORIGINAL, after, lambda knowledge: knowledge.sync())


def forget(root: Path) -> Task:
    after = {number: note for number, note in ORIGINAL.items() if not note.path.startswith("notes/1/")}
    return Task(ORIGINAL, after, lambda knowledge: knowledge.forget(str(root / "notes/1")), erases=True)


def rebuild(root: Path) -> Task:
    return Task(ORIGINAL, ORIGINAL, lambda knowledge: knowledge.rebuild())


def sync(root: Path) -> Task:
    """Some notes gone, some changed, some new."""
    after = remove(root, ORIGINAL, (3, 4)) | {number: version(number, revision=2) for number in range(6, 10)}
    after |= {number: version(number) for number in range(NOTES, NOTES + 3)}
    write(root, after)
    return Task(ORIGINAL, after, lambda knowledge: knowledge.sync())


@dataclass(frozen=True)
class Verb:
    """A name, what prepares a notebook for it, and the phases that it has."""

    name: str
    prepare: Callable[[Path], Task]
    phases: tuple[str, ...] = PHASES


VERBS = (
    Verb("first add", first_add),
    Verb("re-add", add_again),
    Verb("rename", rename),
    Verb("forget", forget, PHASES[2:]),
    Verb("rebuild", rebuild, PHASES[2:]),
    Verb("sync", sync),
)


# --- the writer, and what it says of itself ---


@dataclass(frozen=True)
class Event:
    """What a writer said: the phase that begins, or the notes that are in and out by a publish that returned."""

    at: float
    phase: str
    taken: tuple[tuple[str, str], ...] = ()
    gone: tuple[str, ...] = ()
    returned: bool = False


class Announcer:
    """Wraps the functions of the phases from outside and writes what begins into a pipe, which outlives a kill.

    A phase lasts until the next one begins: closing takes in all that follows it until the commit.
    """

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._writing = False
        self._current = ELSEWHERE

    def say(self, phase: str, **event: object) -> None:
        """Announce a phase, and what is known by now."""
        self._current = phase
        os.write(self._pipe, json.dumps({"at": time.monotonic(), "phase": phase, **event}).encode() + b"\n")

    def install(self) -> None:
        self._wrap(IndexWriter, "embed", "embedding", ELSEWHERE)
        for name in ("advance", "build"):
            self._wrap_writing(name)
        self._wrap(shutil, "copytree", "copy", "Chroma write", within_write=True)
        self._wrap(chromadb, "PersistentClient", "Chroma write", within_write=True)
        self._wrap(Client, "close", "close", within_write=True)
        self._wrap_publish()
        for owner, name in ((GenerationStore, "keep_latest"), (IndexWriter, "sweep"), (Catalog, "erase_removed")):
            self._wrap(owner, name, "sweep", ELSEWHERE)

    def _wrap(self, owner: Any, name: str, begins: str, ends: str | None = None, within_write: bool = False) -> None:
        original = getattr(owner, name)

        @wraps(original)
        def announced(*arguments: Any, **named: Any) -> Any:
            if begins == self._current or (within_write and not self._writing):
                return original(*arguments, **named)
            self.say(begins)
            result = original(*arguments, **named)
            if ends:
                self.say(ends)
            return result

        setattr(owner, name, announced)

    def _wrap_writing(self, name: str) -> None:
        original = getattr(GenerationStore, name)

        @wraps(original)
        def announced(*arguments: Any, **named: Any) -> None:
            self._writing = True
            original(*arguments, **named)
            self._writing = False

        setattr(GenerationStore, name, announced)

    def _wrap_publish(self) -> None:
        original = Catalog.publish

        @wraps(original)
        def announced(catalog: Catalog, changes: Any, generation: int, fingerprint: str) -> None:
            paths = catalog.paths()
            self.say("commit")
            original(catalog, changes, generation, fingerprint)
            taken = [(note.path, note.sha256) for note, _ in changes.notes]
            self.say(ELSEWHERE, taken=taken, gone=[paths[id] for id in changes.removed])

        Catalog.publish = announced  # type: ignore[method-assign, assignment]


def advance_in_place(store: GenerationStore, current: int, upcoming: int, change: Any) -> None:
    """What kb never does: change the current generation where it lies."""
    folder = store._path(current)
    vectors._write(folder, change, 0)
    folder.rename(store._path(upcoming))


def work(pipe: int, root: Path, task: Task, unsafe: bool) -> None:
    """The writer: the verb in small batches."""
    if unsafe:
        GenerationStore.advance = advance_in_place  # type: ignore[method-assign, assignment]
    intake.EMBED_BATCH, intake.PUBLISH_BATCH = 8, 4
    announcer = Announcer(pipe)
    announcer.install()
    with KnowledgeBase(root, create=True, encoder=HashingEncoder()) as knowledge:
        task.run(knowledge)
        announcer.say(ELSEWHERE, returned=True)


def rehearse(pipe: int, root: Path, task: Task, unsafe: bool) -> None:
    """Do all that writers and looks do, and say at the end which modules that took."""
    work(pipe, root, task, unsafe)
    _look(os.open(os.devnull, os.O_WRONLY), root, task, {}, {CATALOG_NAME: 1 << 30})
    os.write(pipe, " ".join(sys.modules).encode())


def rehearsed(root: Path, task: Task, unsafe: bool = False) -> tuple[Event, ...]:
    """A run that nobody disturbs; what it imported and read is kept here too, to be inherited by every fork."""
    process, pipe = forked(rehearse, root, task, unsafe)
    with open(pipe, "rb") as answers:
        *said, modules = answers.read().splitlines()
    os.waitpid(process, 0)
    for name in modules.decode().split():
        with suppress(ImportError):
            import_module(name)
    load_areas()
    gc.freeze()  # or every child would look through all of it
    return tuple(map(_event, said))


def forked(work: Callable[..., None], *arguments: Any) -> tuple[int, int]:
    """Do some work in a child; its process id and the end of a pipe that it writes into."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        code = 1
        try:
            os.close(reading)
            work(writing, *arguments)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writing)
    return process, reading


# --- the kill ---


@dataclass(frozen=True)
class Aim:
    """When to kill: so many seconds after the n-th beginning of a phase, or after the start."""

    phase: str | None
    turn: int
    delay: float

    def is_reached(self, said: bytes) -> bool:
        """Whether it is to be counted from now, by what a writer said so far."""
        return self.phase is None or said.count(f'"phase": "{self.phase}"'.encode()) > self.turn


@dataclass(frozen=True)
class Death:
    """How a writer ended: what it had said, whether it was killed, and whether within 20 ms of a write."""

    events: tuple[Event, ...]
    killed: bool
    near_write: bool

    @property
    def phase(self) -> str:
        """The phase that it was in at its end."""
        return self.events[-1].phase if self.events else ELSEWHERE


def run_writer(root: Path, task: Task, aim: Aim, unsafe: bool) -> Death:
    """Run a writer to the moment that is aimed at, or to its end where that never comes."""
    started = time.time_ns()
    process, pipe = forked(work, root, task, unsafe)
    said, killed_at = b"", 0
    while True:
        if not killed_at and aim.is_reached(said):
            time.sleep(aim.delay)
            killed_at = time.time_ns()
            os.kill(process, signal.SIGKILL)
        piece = os.read(pipe, 65_536)
        if not piece:
            break
        said += piece
    os.close(pipe)
    _, status = os.waitpid(process, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if not killed and status:
        raise RuntimeError(f"a writer failed with wait status {status}")
    near_write = _last_write(root) > max(started, killed_at - NEAR_NANOSECONDS)
    return Death(tuple(map(_event, said.splitlines())), killed, killed and near_write)


def _event(line: bytes) -> Event:
    fields = json.loads(line)
    fields["taken"] = tuple(tuple(entry) for entry in fields.get("taken", ()))
    return Event(**fields | {"gone": tuple(fields.get("gone", ()))})


def _last_write(root: Path) -> int:
    """When a file of Chroma's or of the catalog was changed last, as its directory entry says, in nanoseconds."""
    return max((path.stat().st_ctime_ns for path in index_files(root)), default=0)


def index_files(root: Path) -> Iterator[Path]:
    """The files of Chroma's and of the catalog."""
    yield from (root / ".kb").glob(f"{CATALOG_NAME}*")
    yield from (path for path in (root / ".kb" / "vectors").rglob("*") if path.is_file())


# --- what is left ---


@dataclass(frozen=True)
class Look:
    """What was found: notes that must be there and are not, everything else that is wrong, and after a re-run."""

    lost: tuple[str, ...]
    faults: tuple[str, ...]
    completed: bool


Allowed = dict[int, tuple[Version | None, ...]]  # what each note may be in the index by now; None is not there


def allowed_after(task: Task, events: Sequence[Event]) -> Allowed:
    """Each note as it was or as it shall be, and where that was acknowledged only as it shall be."""
    returned = any(event.returned for event in events)
    taken = {entry for event in events for entry in event.taken}
    gone = {path for event in events for path in event.gone}
    allowed: Allowed = {}
    for number in {*task.before, *task.after}:
        old, new = task.before.get(number), task.after.get(number)
        known = (new.path, new.sha256) in taken if new else old is not None and old.path in gone
        allowed[number] = (new,) if returned or known or old == new else (old, new)
    return allowed


def look(root: Path, task: Task, allowed: Allowed, sizes: Mapping[str, int]) -> Look:
    """Look at what is left in another process: damaged vectors could end it."""
    process, pipe = forked(_look, root, task, allowed, sizes)
    with open(pipe, "rb") as answers:
        answer = answers.read()
    _, status = os.waitpid(process, 0)
    if status:
        return Look(tuple(_required(allowed)), (f"looking at it ended with wait status {status}",), False)
    fields = json.loads(answer)
    return Look(tuple(fields["lost"]), tuple(fields["faults"]), fields["completed"])


def _required(allowed: Allowed) -> list[str]:
    return [versions[0].path for versions in allowed.values() if versions[0] and None not in versions]


def _look(pipe: int, root: Path, task: Task, allowed: Allowed, sizes: Mapping[str, int]) -> None:
    probe.probe = probe_here
    faults = [f"{path.name} has {path.stat().st_size} bytes" for path in _too_large(root, sizes)]
    lost: list[str] = []
    completed = False
    try:
        lost += list(missing(root, allowed, faults))
        faults += findings(root)
        with KnowledgeBase(root, create=True, encoder=HashingEncoder()) as knowledge:
            task.run(knowledge)
        again = list(missing(root, {number: versions[-1:] for number, versions in allowed.items()}, faults, False))
        again += probe_here(root, full=True)
        again += [f"bytes of {note.path} are left" for note in _left(root, task)]
        completed = not again
        faults += again
    except KbError as error:
        faults.append(str(error))
    os.write(pipe, json.dumps({"lost": lost, "faults": faults, "completed": completed}).encode())


def _left(root: Path, task: Task) -> Iterator[Version]:
    """The notes that should be gone to the last byte, and are not."""
    gone = [note for number, note in task.before.items() if task.erases and number not in task.after]
    content = b"".join(path.read_bytes() for path in index_files(root)) if gone else b""
    return (note for note in gone if note.token.encode() in content)


def _too_large(root: Path, sizes: Mapping[str, int]) -> Iterator[Path]:
    largest = max(sizes.values())
    return (path for path in index_files(root) if path.stat().st_size > TOO_LARGE * sizes.get(path.name, largest))


def findings(root: Path) -> list[str]:
    """The errors that the doctor finds; orphans, and notes that are not yet as their files are, are none."""
    with KnowledgeBase(root, create=True, encoder=HashingEncoder()) as knowledge:
        found = knowledge.diagnose(full=True).findings
    return [f"doctor: {finding.check}: {finding.message}" for finding in found if finding.severity == "error"]


def missing(root: Path, allowed: Allowed, faults: list[str], asked: bool = True) -> Iterator[str]:
    """The notes that are not what they may be, or if they are `asked` for not found in each way; `faults` gets those
    that should be gone.
    """
    if not (root / ".kb").exists():  # killed before it made one
        yield from _required(allowed)
        return
    with (
        KnowledgeBase(root, create=True, encoder=HashingEncoder()) as knowledge,
        closing(Catalog(root / ".kb")) as catalog,
        closing(GenerationStore(root / ".kb" / "vectors")) as store,
    ):
        held = {(note.path, note.sha256): note.id for note in catalog.notes()}
        kept: list[Version] = []
        for number, versions in allowed.items():
            history = {entry for entry in (ORIGINAL.get(number), *versions) if entry}
            present = [entry for entry in history if (entry.path, entry.sha256) in held]
            state = present[0] if present else None
            if len(present) > 1 or (present and state not in versions):
                faults.append(f"{[entry.path for entry in present]} should not all be there")
            elif state not in versions:
                yield f"{[entry.path for entry in versions if entry]} in the catalog"
            elif state and asked:
                kept.append(state)
                if not by_vector(store, catalog.generation(), state, held[state.path, state.sha256]):
                    yield f"{state.path} by its vector"
        for state in kept:  # only now: a search repairs damaged vectors
            if not by_search(knowledge, state):
                yield f"{state.path} by search"
            if (root / state.path).exists() and knowledge.show(state.path).path != state.path:
                yield f"{state.path} by show"


def by_vector(store: GenerationStore, generation: int, note: Version, id: str) -> bool:
    """Whether each passage of a note is the nearest to its own vector in the current generation."""
    encoder = HashingEncoder()
    file = NoteFile(path=note.path, size=0, mtime_ns=0, text=note.text, sha256=note.sha256)
    for chunk in chunk_note(parse_note(file), encoder.count_tokens, encoder.max_tokens):
        try:
            answer = store.query(generation, encoder.encode_query(chunk.embedded), FILED_AREAS, 3)
        except KbError:
            return False
        best = max(answer, key=answer.__getitem__, default="")
        if note_of(best) != id or answer[best] < 1 - 1e-4:
            return False
    return True


def by_search(knowledge: KnowledgeBase, note: Version) -> bool:
    """Whether the words around the one that only this version has find it, by words first; where its file is gone, that
    is said. In meaning, a few among hundreds of notes of random words are nearer by chance.
    """
    query = note.text[note.text.index(note.token) :].split()[:10]
    result = knowledge.search(" ".join(query), limit=10)
    if not (knowledge.root / note.path).exists():
        return note.path in result.missing
    (first,) = knowledge.search(" ".join(query), limit=1, mode="lexical").hits or (None,)
    near = any(hit.path == note.path and note.token in hit.text for hit in result.hits)
    return near and first is not None and first.path == note.path and note.token in first.text


# --- the schedule ---


@dataclass(frozen=True)
class Kill:
    """One kill: where it struck, and what came of it."""

    verb: str
    phase: str
    near_write: bool
    acknowledged: int
    lost: tuple[str, ...]
    faults: tuple[str, ...]
    completed: bool


def _turned(verbs: list[Verb], phase: str) -> list[Verb]:
    """The same verbs, for each phase beginning with another."""
    start = PHASES.index(phase) % len(verbs)
    return verbs[start:] + verbs[:start]


class Range:
    """A folder in which writers are killed, each over a copy of the same notebook."""

    def __init__(self, folder: Path, seed: int, at_once: bool = False, unsafe: bool = False) -> None:
        self._template, self._root = folder / "template", folder / "notebook"
        self._chance = random.Random(seed)
        self._at_once, self._unsafe = at_once, unsafe
        write(self._template, ORIGINAL)
        task = Task({}, ORIGINAL, lambda knowledge: knowledge.add([self._template / "notes"]))
        events = rehearsed(self._template, task, unsafe)
        self._durations: dict[str, list[float]] = {phase: [] for phase in (*PHASES, ELSEWHERE)}
        for event, later in pairwise(events):
            self._durations[event.phase].append(later.at - event.at)
        files = sorted(index_files(self._template), key=lambda path: path.stat().st_size)
        self._sizes = {path.name: path.stat().st_size for path in files}

    def kills(
        self, total: int, each: int = 0, phases: Sequence[str] = PHASES, among: Sequence[Verb] = VERBS
    ) -> Iterator[Kill]:
        """So many kills, and at least `each` in each of some phases; every tenth strikes at any moment of a run."""
        struck: Counter[str] = Counter()
        verbs = {phase: cycle(_turned([verb for verb in among if phase in verb.phases], phase)) for phase in phases}
        anywhere = cycle(among)
        for attempt in range(MOST_ATTEMPTS * total):
            if struck.total() >= total and all(struck[phase] >= each for phase in phases):
                return
            phase = min(phases, key=lambda phase: struck[phase])
            if attempt % 10 == 9:
                verb, aim = next(anywhere), self._moment()
            else:
                verb, aim = next(verbs[phase]), self._moment_of(phase)
            kill = self._kill(verb, aim)
            if kill:
                struck[kill.phase] += 1
                yield kill
        raise RuntimeError(f"{struck} is all that could be struck")

    def _moment(self) -> Aim:
        return Aim(None, 0, self._chance.uniform(0, sum(map(sum, self._durations.values()))))

    def _moment_of(self, phase: str) -> Aim:
        """A moment of the first or the second time that a run is in a phase."""
        duration = 0.0 if self._at_once else self._chance.choice(self._durations[phase])
        return Aim(phase, self._chance.randrange(2), self._chance.uniform(0, duration))

    def _kill(self, verb: Verb, aim: Aim) -> Kill | None:
        """One kill; None where the writer was done before it."""
        shutil.rmtree(self._root, ignore_errors=True)
        shutil.copytree(self._template, self._root)
        task = verb.prepare(self._root)
        death = run_writer(self._root, task, aim, self._unsafe)
        if not death.killed:
            return None
        allowed = allowed_after(task, death.events)
        left = look(self._root, task, allowed, self._sizes)
        required = len(_required(allowed))
        return Kill(verb.name, death.phase, death.near_write, required, left.lost, left.faults, left.completed)


def main() -> None:
    """Print one JSON object for each kill."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--each", type=int, default=0, help="kills in each phase, at least")
    parser.add_argument("--phases", nargs="+", default=PHASES, choices=PHASES, help="what to aim at")
    parser.add_argument("--verbs", nargs="+", default=[verb.name for verb in VERBS])
    parser.add_argument("--at-once", action="store_true", help="kill when a phase begins, not at a moment of it")
    parser.add_argument("--unsafe", action="store_true", help="let the writer write into the current generation")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    field = Range(arguments.folder, arguments.seed, arguments.at_once, arguments.unsafe)
    among = [verb for verb in VERBS if verb.name in arguments.verbs]
    for kill in field.kills(arguments.kills, arguments.each, arguments.phases, among):
        sys.stdout.write(json.dumps(asdict(kill)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
