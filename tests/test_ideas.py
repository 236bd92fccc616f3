"""What could be written next: which notes make a post, how ripe it is, and that its command works."""

from __future__ import annotations

import datetime
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import SCALE, Run
from rich.console import Console
from scipy.sparse import csr_array

from kb import knowledge as knowledge_module
from kb.console import outline, terminal
from kb.console.outline import print_ideas
from kb.errors import InputError
from kb.ideas.ripeness import MAX_NOTES, RipeGroup, Ripeness, groups, in_turn
from kb.knowledge import KnowledgeBase
from kb.models import Encoder, FiledArea
from kb.reports import Ideas, RipenessParts

Write = Callable[[str, str], Path]

TODAY = datetime.date(2025, 6, 30)
SUBJECTS = {
    "gnn": ("whale songs", "the whale songs of the deep sea carry far and change slowly from year to year"),
    "llm": ("sourdough bread", "a sourdough bread rises slowly when flour water and salt rest in a cool kitchen"),
}


def note(title: str, body: str, area: str = "gnn", date: str = "2025-06-01", kind: str = "note") -> str:
    return f"---\narea: {area}\ndate: {date}\nkind: {kind}\n---\n# {title}\n\n{body}\n"


def unit(*rows: list[float]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    matrix = np.array(rows, dtype=np.float32)
    return np.asarray(matrix / np.linalg.norm(matrix, axis=1, keepdims=True), dtype=np.float32)


@pytest.fixture
def filled(knowledge: KnowledgeBase, write: Write, monkeypatch: pytest.MonkeyPatch) -> KnowledgeBase:
    """Three notes on one subject in each of two areas, those of `gnn` recent and with questions."""
    monkeypatch.setattr(knowledge_module, "today", lambda: TODAY)
    for number in range(3):
        for area, (subject, text) in SUBJECTS.items():
            question = "\n\n- Q: why is that?" if area == "gnn" else ""
            date = "2025-06-01" if area == "gnn" else "2024-01-01"
            write(f"notes/{area}-{number}.md", note(f"{subject}, part {number}", text + question, area, date))
    knowledge.add(["notes"])
    return knowledge


# --- groups ---


def test_notes_that_belong_together_are_a_group() -> None:
    """Notes near each other form a group; one that is like no other stays out."""
    vectors = unit([1, 0.1, 0], [1, 0, 0.1], [1, 0.1, 0.1], [0, 1, 0], [0.1, 1, 0], [0, 1, 0.1], [0, 0, 1])
    assert sorted(groups(vectors, csr_array((7, 7)), SCALE)) == [[0, 1, 2], [3, 4, 5]]


def test_a_group_is_no_larger_than_a_post() -> None:
    """Many notes on one subject are several groups, and a note is in one of them at most."""
    vectors = unit(*(np.random.default_rng(1).normal(size=(40, 8)) + 2).tolist())
    found = groups(vectors, csr_array((40, 40)), SCALE)
    members = [member for group in found for member in group]
    assert len(found) > 1
    assert all(3 <= len(group) <= MAX_NOTES for group in found)
    assert len(members) == len(set(members))


def test_links_decide_between_equals() -> None:
    """Of two notes as near to a group the one that is linked belongs to it."""
    angles = np.linspace(0, 1.5, 7)
    vectors = unit(*([float(np.cos(a)), float(np.sin(a))] for a in angles))
    links = np.zeros((7, 7))
    links[3, 4:] = links[4:, 3] = 5
    assert any({3, 4} <= set(group) for group in groups(vectors, csr_array(links), SCALE))


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_notes_make_no_group(count: int) -> None:
    """A post needs three notes."""
    assert groups(np.ones((count, 4), dtype=np.float32), csr_array((count, count)), SCALE) == []


# --- over a notebook ---


def test_an_idea_says_why_and_how_to_start(filled: KnowledgeBase) -> None:
    """The ripest comes first: its notes, the counts behind it, a title of their words, and the command."""
    first, second = filled.ideas().ideas
    assert (first.area, second.area) == ("gnn", "llm")
    assert first.notes == ("notes/gnn-0.md", "notes/gnn-1.md", "notes/gnn-2.md")
    assert first.title == "Whale songs"
    assert first.command == 'kb outline "whale songs"'
    assert first.parts == RipenessParts(evidence=0.375, recency=1, questions=1, novelty=1)
    assert first.ripeness == pytest.approx(3.375 / 4, abs=1e-4)
    assert first.why == (
        "3 notes with 3 passages",
        "3 of them from the last 60 days",
        "3 open questions",
        "no post on it yet",
    )
    assert second.why == ("3 notes with 3 passages", "the newest from 2024-01-01", "no post on it yet")
    assert first.ripeness > second.ripeness


def test_what_was_written_before_counts_against(filled: KnowledgeBase, write: Write) -> None:
    """A post that says the same is named with its date, and the idea is less ripe than before."""
    before = filled.ideas().ideas[0]
    write("posts/sea.md", note("The sea", SUBJECTS["gnn"][1], date="2025-05-01", kind="post"))
    filled.add(["posts"])
    after = next(idea for idea in filled.ideas().ideas if idea.area == "gnn")
    assert after.nearest_post
    assert after.nearest_post.path == "posts/sea.md"
    assert after.why[-1] == f"nearest post: posts/sea.md (2025-05-01), {after.nearest_post.similarity:.2f}"
    assert after.ripeness < before.ripeness
    assert after.new_since_post == after.notes


def test_an_undated_note_is_not_recent(filled: KnowledgeBase, write: Write) -> None:
    """When its file was last changed says nothing: a group without dates is undated, not from the last 60 days."""
    for number in range(3):
        write(f"notes/llm-{number}.md", f"---\narea: llm\n---\n# Sourdough bread, {number}\n\n{SUBJECTS['llm'][1]}\n")
    filled.sync()
    idea = next(idea for idea in filled.ideas().ideas if idea.area == "llm")
    assert (idea.recent_notes, idea.parts.recency, idea.why[1]) == (0, 0, "undated")


def test_what_is_new_since_the_nearest_post(
    filled: KnowledgeBase, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    """The notes that are newer than the post, or of which it says nothing, are named."""
    write("posts/sea.md", note("The sea", SUBJECTS["gnn"][1], date="2025-06-10", kind="post"))
    write("notes/gnn-1.md", note("Whale songs, part 1", SUBJECTS["gnn"][1], date="2025-06-20"))
    filled.add(["notes", "posts"])
    found = filled.ideas()
    idea = next(idea for idea in found.ideas if idea.area == "gnn")
    assert idea.new_since_post == ("notes/gnn-1.md",)
    print_ideas(found)
    assert "    new since that post: notes/gnn-1.md\n" in capsys.readouterr().out


def test_a_long_title_is_wrapped_beside_its_rank(
    filled: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lines of a title that needs several begin in one column."""
    narrow = Console(width=30, color_system=None)
    for module in (outline, terminal):
        monkeypatch.setattr(module, "out", lambda: narrow)
    found = filled.ideas(limit=1)
    long = found.ideas[0].model_copy(update={"title": "What do whales sing about when nobody listens?"})
    print_ideas(found.model_copy(update={"ideas": (long,)}))
    assert capsys.readouterr().out.startswith(" 1  What do whales sing about\n    when nobody listens?\n")


def test_one_area_and_a_limit(filled: KnowledgeBase) -> None:
    """Ideas can be limited to an area and a number; a limit of 0 is wrong usage."""
    assert [idea.area for idea in filled.ideas(areas=("llm",)).ideas] == ["llm"]
    assert len(filled.ideas(limit=1).ideas) == 1
    with pytest.raises(InputError, match="at least 1, is 0"):
        filled.ideas(limit=0)


def test_notes_that_changed_are_left_out(filled: KnowledgeBase) -> None:
    """A group that lost a note to a change since the last sync is no group of three any more."""
    Path("notes/gnn-0.md").write_text("Something else.")
    assert [idea.area for idea in filled.ideas().ideas] == ["llm"]


@pytest.mark.parametrize("notes", [0, 2])
def test_a_notebook_with_too_few_notes_has_no_ideas(knowledge: KnowledgeBase, write: Write, notes: int) -> None:
    """Without three notes there is nothing to suggest, and no error."""
    for number in range(notes):
        write(f"notes/{number}.md", note("Whale songs", SUBJECTS["gnn"][1]))
    knowledge.add(["notes"])
    assert knowledge.ideas() == Ideas(ideas=(), notes=notes)


def test_translations_are_one_note(knowledge: KnowledgeBase, write: Write) -> None:
    """A text in three languages is not three notes on a subject."""
    subject, text = SUBJECTS["gnn"]
    for folder in ("en", "de", "fr"):
        write(f"notes/{folder}/whales.md", note(subject, text))
    knowledge.add(["notes"])
    assert not knowledge.ideas().ideas
    for number in range(2):
        write(f"notes/en/part-{number}.md", note(subject, f"{text}, part {number}"))
    knowledge.add(["notes"])
    (idea,) = knowledge.ideas().ideas
    assert len(idea.notes) == 3


def test_no_subject_is_offered_twice(filled: KnowledgeBase, write: Write) -> None:
    """Two groups of notes that go by one name would be drafted by one command; the riper one is offered."""
    subject, text = SUBJECTS["gnn"]
    for number in range(3, 3 * MAX_NOTES):
        write(f"notes/gnn-{number}.md", note(f"{subject}, part {number}", text))
    filled.add(["notes"])
    commands = [idea.command for idea in filled.ideas().ideas]
    assert len(set(commands)) == len(commands)


def test_areas_take_turns() -> None:
    """The area of the ripest offered group begins; each gives one before any gives a second, however many are passed
    over.
    """

    def group(area: FiledArea, score: float) -> RipeGroup:
        ripe = Ripeness(score, score, score, score, passages=1, recent_notes=0, open_questions=0)
        return RipeGroup(area, (), ripe, None, 0.0)

    ripe: dict[FiledArea, list[RipeGroup]] = {
        "gnn": [group("gnn", 1.0), group("gnn", 0.5)],
        "llm": [group("llm", 0.9), group("llm", 0.8)],
        "ml-systems": [],
    }
    turns = in_turn(ripe, lambda entry: entry if entry.ripeness.score != 1.0 else None)
    assert [(entry.area, round(entry.ripeness.score, 2)) for entry in turns] == [
        ("llm", 0.9),
        ("gnn", 0.5),
        ("llm", 0.8),
    ]


# --- with the real model ---


@pytest.mark.model
def test_every_command_gives_an_outline_of_the_notes(indexed_notes: Path, real_encoder: Encoder) -> None:
    """Ideas for the notes of the repository begin with all areas; the outlines of three cite most of their notes."""
    with KnowledgeBase(indexed_notes, encoder=real_encoder) as knowledge:
        ideas = knowledge.ideas().ideas
        assert {idea.area for idea in ideas[:3]} == {"ml-systems", "gnn", "llm"}
        assert len({path for idea in ideas for path in idea.notes}) == sum(len(idea.notes) for idea in ideas)
        for idea in ideas[:3]:
            *command, topic = shlex.split(idea.command)
            assert command == ["kb", "outline"]
            cited = {path for section in knowledge.outline(topic).sections for path in section.notes}
            assert len(cited & set(idea.notes)) > len(idea.notes) / 2, idea.title


@pytest.mark.model
def test_ideas_as_they_are_printed(kb: Callable[..., Run], indexed_notes: Path, tmp_path: Path) -> None:
    """At least five lines an idea; too few notes are said in one line on standard error, with exit code 0."""
    ended = kb("--notebook", str(indexed_notes), "ideas", "-n", "2")
    assert ended.code == 0
    assert re.search(
        r"^ 1  [^\n]+\n    .*  ripe 0\.\d\d: evidence .*, recency .*, questions .*, novelty \d\.\d\d$",
        ended.out,
        re.MULTILINE,
    )
    assert len(ended.out.splitlines()) in range(10, 13)
    (tmp_path / "kb.toml").touch()
    empty = kb("--notebook", str(tmp_path), "ideas")
    assert (empty.code, empty.out) == (0, "")
    assert empty.err.splitlines() == [
        "kb: this notebook has no notes yet; `kb add FOLDER` takes a folder's notes in, `kb new TITLE` starts one",
        "kb: no ideas: among 0 notes, no three are similar enough for a post; add more notes",
    ]
