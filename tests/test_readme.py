"""The README is up to date with kb."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest
from conftest import REPOSITORY, Run

import kb as package
from kb.cli import COMMANDS

PAGE = (REPOSITORY / "README.md").read_text(encoding="utf-8")
SHOWN = dict(re.findall(r"```console\n\$ (kb [^\n]*)\n(.*?)```", PAGE, re.DOTALL))
FIRST_ADD = next(command for command in SHOWN if command.startswith("kb add notes/gcn.md"))
EXPLAINED = next(command for command in SHOWN if command.endswith("--explain"))
WRITTEN = next(command for command in SHOWN if command.endswith("-o drafts/depth.md"))


def masked(text: str) -> str:
    """A text in which spaces are single, numbers are `0`, and words that follow `1` are plural."""
    plural = re.sub(r"\b1 (note|post|point|open question)\b", r"1 \1s", " ".join(text.split()))
    return re.sub(r"[+-]?\d+(?:\.\d+)?%?", "0", plural)


def words_of(command: str) -> list[str]:
    """The arguments of a command that the page shows, without quotes and pipe."""
    return [quoted or word for quoted, word in re.findall(r'"([^"]*)"|(\S+)', command.partition(" |")[0])][1:]


@pytest.fixture
def here(indexed_notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the indexed notes, as working directory."""
    copytree(indexed_notes, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.mark.model
def test_help_is_up_to_date(kb: Callable[..., Run]) -> None:
    """The overview of commands in the README is what `kb --help` prints."""
    assert SHOWN["kb --help"].strip() == kb("--help").out.strip()


@pytest.mark.model
def test_the_first_add_prints_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kb: Callable[..., Run]
) -> None:
    """The quick start prints the lines of the README; numbers may differ between machines."""
    copytree(REPOSITORY / "notes", tmp_path / "notes")
    monkeypatch.chdir(tmp_path)
    run = kb(*words_of(FIRST_ADD))
    printed = {masked(line) for line in (run.out + run.err).splitlines()}
    assert printed == {masked(line) for line in SHOWN[FIRST_ADD].splitlines()}


@pytest.mark.model
def test_written_outlines_print_what_is_shown(here: Path, kb: Callable[..., Run]) -> None:
    """Checking and updating an outline prints the lines of the README, and so does writing it, sections apart."""
    written = kb(*words_of(WRITTEN)).out.splitlines()
    shown = SHOWN[WRITTEN].splitlines()
    assert written[0] == shown[0]
    assert masked(written[-1]) in {masked(line) for line in shown}
    for command in SHOWN:
        if "--check" in command or "--update" in command:
            assert masked(kb(*words_of(command)).out) == masked(SHOWN[command])


@pytest.mark.model
def test_remarks_are_those_that_are_shown(here: Path, kb: Callable[..., Run]) -> None:
    """The README's explanation of a score and its remarks are worded as kb words them."""
    explained = masked(kb(*words_of(EXPLAINED)).out)
    page = masked(SHOWN[EXPLAINED])
    words = "words: QLoRA 0, qlora 0, Activation checkpointing 0, memory 0"
    for line in ("0 = meaning 0, words 0, near 0, passage 0", words, "cosine 0, bm0 0", "read as: "):
        assert line in page
        assert line in explained
    for remark in ("meaning and words share 0 of their ten best notes", "probability that the notebook covers this: 0"):
        assert remark in page
        assert remark in explained
    totals = kb("status").out.splitlines()[-1]
    assert masked(totals) == masked(SHOWN["kb status | tail -n 8"].splitlines()[-1])
    refused = next(command for command in SHOWN if "css grid" in command)
    assert re.sub(r"nearest: [a-z-]+", "", kb(*words_of(refused)).err) == re.sub(
        r"nearest: [a-z-]+", "", SHOWN[refused]
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_named(command: str) -> None:
    """The README mentions every command."""
    assert f"kb {command}" in PAGE or f"`{command}`" in PAGE


def test_the_python_example_is_tested() -> None:
    """The example in the README is that of the package's docstring, which a test runs."""
    example = re.search(r"```python\n.*?```", package.__doc__ or "", re.DOTALL)
    assert example
    assert example[0] in PAGE


def test_every_shown_command_has_output() -> None:
    """No block shows a command without its output."""
    assert not re.findall(r"```console\n\$ [^\n]*\n```", PAGE)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(kb/[\w/.]+)`", PAGE))))
def test_every_path_that_is_named_exists(path: str) -> None:
    """Modules and folders that the README names exist."""
    assert (REPOSITORY / path).exists()
