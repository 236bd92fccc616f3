"""The command line: arguments, exit code, standard output, standard error."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from shutil import copy2, copytree

import click
import pytest
from conftest import KB, REPOSITORY, HashingEncoder, Run, indexed, made_once, on_a_terminal

from kb import __version__
from kb.care import versions
from kb.cli import COMMANDS, cli
from kb.cli.parameters import DateType
from kb.decisions import load_decisions
from kb.index.catalog.schema import VERSION
from kb.knowledge import KnowledgeBase
from kb.models import Encoder

Command = Callable[..., Run]

NOTES = ("gcn", "gat", "over-smoothing", "over-squashing", "lora", "focaccia")
TOPIC = "why deep graph networks forget"
WITH_EXAMPLES = {"add", "file", "search", "related", "duplicates", "outline", "publish", "completion"}


@pytest.fixture(scope="session")
def shelf(shared: Path, real_encoder: Encoder) -> Path:
    """Six notes, indexed with the real model; one of them is held back. Tests only read it."""

    def make(root: Path) -> None:
        (root / "notes").mkdir()
        (root / "kb.toml").touch()
        for name in NOTES:
            copy2(REPOSITORY / "notes" / f"{name}.md", root / "notes")
        indexed(root, real_encoder)

    return made_once(shared / "shelf", make)


@pytest.fixture
def there(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shelf as working directory, for commands that only read."""
    monkeypatch.chdir(shelf)
    return shelf


@pytest.fixture
def own(shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shelf as working directory."""
    copytree(shelf, tmp_path / "own")
    monkeypatch.chdir(tmp_path / "own")
    return tmp_path / "own"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Set the standard input of the next command."""
    return lambda content: monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


# --- wrong usage and bad input ---


@pytest.mark.model
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nonsense"], 2, "there is no command 'nonsense'"),
        (["list", "--frobnicate"], 2, "there is no option --frobnicate; `kb list --help` shows"),
        (["list", "--area", "biology"], 2, "--area: 'biology' is not one of ml-systems, gnn, llm, detour, outside"),
        (["list", "--area", "gn"], 2, "did you mean gnn?"),
        (["list", "--outside", "--area", "gnn"], 2, "give either --area or --outside"),
        (["list", "--outside", "--unsure"], 2, "held back are never unsure; leave out --unsure"),
        (["list", "--area", "outside", "--unsure"], 2, "held back are never unsure; leave out --unsure"),
        (["list", "--jsn"], 2, "there is no option --jsn; did you mean --json?"),
        (["list", "--area"], 2, "--area needs a value"),
        (["list", "--json=yes"], 2, "--json takes no value"),
        (["list", "gnn"], 2, "'gnn' is one argument too many"),
        (["model", "lst"], 2, "there is no command 'lst'; did you mean list?"),
        (["config", "gte", "model"], 2, "there is no command 'gte'; did you mean get"),
        (["list", "--notebook", "notes/gcn.md"], 2, "is a file"),
        (["add"], 2, "PATH is missing; `kb add --help` shows"),
        (["add", "nowhere.md"], 2, "nowhere.md does not exist"),
        (["add", "n" * 300], 2, "does not exist"),
        (["add", "arXiv:99"], 2, "arXiv:99 is no arXiv id; write it like arXiv:1706.03762"),
        (["add", "doi:10.1"], 2, "doi:10.1 is no DOI; write it like doi:10.1000/182"),
        (["add", "ftp://example.org/a.md"], 2, "kb fetches http and https; download it, and add the file"),
        (["add", "notes", "--area", "biology"], 2, "'biology' is not one of"),
        (["add", "notes", "-"], 2, "standard input must be the only PATH"),
        (["add", "notes", "--title", "T"], 2, "standard input must be the only PATH"),
        (["add", "-", "notes", "--title", "T"], 2, "standard input must be the only PATH"),
        (["classify", "nowhere.md"], 2, "nowhere.md does not exist"),
        (["search"], 2, "give a QUERY"),
        (["search", ""], 2, "the query is empty"),
        (["search", " \t"], 2, "the query is empty"),
        (["search", "--batch", "graphs"], 2, "give a QUERY, or --batch"),
        (["search", "graphs", "--area", "biology"], 2, "'biology' is not one of"),
        (["search", "graphs", "--since", "lately"], 2, "'lately' is not a date"),
        (["search", "graphs", "--until", "2024-02-31"], 2, "is not a date"),
        (["search", "graphs", "--since", "2024-05-31-99"], 2, "'2024-05-31-99' is not a date; write 2024, 2024-05 or"),
        (["search", "graphs", "--since", "24"], 2, "'24' is not a date"),
        (["search", "graphs", "--until", "2024-13"], 2, "'2024-13' is not a date"),
        (["search", "graphs", "--until", "+2024-5"], 2, "is not a date"),
        (["search", "graphs", "--until", "2024-5-"], 2, "is not a date"),
        (
            ["search", "graphs", "--since", "2025", "--until", "2024"],
            2,
            "no date is since 2025-01-01 and until 2024-12-31",
        ),
        (["config", "get", "areas.llm.term"], 2, "did you mean areas.llm.terms?"),
        (["search", "graphs", "--mode", "psychic"], 2, "'psychic' is not one of"),
        (["search", "graphs", "-n", "0"], 2, "-n: 0 is out of range; give a number from 1 to 1000"),
        (["search", "graphs", "-n", "ten"], 2, "-n: 'ten' is not a whole number"),
        (["related"], 2, "NOTE is missing"),
        (["related", "nowhere"], 2, "there is no note 'nowhere'"),
        (["related", "gcn", "-n", "0"], 2, "from 1 to 1000"),
        (["related", "focaccia"], 2, "notes/focaccia.md is held back"),
        (["outline"], 2, "give a TOPIC, --fill FILE, --check FILE or --update FILE"),
        (["outline", TOPIC, "--check", "notes/gcn.md"], 2, "give a TOPIC, --fill FILE, --check FILE or --update FILE"),
        (["outline", "--update", "notes/gcn.md", "--check", "notes/gcn.md"], 2, "give a TOPIC, --fill FILE"),
        (["outline", "--update", "notes/gcn.md", "--area", "gnn"], 2, "--area needs a TOPIC"),
        (["outline", "--check", "notes/gcn.md", "--force"], 2, "--force needs a TOPIC"),
        (["outline", "--check", "nowhere.md"], 2, "--check: nowhere.md does not exist"),
        (["outline", "--check", "notes"], 2, "--check: notes is a folder, not a file"),
        (["outline", "--fill", "notes/gcn.md", "--sections", "3"], 2, "--sections has no effect with --fill"),
        (["outline", "--fill", "notes/gcn.md", "--check", "notes/gcn.md"], 2, "give a TOPIC, --fill FILE"),
        (["outline", TOPIC, "--section", "Depth", "--section", "Depth"], 2, "a --section is given twice"),
        (["outline", TOPIC, "--section", " "], 2, "the text is empty"),
        (["outline", TOPIC, "--section", "Depth", "--sections", "3"], 2, "--sections has no effect with --section"),
        (["outline", TOPIC, "--words", "9"], 2, "give a number of at least 100"),
        (["outline", TOPIC, "--dry-run"], 2, "--dry-run needs --update FILE"),
        (["publish", "nowhere.md"], 2, "does not exist"),
        (["publish", "notes/gcn.md", "-o", "notes/gat.md"], 2, "notes/gcn.md is a note, not a draft"),
        (["show", "notes/gcn.md:5-2"], 2, "there is no note 'notes/gcn.md:5-2'; did you mean notes/gcn.md"),
        (["help", "modles"], 2, "there is no guide to 'modles'; did you mean models?\n"),
        (["outline", "--check", "notes/gcn.md"], 2, "notes/gcn.md has no citations"),
        (["outline", "--update", "notes/gcn.md"], 2, "notes/gcn.md has no citations"),
        (["outline", TOPIC, "--citations", "endnote"], 2, "'endnote' is not one of"),
        (["outline", " "], 2, "the topic is empty"),
        (["outline", TOPIC, "--sections", "0"], 2, "from 1 to 12"),
        (["outline", TOPIC, "--template", "nowhere.j2"], 2, "there is no template 'nowhere.j2'"),
        (["outline", "a cake recipe with flour and olive oil"], 3, "outside the three areas"),
        (["show", "nowhere"], 2, "there is no note 'nowhere'"),
        (["show", "over-smothing"], 2, "did you mean over-smoothing"),
        (["open", "nowhere:3"], 2, "there is no note"),
        (["forget", "nowhere"], 2, "there is no note 'nowhere'"),
        (["file", "gcn"], 2, "give either an AREA or --undo"),
        (["file", "gcn", "llm", "--undo"], 2, "give either an AREA or --undo"),
        (["file", "gcn", "biology"], 2, "'biology' is not one of"),
        (["file", "nowhere", "llm"], 2, "there is no note 'nowhere'"),
        (["eval", "nowhere.toml"], 2, "does not exist"),
        (["eval", "notes/gcn.md", "--fail-under", "high"], 2, "--fail-under: 'high' is not a number"),
        (["eval", "--areas", "notes/gcn.md"], 2, "--areas LABELS.JSONL with --root DIR"),
        (["eval", "--root", "notes"], 2, "--areas LABELS.JSONL with --root DIR"),
        (["eval", "--areas", "notes/gcn.md", "--root", "notes"], 2, "notes/gcn.md:1: "),
        (["eval", "notes/gcn.md"], 2, "notes/gcn.md cannot be read"),
        (["eval", "--beir", "notes"], 2, "corpus.jsonl, queries.jsonl, qrels/test.tsv): there is no such file"),
        (["backup", "nowhere/n.kb"], 1, "nowhere/n.kb cannot be written: there is no such file or folder"),
        (["completion", "tcsh"], 2, "'tcsh' is not one of"),
        (["completion"], 2, "give one of bash, zsh, fish"),
        (["init"], 1, "kb config set"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_wrong_usage(there: Path, kb: Command, arguments: list[str], code: int, said: str) -> None:
    """Wrong usage is reported on one line of standard error, with the value and the right exit code."""
    run = kb(*arguments)
    assert (run.code, run.out) == (code, "")
    assert said in run.err
    assert run.err.startswith("kb: ")
    assert run.err.count("\n") == 1


@pytest.mark.model
def test_more_hits_than_any_notebook_has(there: Path, kb: Command) -> None:
    """A number of hits beyond all bounds is wrong usage, never a crash."""
    run = kb("search", "graphs", "-n", "9" * 20)
    assert (run.code, run.out) == (2, "")
    assert "from 1 to 1000" in run.err


YAML_BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 5))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("paper.docx", b"PK", "is not Markdown"),
        ("empty.md", b"", "is empty"),
        ("blank.md", b" \n\t\n", "is empty"),
        ("latin.md", b"caf\xe9", "is not UTF-8 (byte 0xe9 at 3)"),
        ("utf16.md", "# Title".encode("utf-16"), "is binary"),
        ("binary.md", b"# Title\n\x00\x01", "is binary"),
        ("head-only.md", b"---\ntitle: T\n---\n", "has no text below its front matter"),
    ],
)
def test_files_that_are_no_notes(notebook: Path, kb: Command, name: str, content: bytes, reason: str) -> None:
    """A file that is not a note is skipped with its path and the reason, and the exit code is 3."""
    (notebook / "notes" / name).write_bytes(content)
    run = kb("add", f"notes/{name}")
    assert run.code == 3
    assert run.out.startswith("1 skipped")
    assert re.fullmatch(rf"skipped  notes/{name} .*{re.escape(reason)}.*\n", run.err)
    assert not (notebook / "owned").exists()


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("broken.md", b"---\ntitle: [a\n---\nText\n", "has broken front matter: line 3"),
        ("biology.md", b"---\narea: biology\n---\nText\n", "area: 'biology' is not known"),
        ("kind.md", b"---\nkind: banana\n---\nText\n", "kind: 'banana' is not known"),
        ("object.md", b'---\na: !!python/object/apply:os.system ["touch owned"]\n---\nText\n', "broken front matter"),
        ("bomb.md", f"---\n{YAML_BOMB}---\nText\n".encode(), "aliases"),
        ("deep.md", f"---\na: {'[' * 3000}{']' * 3000}\n---\nText\n".encode(), "nested deeper than 20 levels"),
        ("deep-toml.md", f"+++\na = {'[' * 3000}{']' * 3000}\n+++\nText\n".encode(), "front matter"),
        ("huge.md", f"---\na: {'x' * 70_000}\n---\nText\n".encode(), "more than 64,000 characters"),
        ("toml.md", b"+++\na = \n+++\nText\n", "has broken front matter"),
    ],
)
def test_front_matter_that_is_wrong(notebook: Path, kb: Command, name: str, content: bytes, fault: str) -> None:
    """A note whose front matter cannot be read, or says what kb does not know, is taken and its fault is said."""
    (notebook / "notes" / name).write_bytes(content)
    run = kb("add", f"notes/{name}", "--area", "gnn")
    assert run.code == 0
    assert run.out.startswith(f"added  notes/{name}")
    assert re.fullmatch(rf"kb: notes/{name}: .*{re.escape(fault)}.*\n", run.err)
    assert not (notebook / "owned").exists()


def test_links_and_pipes_are_skipped(notebook: Path, tmp_path: Path, kb: Command) -> None:
    """Links out of the notebook, links to themselves and pipes are skipped; nothing hangs."""
    (tmp_path / "secret.md").write_text("secret")
    (notebook / "notes" / "out.md").symlink_to(tmp_path / "secret.md")
    (notebook / "notes" / "loop.md").symlink_to("loop.md")
    (notebook / "notes" / "dangling.md").symlink_to("nowhere.md")
    os.mkfifo(notebook / "notes" / "pipe.md")
    report = json.loads(kb("add", "notes", "--json").out)
    assert [entry["path"] for entry in report["skipped"]] == [
        f"notes/{name}.md" for name in ("dangling", "loop", "out", "pipe")
    ]
    assert report["added"] == []


@pytest.mark.usefixtures("mere_user")
def test_a_folder_that_cannot_be_read(notebook: Path, kb: Command) -> None:
    """A folder without read permission is named and skipped; its siblings are read."""
    closed = notebook / "notes" / "closed"
    closed.mkdir()
    closed.chmod(0)
    try:
        run = kb("add", "notes")
    finally:
        closed.chmod(0o755)
    assert run.code == 3
    assert "notes/closed folder cannot be read" in run.err


VERBS = (
    ["sync"],
    ["search", "x"],
    ["related", "x"],
    ["duplicates"],
    ["outline", "x"],
    ["outline", "--check", __file__],
    ["outline", "--update", __file__],
    ["publish", __file__],
    ["list"],
    ["show", "x"],
    ["open", "x"],
    ["status"],
    ["forget", "x"],
    ["file", "x", "llm"],
    ["doctor"],
)


@pytest.mark.parametrize("arguments", VERBS, ids=" ".join)
def test_no_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kb: Command, arguments: list[str]) -> None:
    """Without a notebook, every verb but init, add and classify says how to create one, and creates nothing."""
    monkeypatch.chdir(tmp_path)
    run = kb(*arguments)
    assert (run.code, run.out) == (1, "")
    assert "there is no notebook here or above; run `kb init`" in run.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.model
@pytest.mark.parametrize(
    ("arguments", "code", "out", "err"),
    [
        (["list"], 0, "", "there are no notes to list"),
        (["search", "graphs"], 0, "", "nothing found"),
        (["related", "gcn"], 2, "", "no notes yet"),
        (["duplicates"], 0, "", "there are no near-duplicates"),
        (["status"], 0, "none yet", ""),
        (["doctor"], 0, "the index is intact", ""),
        (["sync"], 0, "no notes found", ""),
        (["show", "gcn"], 2, "", "no notes yet"),
        (["file", "gcn", "llm"], 2, "", "no notes yet"),
        (["forget", "gcn"], 2, "", "no notes yet"),
        (["outline", "graph networks"], 3, "", "too little evidence"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_no_notes_yet(
    notebook: Path, real_encoder: Encoder, kb: Command, arguments: list[str], code: int, out: str, err: str
) -> None:
    """In an empty notebook, commands that read succeed and say that there are no notes."""
    run = kb(*arguments)
    assert run.code == code
    assert out in run.out
    assert err in run.err


@pytest.mark.model
@pytest.mark.parametrize("model", ["./nowhere", "empty-folder", "no/such-model"])
@pytest.mark.parametrize("arguments", [["search", "graphs"], ["add", "notes"]], ids=" ".join)
def test_a_model_that_cannot_be_loaded(own: Path, kb: Command, model: str, arguments: list[str]) -> None:
    """A missing model is an error of one line that names it; listing notes needs no model."""
    (own / "empty-folder").mkdir()
    (own / "kb.toml").write_text(f'model = "{model}"\n')
    run = kb(*arguments)
    assert (run.code, run.out) == (1, "")
    assert Path(model).name in run.err
    assert "Traceback" not in run.err
    assert kb("list").code == 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('modle = "x"', "modle"),
        ("model = 3", "model"),
        ("model = [", "cannot be read"),
        ('index_dir = "kb.toml/inside"', "cannot be written"),
    ],
)
def test_broken_settings(notebook: Path, kb: Command, settings: str, said: str) -> None:
    """The error for an invalid `kb.toml` names the file and what is wrong."""
    (notebook / "kb.toml").write_text(settings)
    run = kb("list")
    assert (run.code, run.out) == (1, "")
    assert said in run.err
    assert "kb.toml" in run.err


# --- notes in ---


@pytest.mark.model
def test_adding_standard_input_never_overwrites(own: Path, kb: Command, typed: Callable[[bytes], None]) -> None:
    """Each text from standard input becomes a new note, named after its title; existing files are kept."""
    text = b"Keys and values of past tokens are kept by a language model.\n"
    for name in ("caching-ideas.md", "caching-ideas-2.md"):
        typed(text)
        run = kb("add", "-", "--title", "Caching: ideas!")
        assert run.code == 0
        assert f"notes/{name}" in run.out
        written = (own / "notes" / name).read_bytes()
        assert re.fullmatch(rb'---\ntitle: "Caching: ideas!"\ndate: [-0-9]{10}\n---\n\n' + re.escape(text), written)
    typed(text)
    assert kb("add", "-", "--title", "../../\udcffescape").code == 0
    assert (own / "notes" / "escape.md").exists()


@pytest.mark.parametrize(
    ("content", "title", "said"),
    [
        (b"", "T", "a title and a text"),
        (b"Text", " ", "a title and a text"),
        (b"\xff", "T", "is not UTF-8 (byte 0xff at 0)"),
        (b"x" * 10_000_001, "T", "larger than 10 MB"),
    ],
)
def test_standard_input_that_is_no_note(
    notebook: Path, kb: Command, typed: Callable[[bytes], None], content: bytes, title: str, said: str
) -> None:
    """An empty text, one that is too long, and bytes that are not text are refused before a file is written."""
    typed(content)
    run = kb("add", "-", "--title", title)
    assert (run.code, run.out) == (2, "")
    assert said in run.err
    assert list((notebook / "notes").iterdir()) == []


@pytest.mark.model
def test_what_a_refusing_add_did_is_reported(own: Path, kb: Command) -> None:
    """With `outside = "refuse"`, all other notes are added and reported; then one line explains exit code 1."""
    (own / "kb.toml").write_text('outside = "refuse"\n')
    copy2(REPOSITORY / "notes" / "gin.md", own / "notes")
    text = kb("add", "notes")
    assert text.code == 1
    assert re.search(r"^added +notes/gin\.md", text.out, re.MULTILINE)
    assert "1 added" in text.out
    assert re.fullmatch(r"kb: kb\.toml refuses .*notes/focaccia\.md.*", text.err.splitlines()[-1])
    (own / "notes" / "gin.md").open("a").write("\nMore.\n")
    json_ = kb("add", "notes", "--json")
    assert json_.code == 1
    assert [note["path"] for note in json.loads(json_.out)["updated"]] == ["notes/gin.md"]
    assert json_.err.count("\n") == 1


@pytest.mark.model
def test_held_back_notes_go_to_standard_error(own: Path, kb: Command) -> None:
    """A note outside the areas is reported on standard error with exit code 0; --detour adds it."""
    (own / "notes" / "focaccia.md").open("a").write("\nMore olive oil.\n")
    held = kb("add", "notes/focaccia.md")
    assert held.code == 0
    assert re.search(r"^outside +notes/focaccia\.md", held.err, re.MULTILINE)
    assert "--detour" in held.err
    taken = kb("add", "notes/focaccia.md", "--detour")
    assert re.search(r"^added +notes/focaccia\.md +detour", taken.out, re.MULTILINE)


@pytest.mark.model
def test_filing_and_taking_it_back(own: Path, kb: Command) -> None:
    """A filed area wins until --undo and is kept in kb.decisions.toml; the note itself is never changed."""
    before = (own / "notes" / "gcn.md").read_bytes()
    assert kb("file", "gcn", "llm").out == "notes/gcn.md: gnn → llm\n"
    assert '"notes/gcn.md" = "llm"' in (own / "kb.decisions.toml").read_text()
    assert "notes/gcn.md" in kb("list", "--area", "llm").out
    assert kb("file", "GCN", "--undo").out == "notes/gcn.md: llm → gnn\n"
    assert load_decisions(own).filed == {}
    assert (own / "notes" / "gcn.md").read_bytes() == before


@pytest.mark.model
def test_forgetting_holds_until_the_path_is_added_again(own: Path, kb: Command) -> None:
    """Later syncs skip a forgotten note; its file stays, and an add brings it back."""
    run = kb("forget", "notes/lora.md")
    assert (run.code, run.out) == (0, "notes/lora.md\n")
    assert (own / "notes" / "lora.md").exists()
    kb("sync")
    assert "lora" not in kb("list").out
    kb("add", "notes/lora.md")
    assert "lora" in kb("list").out


# --- out again ---


@pytest.mark.model
def test_searching_many_queries(there: Path, kb: Command, typed: Callable[[bytes], None]) -> None:
    """--batch answers each non-blank line with one JSON object, in order, and empty input with nothing."""
    typed(b"low rank\r\n\n  graph attention  \n")
    run = kb("search", "--batch", "-n", "1")
    answers = [json.loads(line) for line in run.out.splitlines()]
    assert [(answer["query"], answer["hits"][0]["path"]) for answer in answers] == [
        ("low rank", "notes/lora.md"),
        ("graph attention", "notes/gat.md"),
    ]
    typed(b"")
    assert kb("search", "--batch") == Run(0, "", "")
    typed(b"\xff\n")
    assert kb("search", "--batch").code == 2


@pytest.mark.model
@pytest.mark.parametrize("query", ['"', "* AND (", "x' OR 1=1 --", "🍕", "NEAR/3", "-- -", "\x00", "word " * 3000])
def test_no_query_is_syntax(there: Path, kb: Command, query: str) -> None:
    """Any text is a valid query: none is a syntax error."""
    run = kb("search", "-n", "1", "--", query)
    assert run.code == 0
    assert "Traceback" not in run.err


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [
        ("2024", "2024-01-01", "2024-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2024-2", "2024-02-01", "2024-02-29"),
        ("2024-5-1", "2024-05-01", "2024-05-01"),
        ("2024-05-31", "2024-05-31", "2024-05-31"),
    ],
)
def test_dates(value: str, first: str, last: str) -> None:
    """A year or month means its first day for --since and its last for --until; leading zeros are optional."""
    assert DateType(last=False).convert(value, None, None).isoformat() == first
    assert DateType(last=True).convert(value, None, None).isoformat() == last


@pytest.mark.model
@pytest.mark.parametrize("arguments", [["related", "gcn"], ["duplicates"]], ids=" ".join)
def test_comparisons_sync_first_if_asked(own: Path, kb: Command, arguments: list[str]) -> None:
    """With `autosync`, new notes of a source are indexed before notes are compared."""
    (own / "notes" / "gcn-again.md").write_bytes((own / "notes" / "gcn.md").read_bytes())
    assert "gcn-again" not in kb(*arguments).out
    (own / "kb.toml").write_text("autosync = true\n")
    assert "gcn-again" in kb(*arguments).out


@pytest.mark.model
def test_a_hit_whose_file_is_gone(own: Path, kb: Command) -> None:
    """A hit whose file is gone is dropped, with a line on standard error."""
    (own / "notes" / "lora.md").unlink()
    run = kb("search", "low rank adaptation")
    assert run.code == 0
    assert "notes/lora.md" not in run.out
    assert "notes/lora.md is gone" in run.err


@pytest.mark.model
def test_an_outline_never_replaces_a_file_unasked(own: Path, kb: Command) -> None:
    """-o writes a new file, creating its folder; an existing one is replaced only with --force."""
    target = own / "drafts" / "post.md"
    assert kb("outline", TOPIC, "-o", "drafts/post.md").code == 0
    assert target.read_text(encoding="utf-8").startswith("---\n")
    target.write_text("mine")
    refused = kb("outline", TOPIC, "-o", "drafts/post.md")
    assert (refused.code, refused.out) == (2, "")
    assert "drafts/post.md exists" in refused.err
    assert "--force" in refused.err
    assert target.read_text() == "mine"
    assert kb("outline", TOPIC, "-o", "drafts/post.md", "--force").code == 0
    assert target.read_text(encoding="utf-8") != "mine"


@pytest.mark.model
def test_a_written_outline_is_checked(own: Path, kb: Command) -> None:
    """Each citation that does not hold has a line with what to do and makes the exit code 3; it is 0 if all hold."""
    assert kb("outline", TOPIC, "-o", "post.md", "--citations", "footnote").code == 0
    run = kb("outline", "--check", "post.md")
    assert run.code == 0
    assert re.fullmatch(r"(\d+) citations: \1 hold\n", run.out)
    cited = set(re.findall(r"From `(notes/[\w-]+\.md):\d+(?:-\d+)?`, sha256", (own / "post.md").read_text()))
    moved, gone, *_ = sorted(cited)
    (own / moved).write_text("A new line.\n\n" + (own / moved).read_text())
    (own / gone).unlink()
    run = kb("outline", "--check", "post.md")
    assert run.code == 3
    *failing, summary = run.out.splitlines()
    said = [line for line in failing if line.startswith("    ")]
    failing = [line for line in failing if re.fullmatch(r"line \d+  .*", line)]
    assert {line.split()[3] for line in failing} == {"moved", "gone"}
    assert len(said) == sum(2 if " moved " in line else 1 for line in failing)
    assert all(re.match(r"    (?:quoted|now   )  \S", line) for line in said)
    assert all(f"change the address to {moved}:" in line for line in failing if " moved " in line)
    assert re.fullmatch(r"\d+ citations: (?:\d+ holds?, )?\d+ moved, \d+ gone", summary)
    assert len(failing) == sum(map(int, re.findall(r"(\d+) (?:moved|gone)", summary)))


@pytest.mark.model
def test_a_written_outline_is_updated(own: Path, kb: Command) -> None:
    """The points of a new note are added once; the text around them and all other files stay as they are."""
    post = own / "post.md"
    assert kb("outline", TOPIC, "--area", "gnn", "-o", "post.md").code == 0
    mine = post.read_bytes().replace(b"**TLDR**:", b"**TLDR**: it forgets.\r\n").replace(b"# Closing", b"# My closing")
    post.write_bytes(mine)
    assert kb("outline", "--update", "post.md").out == "post.md: there are no new points\n"
    assert post.read_bytes() == mine
    (own / "notes" / "jumping.md").write_text(
        "---\narea: gnn\n---\n# Why deep graph networks forget\n\n"
        "Deep graph networks forget because every layer averages what its neighbours say.\n\n"
        "Jumping connections let a deep graph network remember what its first layers knew.\n"
    )
    assert kb("sync").code == 0
    before = {path: path.read_bytes() for path in (own / "notes").iterdir()}
    dry = kb("outline", "--update", "post.md", "--dry-run")
    assert (dry.code, post.read_bytes()) == (0, mine)
    assert "nothing was written" in dry.err
    coming = [line.removeprefix("+ ") for line in dry.out.splitlines() if line.startswith("+ ")]
    run = kb("outline", "--update", "post.md")
    assert (run.code, run.err) == (0, "")
    assert coming
    assert set(coming) <= set(post.read_text(encoding="utf-8").splitlines())
    assert re.match(r"updated post\.md\n\+\d  ", run.out)
    updated = post.read_bytes()
    assert b"notes/jumping.md:" in updated
    rest = iter(updated)
    assert all(byte in rest for byte in mine)
    assert kb("outline", "--update", "post.md").out == "post.md: there are no new points\n"
    assert post.read_bytes() == updated
    assert {path: path.read_bytes() for path in (own / "notes").iterdir()} == before
    assert kb("outline", "--check", "post.md").code == 0


def editor(folder: Path, ending: str) -> str:
    """A program that writes its arguments to the file `opened`, then runs `ending`."""
    script = folder / "my editor"
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{folder}/opened"\n{ending}\n')
    script.chmod(0o755)
    return f"'{script}' --wait"


@pytest.mark.model
@pytest.mark.parametrize(
    ("address", "line"), [("gcn", 1), ("notes/gcn.md:12", 12), ("gcn:12-14", 12), ("notes/gcn.md", 1)]
)
def test_opening_a_note(
    there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kb: Command, address: str, line: int
) -> None:
    """The editor gets its own arguments, the line and the file; its exit code is returned."""
    monkeypatch.setenv("EDITOR", editor(tmp_path, "exit 7"))
    assert kb("open", address).code == 7
    assert (tmp_path / "opened").read_text().splitlines() == ["--wait", f"+{line}", str(there / "notes/gcn.md")]


@pytest.mark.model
@pytest.mark.parametrize("command", ["no-such-editor", "'unclosed", " "], ids=repr)
def test_an_editor_that_cannot_be_started(
    there: Path, monkeypatch: pytest.MonkeyPatch, kb: Command, command: str
) -> None:
    """If EDITOR is not a program, a one-line error says what to set."""
    monkeypatch.setenv("EDITOR", command)
    monkeypatch.setenv("PATH", "")
    run = kb("open", "gcn")
    assert run.code == 1
    assert "EDITOR" in run.err


@pytest.mark.model
def test_an_editor_ended_by_a_signal(there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kb: Command) -> None:
    """If a signal ends the editor, the exit code is 128 plus its number."""
    monkeypatch.setenv("EDITOR", editor(tmp_path, "kill -TERM $$"))
    assert kb("open", "gcn").code == 143


# --- which notebook ---


@pytest.mark.model
def test_where_the_notebook_is(shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kb: Command) -> None:
    """A subfolder, KB_NOTEBOOK, and --notebook before or after the command all find the same notebook."""
    monkeypatch.chdir(shelf)
    expected = kb("list").out
    assert expected.count("notes/") == len(NOTES) - 1
    monkeypatch.chdir(shelf / "notes")
    assert kb("list").out == expected
    assert json.loads(kb("show", "gcn.md", "--json").out)["path"] == "notes/gcn.md"
    monkeypatch.chdir(tmp_path)
    assert kb("list", "--notebook", str(shelf)).out == expected
    assert kb("--notebook", str(shelf), "list").out == expected
    monkeypatch.setenv("KB_NOTEBOOK", str(shelf))
    assert kb("list").out == expected
    assert kb("list", "--notebook", str(tmp_path)).code == 1
    assert kb("--notebook", str(tmp_path), "list").code == 1


def test_init_makes_a_notebook_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kb: Command) -> None:
    """init writes a commented kb.toml that is valid as it is, and never replaces one."""
    monkeypatch.chdir(tmp_path)
    assert kb("init").out == f"wrote {tmp_path}/kb.toml; next: kb add your notes\n"
    written = (tmp_path / "kb.toml").read_text()
    assert kb("list").code == 0
    assert kb("init").code == 1
    assert (tmp_path / "kb.toml").read_text() == written
    assert kb("init", "--notebook", "new/one").code == 0
    assert (tmp_path / "new" / "one" / "kb.toml").exists()
    assert kb("init", "another").code == 0
    assert (tmp_path / "another" / "kb.toml").exists()
    assert kb("init", "kb.toml").code == 2


def test_where_only_posts_are_they_are_named(kb: Command, notebook: Path) -> None:
    """A search that finds nothing among the notes says how many posts it did not look at."""
    (notebook / "notes" / "posts").mkdir(parents=True)
    for number in range(2):
        text = f"---\narea: gnn\nkind: post\n---\n# Graphs {number}\n\nZebras on graphs.\n"
        (notebook / f"notes/posts/{number}.md").write_text(text)
    assert kb("add", "notes").code == 0
    run = kb("search", "zebras")
    assert (run.out, run.err) == ("", "kb: nothing found; `--kind post` searches 2 posts\n")
    assert "posts" not in kb("search", "zebras", "--kind", "post").err


# --- on the terminal ---

STEERING = "ti\\u001b[31mtle\\u0007 \\u009b2J \\u202e\\u2066\\u061c\\u200f end"
SHOWN = (
    ["list"],
    ["show", "evil-1"],
    ["search", "low rank adapters", "--explain"],
    ["outline", "low rank adapters of a language model"],
    ["classify", "notes"],
    ["status"],
    ["add", "notes", "--area", "llm"],
    ["file", "evil-1", "gnn"],
    ["forget", "notes"],
)


@pytest.mark.model
def test_control_characters_never_reach_the_terminal(notebook: Path, kb: Command) -> None:
    """Control and directional characters in titles, tags, headings, text and file names never reach the terminal."""
    steering = json.loads(f'"{STEERING}"')
    for number in range(4):
        (notebook / "notes" / f"evil-{number}\x1b[1m.md" if number else notebook / "notes" / "evil.md").write_text(
            f'---\ntitle: "{STEERING} {number}"\ntags: ["{STEERING}"]\narea: llm\n---\n## {steering} {number}\n\n'
            f"Low rank {steering} adapters of a language model train few weights, in note {number}.\n\n"
            f"A low rank adapter of a language model trains {number} million weights, which is less than it has.\n\n"
            f"- Low rank adapters {number} keep the {steering} weights frozen.\n"
            f"- Why {steering} is rank {number} enough?\n",
            encoding="utf-8",
        )
    (notebook / "notes" / "evil-1.md").write_text(f'---\ntitle: "{STEERING}"\narea: llm\n---\nText {steering}\n')
    assert kb("add", "notes").code == 0
    leaks = {}
    for arguments in SHOWN:
        run = kb(*arguments)
        assert run.code == 0, (arguments, run.err)
        shown = run.out + run.err
        steered = {
            c for c in shown if c not in "\n\t" and (unicodedata.category(c) == "Cc" or c in "\u202e\u2066\u061c\u200f")
        }
        if steered:
            leaks[" ".join(arguments)] = steered
    assert leaks == {}


def test_a_line_is_a_note(notebook: Path, encoder: HashingEncoder, kb: Command) -> None:
    """A line break in a file name does not add a line to a list."""
    (notebook / "notes" / "one\ngnn  notes.md").write_text("---\narea: llm\n---\nTokens.\n")
    with KnowledgeBase(notebook, encoder=encoder) as knowledge:
        knowledge.add(["notes"])
    assert len(kb("list").out.splitlines()) == 1


@pytest.mark.model
@pytest.mark.parametrize(
    "arguments",
    [["list"], ["status"], ["show", "gcn"], ["search", "graphs"], ["classify", "notes/gcn.md"]],
    ids=" ".join,
)
def test_piped_output_is_plain(there: Path, kb: Command, arguments: list[str]) -> None:
    """Piped output has no escape codes."""
    run = kb(*arguments)
    assert run.code == 0
    assert "\x1b" not in run.out + run.err


@pytest.mark.model
def test_colour_on_a_terminal_and_none_with_no_color(shelf: Path) -> None:
    """A terminal gets coloured areas; with NO_COLOR it gets none."""
    coloured = re.compile(r"\x1b\[[\d;]*3\d")
    assert coloured.search(on_a_terminal(shelf, ["list"]))
    assert not coloured.search(on_a_terminal(shelf, ["list"], NO_COLOR="1"))


@pytest.mark.model
@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"], ["show", "gcn"]], ids=" ".join)
def test_a_reader_that_stops_early(shelf: Path, arguments: list[str]) -> None:
    """`kb list | head -1`: a closed pipe ends the command silently."""
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [*KB, *arguments], cwd=shelf, stdout=writing, stderr=subprocess.PIPE, check=False, timeout=30
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, b"")


# --- help, version, completion ---


def test_the_list_is_narrowed_and_sorted(kb_without_model: Command, notebook: Path, encoder: HashingEncoder) -> None:
    """Notes are listed by tag (with those below it), date and links, in several orders, and as bare paths."""
    texts = {
        "a": "---\ntitle: Zebra\narea: gnn\ndate: 2024-01-05\ntags: [ml/gnn]\n---\nSee [[b]] and [[c]].\n",
        "b": "---\ntitle: Yak\narea: llm\ndate: 2025-02-01\n---\nSee [[a]].\n",
        "c": "---\ntitle: Xerus\narea: ml-systems\n---\nNothing.\n",
        "d": "---\ntitle: Wren\narea: llm\ndate: 2023-02-01\n---\nAlone.\n",
    }
    for name, text in texts.items():
        (notebook / "notes" / f"{name}.md").write_text(text)
    with KnowledgeBase(notebook, encoder=encoder) as knowledge:
        knowledge.add(["notes"])

    def listed(*arguments: str) -> str:
        paths = kb_without_model("list", "--paths", *arguments).out.split()
        return "".join(Path(path).stem for path in paths)

    assert listed() == "abcd"
    assert listed("--tag", "#ML") == "a"
    assert "no note has the tag 'ml/gn'; did you mean ml/gnn" in kb_without_model("list", "--tag", "ml/gn").err
    assert listed("--since", "2024") == "ab"
    assert listed("--no-links") == "d"
    orders = {order: listed("--sort", order) for order in ("title", "date", "area", "links")}
    assert orders == {"title": "dcba", "date": "badc", "area": "cabd", "links": "abcd"}
    assert kb_without_model("list", "--no-links").out == "llm\t2023-02-01\tnotes/d.md\tWren\n"
    assert kb_without_model("list", "--paths", "--json").code == 2


def test_a_word_to_leave_out_is_no_option(kb_without_model: Command) -> None:
    """`kb search attention -softmax`, without quotes, is answered with how to write it; a wrong option is not."""
    assert "quote the query: kb search 'QUERY -softmax'" in kb_without_model("search", "attention", "-softmax").err
    assert "there is no option --softmax" in kb_without_model("search", "attention", "--softmax").err


def test_a_backup_needs_no_name(
    kb_without_model: Command, shelf: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a file, a backup is named after the notebook and the day, in the working directory, and replaces none."""
    monkeypatch.chdir(tmp_path)
    told = kb_without_model("--notebook", str(shelf), "backup")
    made = [path.name for path in tmp_path.glob("*.kb")]
    assert (told.code, len(made)) == (0, 1)
    assert re.fullmatch(rf"{shelf.name}-\d{{4}}-\d\d-\d\d\.kb", made[0])
    assert kb_without_model("--notebook", str(shelf), "backup").code == 1


def test_version(kb: Command) -> None:
    """--version prints the version of the package on the first line, then the index format, models and libraries."""
    run = kb("--version")
    first, *details = run.out.splitlines()
    assert (run.code, first, run.err) == (0, f"kb {__version__}", "")
    assert details[0] == f"index format: {VERSION}"
    assert details[1] == "default model: all-MiniLM-L6-v2, installed"
    assert [line.partition(":")[0] for line in details[2:]] == ["other models", "libraries"]


def test_version_says_what_is_not_installed(kb: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a model or sentence-transformers is missing, --version says how to install it."""
    monkeypatch.setattr(versions, "DEFAULT_PACKAGE", "no_such_model")
    monkeypatch.setattr(versions, "MODEL_LIBRARY", "no-such-library")
    lines = kb("--version").out.splitlines()
    assert "not installed; `kb help start`" in lines[2]
    assert "not installed; `kb help models`" in lines[3]


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(kb: Command, command: str) -> None:
    """Help fits 80 columns, describes the command and every option, and is the same for -h."""
    run = kb(*command.split(), "--help")
    assert (run.code, run.err) == (0, "")
    lines = run.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[2].startswith("  ")
    assert "\\b" not in run.out
    assert not any(line.endswith("...") for line in lines[2:])
    assert ("Examples:" in run.out) or (command and command not in WITH_EXAMPLES)
    options = re.split(r"\n  (?=-)", run.out.partition("Options:")[2].partition("\n\n")[0])[1:]
    assert options
    assert [one for one in options if not re.search(r"(\s{2,}|\n\s+)[A-Z][\w' ,-]+|\s{2,}jekyll", one)] == []
    assert kb(*command.split(), "-h") == run


def test_help_lists_every_command(kb: Command) -> None:
    """The overview has a line for each command."""
    overview = kb("--help").out
    assert all(re.search(rf"^  {command} +[A-Z].*\.$", overview, re.MULTILINE) for command in COMMANDS)


def test_kb_alone_says_how_to_begin(kb_without_model: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside a notebook, kb without a command says how to make one; in one without notes, how to add them."""
    monkeypatch.chdir(tmp_path)
    began = kb_without_model()
    assert (began.code, began.err) == (0, "")
    assert "kb add ." in began.out
    kb_without_model("init")
    assert re.search(r"^kb add FOLDER +no notes yet$", kb_without_model().out, re.MULTILINE)


def test_kb_alone_says_what_to_do_next(
    kb: Command, shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a notebook, kb without a command counts the notes, and names each thing to do with its command."""
    own = copytree(shelf, tmp_path / "own")
    monkeypatch.chdir(own)
    kb("outline", "over-smoothing in deep graph networks", "-o", "drafts/depth.md", "--sections", "2")
    cited = re.findall(r"<!-- (notes/[\w-]+\.md):", (own / "drafts/depth.md").read_text())
    (own / cited[0]).write_text("# Nothing\n\nAll that it said is gone.\n")
    told = kb()
    assert (told.code, told.err) == (0, "")
    assert re.search(r"^kb sync +1 note changed since the last sync$", told.out, re.MULTILINE)
    assert re.search(
        r"^kb outline --check drafts/depth.md +\d+ of \d+ citations? no longer holds?", told.out, re.MULTILINE
    )


@pytest.mark.parametrize(("typed", "said"), [("serach", "did you mean search?"), ("nonsense", "`kb --help` lists all")])
def test_a_mistyped_command(kb_without_model: Command, typed: str, said: str) -> None:
    """A command that does not exist is answered with the nearest, or with where all are listed."""
    run = kb_without_model(typed)
    assert (run.code, run.out) == (2, "")
    assert f"there is no command {typed!r}; {said}" in run.err


@pytest.mark.parametrize("command", COMMANDS)
def test_the_overview_quotes_each_command(command: str) -> None:
    """The overview, which imports no command, has the first sentence of each command's own help."""
    loaded = cli.get_command(click.Context(cli), command)
    assert loaded
    assert loaded.get_short_help_str(limit=1000) == COMMANDS[command][1]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(monkeypatch: pytest.MonkeyPatch, kb: Command, shell: str) -> None:
    """The completion script of a shell calls kb, which answers with its commands."""
    script = kb("completion", shell)
    assert (script.code, script.err) == (0, "")
    assert f"_KB_COMPLETE={shell}_complete" in script.out
    monkeypatch.setenv("_KB_COMPLETE", f"{shell}_complete")
    monkeypatch.setenv("COMP_WORDS", "kb se" if shell != "fish" else "kb")
    monkeypatch.setenv("COMP_CWORD", "1" if shell != "fish" else "se")
    answer = kb()
    assert "search" in answer.out
    assert "add" not in answer.out.split()


def test_a_draft_is_filled(own: Path, kb: Command) -> None:
    """A filled draft is printed or written elsewhere; the draft is replaced only on request, and can be updated."""
    draft = own / "draft.md"
    text = f"# {TOPIC}\n\n## How smoothing spreads\n\nMine.\n"  # with hashed vectors, fewer words mean anything
    draft.write_text(text)
    printed = kb("outline", "--fill", "draft.md")
    assert printed.code == 0
    assert draft.read_text() == text
    assert kb("outline", "--fill", "draft.md", "-o", "draft.md").code == 2
    assert kb("outline", "--fill", "draft.md", "-o", "draft.md", "--force").code == 0
    assert draft.read_text() == printed.out
    assert kb("outline", "--check", "draft.md").code == 0
    assert kb("outline", "--update", "draft.md").out == "draft.md: there are no new points\n"


def test_a_draft_needs_a_title(own: Path, kb: Command) -> None:
    """A draft without a title is filled for the topic that is named."""
    (own / "draft.md").write_text("## Depth\n")
    assert "name the TOPIC" in kb("outline", "--fill", "draft.md").err
    assert kb("outline", TOPIC, "--fill", "draft.md").code in (0, 3)


def test_an_outline_at_the_terminal(own: Path, kb: Command) -> None:
    """A written outline is shown as the tree of its sections with the first point of each, its address, and the time
    that reading the post takes.
    """
    run = kb("outline", TOPIC, "-o", "post.md")
    first = next(line for line in (own / "post.md").read_text().splitlines() if line.startswith("- "))
    cited = re.search(r"<!-- (\S+:\d+(?:-\d+)?) sha256", first)
    assert run.out.startswith("wrote post.md\n 1  ")
    assert cited
    assert cited[1] in run.out
    assert re.search(r"about [\d,]+ words, \d+ minutes? to read at 238 words a minute", run.out)
