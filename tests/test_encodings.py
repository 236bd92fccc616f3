"""Terminals and locales that are not UTF-8, and names that are not: a substitute or an error, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest
from conftest import terminal_output

from kb.cli import COMMANDS
from kb.knowledge import KnowledgeBase
from kb.models import Encoder

pytestmark = [pytest.mark.model, pytest.mark.slow]

TOPIC = "naïve graph → attention “networks”"
NOTE = """---
title: Naïve attention {number} → “日本” 🎓
tags: [été]
area: gnn
---
# Größe {number}

Graph attention networks weigh each neighbour of a node — naïve averaging, number {number}, does not… 🎓

- Naïve graph attention {number} learns “which” neighbours matter → better node embeddings.
- What does über-smoothing number {number} do to attention?
"""
PROBE = """
import json, os, sys, traceback
from kb.cli import main
import kb.console.terminal
kb.console.terminal.PROGRESS_AFTER_SECONDS = 0
for arguments in json.loads(sys.argv[1]):
    sys.argv[1:] = arguments
    try:
        main()
    except SystemExit as ended:
        sys.stdout.flush()
        os.write(1, f"\\nENDED {ended.code} {arguments[:1]!a}\\n".encode())
    except BaseException:
        os.write(1, traceback.format_exc().encode(errors="replace"))
"""
WORKING = [
    [],
    ["--help"],
    *([command, "--help"] for command in COMMANDS),
    ["add", "notes"],
    ["sync"],
    ["classify", "notes/note-1.md"],
    ["file", "note-1", "llm"],
    ["reclassify"],
    ["search", TOPIC, "--explain", "-n", "2"],
    ["related", "note-1"],
    ["duplicates"],
    ["outline", TOPIC],
    ["outline", TOPIC, "-o", "post.md"],
    ["outline", "--check", "post.md"],
    ["outline", "--update", "post.md"],
    ["ideas"],
    ["list"],
    ["list", "--json"],
    ["show", "note-1"],
    ["show", "note-1", "--json"],
    ["status"],
    ["doctor"],
    ["rebuild"],
    ["backup", "saved.kb"],
    ["restore", "saved.kb", "--force"],
    ["eval", "golden.toml"],
    ["completion", "bash"],
    ["forget", "note-1"],
]
FAILING = [
    ["été"],
    ["list", "--été"],
    ["list", "--area", "été 🎓"],
    ["show", "été 🎓"],
    ["search", "x", "--since", "été"],
    ["add", "été →.md"],
    ["outline", TOPIC, "--template", "été →"],
    ["outline", "x", "--words", "été"],
    ["outline", "--check", "été.md"],
    ["eval", "été.toml"],
    ["restore", "été.kb"],
    ["list", "--notebook", "été →"],
]
SHOWING = [["list"], ["search", TOPIC, "--explain", "-n", "2"], ["outline", TOPIC], ["list", "--json"]]
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0"}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory, real_encoder: Encoder) -> Path:
    """A notebook whose notes are full of characters that neither ASCII nor Latin-1 has."""
    root = tmp_path_factory.mktemp("shelf")
    (root / "notes").mkdir()
    for number in range(6):
        (root / "notes" / f"note-{number}.md").write_text(NOTE.format(number=number), encoding="utf-8")
    golden = '[[query]]\ntext = "naïve attention"\nrelevant = ["notes/note-1.md"]\n'
    (root / "golden.toml").write_text(golden, encoding="utf-8")
    with KnowledgeBase(root, create=True, encoder=real_encoder) as knowledge:
        knowledge.add([root / "notes"])
    return root


@pytest.fixture
def own(shelf: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    copytree(shelf, tmp_path / "own")
    return tmp_path / "own"


def program(commands: list[list[str]]) -> list[str]:
    return [sys.executable, "-c", PROBE, json.dumps(commands, ensure_ascii=False)]


def endings(output: str) -> list[int]:
    """The exit codes in what the program wrote."""
    return [int(line.split()[1]) for line in output.splitlines() if line.startswith("ENDED ")]


@pytest.mark.parametrize(
    ("extra", "working"),
    [
        pytest.param(C_LOCALE | {"PYTHONIOENCODING": "ascii"}, WORKING, id="ascii"),
        pytest.param({"PYTHONIOENCODING": "latin-1"}, SHOWING, id="latin-1"),
        pytest.param({"PYTHONIOENCODING": "latin-1"}, WORKING, id="all in latin-1", marks=pytest.mark.torture),
        pytest.param(C_LOCALE, WORKING, id="all in the C locale", marks=pytest.mark.torture),
    ],
)
def test_no_encoding_is_too_small(own: Path, extra: dict[str, str], working: list[list[str]]) -> None:
    """Every command, and every usage error, writes only what the encoding has, and ends as it does in UTF-8.

    The C locale, in which files are read and names are decoded as ASCII too, substitutes on output by itself.
    """
    encoding = extra.get("PYTHONIOENCODING", "ascii")
    commands = working + FAILING
    ended = subprocess.run(program(commands), cwd=own, env=os.environ | extra, capture_output=True, timeout=300)
    written = ended.stdout.decode(encoding)
    complaints = ended.stderr.decode(encoding)
    assert "Traceback" not in written + complaints
    codes = zip(commands, endings(written), strict=True)
    assert [(command, code) for command, code in codes if command and (code in (0, 3)) != (command in working)] == []
    listed = next(json.loads(line) for line in written.splitlines() if line.startswith('{"schema":"kb.list/1"'))
    assert listed["notes"][5]["title"] == "Naïve attention 5 → “日本” 🎓"


def test_tables_bars_and_prompts_on_a_terminal_in_ascii(own: Path) -> None:
    """On an ASCII terminal tables, progress bars and prompts are drawn in ASCII, and other keys may be typed."""
    commands = [
        ["list"],
        ["status"],
        ["duplicates"],
        ["add", "notes"],
        ["outline", TOPIC, "--pick", "-o", "picked.md"],
        ["list", "--area", "été"],
    ]
    editor = own / "editor"  # leaves a plan that cannot be read, and then one that can
    editor.write_text(
        '#!/bin/sh\nfor plan; do :; done\ngrep -q 🎓 "$plan" && echo 1 Größe > "$plan" || echo 🎓 > "$plan"\n'
    )
    editor.chmod(0o755)
    typed = "ü\ny\n".encode()
    written = terminal_output(program(commands), own, typed, PYTHONIOENCODING="ascii", EDITOR=str(editor))
    shown = written.replace(typed.replace(b"\n", b"\r\n"), b"")  # the terminal echoes what is typed
    assert "Traceback" not in written.decode(errors="replace")
    assert endings(written.decode(errors="replace").replace("\r", "")) == [0, 0, 0, 0, 0, 2]
    assert shown.isascii()
    assert b"####" in shown
    assert (own / "picked.md").exists()


NAMED = [
    ["add", "NAME"],
    ["classify", "NAME"],
    ["show", "NAME"],
    ["open", "NAME"],
    ["open", "NAME:3"],
    ["file", "NAME", "gnn"],
    ["forget", "NAME"],
    ["related", "NAME"],
    ["outline", "--check", "NAME"],
    ["outline", "--update", "NAME"],
    ["outline", "graph attention", "-o", "NAME", "--force"],
    ["backup", "NAME", "--force", "--json"],
    ["restore", "NAME", "--force"],
    ["eval", "NAME"],
    ["eval", "--beir", "NAME"],
    ["eval", "--outline", "NAME"],
    ["eval", "--areas", "NAME", "--root", "notes"],
    ["eval", "--areas", "golden.toml", "--root", "NAME"],
]


def test_a_name_that_is_not_utf8(own: Path) -> None:
    """Every command that takes a path says in one line of UTF-8 what is wrong with a name that is not."""
    name = os.fsdecode(b"notes/caf\xe9.md")
    try:
        (own / name).write_text("Text.\n")
    except OSError:
        pytest.skip("this file system refuses such names")
    commands = [[word.replace("NAME", name) for word in arguments] for arguments in NAMED]
    ended = subprocess.run(program(commands), cwd=own, capture_output=True, timeout=120)
    assert endings(ended.stdout.decode()) == [2] * len(NAMED)
    assert ended.stderr.decode().count("caf\ufffd.md' is not UTF-8; rename the file\n") == len(NAMED)
    assert (own / name).read_text() == "Text.\n"


def test_a_notebook_whose_name_is_not_utf8(tmp_path: Path) -> None:
    """A folder with such a name does not become a notebook, and one that is there is refused."""
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system refuses such names")
    for arguments in (["init"], ["add", "."], ["status", "--json"]):
        ended = subprocess.run([sys.executable, "-m", "kb", *arguments], cwd=folder, capture_output=True, timeout=60)
        assert (ended.returncode, ended.stdout) == (1, b"")
        assert "\n" not in ended.stderr.decode().strip()
    assert list(folder.iterdir()) == []
