"""Numbers of the last list as names of notes."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import HashingEncoder, Run

from kb.errors import InputError
from kb.index.numbers import LIST_NAME
from kb.knowledge import KnowledgeBase
from kb.search import answer

Command = Callable[..., Run]
TEXTS = {
    "apple": "---\narea: llm\n---\n# Apple\n\nA fruit.\n\n## Pie\n\nQuinces are stewed in a pie of quinces.\n",
    "birch": "---\narea: llm\n---\n# Birch\n\nA tree with one quince.\n",
    "cedar": "---\narea: llm\n---\n# Cedar\n\nAnother tree.\n",
}


@pytest.fixture
def orchard(notebook: Path, encoder: HashingEncoder) -> Path:
    """Three notes, and nothing listed yet."""
    for name, text in TEXTS.items():
        (notebook / "notes" / f"{name}.md").write_text(text)
    with KnowledgeBase(notebook, encoder=encoder) as knowledge:
        knowledge.add(["notes"])
    return notebook


def add(root: Path, encoder: HashingEncoder, name: str) -> None:
    """One more note."""
    (root / "notes" / f"{name}.md").write_text("---\narea: llm\n---\n# Quite another title\n\nA shrub.\n")
    with KnowledgeBase(root, encoder=encoder) as knowledge:
        knowledge.add([root / "notes"])


def first_line(run: Run) -> str:
    assert run.code == 0, run.err
    return run.out.splitlines()[0]


def test_a_number_names_what_was_listed_last(orchard: Path, kb_without_model: Command) -> None:
    """After a list or a search, `kb show 2` shows its second note; the list is its owner's alone."""
    kb = kb_without_model
    kb("list", "--sort", "title")
    assert [first_line(kb("show", str(number))) for number in (1, 2, 3)] == ["Apple", "Birch", "Cedar"]
    found = kb("search", "--mode", "lexical", "quinces").out
    titles = [line.split()[1] for line in found.splitlines() if line.startswith((" 1", " 2"))]
    assert [first_line(kb("show", number)) for number in ("1", "2")] == titles
    assert stat.S_IMODE((orchard / ".kb" / LIST_NAME).stat().st_mode) == 0o600


def test_an_editor_opens_at_the_hit(orchard: Path, kb_without_model: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """`kb open 1` opens the note at the passage that was found."""
    monkeypatch.setenv("VISUAL", "echo")
    found = kb_without_model("search", "--mode", "lexical", "stewed").out
    line = int(found.split("notes/apple.md:")[1].split("-")[0].split()[0])
    assert line > 1
    assert kb_without_model("open", "1").out == f"+{line} {orchard / 'notes' / 'apple.md'}\n"


def test_numbers_are_those_that_were_printed(
    orchard: Path, kb_without_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a search leaves out a weak hit between two others, their numbers have a gap, and still name them."""
    monkeypatch.setattr(answer, "_strong", lambda hits, good, mode: (hits[0], *hits[2:]))
    monkeypatch.setenv("VISUAL", "echo")
    found = kb_without_model("search", "--mode", "lexical", "fruit OR tree a").out
    titles = {line.split()[0]: line.split()[1] for line in found.splitlines() if line[:2].strip().isdigit()}
    assert list(titles) == ["1", "3"]
    assert [first_line(kb_without_model("show", number)) for number in titles] == list(titles.values())
    assert kb_without_model("show", "2").code == 2
    opened = kb_without_model("search", "--mode", "lexical", "fruit OR tree a", "--open", "3").out
    assert opened.endswith(f"/{titles['3'].lower()}.md\n")


def test_what_is_no_number_of_the_list(orchard: Path, kb_without_model: Command) -> None:
    """A message says that nothing was listed yet, or how much was."""
    before = kb_without_model("show", "1")
    assert (before.code, before.out) == (2, "")
    assert "nothing was listed yet" in before.err
    kb_without_model("list")
    beyond = kb_without_model("show", "4")
    assert (beyond.code, beyond.out) == (2, "")
    assert "there is no number 4; the last `kb list` listed 3 notes" in beyond.err
    (orchard / ".kb" / LIST_NAME).write_text("{")
    assert "nothing was listed yet" in kb_without_model("show", "1").err


def test_json_and_paths_leave_the_numbers_alone(orchard: Path, kb_without_model: Command) -> None:
    """What programs read is not remembered."""
    kb_without_model("list", "--sort", "title")
    kb_without_model("search", "--mode", "lexical", "tree", "--json")
    kb_without_model("list", "--paths", "--no-links")
    assert first_line(kb_without_model("show", "1")) == "Apple"


def test_a_file_named_like_a_number(orchard: Path, encoder: HashingEncoder, kb_without_model: Command) -> None:
    """Its path always names it; its bare name does where the list has no such number."""
    add(orchard, encoder, "2")
    assert first_line(kb_without_model("show", "2")) == "Quite another title"
    kb_without_model("list", "--sort", "title")
    assert first_line(kb_without_model("show", "2")) == "Birch"
    assert first_line(kb_without_model("show", "notes/2.md")) == "Quite another title"


def test_only_the_command_line_reads_numbers(orchard: Path, encoder: HashingEncoder, kb_without_model: Command) -> None:
    """A number names no note in the library, nor for `kb forget`, which wants the whole name."""
    kb_without_model("list")
    with KnowledgeBase(orchard, encoder=encoder) as knowledge, pytest.raises(InputError, match="no note '2'"):
        knowledge.show("2")
    assert "there is no note '2'" in kb_without_model("forget", "2").err
