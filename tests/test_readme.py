"""The README and the guides are up to date with kb."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree

import click
import pytest
import readme
from conftest import REPOSITORY, Run
from rich.console import Console

import kb as package
from kb import errors
from kb.cli import COMMANDS
from kb.console import manual
from kb.guides import FOLDER, SUBJECTS, read_guide
from kb.models import Frozen
from kb.notebook import Settings

PAGES = {path.stem: path.read_text(encoding="utf-8") for path in readme.PAGES}
GUIDES = {name: text for name, text in PAGES.items() if name in SUBJECTS}
MAX_README_LINES = 200
CODE_OF = re.compile(r"^\| (\d+) \|", re.MULTILINE)  # a row of the table of exit codes


def masked(text: str) -> str:
    """A text in which spaces are single, numbers are `0`, and words that follow `1` are plural."""
    plural = re.sub(r"\b1 (note|post|point|open question)\b", r"1 \1s", " ".join(text.split()))
    return re.sub(r"[+-]?\d+(?:\.\d+)?%?", "0", plural)


def words_of(command: str) -> list[str]:
    """The arguments of a command that a page shows, without quotes and pipe."""
    return [quoted or word for quoted, word in re.findall(r'"([^"]*)"|(\S+)', command.partition(" |")[0])][1:]


def keys(settings: type[Frozen], table: str = "") -> Iterator[str]:
    """The names of settings, with those of tables."""
    for name, field in settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Frozen):
            yield from keys(field.annotation, f"{name}.")
        else:
            yield table + name


@pytest.mark.model
@pytest.mark.parametrize("name", PAGES)
def test_every_command_prints_what_is_shown(
    name: str, tmp_path: Path, indexed_notes: Path, monkeypatch: pytest.MonkeyPatch, kb: Callable[..., Run]
) -> None:
    """One after the other in a new notebook, the commands print the words of the page, however a terminal wraps them;
    numbers may differ between machines.
    """
    if readme.prepare(tmp_path, PAGES[name]):
        copytree(indexed_notes, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    for command, shown in readme.commands(PAGES[name]):
        run = kb(*words_of(command))
        lines = run.out.splitlines()
        for end, number in re.findall(r"\| (head|tail) -n (\d+)", command):
            lines = lines[: int(number)] if end == "head" else lines[-int(number) :]
        assert sorted(masked("\n".join([run.err, *lines])).split()) == sorted(masked(shown).split()), command


@pytest.mark.parametrize("name", PAGES)
def test_no_page_shows_a_command_without_its_output(name: str) -> None:
    """Every block of a command has what it printed."""
    assert all(shown.strip() for _, shown in readme.commands(PAGES[name]))


@pytest.mark.parametrize("name", PAGES)
def test_tables_are_up_to_date(name: str) -> None:
    """The tables that are made from the code are those of the code."""
    assert readme.with_tables(PAGES[name]) == PAGES[name]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_explained_in_one_guide(command: str) -> None:
    """The options of each command are shown by one guide, and `kb help COMMAND` shows that one."""
    explaining = [text for text in GUIDES.values() if f"\n$ kb {command} --help\n" in text]
    assert len(explaining) == 1
    assert command in SUBJECTS or read_guide(command) == explaining[0]


@pytest.mark.parametrize("key", sorted(keys(Settings)))
def test_every_setting_is_explained(key: str) -> None:
    """The guide to the settings names each of them, those of a table with the table."""
    assert f"`{key}`" in GUIDES["settings"]


def test_every_exit_code_is_explained() -> None:
    """The table of exit codes has those that errors give, and those of success."""
    given = {error.exit_code for error in vars(errors).values() if hasattr(error, "exit_code")}
    assert given <= {int(code) for code in CODE_OF.findall(GUIDES["library"])} == {0, 1, 2, 3}


def test_every_guide_is_listed() -> None:
    """Each page of the manual is a subject, and has its row in the README."""
    assert {path.stem for path in FOLDER.glob("*.md")} == {*SUBJECTS}
    assert re.findall(r"\[(\w+)\]\(kb/guides/\1\.md\)", PAGES["README"]) == [*SUBJECTS]


def test_help_shows_the_guides(kb_without_model: Callable[..., Run]) -> None:
    """`kb help` lists the subjects; with one it prints the guide, with a command the one that explains it, and where
    there is none it says which is meant.
    """
    listed = kb_without_model("help")
    assert [line.split()[2] for line in listed.out.splitlines()] == [*SUBJECTS]
    assert kb_without_model("help", "notes").out == GUIDES["notes"]
    assert kb_without_model("help", "backup").out == GUIDES["safety"]
    wrong = kb_without_model("help", "serach")
    assert (wrong.code, wrong.out) == (2, "")
    assert "did you mean search?" in wrong.err


def test_a_terminal_shows_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal a guide is set in type: headings and code without their marks, nothing wider than the terminal."""
    paged: list[str] = []
    monkeypatch.setattr(manual, "out", lambda: Console(force_terminal=True, width=60, color_system=None))
    monkeypatch.setattr(click, "echo_via_pager", lambda text, color: paged.append(text))
    manual.print_guide(GUIDES["search"])
    lines = paged[0].splitlines()
    assert max(map(len, lines)) <= 60
    assert not [line for line in lines if line.startswith(("#", "```"))]


def test_the_readme_is_short() -> None:
    """The README stays an overview."""
    assert len(PAGES["README"].splitlines()) <= MAX_README_LINES


def test_the_python_example_is_tested() -> None:
    """The example is that of the package's docstring, which a test runs."""
    example = re.search(r"```python\n.*?```", package.__doc__ or "", re.DOTALL)
    assert example
    assert example[0] in PAGES["library"]


@pytest.mark.parametrize("name", PAGES)
def test_every_path_that_is_named_exists(name: str) -> None:
    """Modules, folders and files that a page names or links to exist."""
    named = {*re.findall(r"`(kb/[\w/.]+)`", PAGES[name]), *re.findall(r"\]\((kb/[\w/.]+)\)", PAGES[name])}
    assert [path for path in named if not (REPOSITORY / path).exists()] == []
