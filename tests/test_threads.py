"""One `KnowledgeBase` shared by threads, and the parts that they share."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from doubles import HashingEncoder

from kb.errors import EvidenceError, ServerError, VectorError
from kb.index import opened
from kb.index.cache import Cache
from kb.index.catalog import StoredVectors
from kb.index.catalog.reading import CatalogReader
from kb.index.lock import write_lock
from kb.index.vectors import GenerationStore
from kb.knowledge import KnowledgeBase
from kb.models import Encoder, FiledArea, Mode
from kb.notebook import ChromaSettings
from kb.notes import files
from kb.remote.server import ServerStore

Read = TypeVar("Read")

READERS = 4  # one for each way to ask
FIXED = 12  # notes that no writer touches
ROUND = 6  # notes that a writer changes together
MODES: tuple[Mode, ...] = ("lexical", "dense", "hybrid")

BESIDE = """
import sys, time
from functools import partial
from pathlib import Path
from doubles import HashingEncoder
from kb.index import opened
from kb.knowledge import KnowledgeBase
from test_threads import write_round
opened.write_lock = partial(opened.write_lock, wait=60)
root, rounds = Path(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
with KnowledgeBase(root, encoder=HashingEncoder()) as knowledge:
    for number in range(rounds):
        write_round(root, "theirs", number)
        knowledge.add([root / "notes/theirs"])
        knowledge.forget(str(root / "notes/theirs"))
        time.sleep(0.5)  # or the thread of a busy process would hardly get the lock
"""


def write_round(root: Path, folder: str, number: int) -> None:
    """Let all notes of a folder say the number of a round."""
    (root / "notes" / folder).mkdir(exist_ok=True)
    for note in range(ROUND):
        text = f"---\narea: {('gnn', 'llm')[note % 2]}\n---\n# {folder} {note}\n\nzebras {folder} round{number}\n"
        (root / "notes" / folder / f"{note}.md").write_text(text)


@pytest.fixture
def knowledge(notebook: Path) -> Iterator[KnowledgeBase]:
    (notebook / "notes/fixed").mkdir()
    for number in range(FIXED):
        text = f"---\narea: gnn\n---\n# Fixed {number}\n\nzebras graze on savanna{number} beside the river\n"
        (notebook / f"notes/fixed/{number}.md").write_text(text)
    write_round(notebook, "mine", 0)
    with KnowledgeBase(notebook, encoder=HashingEncoder()) as knowledge:
        knowledge.add(["notes"])
        yield knowledge


class Readers:
    """Threads that ask all the time, and what was wrong with the answers."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self.acknowledged = 0  # the last round whose add has returned
        self.stop = threading.Event()
        self.asked = 0
        self._knowledge = knowledge

    def work(self, number: int) -> list[str]:
        wrong: list[str] = []
        asks = (self._search, self._list, self._related, self._outline)
        turn = number
        while not self.stop.is_set():
            wrong += asks[turn % len(asks)](turn)
            turn += 1
            self.asked += 1
        return wrong

    def _search(self, turn: int) -> Iterator[str]:
        """All notes of one round, none older than what was acknowledged before the search began."""
        known = self.acknowledged
        mode = MODES[turn // 4 % len(MODES)]
        hits = self._knowledge.search("zebras", limit=100, mode=mode).hits
        fixed = [hit for hit in hits if hit.path.startswith("notes/fixed/")]
        if len(fixed) != FIXED:
            yield f"{mode}: {len(fixed)} fixed notes"
        mine = [hit for hit in hits if hit.path.startswith("notes/mine/")]
        rounds = {int(hit.text.rpartition("round")[2]) for hit in mine}
        if len(mine) != ROUND or len(rounds) != 1 or min(rounds) < known:
            yield f"{mode}: {len(mine)} notes of the rounds {sorted(rounds)} after {known}"
        theirs = [hit for hit in hits if hit.path.startswith("notes/theirs/")]
        rounds = {int(hit.text.rpartition("round")[2]) for hit in theirs}
        if len(theirs) not in (0, ROUND) or len(rounds) > 1:
            yield f"{mode}: {len(theirs)} notes of the rounds {sorted(rounds)} of another process"

    def _list(self, turn: int) -> Iterator[str]:
        listed = [note.path for note in self._knowledge.list().notes]
        counts = {folder: sum(path.startswith(f"notes/{folder}/") for path in listed) for folder in ("fixed", "mine")}
        theirs = len(listed) - sum(counts.values())
        if counts != {"fixed": FIXED, "mine": ROUND} or theirs not in (0, ROUND):
            yield f"list: {counts}, {theirs} of another process"

    def _related(self, turn: int) -> Iterator[str]:
        related = self._knowledge.related(f"notes/fixed/{turn % FIXED}.md", limit=3)
        if not related.notes:
            yield "related: none"

    def _outline(self, turn: int) -> Iterator[str]:
        with suppress(EvidenceError):
            self._knowledge.outline("zebras beside the river")
        return iter(())


@pytest.mark.slow
@pytest.mark.parametrize(("number", "rounds"), [(READERS, 1), pytest.param(2 * READERS, 4, marks=pytest.mark.torture)])
def test_many_threads_and_two_writers(
    knowledge: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, number: int, rounds: int
) -> None:
    """While many threads search, list, relate and outline, a thread of theirs and another process add and forget: no
    verb fails, every answer is of one state, and what an add has acknowledged is never missing.
    """
    monkeypatch.setattr(opened, "write_lock", partial(write_lock, wait=60))  # a busy machine may be slow
    readers = Readers(knowledge)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    command = [sys.executable, "-c", BESIDE, str(knowledge.root), str(rounds)]
    pipe = subprocess.PIPE
    with (
        ThreadPoolExecutor(number) as threads,
        subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True) as process,
    ):
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "ready\n"  # threads that ask would slow down its start
        answers = [threads.submit(readers.work, turn) for turn in range(number)]
        try:
            process.stdin.write("go\n")
            process.stdin.flush()
            while readers.acknowledged < rounds or process.poll() is None:
                write_round(knowledge.root, "mine", readers.acknowledged + 1)
                knowledge.add(["notes/mine"])
                readers.acknowledged += 1
        finally:
            readers.stop.set()
        assert [wrong for answer in answers for wrong in answer.result()] == []
    assert process.returncode == 0
    assert readers.asked > number
    assert knowledge.diagnose(full=True).ok


def together(work: Callable[[], Read]) -> list[Read]:
    """What some work gives when as many threads as there are readers begin it at the same time."""
    barrier = threading.Barrier(READERS)

    def begin(_: int) -> Read:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(READERS) as threads:
        return list(threads.map(begin, range(READERS)))


def test_threads_share_one_matrix(knowledge: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that ask for all passages of a state at the same time get the same object, read once."""
    reads: list[object] = []
    chunk_vectors = CatalogReader.chunk_vectors

    def counted(catalog: CatalogReader) -> object:
        reads.append(catalog)
        return chunk_vectors(catalog)

    monkeypatch.setattr(CatalogReader, "chunk_vectors", counted)
    passages = together(lambda: knowledge._index.read(lambda reader: reader.passages()))
    assert (len({id(read) for read in passages}), len(reads)) == (1, 1)
    assert len(passages[0].ids) == FIXED + ROUND
    knowledge.forget("notes/mine")
    assert len(knowledge._index.read(lambda reader: reader.passages()).ids) == FIXED


def test_threads_share_one_encoder(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that need the encoder at the same time wait until it is loaded once."""
    loaded: list[Encoder] = []

    def load(*_: object) -> Encoder:
        time.sleep(0.1)
        loaded.append(HashingEncoder())
        return loaded[-1]

    monkeypatch.setattr(opened, "load_encoder", load)
    with KnowledgeBase(notebook) as knowledge:
        encoders = together(lambda: knowledge._index.encoder)
    assert len(loaded) == 1
    assert all(encoder is loaded[0] for encoder in encoders)


def test_one_question_does_not_hold_up_another() -> None:
    """While a thread reads one answer into the cache, others get theirs, may ask again for more, and may clear it."""
    cache, begun, done = Cache(), threading.Event(), threading.Event()

    def slow() -> int:
        begun.set()
        assert done.wait(timeout=10)
        return cache.get("state", "nested", (), lambda: 1)

    with ThreadPoolExecutor(1) as background:
        answer = background.submit(cache.get, "state", "slow", (), slow)
        assert begun.wait(timeout=10)
        assert cache.get("state", "quick", (), lambda: 2) == 2
        cache.clear()
        done.set()
        assert answer.result(timeout=10) == 1


def test_a_question_that_failed_is_asked_again() -> None:
    """An error is told to the thread that met it and not kept."""
    cache = Cache()
    with pytest.raises(ZeroDivisionError):
        cache.get("state", "name", (), lambda: 1 // 0)
    assert cache.get("state", "name", (), lambda: 1) == 1


# --- generations ---


@pytest.fixture
def store(tmp_path: Path) -> Iterator[GenerationStore]:
    store = GenerationStore(tmp_path / "vectors")
    for generation in (1, 2):
        store.build(generation, {"gnn": StoredVectors([f"a:{generation}:0"], np.eye(1, 4, dtype=np.float32))})
    yield store
    store.close()


def nearest(store: GenerationStore, generation: int) -> set[str]:
    return set(store.query(generation, np.eye(1, 4, dtype=np.float32)[0], ["gnn"], 5))


def test_only_the_latest_generation_stays_open(store: GenerationStore) -> None:
    """A generation that another has followed is closed when its last user is done, and nothing after `close`."""
    with store._reading(1), store._reading(1):
        assert nearest(store, 2) == {"a:2:0"}
        assert len(store._opened) == 2
    assert [key.generation for key in store._opened] == [2]
    with store._reading(2):
        store.close()
        assert nearest(store, 2) == {"a:2:0"}
    assert store._opened == {}


def test_a_generation_built_from_scratch_under_the_same_number(store: GenerationStore) -> None:
    """An index that was rebuilt from its notes counts from 1 again, and its vectors are not taken for the old ones."""
    assert nearest(store, 1) == {"a:1:0"}
    rebuilt: dict[FiledArea, StoredVectors] = {"gnn": StoredVectors(["b:1:0"], np.eye(1, 4, dtype=np.float32))}
    with store._reading(1):
        store.build(1, rebuilt)
        with pytest.raises(VectorError, match="replaced"):
            nearest(store, 1)
    assert nearest(store, 1) == {"b:1:0"}


def test_many_threads_open_and_sweep(store: GenerationStore) -> None:
    """Threads that open and ask at the same time as generations are published and swept get a right answer or are told
    that theirs is gone.
    """
    stop = threading.Event()

    def ask() -> int:
        right = 0
        while not stop.is_set():
            generation = max(int(path.name) for path in store._paths() if path.name.isdigit())
            with suppress(VectorError):
                assert nearest(store, generation) == {f"a:{generation}:0"}
                right += 1
        return right

    with ThreadPoolExecutor(READERS) as threads:
        answers = [threads.submit(ask) for _ in range(READERS)]
        try:
            for generation in range(3, 8):
                vectors = StoredVectors([f"a:{generation}:0"], np.eye(1, 4, dtype=np.float32))
                store.build(generation, {"gnn": vectors})
                store.keep_latest(generation)
        finally:
            stop.set()
        assert sum(answer.result() for answer in answers) > 0
    store.close()
    assert store._opened == {}


def test_a_folder_that_is_swept_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The size of an index is told even where generations are swept while their files are counted."""
    for number in range(3):
        (tmp_path / str(number) / "inner").mkdir(parents=True)

    def sweep(path: Path) -> bool:
        if path.name == "inner":
            for folder in tmp_path.iterdir():
                shutil.rmtree(folder)
        return False

    monkeypatch.setattr(Path, "is_file", sweep)
    assert files.folder_bytes(tmp_path) == 0


# --- a server ---


def test_a_failure_is_told_to_the_thread_that_met_it(tmp_path: Path) -> None:
    """After a server could not be opened, the next query of that thread says so without asking again; another thread
    asks for itself.
    """
    store = ServerStore(ChromaSettings(url="http://127.0.0.1:9", timeout=1), None, tmp_path, lambda line: None)
    asked: list[int] = []

    def fail(generation: int) -> None:
        asked.append(generation)
        raise ServerError("no answer")

    store._held = fail  # type: ignore[method-assign, assignment]

    def open_and_query() -> None:
        for act in (lambda: store.open(1), lambda: nearest(store, 1)):  # type: ignore[arg-type]
            with pytest.raises(ServerError):
                act()

    together(open_and_query)
    assert asked == [1] * READERS
