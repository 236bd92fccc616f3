"""What the README shows is what kb does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import REPOSITORY
from readme import filled

import kb as package
from kb.cli import COMMANDS

PAGE = (REPOSITORY / "README.md").read_text(encoding="utf-8")


FLEETING = re.compile(r"[\d.]+ (s|MB)\n")
NUMBER = re.compile(r"\d*\.\d+")


@pytest.mark.model
@pytest.mark.usefixtures("real_encoder")
def test_commands_print_what_is_shown(tmp_path: Path) -> None:
    """Every command of the page, run in its place, prints what stands there, whatever the machine: seconds and the
    size of the index may be others, and what was measured differ in its last digits.
    """
    printed, page = (FLEETING.sub(r"1.0 \1\n", text) for text in (filled(PAGE, tmp_path), PAGE))
    assert NUMBER.sub("0.0", printed) == NUMBER.sub("0.0", page)
    assert list(map(float, NUMBER.findall(printed))) == pytest.approx(
        list(map(float, NUMBER.findall(page))), abs=0.02, rel=0.02
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_named(command: str) -> None:
    """Each command has a place on the page outside the overview."""
    assert re.search(rf"kb {command}\b", PAGE)


def test_the_library_example_is_the_one_that_is_tested() -> None:
    """The README's example is that of the package's docstring, which a test runs."""
    example = re.search(r"```python\n.*?```", package.__doc__ or "", re.DOTALL)
    assert example
    assert example[0] in PAGE


def test_every_shown_command_has_output() -> None:
    """No block of the page shows a command without what it printed."""
    assert not re.findall(r"```console\n\$ [^\n]*\n```", PAGE)
