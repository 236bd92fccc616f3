"""The settings of a notebook."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from kb.console.terminal import notice, out, plain, print_text, say, styled
from kb.reports import Setting, SettingList

if TYPE_CHECKING:
    from pydantic import JsonValue

BUILT_IN = {"model": "all-MiniLM-L6-v2", "areas": "built in", "concepts": "built in"}
EMBEDS_AGAIN = ("model", "precision")


def print_settings(settings: SettingList) -> None:
    """On a terminal each setting with its value, and what it means below it; into a pipe key, value, default and
    meaning, separated by tabs.
    """
    if not out().is_terminal:
        for setting in settings.settings:
            fields = (setting.key, toml_of(setting.value), default_of(setting), setting.meaning)
            print_text("\t".join(plain(field) for field in fields) + "\n")
        return
    for setting in settings.settings:
        _print_setting(setting)
    changed = sum(not setting.is_default for setting in settings.settings)
    say(f"{settings.path}: {changed} of {len(settings.settings)} differ from their defaults", "dim")
    notice("`kb config set KEY VALUE` changes one, `kb config edit` opens the file")


def print_value(setting: Setting) -> None:
    """The value alone, a string without its quotation marks; where there is none, a notice of the default."""
    text = setting.value if isinstance(setting.value, str) else toml_of(setting.value)
    if text:
        print_text(f"{plain(text)}\n")
    else:
        notice(f"{setting.key} is not set; its default is {default_of(setting)}")


def print_change(setting: Setting) -> None:
    """A setting as it is now, and what it needs to take effect."""
    say(f"{setting.key} = {toml_of(setting.value) or default_of(setting)}")
    if setting.key in EMBEDS_AGAIN:
        notice("run `kb sync`, which embeds all notes again")
    elif setting.key.split(".")[0] == "areas":
        notice("run `kb reclassify` to see which notes would be filed elsewhere now")


def toml_of(value: JsonValue) -> str:
    """A value as `kb.toml` writes it, on one line; empty where there is none."""
    if isinstance(value, dict):
        pairs = ", ".join(f"{_key(name)} = {toml_of(inner)}" for name, inner in value.items())
        return f"{{ {pairs} }}" if pairs else ""
    if isinstance(value, list):
        return f"[{', '.join(toml_of(inner) for inner in value)}]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def default_of(setting: Setting) -> str:
    """The default of a setting in words."""
    return BUILT_IN.get(setting.key) or toml_of(setting.default) or "none"


def _key(name: str) -> str:
    return name if name.replace("-", "").replace("_", "").isalnum() and name.isascii() else json.dumps(name)


def _print_setting(setting: Setting) -> None:
    """The value of a setting, in bold where the notebook changes it, and its meaning."""
    if setting.is_default:
        line = Text.assemble(setting.key, " = ", styled(default_of(setting), "dim"))
    else:
        value = styled(toml_of(setting.value), "bold")
        line = Text.assemble(setting.key, " = ", value, styled(f"  (default: {default_of(setting)})", "dim"))
    out().print(line, overflow="fold")
    out().print(Padding(styled(setting.meaning, "dim"), (0, 0, 0, 4), expand=False))
