"""The map of a notebook: what lies near what, that it does not jump, and that it can be thrown away."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import HashingEncoder
from numpy.typing import NDArray

from kb.areas.concepts import load_concepts
from kb.errors import EncoderError
from kb.ideas.map import draw, layout
from kb.ideas.map.kept import MAP_NAME
from kb.ideas.map.labels import labels, named_concepts
from kb.ideas.map.layout import centres, laid_out, nearest_centres, placed
from kb.index.arrays import unit_rows
from kb.knowledge import KnowledgeBase
from kb.reports import NoteMap

Write = Callable[[str, str], Path]

SUBJECTS = {"whales": "whale songs of the deep sea carry far", "bread": "sourdough rises slowly in a cool kitchen"}


def silent(done: int, total: int) -> None:
    """Progress that is not looked at."""


def blobs(sizes: tuple[int, ...], dim: int = 32) -> NDArray[np.float32]:
    """Unit vectors in groups: around one axis each."""
    random = np.random.default_rng(1)
    return unit_rows(
        np.concatenate([np.eye(dim)[axis] + 0.1 * random.normal(size=(size, dim)) for axis, size in enumerate(sizes)])
    )


def separated(positions: NDArray[np.float32], sizes: tuple[int, ...]) -> bool:
    """Whether each point's nearest other is of its own group."""
    groups = np.repeat(np.arange(len(sizes)), sizes)
    distances = ((positions[:, np.newaxis] - positions) ** 2).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    return bool((groups[distances.argmin(axis=1)] == groups).all())


# --- layout ---


def test_groups_lie_apart() -> None:
    """Vectors of a group lie together, all within -1..1, and the same on every run; progress ends with its total."""
    told: list[tuple[int, int]] = []
    vectors = blobs((20, 20, 20))
    positions = laid_out(vectors, lambda done, total: told.append((done, total)))
    assert separated(positions, (20, 20, 20))
    assert np.abs(positions).max() == pytest.approx(1)
    assert (laid_out(vectors, silent) == positions).all()
    assert told[-1][0] == told[-1][1]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 9])
def test_few_notes_have_places(count: int) -> None:
    """Any number of notes is laid out, identical ones too."""
    for vectors in (blobs((count,)), np.repeat(blobs((1,)), count, axis=0)):
        positions = laid_out(vectors, silent)
        assert positions.shape == (count, 2)
        assert np.isfinite(positions).all()
        assert np.abs(positions).max() <= 1 + 1e-6


def test_many_notes_lie_among_landmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only landmarks are laid out, the others lie with their groups."""
    monkeypatch.setattr(layout, "MANY", 50)
    monkeypatch.setattr(layout, "LANDMARKS", 40)
    positions = laid_out(blobs((40, 40)), silent)
    assert separated(positions, (40, 40))


def test_a_note_is_placed_among_its_neighbours() -> None:
    """A further note lies at its nearest neighbours' places, weighted: at the place of one that says the same."""
    anchors = blobs((6, 6))
    positions = np.concatenate([np.full((6, 2), -1), np.full((6, 2), 1)]).astype(np.float32)
    near_first = placed(unit_rows(np.eye(32)[:1]), anchors, positions)
    assert near_first == pytest.approx(-1, abs=0.01)
    assert placed(anchors[7:8], anchors, np.arange(24, dtype=np.float32).reshape(12, 2))[0] == pytest.approx(
        [14, 15], abs=0.2
    )


def test_clusters_are_groups_of_positions() -> None:
    """Positions in two heaps have their centres there; a single position is one cluster."""
    heaps = np.concatenate([np.full((5, 2), -1), np.full((5, 2), 1)]).astype(np.float32)
    found = centres(heaps)
    assert sorted(found.tolist()) == [[-1, -1], [1, 1]]
    assert len(set(nearest_centres(heaps, found)[:5])) == 1
    assert centres(heaps[:1]).tolist() == [[-1, -1]]


# --- labels ---


def test_clusters_are_called_by_what_only_they_name() -> None:
    """A cluster is called by the concepts of its notes that others seldom name; no two clusters by the same one, and
    one without any by its most central note.
    """
    named = [("GAT", "Attention"), ("GAT", "Attention"), ("Attention", "KV cache"), ("Attention", "KV cache"), (), ()]
    titles = ["a", "b", "c", "d", "Whales: a study", "f"]
    assert labels([[0, 1], [2, 3], [4, 5], []], named, titles) == ["GAT", "KV cache", "“Whales”", ""]


def test_what_names_an_area_names_no_cluster(knowledge: KnowledgeBase, write: Write) -> None:
    """The name of an area says too little; a concept in a title, a tag or an opening counts."""
    write("notes/a.md", "---\narea: gnn\ntags: [graph-attention-network]\n---\n# Graph neural networks\n\nText.\n")
    knowledge.add(["notes"])
    assert knowledge.map().notes[0].concepts == ("Graph attention network",)
    note = knowledge.find_note("notes/a.md")
    concepts = load_concepts()
    assert "KV cache" in named_concepts(note, "It grows the KV cache.", concepts, lambda name: False)


# --- the map ---


@pytest.fixture
def filled(knowledge: KnowledgeBase, write: Write) -> KnowledgeBase:
    """Six notes on each of two subjects."""
    for number in range(6):
        for name, text in SUBJECTS.items():
            write(f"notes/{name}-{number}.md", note(f"{name} {number}", f"{text} {number}"))
    knowledge.add(["notes"])
    return knowledge


def note(title: str, text: str, area: str = "llm", kind: str = "note") -> str:
    return f"---\narea: {area}\nkind: {kind}\n---\n# {title}\n\n{text}\n"


def places(found: NoteMap) -> dict[str, tuple[float, float]]:
    return {note.path: (note.x, note.y) for note in found.notes}


def test_the_map_has_every_note(filled: KnowledgeBase, write: Write) -> None:
    """Notes, posts and held back notes are on it, with their sizes; every note is in a cluster that counts it."""
    write("notes/post.md", note("A post", "whale songs again", kind="post"))
    write("notes/held.md", "# Yolo\n\nObjects are detected in images.\n")
    filled.add(["notes"])
    filled.file("notes/held.md", "outside")
    found = filled.map()
    assert len(found.notes) == 14
    by_path = {note.path: note for note in found.notes}
    assert (by_path["notes/post.md"].kind, by_path["notes/held.md"].area) == ("post", "outside")
    assert (by_path["notes/post.md"].passages, by_path["notes/held.md"].passages) == (1, 0)
    counted = [sum(note.cluster == number for note in found.notes) for number in range(len(found.clusters))]
    assert [cluster.notes for cluster in found.clusters] == counted
    assert not found.computing


def test_the_map_does_not_jump(filled: KnowledgeBase, write: Write, encoder: HashingEncoder) -> None:
    """A new note is placed without moving another, also by another process; a changed one may move, one that has left
    is gone.
    """
    before = places(filled.map())
    write("notes/whales-9.md", note("whales 9", SUBJECTS["whales"]))
    write("notes/bread-0.md", note("bread 0", SUBJECTS["whales"]))
    (filled.root / "notes" / "bread-1.md").unlink()
    filled.sync()
    with KnowledgeBase(filled.root, encoder=encoder) as other:
        after = places(other.map())
    stayed = before.keys() - {"notes/bread-0.md", "notes/bread-1.md"}
    assert {path: after[path] for path in stayed} == {path: before[path] for path in stayed}
    assert "notes/bread-1.md" not in after
    whales = np.mean([before[f"notes/whales-{number}.md"] for number in range(6)], axis=0)
    bread = np.mean([before[f"notes/bread-{number}.md"] for number in range(6)], axis=0)
    for path in ("notes/whales-9.md", "notes/bread-0.md"):
        place = np.array(after[path])
        assert np.linalg.norm(place - whales) < np.linalg.norm(place - bread)


def test_many_new_notes_are_laid_out(filled: KnowledgeBase, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """The layout is computed again once more than a third of the notes came after it, however many syncs they took."""
    computed: list[int] = []

    def counted(vectors: NDArray[np.float32], progress: object) -> NDArray[np.float32]:
        computed.append(len(vectors))
        return laid_out(vectors, silent)

    monkeypatch.setattr(draw, "laid_out", counted)
    filled.map()
    for number in range(8):
        write(f"notes/more-{number}.md", note(f"more {number}", SUBJECTS["bread"]))
        filled.sync()
        filled.map()
    assert computed == [12, 19]


def test_the_map_can_be_thrown_away(filled: KnowledgeBase) -> None:
    """What is kept is private to the user; one that is damaged or missing is made again, with the same places, and a
    rebuild deletes it.
    """
    before = filled.map()
    kept = filled.root / ".kb" / MAP_NAME
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    for damage in (b"", b"{}", b"\xff\0", kept.read_bytes()[:-40]):
        kept.write_bytes(damage)
        (filled.root / "notes" / "touch.md").write_text(note("touch", "whale"))
        filled.sync()
        (filled.root / "notes" / "touch.md").unlink()
        filled.sync()
        assert places(filled.map()) == places(before)
    filled.rebuild()
    assert not kept.exists()
    assert places(filled.map()) == places(before)


def test_another_model_gives_another_map(filled: KnowledgeBase) -> None:
    """Vectors of another model are not mixed with those of the map that is kept."""
    filled.map()
    other = HashingEncoder()
    other.fingerprint = "another"
    with KnowledgeBase(filled.root, encoder=other) as knowledge:
        with pytest.raises(EncoderError):
            knowledge.map()
        knowledge.sync()
        assert len(knowledge.map().notes) == 12
    assert '"another"' in (filled.root / ".kb" / MAP_NAME).read_text()


def test_a_held_back_note_that_cannot_be_read(filled: KnowledgeBase) -> None:
    """It is named, and the others are on the map."""
    filled.file("notes/bread-1.md", "outside")
    (filled.root / "notes" / "bread-1.md").unlink()
    found = filled.map()
    assert found.missing == ("notes/bread-1.md",)
    assert len(found.notes) == 11


def test_a_notebook_without_notes(knowledge: KnowledgeBase) -> None:
    """Its map is empty, and nothing is kept."""
    assert knowledge.map() == NoteMap()
