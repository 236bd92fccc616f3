"""`kb config`: the settings are listed and changed, and what is wrong with them is said in plain words."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Run

from kb.errors import ConfigError, InputError
from kb.notebook import Settings, load_settings, write_template
from kb.settings import change_setting, find_setting, list_settings

Kb = Callable[..., Run]
WRITTEN = """\
# Mine.
outside = "detour"  # on purpose

# autosync = false

[outline] # a table
llm = "http://localhost:1/v1"
"""


def given_file(root: Path, text: str = WRITTEN) -> Path:
    path = root / "kb.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_setting_is_listed_with_its_meaning(tmp_path: Path) -> None:
    """Each setting has a value, a default and a meaning; without a file the values are the defaults."""
    listed = list_settings(tmp_path).settings
    assert [setting.key for setting in listed if not setting.meaning] == []
    assert {setting.key.split(".")[0] for setting in listed} == {*Settings.model_fields}
    assert all(setting.is_default for setting in listed)
    given_file(tmp_path)
    changed = [setting.key for setting in list_settings(tmp_path).settings if not setting.is_default]
    assert changed == ["outside", "outline.llm"]


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("outside", "refuse", "refuse"),
        ("outside", '"refuse"', "refuse"),
        ("autosync", "true", True),
        ("index_dir", "2024", "2024"),
        ("chroma.timeout", "12", 12.0),
        ("outline.llm_model", "llama", "llama"),
        ("areas.llm.terms", '["a", "b"]', ["a", "b"]),
        ('concepts."My router".area', "llm", "llm"),
    ],
)
def test_a_setting_is_set_and_comments_stay(tmp_path: Path, key: str, text: str, value: object) -> None:
    """The new value is read back, every comment and every other value stays, and the default can be had again."""
    path = given_file(tmp_path)
    assert change_setting(tmp_path, key, text).value == value
    assert find_setting(tmp_path, key).value == value
    comments = [line.split("#", 1)[1] for line in WRITTEN.splitlines() if "#" in line]
    assert [comment for comment in comments if comment not in path.read_text()] == []
    change_setting(tmp_path, key, None)
    assert find_setting(tmp_path, key).value in (None, {}, getattr(Settings(), key, None), 30)


def test_a_new_setting_belongs_to_no_table(tmp_path: Path) -> None:
    """A setting that is set in a file with a table above its explanation lands at the top level."""
    given_file(tmp_path, "[outline]\nllm_model = 'x'\n# autosync = false\n")
    change_setting(tmp_path, "autosync", "true")
    assert load_settings(tmp_path).autosync


def test_a_setting_follows_the_line_that_explains_it(tmp_path: Path) -> None:
    """In the file of `kb init` a setting is written below its comment."""
    path = write_template(tmp_path)
    change_setting(tmp_path, "autosync", "true")
    assert "# autosync = false\nautosync = true\n" in path.read_text()


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("outsid", "hold", "did you mean `outside`"),
        ("outline.lm", "x", "did you mean `outline.llm`"),
        ("outside", "keep", "'hold', 'detour' or 'refuse'"),
        ("autosync", "perhaps", "true or false"),
        ("chroma.timeout", "0", "more than 0"),
        ("chroma.timeout", "soon", "a number"),
        ("chroma.url", "localhost", "an address such as"),
        ("index_dir", ".", "other than the notebook"),
        ("model", "", "empty"),
        ("areas.llm.terms", "x", "a list such as"),
        ("areas.blog.terms", '["x"]', "'ml-systems'"),
        ("outside.inner", "x", "not a table"),
        ("a b", "x", "not the key of a setting"),
    ],
)
def test_a_wrong_change_changes_nothing(tmp_path: Path, key: str, text: str, message: str) -> None:
    """The error says in plain words what is meant, and the file stays as it is."""
    path = given_file(tmp_path)
    with pytest.raises(InputError, match=message) as raised:
        change_setting(tmp_path, key, text)
    assert path.read_text() == WRITTEN
    assert not [word for word in ("Input", "input", "permitted", "pydantic", "Extra") if word in str(raised.value)]


def test_a_fault_elsewhere_is_named_with_its_line(tmp_path: Path) -> None:
    """A change of a file with another fault is refused with its line; one that corrects it is not."""
    given_file(tmp_path, "autosync = false\noutside = 'keep'\n")
    with pytest.raises(ConfigError, match=r"line 2: outside should be one of"):
        change_setting(tmp_path, "autosync", "true")
    assert change_setting(tmp_path, "outside", "hold").value == "hold"


def test_the_commands(notebook: Path, kb_without_model: Kb, monkeypatch: pytest.MonkeyPatch) -> None:
    """`kb config` lists lines with tabs into a pipe, `get` prints a bare value, `set` says what holds now, and `edit`
    reports a fault that the editor left.
    """
    kb = kb_without_model
    path = given_file(notebook)
    rows = [line.split("\t") for line in kb("config").out.splitlines()]
    assert {len(row) for row in rows} == {4}
    assert ["outside", '"detour"', '"hold"'] in [row[:3] for row in rows]
    assert kb("config", "get", "outside").out == "detour\n"
    unset = kb("config", "get", "model")
    assert (unset.out, unset.err) == ("", "kb: model is not set; its default is all-MiniLM-L6-v2\n")
    assert kb("config", "set", "autosync", "true").out == "autosync = true\n"
    assert json.loads(kb("config", "get", "autosync", "--json").out)["value"] is True
    assert json.loads(kb("config", "--json").out)["path"] == str(path)
    assert kb("config", "set", "autosync", "--default").code == 0
    assert "autosync" not in tomllib.loads(path.read_text())
    assert kb("config", "get", "outsid").err == "kb: 'outsid' is not a setting; did you mean outside?\n"
    assert kb("config", "set", "outside").code == 2
    monkeypatch.setenv("VISUAL", "sh -c 'echo modl=1 > \"$1\"'")
    assert kb("config", "edit").code == 1
    assert "did you mean `model`" in kb("config", "edit").err
