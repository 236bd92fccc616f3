"""What the writer decides: new notes, the inbox, the log of decisions and taking the last one back; tags and links."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copy2

import pytest
from conftest import REPOSITORY, Run

from kb.decisions import DECISIONS_NAME, Flags, load_decisions
from kb.errors import InputError
from kb.knowledge import KnowledgeBase

Kb = Callable[..., Run]
Write = Callable[[str, str], Path]

GNN = "Graph neural networks pass messages between the nodes of a graph, and a GCN averages neighbours. "
BREAD = "A recipe with flour, salt, yeast and olive oil, baked in a hot oven for an hour. "
PATIENCE = 30  # seconds
KEYS_LINE = "quit"


@pytest.fixture
def filled(knowledge: KnowledgeBase, write: Write) -> KnowledgeBase:
    """A notebook with one note of an area and two that are held back."""
    write(
        "notes/gcn.md", f"---\narea: gnn\ntags: [graphs/convolution, nets]\n---\n# GCN\n\n{GNN * 3}\n\nSee [[bread]].\n"
    )
    write("notes/bread.md", f"# Bread\n\n{BREAD * 3}\n")
    write(
        "notes/rye.md", f"---\ntags: [graphs]\n---\n# Rye\n\nAbout rye.\n\n{BREAD * 3} See [[bread]] and [[nothing]].\n"
    )
    knowledge.add(["notes"])
    assert {note.path: note.area for note in knowledge.list(("gnn", "outside")).notes} == {
        "notes/gcn.md": "gnn",
        "notes/bread.md": "outside",
        "notes/rye.md": "outside",
    }
    return knowledge


def areas(knowledge: KnowledgeBase) -> dict[str, str]:
    return {note.path: note.area for note in knowledge.list(("ml-systems", "gnn", "llm", "detour", "outside")).notes}


def acts(knowledge: KnowledgeBase) -> list[tuple[str, str]]:
    return [(decision.act, decision.path) for decision in knowledge.log().decisions]


# --- decisions ---


def test_decisions_are_listed_newest_first(filled: KnowledgeBase) -> None:
    """The log has every decision with its date, what it decided, and what it replaced."""
    filled.file("bread", "detour")
    filled.file("bread", "llm")
    filled.file("bread", None)
    filled.forget("notes/rye.md")
    filled.add(["notes/rye.md"], detour=True)
    log = filled.log().decisions
    assert acts(filled) == [
        ("flagged", "notes/rye.md"),
        ("remembered", "notes/rye.md"),
        ("forgotten", "notes/rye.md"),
        ("withdrawn", "notes/bread.md"),
        ("filed", "notes/bread.md"),
        ("filed", "notes/bread.md"),
    ]
    assert all(decision.at for decision in log)
    assert (log[4].area, log[4].before) == ("llm", "detour")
    assert log[0].detour


def test_undo_goes_back_step_by_step(filled: KnowledgeBase) -> None:
    """Each undo restores the areas, flags and forgotten paths as they were, until no decision is left."""
    steps: list[Callable[[], object]] = [
        lambda: filled.file("bread", "detour"),
        lambda: filled.file("bread", "llm"),
        lambda: filled.forget("notes/bread.md"),
        lambda: filled.add(["notes"], detour=True),
        lambda: filled.add(["notes/bread.md"]),
        lambda: filled.file("bread", None),
    ]
    before = []
    for step in steps:
        before.append((areas(filled), load_decisions(filled.root)))
        step()
    changed = [state for state, after in zip(before, [*before[1:], None], strict=True) if state != after]
    for state in reversed(changed[:-1]):
        filled.undo()
        assert (areas(filled), load_decisions(filled.root)) == state
    assert load_decisions(filled.root) == before[0][1]
    with pytest.raises(InputError, match="no decision to take back"):
        filled.undo()


def test_undo_says_what_a_path_needs(filled: KnowledgeBase) -> None:
    """Where forgetting removed the source itself, taking that back names the path to add again."""
    filled.forget("notes")
    undone = filled.undo()
    assert undone.unindexed == ("notes",)
    assert load_decisions(filled.root).forgotten == ()
    filled.add(["notes"])
    assert "notes/gcn.md" in areas(filled)


def test_decisions_of_an_older_file_are_listed_without_a_date(filled: KnowledgeBase) -> None:
    """What a file without a log decided comes last in the list, and is not taken back by a guess."""
    (filled.root / DECISIONS_NAME).write_text('forgotten = ["old"]\n\n[filed]\n"notes/rye.md" = "llm"\n')
    filled.sync()
    with pytest.raises(InputError, match="which decision was last"):
        filled.undo()
    filled.file("bread", "gnn")
    log = filled.log().decisions
    assert [(decision.path, decision.at is None) for decision in log] == [
        ("notes/bread.md", False),
        ("notes/rye.md", True),
        ("old", True),
    ]
    filled.undo()
    assert load_decisions(filled.root).filed == {"notes/rye.md": "llm"}


def test_a_decision_that_was_overruled_by_hand_is_not_taken_back(filled: KnowledgeBase) -> None:
    """After the file was edited, undo takes back the newest decision that still holds, and leaves the edit alone."""
    filled.file("bread", "llm")
    filled.file("rye", "llm")
    path = filled.root / DECISIONS_NAME
    path.write_text(path.read_text().replace('"notes/rye.md" = "llm"\n', '"notes/rye.md" = "gnn"\n', 1))
    undone = filled.undo()
    assert [decision.path for decision in undone.decisions] == ["notes/bread.md"]
    assert load_decisions(filled.root).filed == {"notes/rye.md": "gnn"}


def test_a_rename_is_no_decision(filled: KnowledgeBase) -> None:
    """The log follows a renamed note, and undo takes the decision about it back."""
    filled.file("bread", "detour")
    (filled.root / "notes/bread.md").rename(filled.root / "notes/loaf.md")
    filled.sync()
    assert acts(filled) == [("filed", "notes/loaf.md")]
    filled.undo()
    assert areas(filled)["notes/loaf.md"] == "outside"


def test_the_log_in_the_file_is_readable(filled: KnowledgeBase) -> None:
    """An entry is a few lines after all decisions, and comments in the file stay."""
    (filled.root / DECISIONS_NAME).write_text('# My words.\n[filed]\n"notes/rye.md" = "llm" # because\n')
    filled.file("bread", "detour")
    text = (filled.root / DECISIONS_NAME).read_text()
    assert "# My words." in text
    assert "# because" in text
    assert re.search(r'\n\n\[\[log\]\]\nat = "[-0-9T:]+Z"\nmade = \{filed = \{"notes/bread.md" = "detour"\}\}\n', text)
    filled.undo()
    assert "log" not in (filled.root / DECISIONS_NAME).read_text()


def test_log_and_undo_on_the_command_line(filled: KnowledgeBase, kb_without_model: Kb) -> None:
    """Into a pipe the log is separated by tabs; without decisions a line says how to make one."""
    kb = kb_without_model
    assert "kb inbox" in kb("log").err
    filled.add(["notes"], posts=True)
    row = kb("log").out.rstrip("\n").split("\t")
    assert row[1:] == ["added", "notes", "as posts"]
    assert json.loads(kb("log", "--json").out)["decisions"][0]["posts"] is True


# --- inbox ---


def test_the_inbox_has_what_waits_for_a_decision(filled: KnowledgeBase) -> None:
    """Held back notes are in it with the beginning of their texts, until the writer decides about them."""
    notes = filled.inbox().notes
    openings = {note.path: note.opening for note in notes}
    assert sorted(openings) == ["notes/bread.md", "notes/rye.md"]
    assert openings["notes/bread.md"].startswith("A recipe with flour")
    assert openings["notes/rye.md"] == "About rye."
    assert notes[0].verdict.confidence <= notes[1].verdict.confidence
    filled.file("bread", "outside")
    filled.file("rye", "detour")
    assert filled.inbox().notes == ()


def test_the_inbox_is_listed_into_a_pipe(filled: KnowledgeBase, kb_without_model: Kb) -> None:
    """Not at a terminal, the notes are listed with tabs, and a line says how to decide."""
    run = kb_without_model("inbox")
    assert sorted(line.split("\t")[:3] for line in run.out.splitlines()) == [
        ["held back", "outside", "notes/bread.md"],
        ["held back", "outside", "notes/rye.md"],
    ]
    assert "at a terminal" in run.err
    assert len(json.loads(kb_without_model("inbox", "--json").out)["notes"]) == 2


class Terminal:
    """A program at a terminal of 80 columns."""

    def __init__(self, control: int, process: subprocess.Popen[bytes]) -> None:
        self._control = control
        self._process = process
        self.seen = ""

    def wait_for(self, text: str) -> str:
        """What is shown from now on until a text is."""
        start, until = len(self.seen), time.monotonic() + PATIENCE
        while text not in self.seen[start:]:
            ready, _, _ = select.select([self._control], [], [], max(until - time.monotonic(), 0))
            assert ready, f"{text!r} was not shown, only {self.seen[start:]!r}"
            try:
                piece = os.read(self._control, 65536)
            except OSError:  # how Linux says that the other end is closed
                piece = b""
            assert piece, f"{text!r} was not shown, only {self.seen[start:]!r}"
            self.seen += piece.decode()
        return self.seen[start:]

    def press(self, key: str) -> None:
        os.write(self._control, key.encode())

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def end(self) -> int:
        """The exit code."""
        return self._process.wait(PATIENCE)


@contextmanager
def at_a_terminal(root: Path, *arguments: str) -> Iterator[Terminal]:
    control, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
    environment = os.environ | {"TERM": "dumb", "EDITOR": "true"}
    environment.pop("VISUAL", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "kb", *arguments],
        cwd=root,
        env=environment,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    try:
        yield Terminal(control, process)
    finally:
        process.kill()
        process.wait()
        os.close(control)


@pytest.fixture
def own_notebook(tmp_path: Path, kb: Kb, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A notebook of the real model, whose three notes are held back."""
    (tmp_path / "notes").mkdir()
    monkeypatch.chdir(tmp_path)
    for name in ("bread", "rye", "wheat"):
        (tmp_path / f"notes/{name}.md").write_text(f"# About {name}\n\n{BREAD * 3}\n")
    assert kb("add", "notes").code == 0
    return tmp_path


@pytest.mark.slow
@pytest.mark.model
def test_one_key_decides_about_a_note(own_notebook: Path) -> None:
    """Each key does what the last line says, a decision is in the file, undo comes back to the note, and other
    keys do nothing.
    """
    with at_a_terminal(own_notebook, "inbox") as terminal:
        shown = terminal.wait_for(KEYS_LINE)
        assert "1 of 3" in shown
        assert "About rye" in shown
        assert "A recipe with flour" in shown
        assert "outside " in shown
        assert max(map(len, shown.splitlines())) <= 80
        terminal.press("?")
        terminal.press("d")
        assert "2 of 3" in terminal.wait_for(KEYS_LINE)
        assert load_decisions(own_notebook).filed == {"notes/rye.md": "detour"}
        terminal.press("u")
        assert "1 of 3" in terminal.wait_for(KEYS_LINE)
        assert load_decisions(own_notebook).filed == {}
        terminal.press("g")
        assert "2 of 3" in terminal.wait_for(KEYS_LINE)
        terminal.press("s")
        assert "3 of 3" in terminal.wait_for(KEYS_LINE)
        terminal.press("o")
        assert "3 of 3" in terminal.wait_for(KEYS_LINE)
        terminal.press("q")
        assert "1 note filed, 2 left" in terminal.wait_for("left")
        assert terminal.end() == 0
    assert load_decisions(own_notebook).filed == {"notes/rye.md": "gnn"}


@pytest.mark.model
def test_interrupting_the_inbox_keeps_what_was_decided(own_notebook: Path) -> None:
    """An interrupt ends with exit code 130, and a note that is gone by then is passed over with one line."""
    with at_a_terminal(own_notebook, "inbox") as terminal:
        terminal.wait_for(KEYS_LINE)
        (own_notebook / "notes/rye.md").unlink()
        terminal.press("l")
        assert "is gone" in terminal.wait_for(KEYS_LINE)
        terminal.press("x")
        terminal.wait_for(KEYS_LINE)
        terminal.interrupt()
        assert terminal.end() == 130
    assert load_decisions(own_notebook).filed == {"notes/wheat.md": "outside"}


# --- new notes ---


def test_a_new_note_has_front_matter_and_a_frame(knowledge: KnowledgeBase) -> None:
    """Title, date, area and kind are in the front matter, the template's headings below it; no file is replaced."""
    path = knowledge.new("Graphs: a start", "gnn")
    again = knowledge.new("Graphs: a start", template="blank")
    assert [one.relative_to(knowledge.root).as_posix() for one in (path, again)] == [
        "notes/graphs-a-start.md",
        "notes/graphs-a-start-2.md",
    ]
    text = path.read_text()
    assert re.match(r'---\ntitle: "Graphs: a start"\ndate: \d{4}-\d\d-\d\d\narea: gnn\nkind: note\n---\n\n## ', text)
    assert re.findall(r"^## (.*)", text, re.MULTILINE) == ["Summary", "Claims", "Numbers", "Open questions"]
    assert "area" not in again.read_text()
    knowledge.add([path])
    assert knowledge.show("notes/graphs-a-start.md").title == "Graphs: a start"


def test_a_template_of_ones_own(knowledge: KnowledgeBase, write: Write) -> None:
    """A Markdown file is a template, its own front matter included; a name that is none is refused before writing."""
    frame = write("frame.md", "---\nsource: \nkind: outline\n---\n\n## Setup\n")
    text = knowledge.new("One", template=str(frame)).read_text()
    assert "## Setup" in text
    assert "kind: note" in text
    assert "source: " in text
    with pytest.raises(InputError, match="note, blank"):
        knowledge.new("Two", template="papr")
    assert not (knowledge.root / "notes/two.md").exists()


def test_new_opens_the_editor(notebook: Path, kb_without_model: Kb, monkeypatch: pytest.MonkeyPatch) -> None:
    """The editor gets the new file, and its exit code is that of the command; with `--no-open` none is started."""
    monkeypatch.setenv("VISUAL", "sh -c 'echo Mine >> \"$2\"; exit 4'  sh")
    run = kb_without_model("new", "A thought")
    assert run.code == 4
    assert (notebook / "notes/a-thought.md").read_text().endswith("Mine\n")
    run = kb_without_model("new", "A thought", "--no-open")
    assert run.out == f"{notebook / 'notes/a-thought-2.md'}\n"
    assert "kb add notes/a-thought-2.md" in run.err


# --- tags and links ---


def test_tags_count_for_those_above(filled: KnowledgeBase, kb_without_model: Kb) -> None:
    """A nested tag counts for the tag that it is nested in, as it does for a filter; held back notes do not count."""
    assert [(tag.tag, tag.notes) for tag in filled.tags().tags] == [
        ("graphs", 1),
        ("graphs/convolution", 1),
        ("nets", 1),
    ]
    assert kb_without_model("tags").out == "graphs\t1\ngraphs/convolution\t1\nnets\t1\n"


def test_links_have_addresses(filled: KnowledgeBase, kb_without_model: Kb) -> None:
    """Links out, in and to nothing are listed with the line that each is written on."""
    links = filled.links("rye")
    assert [(link.path, link.line) for link in links.links] == [("notes/bread.md", 8)]
    assert [(link.link, link.line) for link in links.missing] == [("nothing", 8)]
    assert [(link.path, link.line) for link in filled.links("bread").linked_from] == [
        ("notes/gcn.md", 9),
        ("notes/rye.md", 8),
    ]
    rows = [line.split("\t") for line in kb_without_model("links", "rye").out.splitlines()]
    assert [(row[0], row[-1]) for row in rows] == [("to", "notes/rye.md:8"), ("missing", "notes/rye.md:8")]


# --- counts ---


def test_flags_of_a_source_are_taken_back(filled: KnowledgeBase) -> None:
    """An add with a flag is one decision, and taking it back files the notes without it."""
    filled.add(["notes"], detour=True)
    assert areas(filled)["notes/bread.md"] == "detour"
    assert load_decisions(filled.root).flags == {"notes": Flags(detour=True)}
    filled.undo()
    assert areas(filled)["notes/bread.md"] == "outside"


@pytest.mark.model
def test_unsure_notes_are_counted_the_same(tmp_path: Path, kb: Kb, monkeypatch: pytest.MonkeyPatch) -> None:
    """The status has as many unsure notes after a rebuild, a repair and a restore as before, and the list as many."""
    for name in ("graph-rag", "lightgcn", "gcn", "yolo"):
        (tmp_path / "notes").mkdir(exist_ok=True)
        copy2(REPOSITORY / "notes" / f"{name}.md", tmp_path / "notes")
    monkeypatch.chdir(tmp_path)
    kb("add", "notes")

    def unsure() -> int:
        listed = len(json.loads(kb("list", "--unsure", "--json").out)["notes"])
        counted: int = json.loads(kb("status", "--json").out)["unsure"]
        assert counted == listed
        return counted

    before = unsure()
    assert before
    waiting = [note["area"] for note in json.loads(kb("inbox", "--json").out)["notes"]]
    assert waiting.count("outside") == 1
    assert waiting[-1] == "outside"  # behind the unsure ones
    kb("rebuild")
    assert unsure() == before
    kb("backup", "saved.kb")
    shutil.rmtree(tmp_path / ".kb")
    kb("restore", "saved.kb", "--force")
    assert unsure() == before
    (tmp_path / ".kb/catalog.db").write_bytes(b"damaged")
    kb("doctor", "--repair")
    assert unsure() == before
    kb("file", "graph-rag", "llm")
    assert unsure() == before - 1
    kb("undo")
    assert unsure() == before


@pytest.mark.parametrize(
    "command", ["list", "status", "tags", "inbox", "log", "concepts", "ideas", "search x", "outline x", "related x"]
)
def test_an_empty_notebook_says_how_to_fill_it(notebook: Path, kb: Kb, command: str) -> None:
    """Whatever is asked of a notebook without notes, standard error names the command that takes notes in."""
    assert "`kb add FOLDER`" in kb(*command.split()).err


@pytest.mark.model
def test_many_notes_are_told_by_area(tmp_path: Path, kb: Kb, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than ten notes are a table by area, with the reason for each that is held back; `-v` lists every note."""
    (tmp_path / "notes").mkdir()
    for number in range(11):
        (tmp_path / f"notes/{number}.md").write_text(
            f"---\narea: {'gnn' if number else 'llm'}\n---\n# {number}\n\n{GNN}\n"
        )
    copy2(REPOSITORY / "notes" / "yolo.md", tmp_path / "notes")
    monkeypatch.chdir(tmp_path)
    run = kb("add", "notes")
    rows = [line.split() for line in run.out.splitlines()]
    assert rows[:3] == [["added"], ["gnn", "10"], ["llm", "1"]]
    assert re.search(r"outside +notes/yolo.md +\d\.\d\d +nearest [a-z-]+; \w", run.err)
    shutil.rmtree(tmp_path / ".kb")
    assert kb("add", "notes", "-v").out.count("added  notes/") == 11


def test_the_first_interrupt_is_acknowledged(notebook: Path, write: Write) -> None:
    """A long run says at the first Ctrl-C that it stops, long before it has stopped."""
    program = (
        "import os, signal, time\n"
        "from kb.cli.session import long_run\n"
        "import click\n"
        "with click.Context(click.Command('add')), long_run(create=True) as (knowledge, stopping):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    print(stopping(), flush=True)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=notebook, capture_output=True, text=True, check=True)
    assert run.stdout == "True\n"
    assert run.stderr == "kb: stopping after the batch in hand; once more stops without waiting for it\n"
