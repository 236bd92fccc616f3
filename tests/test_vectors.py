from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from chromadb.api import ClientAPI
from numpy.typing import NDArray

from kb.errors import VectorError
from kb.index.batch import VectorChange
from kb.index.catalog import StoredVectors
from kb.index.vectors import GenerationStore, chroma
from kb.models import FILED_AREAS, FiledArea

DIMENSIONS = 8


def unit(seed: int) -> NDArray[np.float32]:
    vector = np.random.default_rng(seed).normal(size=DIMENSIONS).astype(np.float32)
    normalised: NDArray[np.float32] = vector / np.linalg.norm(vector)
    return normalised


def vectors(*seeds: int) -> StoredVectors:
    """Chunks `c<seed>`, each with a vector of its own."""
    return StoredVectors([f"c{seed}" for seed in seeds], np.stack([unit(seed) for seed in seeds]))


def nearest(store: GenerationStore, generation: int, seed: int, areas: tuple[FiledArea, ...] = FILED_AREAS) -> str:
    answer = store.query(generation, unit(seed), areas, 3)
    return max(answer, key=lambda chunk: answer[chunk])


def hnsw_files(folder: Path) -> Mapping[str, str]:
    """The files of a generation but Chroma's SQLite file, which a mere reader touches, with their digests."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("chroma.sqlite3")
    }


def unapplied(folder: Path) -> int:
    """Records in Chroma's log that its HNSW files do not hold yet."""
    connection = sqlite3.connect(folder / "chroma.sqlite3")
    (count,) = connection.execute(
        """SELECT count(*) FROM embeddings_queue JOIN segments ON topic LIKE '%' || collection
        LEFT JOIN max_seq_id ON segment_id = segments.id
        WHERE scope = 'VECTOR' AND embeddings_queue.seq_id > coalesce(max_seq_id.seq_id, 0)"""
    ).fetchone()
    connection.close()
    return int(count)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vectors"


@pytest.fixture
def store(folder: Path) -> Iterator[GenerationStore]:
    """A store with generation 1: three vectors of `gnn` and one of `llm`."""
    opened = GenerationStore(folder)
    opened.build(1, {"gnn": vectors(1, 2, 3), "llm": vectors(4)})
    yield opened
    opened.close()


def test_a_vector_finds_itself_in_its_area(store: GenerationStore) -> None:
    """A chunk's own vector has cosine 1 with it, and is found only where its area is asked."""
    answer = store.query(1, unit(2), ["gnn"], 3)
    assert answer["c2"] == pytest.approx(1.0, abs=1e-5)
    assert set(answer) == {"c1", "c2", "c3"}
    assert store.query(1, unit(4), ["ml-systems", "detour"], 3) == {}
    assert store.count(1) == {"ml-systems": 0, "gnn": 3, "llm": 1, "detour": 0}


def test_cosines_are_those_of_numpy(store: GenerationStore) -> None:
    """The score of every hit is the cosine of query and vector, negative ones included."""
    answer = store.query(1, unit(9), FILED_AREAS, 10)
    assert answer == pytest.approx({f"c{seed}": float(unit(seed) @ unit(9)) for seed in (1, 2, 3, 4)}, abs=1e-5)


def test_a_change_adds_replaces_and_removes(store: GenerationStore) -> None:
    """The next generation holds what was added and changed and not what was removed; the old one stays as it was."""
    replaced = StoredVectors(["c2"], vectors(7)[1])
    store.advance(1, 2, VectorChange(removed={"gnn": ["c1"]}, added={"gnn": replaced, "llm": vectors(5)}))
    assert store.count(2) == {"ml-systems": 0, "gnn": 2, "llm": 2, "detour": 0}
    assert nearest(store, 2, 7) == "c2"
    assert nearest(store, 2, 5) == "c5"
    assert "c1" not in store.query(2, unit(1), ["gnn"], 3)
    assert nearest(store, 1, 1) == "c1"
    assert "c5" not in store.query(1, unit(5), FILED_AREAS, 3)


@pytest.mark.parametrize(("area", "id"), [("gnn", "c2"), ("llm", "c4")])
def test_a_vector_is_replaced_under_its_id(store: GenerationStore, area: FiledArea, id: str) -> None:
    """A chunk that got another vector is found by that one, also when it is alone in its area."""
    store.advance(1, 2, VectorChange(added={area: StoredVectors([id], vectors(7).matrix)}))
    assert store.query(2, unit(7), [area], 1) == pytest.approx({id: 1.0}, abs=1e-5)


def test_a_published_generation_is_never_written(store: GenerationStore, folder: Path) -> None:
    """Queries and further generations leave a published generation's HNSW files as they are, byte by byte."""
    before = hnsw_files(folder / "1")
    nearest(store, 1, 1)
    store.advance(1, 2, VectorChange(removed={"gnn": ["c1"]}, added={"gnn": vectors(5, 6)}))
    nearest(store, 2, 5)
    assert before
    assert hnsw_files(folder / "1") == before


@pytest.mark.parametrize(
    "change",
    [
        VectorChange(added={"gnn": vectors(5)}),
        VectorChange(added={"detour": vectors(5)}),
        VectorChange(added={"gnn": vectors(*range(5, 40))}),
        VectorChange(removed={"gnn": ["c1"]}),
        VectorChange(removed={"gnn": ["c1", "c2", "c3"]}, added={"llm": vectors(5, 6)}),
    ],
)
def test_nothing_is_left_in_chromas_log(store: GenerationStore, folder: Path, change: VectorChange) -> None:
    """A published generation holds every record in its HNSW files, so that opening it replays nothing."""
    store.advance(1, 2, change)
    assert unapplied(folder / "1") == 0
    assert unapplied(folder / "2") == 0


def test_more_vectors_than_chroma_takes_at_once(folder: Path) -> None:
    """A build and a change of more records than one batch of Chroma may hold keep every one of them."""
    store = GenerationStore(folder)
    store.build(1, {"gnn": vectors(*range(5_500))})
    assert store.count(1)["gnn"] == 5_500
    assert nearest(store, 1, 5_499) == "c5499"
    store.advance(1, 2, VectorChange(removed={"gnn": [f"c{number}" for number in range(5_400)]}))
    assert store.count(2)["gnn"] == 100
    assert nearest(store, 2, 5_499) == "c5499"
    store.close()


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="the names of threads are read as Linux shows them")
def test_chroma_runs_its_tasks_on_one_thread(folder: Path) -> None:
    """However many cores there are, no two threads of Chroma's can meet at its pool of connections and spin."""
    names = "[Path('/proc/self/task', task, 'comm').read_text().strip() for task in os.listdir('/proc/self/task')]"
    program = f"""
import os, sys
from pathlib import Path
from kb.index.vectors.chroma import close_client, open_client
client = open_client(Path(sys.argv[1]))
blocking = 1  # for what may block
print({names}.count('tokio-rt-worker') - blocking)
close_client(client)
"""
    ended = subprocess.run([sys.executable, "-c", program, folder], capture_output=True, text=True, check=True)
    assert int(ended.stdout) <= 1


def test_two_generations_are_kept_and_leftovers_swept(store: GenerationStore, folder: Path) -> None:
    """A sweep leaves the current generation and the one before, and nothing that a crash left behind."""
    for upcoming in (2, 3):
        store.advance(upcoming - 1, upcoming, VectorChange(added={"gnn": vectors(upcoming + 10)}))
    for name in ("4", "4.part", "junk"):
        (folder / name).mkdir()
        (folder / name / "file").write_text("left behind")
    store.keep_latest(3)
    assert sorted(path.name for path in folder.iterdir()) == ["2", "3"]
    assert nearest(store, 3, 13) == "c13"


def test_a_leftover_of_a_crash_is_no_obstacle(store: GenerationStore, folder: Path) -> None:
    """A generation that was written but never published, and a half-made one, are replaced by the next write."""
    store.advance(1, 2, VectorChange(added={"gnn": vectors(50)}))
    shutil.copytree(folder / "2", folder / "2.part")
    store.advance(1, 2, VectorChange(added={"gnn": vectors(60)}))
    assert store.count(2)["gnn"] == 4
    assert nearest(store, 2, 60) == "c60"
    assert not (folder / "2.part").exists()


def remove_generation(folder: Path) -> None:
    shutil.rmtree(folder)


def remove_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def garble_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_bytes(b'{"live": [\xff')


def mistype_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text("[]")


def truncate_index(folder: Path) -> None:
    largest = max((path for path in folder.glob("*/*.bin")), key=lambda path: path.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:100])


def remove_index(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)


def remove_database(folder: Path) -> None:
    (folder / "chroma.sqlite3").unlink()


def empty_database(folder: Path) -> None:
    (folder / "chroma.sqlite3").write_bytes(b"")


def truncate_database(folder: Path) -> None:
    path = folder / "chroma.sqlite3"
    path.write_bytes(path.read_bytes()[:5000])


def replace_by_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("not a folder")


DAMAGES = [
    remove_generation,
    remove_manifest,
    garble_manifest,
    mistype_manifest,
    truncate_index,
    remove_index,
    remove_database,
    empty_database,
    truncate_database,
    replace_by_file,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_generation_raises(store: GenerationStore, folder: Path, damage: Callable[[Path], None]) -> None:
    """A generation that is missing, truncated or garbled raises `VectorError`, and never answers in part."""
    damage(folder / "1")
    with pytest.raises(VectorError):
        store.query(1, unit(1), FILED_AREAS, 3)


def test_a_mistyped_generation_is_not_created(store: GenerationStore, folder: Path) -> None:
    """Asking for a generation that never was raises, and leaves no empty database behind."""
    with pytest.raises(VectorError, match="missing"):
        store.query(71, unit(1), FILED_AREAS, 3)
    assert store.problem(71)
    assert [path.name for path in folder.iterdir()] == ["1"]


def test_a_generation_swept_while_it_is_opened_leaves_nothing(
    store: GenerationStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where another process deletes a generation between a reader's look at it and its opening, in which Chroma creates
    the folder again, the reader is told, and no folder is left.
    """
    store.close()
    really_open = chroma.open_client

    def open_late(path: Path) -> ClientAPI:
        shutil.rmtree(path)
        return really_open(path)

    monkeypatch.setattr(chroma, "open_client", open_late)
    with pytest.raises(VectorError):
        nearest(store, 1, 1)
    assert not (folder / "1").exists()


def test_a_generation_a_third_dead_is_rebuilt(store: GenerationStore) -> None:
    """Small changes copy the generation; once more than a third of it would be dead, it is to be built afresh."""
    assert not store.should_rebuild(1, VectorChange(removed={"gnn": ["c1"]}))
    assert store.should_rebuild(1, VectorChange(removed={"gnn": ["c1", "c2"]}))
    store.advance(1, 2, VectorChange(removed={"gnn": ["c1"]}))
    assert store.should_rebuild(2, VectorChange(removed={"gnn": ["c2"]}))
    assert store.should_rebuild(3, VectorChange())


def test_a_failed_write_leaves_no_trace(store: GenerationStore, folder: Path) -> None:
    """Vectors of another dimension are refused, and neither the new generation nor a part of it stays."""
    wrong = StoredVectors(["x"], np.ones((1, DIMENSIONS + 1), dtype=np.float32))
    with pytest.raises(VectorError):
        store.advance(1, 2, VectorChange(added={"gnn": wrong}))
    assert [path.name for path in folder.iterdir()] == ["1"]
    assert nearest(store, 1, 1) == "c1"


def test_an_open_reader_follows_the_generations(store: GenerationStore, folder: Path) -> None:
    """A store that has a generation open answers from another one as soon as that is asked for, and back again."""
    assert nearest(store, 1, 1) == "c1"
    writer = GenerationStore(folder)
    writer.advance(1, 2, VectorChange(added={"gnn": vectors(8)}))
    writer.close()
    assert nearest(store, 2, 8) == "c8"
    assert nearest(store, 1, 1) == "c1"


def test_one_reader_closes_and_another_goes_on(store: GenerationStore, folder: Path) -> None:
    """Two stores of one process may read a generation; closing one leaves the other's answers as they were."""
    other = GenerationStore(folder)
    assert nearest(store, 1, 1) == nearest(other, 1, 1) == "c1"
    other.close()
    assert nearest(store, 1, 2) == "c2"


def test_the_manifest_names_every_index_file(store: GenerationStore, folder: Path) -> None:
    """What a generation's manifest lists is what lies in its folder, so that no file is left unchecked."""
    manifest = json.loads((folder / "1" / "manifest.json").read_text())
    lying = {name for name in hnsw_files(folder / "1") if "/" in name}
    assert set(manifest["files"]) == lying
    assert lying


def test_a_folder_that_could_not_be_opened_opens_later(tmp_path: Path) -> None:
    """Once what kept Chroma from opening a folder is gone, as when a full disk has room again, the same process opens
    it.
    """
    blocked = tmp_path / "chroma.sqlite3"
    blocked.mkdir()
    with pytest.raises(VectorError):
        chroma.open_client(tmp_path)
    blocked.rmdir()
    chroma.close_client(chroma.open_client(tmp_path))
