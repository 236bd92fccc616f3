"""The README is up to date with kb."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from conftest import REPOSITORY, Run

import kb as package
from kb.cli import COMMANDS

PAGE = (REPOSITORY / "README.md").read_text(encoding="utf-8")


@pytest.mark.model
def test_help_is_up_to_date(kb: Callable[..., Run]) -> None:
    """The overview of commands in the README is what `kb --help` prints."""
    assert f"```console\n$ kb --help\n{kb('--help').out.strip()}\n```" in PAGE


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
