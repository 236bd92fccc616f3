"""What `kb search` prints of the hits, and what it does with them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import HashingEncoder, Run

from kb.knowledge import KnowledgeBase
from kb.models import Filter
from kb.notes.naming import address_of

Command = Callable[..., Run]
LEXICAL = ("search", "--mode", "lexical")
TEXTS = {
    "apple": "---\narea: llm\n---\nQuinces first of all.\n\n## Pie\n\nA pie of quinces.\n\n## Jam\n\nOf quinces.\n",
    "birch": "---\narea: llm\n---\n# Birch\n\nQuinces grow elsewhere.\n",
    "cedar": "---\narea: llm\nkind: post\n---\n# Cedar\n\nQuinces, published.\n",
}


@pytest.fixture
def orchard(notebook: Path, encoder: HashingEncoder) -> Path:
    """Two notes and a post about the same."""
    for name, text in TEXTS.items():
        (notebook / "notes" / f"{name}.md").write_text(text)
    with KnowledgeBase(notebook, encoder=encoder) as knowledge:
        knowledge.add(["notes"])
    return notebook


def places(run: Run) -> list[tuple[str, int]]:
    """The paths and lines of `path:line: text`."""
    assert run.code == 0, run.err
    return [(path, int(line)) for path, line, _ in (row.split(":", 2) for row in run.out.splitlines())]


@pytest.mark.parametrize("name", ["apple", "birch", "cedar"])
def test_inside_a_note(orchard: Path, kb_without_model: Command, name: str) -> None:
    """`--in` finds passages of one note alone, of whatever kind it is."""
    found = json.loads(kb_without_model(*LEXICAL, "quinces", "--in", name, "--json").out)
    assert [hit["path"] for hit in found["hits"]] == [f"notes/{name}.md"]


def test_inside_a_note_every_passage_is_a_line(orchard: Path, kb_without_model: Command) -> None:
    """With `-l` they have a line each, with the line at which they begin; `-n` limits them; a number names the note."""
    begins = [TEXTS["apple"].split("\n").index(text) + 1 for text in ("Quinces first of all.", "## Pie", "## Jam")]
    found = places(kb_without_model(*LEXICAL, "quinces", "--in", "apple", "-l"))
    assert sorted(found) == [("notes/apple.md", line) for line in begins]
    assert len(places(kb_without_model(*LEXICAL, "quinces", "--in", "apple", "-l", "-n", "2"))) == 2
    kb_without_model("list", "--sort", "path")
    assert sorted(places(kb_without_model(*LEXICAL, "quinces", "--in", "1", "-l"))) == sorted(found)


def test_a_line_per_hit_for_editors(orchard: Path, kb_without_model: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-l` prints a line per note, whose path leads to its file from the working directory."""
    monkeypatch.chdir(orchard / "notes")
    found = places(kb_without_model(*LEXICAL, "quinces", "-l"))
    assert sorted(path for path, _ in found) == ["apple.md", "birch.md"]


def test_a_hit_is_opened(orchard: Path, kb_without_model: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--open 2` opens the second hit at its line; where there are fewer hits, a message says how many."""
    monkeypatch.setenv("VISUAL", "echo")
    (_, (path, line)) = places(kb_without_model(*LEXICAL, "quinces", "-l"))
    assert kb_without_model(*LEXICAL, "quinces", "--open", "2").out == f"+{line} {orchard / path}\n"
    beyond = kb_without_model(*LEXICAL, "elsewhere", "--open", "2")
    assert (beyond.code, beyond.out) == (2, "")
    assert "there is no hit 2; the search has 1 hit" in beyond.err


@pytest.mark.parametrize(
    "options", [["-l", "--json"], ["-l", "--open", "1"], ["--open", "1", "--json"], ["-l", "--explain"]], ids=" ".join
)
def test_outputs_exclude_each_other(orchard: Path, kb_without_model: Command, options: list[str]) -> None:
    """One form of output at a time."""
    assert kb_without_model(*LEXICAL, "quinces", *options).code == 2


def test_a_passage_without_a_heading_shows_its_first_words(orchard: Path, kb_without_model: Command) -> None:
    """Further passages are told apart by their headings, and one without by what it begins with."""
    printed = kb_without_model(*LEXICAL, "quinces", "--in", "apple").out
    heard = [line.split("  ", 1)[1] for line in printed.splitlines() if line.startswith("    also ")]
    assert len(heard) == 2
    assert all(line.split("  ", 1)[1] in ("Quinces first of all.", "Pie", "Jam") for line in map(str.strip, heard))


def test_an_address_of_one_line_has_one_number(orchard: Path, kb_without_model: Command) -> None:
    """It is `notes/a.md:6`, and not `notes/a.md:6-6`."""
    assert (address_of("a.md", 6, 6), address_of("a.md", 6, 8)) == ("a.md:6", "a.md:6-8")
    assert "notes/apple.md:4  " in kb_without_model(*LEXICAL, "quinces", "--in", "apple").out.replace("\n", "  \n")


def test_parts_of_a_score(orchard: Path, encoder: HashingEncoder) -> None:
    """The logistic function of the parts is the score, which is a probability in hybrid mode only."""
    with KnowledgeBase(orchard, encoder=encoder) as knowledge:
        for hit in knowledge.search("quinces in a pie", filter=Filter(kinds=("note", "post")), explain=True).hits:
            assert hit.explain
            assert hit.explain.logit
            total = sum(hit.explain.logit.model_dump().values())
            assert hit.score == pytest.approx(1 / (1 + math.exp(-total)), abs=0.001)
        lexical = knowledge.search("quinces", mode="lexical", explain=True).hits
        assert [hit.explain and hit.explain.logit for hit in lexical] == [None] * len(lexical)


def test_what_holds_for_a_query_is_explained_once(orchard: Path, kb_without_model: Command) -> None:
    """`--explain` says once how the two rankings agree, and of each hit how its place came about."""
    printed = kb_without_model(*LEXICAL, "quinces", "--explain", "-n", "2").out
    assert printed.count("of their ten best notes") == 1
    assert printed.count("order ") == 2
