"""A notebook in which nearly every file is out to break kb, with one good note in the middle of it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import HashingEncoder, Run, made_once
from markdown_it import MarkdownIt

from kb.errors import NoteError
from kb.knowledge import KnowledgeBase
from kb.models import Encoder, NoteFile
from kb.notes.chunking import chunk_note
from kb.notes.files import MAX_BYTES, MAX_LINES
from kb.notes.parse import parse_note
from kb.notes.statements import statements
from kb.outline.post.citations import read_memory
from kb.outline.post.escaping import as_comment, as_text

Command = Callable[..., Run]

TOPIC = "over-smoothing in deep graph networks"
GOOD = """---
title: Depth
area: gnn
---
# Depth

Over-smoothing makes the features of all nodes alike in deep graph networks, layer after layer.
"""
STEERING = (
    "\x1b[31m\x1b]0;owned\x07\x1b]8;;https://evil.example\x1b\\here\x1b]8;;\x1b\\\x1b]52;c;eA==\x07\x9b2J\x90q\x9c"
)
BIDI = "\u202e\u2066\u2067\u2068\u202a\u202b\u202d\u061c\u200e\u200f"
BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30))
DEEP = "".join(f"{' ' * level}a:\n" for level in range(300))
MEGABYTE = 1_000_000
LIMIT_MB = 200


def note(body: str, front_matter: str = "") -> bytes:
    """A note of the right area that says enough about the topic to be found and quoted."""
    said = f"Deep graph networks suffer from over-smoothing {body} whenever they stack many layers of one kind."
    item = f"- Over-smoothing {body} hurts deep graph networks most."
    return f"---\narea: gnn\n{front_matter}---\n{said}\n\n{item}\n".encode()


ABOUT = b"Deep graph networks suffer from over-smoothing: message passing makes node embeddings of a graph alike.\n"

# What is no note, and why not.
REFUSED = {
    "empty.md": (b"", "is empty"),
    "nul.md": (b"# Title\n\x00\n", "is binary"),
    "binary.md": (bytes(range(256)) * 400, "is binary"),
    "latin.md": (b"caf\xe9", "is not UTF-8 (byte 0xe9 at 3)"),
    "utf16.md": ("# Title".encode("utf-16"), "is binary"),
    "surrogates.md": (b"a lone surrogate \xed\xa0\x80 here", "is not UTF-8"),
    "overlong.md": (b"an overlong slash \xc0\xaf here", "is not UTF-8"),
    "one-byte-more.md": (b"x" * (MAX_BYTES + 1), "larger than 1 MB"),
    "headings.md": (b"# a\n" * 100_000, "more than 20,000 lines"),
    "carriage-returns.md": (b"a\r" * (MAX_LINES + 1), "more than 20,000 lines"),
}
# Front matter that is refused; the note below it is taken.
FAULTY = {
    "bomb.md": (f"---\n{BOMB}---\n", "YAML aliases"),
    "loop-alias.md": ("---\na: &a [*a]\n---\n", "YAML aliases"),
    "huge-front.md": (f"---\na: {'x' * 900_000}\n---\n", "more than 64,000 characters"),
    "deep-flow.md": (f"---\na: {'[' * 30_000}\n---\n", "nested deeper than 20 levels"),
    "deep-block.md": (f"---\n{DEEP}---\n", "nested deeper than 20 levels"),
    "deep-toml.md": (f"+++\n[{'.'.join('a' * 20_000)}]\n+++\n", "nested deeper than 20 levels"),
    "deep-toml-array.md": (f"+++\na = {'[' * 30_000}\n+++\n", "broken front matter"),
    "object.md": ('---\na: !!python/object/apply:os.system ["touch owned"]\n---\n', "broken front matter"),
    "number.md": (f"---\na: {'9' * 50_000}\n---\n", "broken front matter"),
}
# What is made harmless; all of it talks about the topic.
TAKEN = {
    **{name: block.encode() + ABOUT for name, (block, _) in FAULTY.items()},
    "ansi.md": note(STEERING, f"title: {json.dumps('ANSI ' + STEERING)}\ntags: [{json.dumps(STEERING)}]\n"),
    "bidi.md": note(BIDI, f"title: {json.dumps('Bidi ' + BIDI)}\nauthors: [{json.dumps(BIDI + 'a')}]\n"),
    "entities.md": note("&#27;[31m &#x202e; &#155;2J &lt;script&gt;", 'title: "Entities &#27;[31m"\n'),
    f"name {STEERING.replace('/', '')[:40]}.md": note("by name", "date: 03/04/2024\n"),
    f"name {BIDI}.md": note("by another name"),
    "two\nlines\r.md": note("in two lines"),
    "script.md": note("<script>alert(1)</script> <img src=x onerror=alert(1)>", "title: <script>alert(1)</script>\n"),
    "links.md": note("[x](javascript:alert(1)) ![x](https://evil.example/p.png) <javascript:alert(1)> [y]", "")
    + b"\n[y]: javascript:alert(1)\n",
    "liquid.md": note("{{ site.secret }} {% include evil %} {: onclick='x()'}", "title: '{{ site.x }}'\n"),
    "jinja.md": note("{{ ''.__class__ }} {# x #} {%- raw -%} {{< raw >}}", "title: '{% raw %}'\n"),
    "comment.md": note("--> <b>out</b> <!-- in --!> <b>out</b> <!--> -- >", "title: '--> <b>x</b>'\n"),
    "rule.md": note("---\nlayout: evil\n---\n", 'title: "- a\\n---\\nlayout: evil"\n'),
    "--- heading.md": note("as told") + b"\n# {{ x }} --> <b>\n\nDeep graph networks and over-smoothing once more.\n",
    "wiki.md": note("[[../../x]] [[..%2f..%2fx]] [a](..%2f..%2fpasswd.md) [[/etc/passwd]] [[\\\\host\\share]]"),
    "mixed.md": note("one").replace(b"\n\n", b"\r\n\r") + b"\r\n\rmore\r",
    "bom.md": b"\xef\xbb\xbf" + note("after a mark"),
    "no-date.md": note("undated", "date: 2026-02-30\n"),
    "odd-dates.md": note("dated", "date: [9999-99-99, .inf, {a: b}]\n"),
    "year-zero.md": note("ancient", "date: 0000-00-00T99:99:99+99:99\n"),
    "9999-12-31-last.md": note("at the last"),
    "nothing.md": note("null", "title: null\ndate: ~\ntags: [[], {}, null, .nan, 0x1f]\nsource: [1.5, true]\n"),
    unicodedata.normalize("NFC", "é.md"): note("composed"),
    unicodedata.normalize("NFD", "é.md"): note("decomposed"),
    "CON.md": note("as on a console"),
    "aux.MD": note("in the old days"),
    "COM1.markdown": note("by wire"),
    "dots...md": note("in the end"),
    "-rf.md": note("as an option"),
    "%s %(x)s {0}.md": note("in a format"),
    "'; DROP TABLE notes; --.md": note("in a statement"),
    "n" * 250 + ".md": note("at length"),
    "brackets.md": note("once") + b"[" * 9_000 + b"\n\n" + b"![](" * 3_000 + b"\n\n" + b"<!--" * 3_000 + b"\n",
    "marks.md": note("twice") + b"\n\n".join(mark * 3_000 for mark in (b"*", b"`", b"**_", b"$", b"~~a ", b"\\", b"|")),
    "nested.md": note("inside") + b"> " * 5_000 + b"x\n\n" + b"- " * 5_000 + b"x\n",
    "title.md": note("at large", f"title: {'word ' * 10_000}\n") + b"# " + b"h" * 100_000 + b"\n\n" + b"Text.\n\n" * 99,
    "spaces.md": note("far apart") + b" " * 300_000 + b"-\n\n|a|\n|" + b" " * 300_000 + b"x\n",
    "one-line.md": note("on and on") + b"x" * 300_000 + b"\n",
    "liquid-open.md": note("never closed") + b"{% raw %}\n" * 15_000,
}
SPECIAL = {
    "sparse.md": "larger than 1 MB",
    "pipe.md": "not a regular file",
    "zero.md": "link out of the notebook",
    "full.md": "link out of the notebook",
    "out.md": "link out of the notebook",
    "self.md": "cannot be read",
    "ping.md": "cannot be read",
    "pong.md": "cannot be read",
    "dangling.md": "cannot be read",
    "root.md": "links to a folder outside the notebook",
    "up": "links to a folder outside the notebook",
}
REASONS = {f"notes/{name}": reason for name, (_, reason) in REFUSED.items()} | {
    f"notes/{name}": reason for name, reason in SPECIAL.items()
}
# The most memory that this process had, in KB; what `getrusage` says on Linux counts the one that started it too.
PROGRAM = """
import resource, sys
from pathlib import Path
from kb.knowledge import KnowledgeBase

def most_memory():
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))

with KnowledgeBase(".", create=True) as knowledge:
    knowledge.add(["notes/good.md"])
    before = most_memory()
    report = knowledge.add(["notes"])
    Path("report.json").write_text(report.model_dump_json())
    Path("again.json").write_text(knowledge.sync().model_dump_json())
    Path("megabytes").write_text(str((most_memory() - before) / 1000))
"""


def fill(root: Path) -> None:
    """Write every hostile file, and one that is none."""
    folder = root / "notes"
    folder.mkdir()
    (folder / "good.md").write_text(GOOD)
    for name, content in {**TAKEN, **{name: content for name, (content, _) in REFUSED.items()}}.items():
        (folder / name).write_bytes(content)
    with (folder / "sparse.md").open("wb") as file:
        file.truncate(1_000 * MEGABYTE)
    os.mkfifo(folder / "pipe.md")
    (root.parent / "secret.md").write_text(GOOD.replace("alike", "clandestine"))
    links: dict[str, Path | str] = {
        "zero": "/dev/zero",
        "full": "/dev/full",
        "out": root.parent / "secret.md",
        "self": "self.md",
    }
    links |= {"ping": "pong.md", "pong": "ping.md", "dangling": "nowhere.md", "root": "/"}
    for name, target in links.items():
        (folder / f"{name}.md").symlink_to(target)
    (folder / "loop").symlink_to(folder)
    (folder / "up").symlink_to(root.parent)


@pytest.fixture(scope="session")
def book(shared: Path, real_encoder: Encoder, model_home: Path) -> Path:
    """The notebook, added by a process of its own. Not to be changed by a test."""
    environment = os.environ | {"HOME": str(model_home), "XDG_CACHE_HOME": str(model_home / "cache")}

    def make(folder: Path) -> None:
        (folder / "book").mkdir()
        fill(folder / "book")
        subprocess.run([sys.executable, "-c", PROGRAM], cwd=folder / "book", env=environment, timeout=300, check=True)

    return made_once(shared / "hostile", make) / "book"


@pytest.fixture
def report(book: Path) -> Any:
    """What adding the notebook reported."""
    return json.loads((book / "report.json").read_text())


@pytest.fixture
def here(book: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The notebook as working directory, for commands that change nothing."""
    monkeypatch.chdir(book)
    return book


# --- notes in ---


def test_each_hostile_file_is_refused_with_its_reason(book: Path, report: Any) -> None:
    """What is no note is skipped, each for a reason of one line; nothing that such a file asked for was done."""
    skipped = {entry["path"]: entry["reason"] for entry in report["skipped"]}
    assert skipped.keys() == REASONS.keys()
    assert {path: skipped[path] for path in REASONS if REASONS[path] not in skipped[path]} == {}
    assert not any("\n" in reason for reason in skipped.values())
    faults = {entry["path"]: entry["reason"] for entry in report["faults"]}
    assert {name for name, (_, reason) in FAULTY.items() if reason not in faults[f"notes/{name}"]} == set()
    assert not list(book.rglob("owned"))


def test_all_other_files_are_notes(report: Any) -> None:
    """Every file that can be made harmless is filed, none held back, twins beside each other."""
    assert {entry["path"] for entry in report["added"]} == {f"notes/{name}" for name in TAKEN}
    assert report["outside"] == []


def test_no_file_costs_much_memory(book: Path) -> None:
    """All hostile files together take less memory than any one of them may."""
    assert float((book / "megabytes").read_text()) < LIMIT_MB


def test_a_sync_ends_as_the_add_did(book: Path, report: Any) -> None:
    """Looking again changes nothing and skips the same files."""
    again = json.loads((book / "again.json").read_text())
    assert again["skipped"] == report["skipped"]
    assert (again["unchanged"], again["embedded_chunks"]) == (len(TAKEN) + 1, 0)


def test_what_lies_outside_stays_outside(here: Path, kb: Command) -> None:
    """No word of a file that only a link leads to is in the index, and no wikilink reaches beyond the notebook."""
    assert "clandestine" not in kb("search", "clandestine", "features", "of", "nodes", "-n", "100").out
    assert json.loads(kb("show", "wiki", "--json").out)["links"] == [
        "../../x.md",
        "..%2f..%2fx",
        "/etc/passwd.md",
        "../../passwd.md",
    ]
    assert json.loads(kb("related", "wiki", "--json").out)["notes"]


SORTED_BY_HASH = sorted(
    (f"Item {number}." for number in range(5_000)),
    key=lambda piece: hashlib.blake2b(piece.encode(), digest_size=8).digest(),
)
LONG = 40_000
REPETITIONS = (
    "`" * LONG,
    "".join("`" * number + "a " for number in range(1, 500)),
    "Say `a`. A " * 3_000,
    " ".join(SORTED_BY_HASH),
    *(
        mark * (LONG // len(mark))
        for mark in ("A. ", "<!-- a ", "{% a ", "**a ", "[^", "! ", "\\[", "> ", "- ", "-", "[")
    ),
    *(mark * 4_000 for mark in ("{% raw %}\n", "# a\n", "<!-- kb memory")),
    "|a|\n|-|\n|" + " " * LONG + "x|",
    " " * LONG + "-x",
    "# " + "h" * LONG + "\n\n" + "Text.\n\n" * 3_000,
)


def take_apart() -> None:
    """Everything that is done to the text of a note without a model, done to each repetition."""
    for text in REPETITIONS:
        sys.stderr.write(f"{text[:30]!r}\n")
        text = f"Text.\n\n{text}"  # of a comment that is not closed, nothing else would be left
        parsed = parse_note(NoteFile(path="a.md", size=1, mtime_ns=1, text=text, sha256="0"))
        chunks = chunk_note(parsed, lambda passage: len(passage.split()), 100)
        assert sum(len(name) for chunk in chunks for name in chunk.heading_path) < 2 * MAX_BYTES
        for chunk in chunks:
            statements(chunk.text, chunk.kinds)
        as_text(text)
        as_comment(text)
        read_memory(text)


@pytest.mark.slow
def test_no_repetition_takes_long() -> None:
    """Marks that never close, indents without end and pieces without number take seconds, not minutes."""
    program = [sys.executable, "-c", "import test_hostile; test_hostile.take_apart()"]
    ended = subprocess.run(program, cwd=Path(__file__).parent, capture_output=True, timeout=180, check=False)
    assert ended.returncode == 0, ended.stderr[-1000:]


# --- out again ---

SHOWN = (
    ["list"],
    ["status"],
    ["duplicates"],
    ["doctor"],
    ["ideas"],
    ["search", TOPIC, "-n", "40", "--explain"],
    ["search", "[", STEERING + BIDI],
    ["search", TOPIC, "--tag", "\udcff"],
    ["search", "--tag", STEERING, "--", f'"{STEERING}"', f"-a{BIDI}"],
    ["related", "good"],
    ["related", "notes/ansi.md"],
    ["outline", TOPIC],
    ["classify", "notes/ansi.md"],
    ["show", "notes/ansi.md"],
    ["show", "notes/bidi.md"],
    ["show", "notes/entities.md"],
    ["show", next(f"notes/{name}" for name in TAKEN if STEERING[:5] in name)],
    ["show", next(f"notes/{name}" for name in TAKEN if "\n" in name)],
)
FAILING = (
    (["show", STEERING + BIDI], 2),
    (["show", "\udcff" + STEERING], 2),
    (["related", STEERING], 2),
    (["open", STEERING + ":3"], 2),
    (["file", STEERING, "gnn"], 2),
    (["forget", STEERING], 2),
    (["add", STEERING + BIDI], 2),
    (["add", "\udcff.md"], 2),
    (["classify", STEERING], 2),
    (["list", "--" + STEERING], 2),
    ([STEERING], 2),
    (["search", "x", "--area", STEERING], 2),
    (["search", "x", "--since", BIDI], 2),
    (["search", "x", "--notebook", STEERING], 1),
    (["outline", TOPIC, "--template", STEERING], 2),
    (["outline", TOPIC, "-o", f"notes/good.md/{STEERING}/x"], 2),
    (["outline", STEERING], 3),
    (["outline", "--check", STEERING], 2),
    (["outline", "--check", "notes/ansi.md"], 2),
    (["outline", "--check", "/dev/zero"], 2),
    (["eval", STEERING], 2),
)


def steering(text: str) -> set[str]:
    """The characters of a text that could steer a terminal or turn its text round."""
    return {c for c in text if c != "\n" and (unicodedata.category(c) == "Cc" or c in BIDI)}


def named(arguments: list[str]) -> str:
    return " ".join(arguments).encode("ascii", "backslashreplace").decode()[:40]


@pytest.mark.parametrize("arguments", SHOWN, ids=named)
def test_nothing_shown_steers_the_terminal(here: Path, kb: Command, arguments: list[str]) -> None:
    """Whatever a file, its name or a query holds: what is printed is text, and as JSON it is valid JSON of text."""
    run = kb(*arguments)
    assert run.code == (3 if arguments == ["doctor"] else 0)  # it finds faults
    assert steering(run.out + run.err) <= ({"\t"} if arguments[0] == "list" else set())  # between its columns
    assert all(line.count("\t") <= 4 for line in run.out.splitlines())
    run = kb(arguments[0], "--json", *arguments[1:])
    assert steering(run.out + run.err) == set()
    assert all(json.loads(line)["schema"] for line in run.out.splitlines())


@pytest.mark.parametrize(("arguments", "code"), FAILING, ids=[named(arguments) for arguments, _ in FAILING])
def test_no_complaint_steers_the_terminal(here: Path, kb: Command, arguments: list[str], code: int) -> None:
    """What is wrong with an argument is said in harmless characters."""
    run = kb(*arguments)
    assert (run.code, run.out, steering(run.err)) == (code, "", set())
    assert "Traceback" not in run.err


def test_the_good_note_is_found(here: Path, kb: Command) -> None:
    """Among all of them, the note that answers comes first."""
    found = json.loads(kb("search", "features of all nodes alike, layer after layer", "--json").out)
    assert found["hits"][0]["path"] == "notes/good.md"


# --- into a post ---

forms = pytest.mark.parametrize("form", ["comment", "footnote", "none"])


@pytest.mark.parametrize("template", ["jekyll", "hugo", "plain"])
@forms
def test_nothing_of_a_note_is_live_in_a_post(here: Path, tmp_path: Path, kb: Command, template: str, form: str) -> None:
    """An outline of hostile notes holds kb's own comments and anchors, and neither other HTML, links, template code
    nor front matter; its citations hold.
    """
    post = tmp_path / "post.md"
    places = ["--template", template, "--citations", form, "-o", str(post)]
    assert kb("outline", TOPIC, "--sections", "8", *places).code == 0
    text = post.read_text(encoding="utf-8")
    assert steering(text) == set()
    front, body = re.fullmatch(r"(?:---\n(.*?)\n---\n)?(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    assert set(yaml.safe_load(front or "{}")) <= {"layout", "title", "date", "draft", "kind"}
    assert not re.search(r"\{[{%#:]|^(?:---|\+\+\+|layout:)", body, re.MULTILINE)
    tokens = MarkdownIt("commonmark").parse(body)
    inner = [child for token in tokens for child in token.children or ()]
    html = "".join(token.content for token in (*tokens, *inner) if token.type.startswith("html"))
    assert not re.sub(r'<!--.*?-->|<a id="[a-z0-9-]+">|</a>', "", html, flags=re.DOTALL).strip()
    assert all(str(token.attrs["href"]).startswith(("#", "https:")) for token in inner if token.type == "link_open")
    assert "image" not in {token.type for token in inner}
    assert len(re.findall("over-smoothing", body, re.IGNORECASE)) > 5
    if form != "none":
        checked = json.loads(kb("outline", "--check", str(post), "--json").out)
        assert {entry["state"] for entry in checked["citations"]} == {"holds"}


def test_a_post_may_have_any_name(here: Path, tmp_path: Path, kb: Command) -> None:
    """A written outline with control characters in its name can be checked, and is named without them; one whose name
    is not text is refused with what is wrong.
    """
    post = tmp_path / "po\x1b[31mst.md"
    assert kb("outline", TOPIC, "--section", "over-smoothing\udcff", "-o", str(post)).code == 0
    for arguments in ([str(post)], [str(post), "--json"]):
        run = kb("outline", "--check", *arguments)
        assert (run.code, steering(run.out + run.err)) == (0, set())
        assert run.out.encode()
    run = kb("outline", "--check", str(tmp_path / os.fsdecode(b"po\xff\x1b[31mst.md")))
    assert (run.code, steering(run.out + run.err)) == (2, set())
    assert "not UTF-8" in run.err


# --- what a file becomes after it was indexed ---


@pytest.mark.parametrize("target", [None, "/dev/zero", "secret.md"])
def test_a_note_that_became_something_else_is_not_opened(
    tmp_path: Path, notebook: Path, write: Callable[[str, str], Path], encoder: HashingEncoder, target: str | None
) -> None:
    """A pipe, a device or a link out in a note's place neither hangs nor leaks: the note counts as changed."""
    path = write("notes/a.md", GOOD)
    (tmp_path / "secret.md").write_text("secret")
    with KnowledgeBase(notebook, encoder=encoder) as knowledge:
        knowledge.add(["notes"])
        path.unlink()
        if target is None:
            os.mkfifo(path)
        else:
            path.symlink_to(tmp_path / target)
        assert [hit.state for hit in knowledge.search("nodes").hits] == ["changed"]
        with pytest.raises(NoteError, match=r"regular file|out of the notebook"):
            knowledge.show("a")
        assert [entry.path for entry in knowledge.sync().skipped] == ["notes/a.md"]
