"""What the README shows is what kb does."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from conftest import REPOSITORY, Run

import kb as package
from kb.cli import COMMANDS

PAGE = (REPOSITORY / "README.md").read_text(encoding="utf-8")


@pytest.mark.model
def test_help_is_shown_as_it_is(kb: Callable[..., Run]) -> None:
    """The README's overview of the commands is the one that kb prints."""
    assert f"```console\n$ kb --help\n{kb('--help').out.strip()}\n```" in PAGE


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_named(command: str) -> None:
    """Each command has a place on the page."""
    assert f"kb {command}" in PAGE or f"`{command}`" in PAGE


def test_the_library_example_is_the_one_that_is_tested() -> None:
    """The README's example is that of the package's docstring, which a test runs."""
    example = re.search(r"```python\n.*?```", package.__doc__ or "", re.DOTALL)
    assert example
    assert example[0] in PAGE


def test_every_shown_command_has_output() -> None:
    """No block of the page shows a command without what it printed."""
    assert not re.findall(r"```console\n\$ [^\n]*\n```", PAGE)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(kb/[\w/.]+)`", PAGE))))
def test_every_path_that_is_named_exists(path: str) -> None:
    """The modules and folders that the README names are where it says."""
    assert (REPOSITORY / path).exists()
