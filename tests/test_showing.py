"""A note at a terminal, in a pipe, and as its file is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import HashingEncoder, Run, on_a_terminal

from kb.console.terminal import shared_widths
from kb.knowledge import KnowledgeBase

Command = Callable[..., Run]
TEXT = """---
area: llm
title: A tall tree
---
# A tall tree

It has **leaves** and [[roots]].

## Care

- water
- light

```python
## no heading
grow()
```

Growth is $a_1 * b\\,c_2 * d$, and costs $9 or $10.

$$
u\\,v_1 * w_1 * x
$$
"""
LINK = re.compile(r"\x1b\]8;[^;]*;(file://[^\x1b]+)\x1b")
CODES = re.compile(r"\x1b\]8;[^\x1b]*\x1b\\|\x1b\[[\d;]*m")


@pytest.fixture
def grove(notebook: Path, encoder: HashingEncoder) -> Path:
    """A notebook with one note, whose name is not plain ASCII."""
    (notebook / "notes" / "tall tré.md").write_text(TEXT)
    with KnowledgeBase(notebook, encoder=encoder) as knowledge:
        knowledge.add(["notes"])
    return notebook


def test_a_terminal_sets_a_note_in_type(grove: Path, encoder: HashingEncoder) -> None:
    """Front matter and marks are gone, code is as it was, and each passage has its line in the margin."""
    with KnowledgeBase(grove, encoder=encoder) as knowledge:
        begins = knowledge.show("tall tré").passages
    shown = CODES.sub("", on_a_terminal(grove, ["show", "tall tré"]))
    assert begins
    assert [int(line) for line in re.findall(r"^ *:(\d+) ", shown, re.MULTILINE)] == [*begins]
    assert "## no heading" in shown
    assert "[[roots]]" in shown
    assert r"Growth is $a_1 * b\,c_2 * d$, and costs $9 or $10." in shown
    assert r"u\,v_1 * w_1 * x" in shown
    assert [mark for mark in ("**", "title:", "```", "## Care") if mark in shown] == []
    assert max(len(line) for line in shown.splitlines()) <= 80


def test_the_file_as_it_is(grove: Path, kb_without_model: Command) -> None:
    """`--raw` prints the text of the file alone, and excludes `--json`; a pipe gets the properties and the Markdown."""
    assert kb_without_model("show", "tall tré", "--raw").out == TEXT
    assert on_a_terminal(grove, ["show", "tall tré", "--raw"]).replace("\r\n", "\n") == TEXT
    piped = kb_without_model("show", "tall tré").out
    assert piped.startswith("A tall tree\npath")
    assert piped.endswith(f"\n\n{TEXT}")
    assert kb_without_model("show", "tall tré", "--raw", "--json").code == 2


@pytest.mark.parametrize("arguments", [["list"], ["show", "tall tré"], ["search", "--mode", "lexical", "leaves"]])
def test_titles_are_links_where_the_terminal_can(grove: Path, kb_without_model: Command, arguments: list[str]) -> None:
    """A title opens the file of its note; a terminal that knows no codes, and a pipe, get none."""
    assert {*LINK.findall(on_a_terminal(grove, arguments))} == {(grove / "notes" / "tall tré.md").as_uri()}
    assert "\x1b" not in on_a_terminal(grove, arguments, TERM="dumb")
    assert "\x1b" not in kb_without_model(*arguments).out


def test_a_command_in_a_message_stays_on_one_line(grove: Path) -> None:
    """A terminal of 80 columns gets lines that fit it, and between the marks of a command none ends."""
    lines = on_a_terminal(grove, ["log"], TERM="dumb").splitlines()
    assert len(lines) > 1
    assert all(len(line) <= 80 and line.count("`") % 2 == 0 for line in lines)


@pytest.mark.parametrize(
    ("titles", "paths", "widths"),
    [
        (["t" * 10], ["p" * 90], (10, 40)),
        (["t" * 90], ["p" * 10], (40, 10)),
        (["t" * 90], ["p" * 90], (30, 20)),
        (["t"], ["p", "p" * 5], (1, 49)),
        (["木" * 10], ["p" * 90], (20, 30)),
    ],
)
def test_titles_and_paths_share_the_columns(titles: list[str], paths: list[str], widths: tuple[int, int]) -> None:
    """What one of the two does not need, the other has; where neither fits, each has its share."""
    assert shared_widths(50, titles, paths) == widths


def test_an_address_shows_its_passage(grove: Path, kb_without_model: Command) -> None:
    """`kb show PATH:START-END` prints the passage that holds these lines with numbers, marks them, and reports them; a
    line that the note has not is said so.
    """
    shown = kb_without_model("show", "notes/tall tré.md:11-12").out.splitlines()
    assert shown[:2] == ["A tall tree", "notes/tall tré.md:11-12"]
    assert [line for line in shown if line.startswith(">")] == ["> 11 - water", "> 12 - light"]
    assert not any("leaves" in line for line in shown)
    report = json.loads(kb_without_model("show", "tall:7", "--json").out)
    assert (report["start_line"], report["end_line"], report["path"]) == (7, 7, "notes/tall tré.md")
    assert json.loads(kb_without_model("show", "tall", "--json").out)["start_line"] is None
    assert kb_without_model("show", "tall:99").err == "kb: notes/tall tré.md has no line 99; it has 23\n"


def test_a_path_that_a_terminal_shortened_names_its_note(
    notebook: Path, encoder: HashingEncoder, kb_without_model: Command
) -> None:
    """A long path loses its first folders at a terminal, and a long name its middle; the rest, with or without a line,
    is the name of the note in other commands, as long as it is one.
    """
    paths = [f"notes/{'of-many-things/' * 6}oak.md", f"notes/{'an-oak-and-' * 9}elm.md"]
    for path in paths:
        (notebook / path).parent.mkdir(parents=True, exist_ok=True)
        (notebook / path).write_text(TEXT)
    with KnowledgeBase(notebook, encoder=encoder) as knowledge:
        knowledge.add(["notes"])
    shown = CODES.sub("", on_a_terminal(notebook, ["list"])).splitlines()
    assert max(map(len, shown)) <= 80
    short = sorted((word for line in shown for word in line.split() if word.endswith(".md")), key=len)
    assert all(word.startswith("…/") for word in short)
    assert {json.loads(kb_without_model("show", f"{word}:7", "--json").out)["path"] for word in short} == {*paths}
    assert "matches several notes" in kb_without_model("show", "notes/…").err


@pytest.mark.slow
@pytest.mark.parametrize("width", [60, 80])
def test_a_path_next_to_other_columns_names_its_note(
    notebook: Path, encoder: HashingEncoder, kb_without_model: Command, width: int
) -> None:
    """What the columns beside it leave of a long path is a name of the note, too, and no line is wider than the
    terminal.
    """
    paths = [f"notes/{'of-many-things/' * 3}{tree}{'-and-one-more' * 3}.md" for tree in ("oak", "elm", "ash")]
    for path in paths:
        (notebook / path).parent.mkdir(parents=True, exist_ok=True)
        (notebook / path).write_text(TEXT)
    with KnowledgeBase(notebook, encoder=encoder) as knowledge:
        knowledge.add(["notes"])
    for path in paths:
        assert kb_without_model("file", path, "ml-systems").code == 0
    shown = CODES.sub("", on_a_terminal(notebook, ["log"], COLUMNS=str(width))).splitlines()
    assert max(map(len, shown)) <= width
    short = [word for line in shown for word in line.split() if word.startswith("…/")]
    assert {json.loads(kb_without_model("show", word, "--json").out)["path"] for word in short} == {*paths}
