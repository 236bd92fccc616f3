"""The settings of a notebook: config, config get, config set, config edit."""

from __future__ import annotations

from pathlib import Path

import click

from kb import rooms
from kb.cli.finding.editor import start_editor
from kb.cli.parameters import JSON_OPTION, as_text
from kb.cli.session import named_notebook
from kb.cli.usage import CommandGroup
from kb.errors import NotebookError
from kb.notebook import CONFIG_NAME, find_notebook, is_notebook, write_template


@click.group(
    "config",
    cls=CommandGroup,
    invoke_without_command=True,
    epilog="""\b
Examples:
  kb config
  kb config get outside
  kb config set outside detour
  kb config edit
""",
)
@JSON_OPTION
@click.pass_context
def config_command(context: click.Context, as_json: bool) -> None:
    """List the settings in kb.toml, and change them.

    Without a command, every setting is listed with its value, its default and
    what it means.
    """
    if context.invoked_subcommand is None:
        settings = rooms.settings.list_settings(_root())
        rooms.terminal.print_report(settings, as_json, rooms.console_settings.print_settings)


@config_command.command(
    "get",
    epilog="""\b
Examples:
  kb config get model
  kb config get areas.llm.terms
""",
)
@click.argument("key")
@JSON_OPTION
def get_command(key: str, as_json: bool) -> None:
    """Print the value of a setting."""
    setting = rooms.settings.find_setting(_root(), as_text(key))
    rooms.terminal.print_report(setting, as_json, rooms.console_settings.print_value)


@config_command.command(
    "set",
    epilog="""\b
Examples:
  kb config set autosync true
  kb config set areas.llm.terms '["our-own-model"]'
  kb config set outside --default
""",
)
@click.argument("key")
@click.argument("value", required=False)
@click.option("--default", is_flag=True, help="Go back to the default.")
@JSON_OPTION
def set_command(key: str, value: str | None, default: bool, as_json: bool) -> None:
    """Change a setting in kb.toml; all comments stay.

    VALUE is written as in TOML; a string needs no quotation marks. A wrong key
    or value changes nothing.
    """
    if default == (value is not None):
        raise click.UsageError("give either a VALUE or --default")
    text = None if value is None else as_text(value)
    setting = rooms.settings.change_setting(_root(), as_text(key), text)
    rooms.terminal.print_report(setting, as_json, rooms.console_settings.print_change)


@config_command.command("edit")
def edit_command() -> int:
    """Open kb.toml in $VISUAL or $EDITOR, and check it afterwards.

    A notebook without the file gets one that explains every setting.
    """
    root = _root()
    path = root / CONFIG_NAME
    code = start_editor(path if path.exists() else write_template(root), 1)
    rooms.settings.check_settings(root)
    return code


def _root() -> Path:
    """The notebook, whose kb.toml may be wrong."""
    root = find_notebook(named_notebook())
    if root is None or not is_notebook(root):
        raise NotebookError("there is no notebook here or above; run `kb init`, or `kb add` your notes")
    return root.resolve()
