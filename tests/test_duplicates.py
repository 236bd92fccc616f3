"""What a notebook says twice: the measures, the groups, and the warning when a note is added."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import SCALE, HashingEncoder

from kb.cutoffs import WORDING_COMPARED
from kb.knowledge import KnowledgeBase
from kb.reports import Duplicates, SyncReport
from kb.search.similar.likeness import BLOCK, MOST, alike_notes, alike_passages, neighbours
from kb.search.similar.resemblance import MIN_RUNS, RUN, containment, resemblance, word_runs

Write = Callable[[str, str], Path]

WORDS = ("whale", "otter", "seal", "krill", "tide", "reef", "wave", "current", "salt", "foam", "drift", "shell")


def prose(seed: int, length: int = 40) -> str:
    """Words in an order that another seed does not give: the same subject, told otherwise."""
    return " ".join(random.Random(seed).choices(WORDS, k=length))


def text(title: str, *sections: str, area: str = "gnn") -> str:
    parts = [f"## Part {number}\n\n{section}\n" for number, section in enumerate(sections, 1)]
    return f"---\narea: {area}\n---\n# {title}\n\n" + "\n".join(parts)


def groups(found: Duplicates) -> tuple[list[list[str]], list[list[str]]]:
    """The paths of the notes, and of the passages, of each group."""
    notes = [[note.path for note in group.notes] for group in found.notes]
    return notes, [[place.path for place in group.passages] for group in found.passages]


def repeats(report: SyncReport) -> dict[str, str | None]:
    return {entry.path: entry.near_duplicate_of for entry in (*report.updated, *report.added)}


# --- the measures ---


def runs_of(text: str) -> set[tuple[str, ...]]:
    words = text.split()
    return {tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1)}


def test_the_measures_are_those_of_the_runs_themselves() -> None:
    """Fingerprints give the resemblance and the containment that the sets of five-word runs have."""
    first = prose(1, 60)
    second = f"{first[:150]} {prose(2, 20)}"
    own, other = runs_of(first), runs_of(second)
    measured = word_runs(first), word_runs(second)
    assert resemblance(*measured) == pytest.approx(len(own & other) / len(own | other))
    assert containment(*measured) == pytest.approx(len(own & other) / len(other))
    assert 0 < resemblance(*measured) < containment(*measured) < 1


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        ("One, two; THREE four - five!", "one two three four five", 1.0),
        ("one two", "one two", 1.0),
        ("one two", "two one", 0.0),
        ("one two three four five", "one two three four", 0.0),
        ("", "", 0.0),
        ("!!!", "one", 0.0),
    ],
)
def test_what_counts_as_a_run(first: str, second: str, alike: float) -> None:
    """Case and punctuation do not count, order does; a text of fewer than five words is one run, of none no run."""
    assert resemblance(word_runs(first), word_runs(second)) == alike


@pytest.mark.parametrize("first", [0, 1, BLOCK, BLOCK + 3, 2 * BLOCK + 40])
def test_neighbours_are_exact_over_all_blocks(first: int) -> None:
    """Each row is given the nearest rows before it, as comparing all with all gives them."""
    vectors = np.random.default_rng(0).standard_normal((2 * BLOCK + 40, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    everything = SCALE.sameness(vectors @ vectors.T)
    done = []
    found = dict(neighbours(vectors, SCALE, first, lambda *progress: done.append(progress)))
    for row in range(first, len(vectors)):
        earlier = sorted(everything[row, :row].tolist(), reverse=True)
        near = [same for same in earlier if same >= WORDING_COMPARED][:MOST]
        assert everything[row, found.get(row, [])].tolist() == pytest.approx(near)
    assert len(found) <= len(vectors) - first
    assert done[-1:] == ([(len(vectors), len(vectors))] if first < len(vectors) else [])


def test_one_subject_is_no_duplicate() -> None:
    """Notes and passages with the very same vector are told apart by their words."""
    vectors = np.ones((2, 1), dtype=np.float32)
    runs = [word_runs(prose(1)), word_runs(prose(2))]
    assert alike_notes(vectors, runs, SCALE) == []
    assert alike_passages(vectors, runs, SCALE, lambda *_: None) == []


def test_the_same_passage_under_any_title() -> None:
    """Passages that say the same to the letter are a group however far apart titles have moved their vectors; too
    short ones are not.
    """
    vectors = np.eye(3, dtype=np.float32)
    long, short = (word_runs(prose(1, length)) for length in (MIN_RUNS + 4, MIN_RUNS + 3))
    assert [group.rows for group in alike_passages(vectors, [long] * 3, SCALE, lambda *_: None)] == [(0, 1, 2)]
    assert alike_passages(vectors, [short] * 3, SCALE, lambda *_: None) == []


# --- over a notebook ---


def test_notes_are_listed_as_wholes_and_boilerplate_once(
    knowledge: KnowledgeBase, encoder: HashingEncoder, write: Write
) -> None:
    """A pair of near-identical notes is not listed again passage by passage, and what many notes repeat is one group;
    nothing is embedded.
    """
    sections = [prose(number) for number in range(4)]
    write("notes/a.md", text("Sea", *sections))
    write("notes/b.md", text("Another sea", *sections[:3], sections[3] + " and more"))
    for number in range(6):
        write(f"notes/letter-{number}.md", text(f"Letter {number}", prose(10 + number), prose(99, 30)))
    knowledge.add(["notes"])
    embedded = len(encoder.embedded)
    found = knowledge.duplicates()
    letters = [f"notes/letter-{number}.md" for number in range(6)]
    assert groups(found) == ([["notes/a.md", "notes/b.md"]], [letters])
    assert found.notes[0].similarity < found.passages[0].similarity == 1.0
    assert {(place.start_line, place.end_line) for place in found.passages[0].passages} == {(10, 12)}
    assert len(encoder.embedded) == embedded


def test_a_passage_within_a_longer_one(knowledge: KnowledgeBase, write: Write) -> None:
    """A passage that another note has between other words is found, and both addresses are given."""
    write("notes/a.md", text("Sea", prose(1), prose(2, 30)))
    write("notes/b.md", text("Land", prose(3), f"{prose(4, 8)} {prose(2, 30)} {prose(5, 8)}"))
    knowledge.add(["notes"])
    assert groups(knowledge.duplicates()) == ([], [["notes/a.md", "notes/b.md"]])


def test_what_a_note_repeats_within_itself_comes_last(knowledge: KnowledgeBase, write: Write) -> None:
    """Passages that one note has twice are listed after those of several notes."""
    write("notes/a.md", text("Sea", prose(1), prose(1), prose(2), prose(3), prose(4)))
    write("notes/b.md", text("Land", prose(5), prose(2) + " and shore", prose(6)))
    knowledge.add(["notes"])
    assert groups(knowledge.duplicates())[1] == [["notes/a.md", "notes/b.md"], ["notes/a.md", "notes/a.md"]]


def test_what_changed_is_not_called_a_duplicate(notebook: Path, encoder: HashingEncoder, write: Write) -> None:
    """A group without its changed and deleted notes is listed only while two are left, and the user is told."""
    for name in ("a", "b", "c", "d"):
        write(f"notes/{name}.md", text(name, prose(1)))
    said: list[str] = []
    with KnowledgeBase(notebook, encoder=encoder, notify=said.append) as knowledge:
        knowledge.add(["notes"])
        write("notes/a.md", text("a", prose(2)))
        assert groups(knowledge.duplicates()) == ([["notes/b.md", "notes/c.md", "notes/d.md"]], [])
        Path("notes/b.md").unlink()
        assert groups(knowledge.duplicates()) == ([["notes/c.md", "notes/d.md"]], [])
        Path("notes/c.md").unlink()
        assert groups(knowledge.duplicates()) == ([], [])
    changed = "changed since the last sync and were left out; run `kb sync`"
    assert said == [f"{notes} {changed}" for notes in ("1 note", "2 notes", "3 notes")]


def test_progress_is_told_in_notes(notebook: Path, encoder: HashingEncoder, write: Write) -> None:
    """The bar counts notes, whatever is compared, and ends with all of them."""
    for number in range(3):
        write(f"notes/{number}.md", text(str(number), prose(number), prose(10 + number)))
    told: list[tuple[int, int]] = []
    with KnowledgeBase(notebook, encoder=encoder, progress=lambda *counts: told.append(counts)) as knowledge:
        knowledge.add(["notes"])
        told.clear()
        knowledge.duplicates()
    assert told[-1] == (3, 3)


# --- the warning ---


def test_a_copy_is_told_when_it_is_added(knowledge: KnowledgeBase, write: Write) -> None:
    """A note that nearly repeats an older one names it, also under another title and below a new beginning; a note on
    the same subject does not.
    """
    sections = [prose(number) for number in range(5)]
    knowledge.add([write("notes/a.md", text("Sea", *sections))])
    for path, content, older in (
        ("notes/b.md", text("Copy", *sections[:4]), "notes/a.md"),
        ("notes/c.md", text("Sea", prose(30, 20), *sections), "notes/a.md"),
        ("notes/d.md", text("Sea", *(prose(40 + number) for number in range(5))), None),
    ):
        assert repeats(knowledge.add([write(path, content)])) == {path: older}
        knowledge.forget(path)


def test_the_later_one_of_a_batch_repeats_the_earlier(knowledge: KnowledgeBase, write: Write) -> None:
    """Within one add the note that is taken first is the older; a sync with nothing to do tells nothing."""
    for name in ("a", "b"):
        write(f"notes/{name}.md", text(name, prose(1), prose(2)))
    write("notes/c.md", text("c", prose(3)))
    assert repeats(knowledge.add(["notes"])) == {"notes/a.md": None, "notes/b.md": "notes/a.md", "notes/c.md": None}
    assert repeats(knowledge.sync()) == {}


def test_an_edit_that_makes_a_copy_is_told(knowledge: KnowledgeBase, write: Write) -> None:
    """An updated note names the note that it came to repeat; what it no longer says is no reason to name it."""
    write("notes/a.md", text("a", prose(1)))
    write("notes/b.md", text("b", prose(2)))
    knowledge.add(["notes"])
    write("notes/a.md", text("a", prose(2) + " and more"))
    write("notes/c.md", text("c", prose(1)))
    assert repeats(knowledge.sync()) == {"notes/a.md": "notes/b.md", "notes/c.md": None}
