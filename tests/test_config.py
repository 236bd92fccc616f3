"""Where the notebook is and what its `kb.toml` says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kb.cli.finding.editor import editor_command
from kb.errors import ConfigError, NotebookError
from kb.notebook import Notebook, Settings, find_notebook, load_settings, write_template


def test_the_nearest_folder_upwards_is_the_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with `kb.toml` or `.kb/` is a notebook; the nearest one is found, and a file called `.kb` is ignored."""
    inner = tmp_path / "outer" / "inner"
    (inner / "deep").mkdir(parents=True)
    (tmp_path / "outer" / "kb.toml").touch()
    monkeypatch.chdir(inner / "deep")
    assert find_notebook() == tmp_path / "outer"
    (inner / ".kb").mkdir()
    (inner / "deep" / ".kb").touch()
    assert find_notebook() == inner


def test_a_named_notebook_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An explicit folder overrides `KB_NOTEBOOK`, which overrides the working directory unless it is empty."""
    (tmp_path / "kb.toml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KB_NOTEBOOK", str(tmp_path / "named"))
    assert find_notebook(Path("explicit")) == tmp_path / "explicit"
    assert find_notebook() == tmp_path / "named"
    monkeypatch.setenv("KB_NOTEBOOK", "")
    assert find_notebook() == tmp_path


def test_without_a_kb_toml_the_defaults_hold(tmp_path: Path) -> None:
    """A missing `kb.toml` and the template of `kb init` both mean the defaults."""
    assert load_settings(tmp_path) == Settings()
    write_template(tmp_path / "new")
    assert load_settings(tmp_path / "new") == Settings()


def test_every_line_of_the_template_is_a_setting(tmp_path: Path) -> None:
    """Uncommented, every setting of the template is known and valid."""
    path = write_template(tmp_path)
    lines = [
        line[2:] for line in path.read_text().splitlines() if re.match(r"# ([\w.]+(\"[\w ]+\"[\w.]+)? = |\[)", line)
    ]
    path.write_text("\n".join(lines))
    assert load_settings(tmp_path).model_fields_set == set(Settings.model_fields)


def test_an_existing_kb_toml_is_never_replaced(tmp_path: Path) -> None:
    """The template never replaces an existing `kb.toml`."""
    (tmp_path / "kb.toml").write_text("autosync = true\n")
    with pytest.raises(NotebookError, match="exists"):
        write_template(tmp_path)
    assert load_settings(tmp_path).autosync


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("autosync = tru", "line 1"),
        ("autosync = true\nautosync = false", "cannot be read"),
        (
            "modle = 'x'",
            "line 1: modle is not a known key; did you mean `model`",
        ),
        ("model = 1", "model.*string"),
        ("model = ''", "model"),
        ("rerank = ''", "rerank"),
        ("autosync = 'perhaps'", "autosync"),
        ("[index_dir]\npath = 'x'", "index_dir"),
        ("index_dir = ''", "index_dir"),
        ("index_dir = '.'", "index_dir"),
        ("[outline]\nlm = 'x'", r"outline\.lm is not a known key; did you mean `outline\.llm`"),
        ("[outline]\nllm = 'ftp://localhost/v1'", r"outline\.llm"),
        ("[outline]\nllm = 'file:///etc/passwd'", r"outline\.llm"),
        ("[outline]\nllm = 'http://name:word@localhost/v1'", r"outline\.llm"),
        ("[chroma]\nurl = '127.0.0.1:8000'", r"chroma\.url"),
        ("[chroma]\nurl = 'http://:secret@localhost'", r"chroma\.url"),
        ("[chroma]\ntoken = 'secret'", r"chroma\.token.*known keys: url, tenant, database, collection, timeout"),
        ("[chroma]\ncollection = 'a/b'", r"chroma\.collection"),
        ("[chroma]\ntimeout = 0", r"chroma\.timeout"),
        (
            "[concepts.'Our router']\nalias = ['x']",
            r"line 2: concepts\.Our router\.alias is not a known key; did you mean `concepts\.Our router\.aliases`\?",
        ),
        ("[concepts.'Our router']\naliases = 'x'", r"concepts\.Our router\.aliases should be a list such as"),
        ("[concepts.'Our router']\narea = 'ai'", r"concepts\.Our router\.area .*'llm'"),
        ("[concepts]\n'Our router' = 'x'", r"concepts\.Our router should be a table"),
        ("concepts = 1", "concepts should be a table"),
        ("[concepts.'?']\narea = 'llm'", r"concepts\.\?"),
        ("model = 'caf\xe9'", "cannot be read"),
    ],
)
def test_a_wrong_kb_toml_names_the_file_and_the_line_or_key(tmp_path: Path, content: str, message: str) -> None:
    """Invalid settings are reported in one line; an index in the root of the notebook is one of them."""
    (tmp_path / "kb.toml").write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigError, match=message) as raised:
        load_settings(tmp_path)
    assert "kb.toml" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_kb_toml_that_is_a_folder_is_a_config_error(tmp_path: Path) -> None:
    """An error of the operating system is reported as a `ConfigError`."""
    (tmp_path / "kb.toml").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    ("index_dir", "expected"), [(".kb", "book/.kb"), ("../index", "book/../index"), ("~/index", "home/index")]
)
def test_the_index_lies_where_the_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index_dir: str, expected: str
) -> None:
    """A relative index folder is relative to the notebook; `~` and absolute paths work."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert Notebook(tmp_path / "book", Settings(index_dir=index_dir)).index_folder == tmp_path / expected
    assert Notebook(tmp_path / "book", Settings(index_dir=str(tmp_path / "x"))).index_folder == tmp_path / "x"


@pytest.mark.parametrize(
    ("visual", "editor", "command"),
    [
        (None, None, ["vi", "+7", "a b.md"]),
        (None, "nano", ["nano", "+7", "a b.md"]),
        ("code --wait", "nano", ["code", "--wait", "--goto", "a b.md:7"]),
        ("/opt/hx", None, ["/opt/hx", "a b.md:7"]),
        ("  ", None, ["vi", "+7", "a b.md"]),
    ],
)
def test_an_editor_opens_a_note_at_its_line(
    monkeypatch: pytest.MonkeyPatch, visual: str | None, editor: str | None, command: list[str]
) -> None:
    """`VISUAL` overrides `EDITOR`, arguments are kept, and each editor gets the line in its own syntax."""
    for name, value in (("VISUAL", visual), ("EDITOR", editor)):
        if value is not None:
            monkeypatch.setenv(name, value)
    assert editor_command(Path("a b.md"), 7) == command


def test_an_editor_that_is_no_command_is_a_config_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error for an unclosed quotation mark names the value."""
    monkeypatch.setenv("EDITOR", "vim 'open")
    with pytest.raises(ConfigError, match="vim 'open"):
        editor_command(Path("a.md"), 1)
