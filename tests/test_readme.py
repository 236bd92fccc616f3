"""The README is up to date with kb."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from shutil import copy, copytree

import pytest
from conftest import REPOSITORY, Run

import kb as package
from kb.cli import COMMANDS

PAGE = (REPOSITORY / "README.md").read_text(encoding="utf-8")
SHOWN = dict(re.findall(r"```console\n\$ (kb [^\n]*)\n(.*?)```", PAGE, re.DOTALL))


def masked(text: str) -> str:
    """A text in which spaces are single, numbers are `0`, and words that follow `1` are plural."""
    plural = re.sub(r"\b1 (note|post|point|open question)\b", r"1 \1s", " ".join(text.split()))
    return re.sub(r"[+-]?\d+(?:\.\d+)?%?", "0", plural)


def words_of(command: str) -> list[str]:
    """The arguments of a command that the page shows, without quotes and pipe."""
    return [quoted or word for quoted, word in re.findall(r'"([^"]*)"|(\S+)', command.partition(" |")[0])][1:]


@pytest.mark.model
def test_help_is_up_to_date(kb: Callable[..., Run]) -> None:
    """The overview of commands in the README is what `kb --help` prints."""
    assert SHOWN["kb --help"].strip() == kb("--help").out.strip()


@pytest.mark.model
def test_every_command_prints_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kb: Callable[..., Run]
) -> None:
    """One after the other in a new notebook, the commands print the words of the README, however a terminal wraps
    them; numbers may differ between machines.
    """
    copytree(REPOSITORY / "notes", tmp_path / "notes")
    (tmp_path / "tests").mkdir()
    copy(REPOSITORY / "tests" / "golden.toml", tmp_path / "tests")
    monkeypatch.chdir(tmp_path)
    for command, shown in SHOWN.items():
        run = kb(*words_of(command))
        lines = run.out.splitlines()
        for end, number in re.findall(r"\| (head|tail) -n (\d+)", command):
            lines = lines[: int(number)] if end == "head" else lines[-int(number) :]
        assert sorted(masked("\n".join([run.err, *lines])).split()) == sorted(masked(shown).split()), command


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
