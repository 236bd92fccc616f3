"""Shell completion of what the notebook holds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from doubles import HashingEncoder

from kb.knowledge import KnowledgeBase

PROGRAM = "from kb.serve.client import main; main()"
LOADED = f"import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); {PROGRAM}"


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A notebook with two notes."""
    root = tmp_path / "my shelf"
    (root / "notes").mkdir(parents=True)
    (root / "notes" / "lora.md").write_text("---\narea: llm\ntags: [adapters]\n---\n# Low rank\n\nUpdates.\n")
    (root / "notes" / "gcn.md").write_text("---\narea: gnn\ntags: [graphs]\n---\n# Convolution\n\nAverages.\n")
    with KnowledgeBase(root, create=True, encoder=HashingEncoder()) as knowledge:
        knowledge.add([root / "notes"])
    return root


def complete(folder: Path, shell: str, line: str, program: str = PROGRAM) -> subprocess.CompletedProcess[str]:
    """What kb answers to a shell for the last word of a line, as the scripts ask for it."""
    words = line.split(" ")
    typed = {"COMP_WORDS": line, "COMP_CWORD": words[-1] if shell == "fish" else str(len(words) - 1)}
    environment = os.environ | {"_KB_COMPLETE": f"{shell}_complete"} | typed
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=60)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("line", "completed", "other"),
    [
        ("kb show lo", "lora", "gcn"),
        ("kb open notes/g", "notes/gcn.md", "lora"),
        ("kb related gc", "gcn", "lora"),
        ("kb search --tag a", "adapters", "graphs"),
        ("kb list --area g", "gnn", "llm"),
        ("kb outline --template j", "jekyll", "hugo"),
        ("kb help sa", "safety", "areas"),
        ("kb add no", "file", "lora"),
        ("kb --notebook n", "dir", "lora"),
    ],
)
def test_arguments_are_completed(shelf: Path, shell: str, line: str, completed: str, other: str) -> None:
    """Each shell gets the notes, tags, areas, templates and guides that begin as typed, or is told to list files."""
    answer = complete(shelf, shell, line).stdout
    assert completed in answer
    assert other not in answer


def test_bash_completes(shelf: Path) -> None:
    """The script, sourced by bash, fills in the words of a line; another program's completion of kb gives way."""
    script = subprocess.run(
        [sys.executable, "-c", PROGRAM, "completion", "bash"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    (shelf / "kb").write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{PROGRAM}' \"$@\"\n")
    (shelf / "kb").chmod(0o700)
    asking = "COMP_WORDS=(kb show lo); COMP_CWORD=2; _kb_completion kb; echo ${COMPREPLY[*]}; complete -p kb"
    bash = f"complete -F _other kb\n{script}\n{asking}\n"
    environment = os.environ | {"PATH": f"{shelf}:{os.environ['PATH']}"}
    ended = subprocess.run(
        ["bash", "--norc", "-c", bash], cwd=shelf, env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.stdout.splitlines()[0] == "lora", ended.stderr
    assert "_kb_completion" in ended.stdout.splitlines()[1]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
@pytest.mark.parametrize("before", ["", "autoload -Uz compinit; compinit -u; compdef _other kb\n"])
@pytest.mark.parametrize("after", ["", "autoload -Uz compinit; compinit -u\n"])
def test_zsh_completes(shelf: Path, before: str, after: str) -> None:
    """Wherever the script stands in `.zshrc`, before or after `compinit` or without it, it completes kb at the first
    prompt, and another program's completion of kb gives way.
    """
    script = subprocess.run(
        [sys.executable, "-c", PROGRAM, "completion", "zsh"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    (shelf / ".zshrc").write_text(before + script + after)
    environment = os.environ | {"ZDOTDIR": str(shelf), "TERM": "dumb"}
    at_the_prompt = "for hook in $precmd_functions; do $hook; done; print $_comps[kb] ${#precmd_functions}"
    command = ["zsh", "-d", "-i", "-c", at_the_prompt]
    ended = subprocess.run(command, cwd=shelf, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.stdout.splitlines()[-1] == "_kb_completion 0", ended.stderr


def test_completion_loads_no_library(shelf: Path) -> None:
    """A pressed key waits neither for pydantic nor for numpy or Chroma."""
    for line in ("kb show lo", "kb search --tag a", "kb related l"):
        loaded = complete(shelf, "bash", line, LOADED).stderr.split()
        assert "sqlite3" in loaded
        assert {"pydantic", "numpy", "chromadb", "rich", "prompt_toolkit"} & set(loaded) == set()


def test_a_broken_index_completes_nothing(shelf: Path) -> None:
    """Where the catalog cannot be read, there is nothing to complete, and no message in the line."""
    (shelf / ".kb" / "catalog.db").write_bytes(b"damaged" * 1000)
    ended = complete(shelf, "bash", "kb show lo")
    assert (ended.stdout.strip(), ended.stderr) == ("", "")
