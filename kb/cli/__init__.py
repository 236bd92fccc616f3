"""The `kb` command: a group that imports each command on demand, so that `kb --help` needs nothing but click."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from kb import rooms
from kb.cli.parameters import FilePath
from kb.cli.usage import CommandGroup, explain
from kb.console import streams
from kb.errors import KbError, reason

# The module of each command, below `kb`, and the first sentence of its help, by what one wants to do: `kb --help`
# imports none of the modules.
GROUPS = {
    "Take notes in": {
        "init": ("cli.care", "Create a notebook in this folder, or in DIR."),
        "new": ("cli.filing.new", "Start a note from a template, in your editor."),
        "add": ("cli.sync", "Add notes to the notebook, each filed under its area."),
        "sync": ("cli.sync", "Bring the index up to date with all sources."),
        "forget": ("cli.sync", "Remove a note, or a folder's notes, from the index."),
    },
    "Find": {
        "search": ("cli.finding.search", "Find notes by meaning and by words."),
        "related": ("cli.finding.comparison", "Find the notes and posts related to a note."),
        "duplicates": ("cli.finding.comparison", "List notes and passages that nearly repeat each other."),
        "concepts": ("cli.areas", "Show the concepts that a query asks for, and the notes on them."),
        "list": ("cli.finding.notes", "List the notes with their areas."),
        "show": ("cli.finding.notes", "Show a note: its area and why, its links, its text."),
        "open": ("cli.finding.notes", "Open a note in $VISUAL or $EDITOR, at a line."),
        "tags": ("cli.filing.linked", "List the tags, and how many notes have each."),
        "links": ("cli.filing.linked", "Show what a note links to, and what links to it."),
    },
    "Write": {
        "ideas": ("cli.ideas", "Suggest what to write about next."),
        "outline": ("cli.outline", "Draft the skeleton of a post from your notes."),
        "publish": ("cli.outline", "Make a written outline a post."),
    },
    "File under areas": {
        "inbox": ("cli.filing.inbox", "Decide about the notes that kb is not sure of."),
        "classify": ("cli.areas", "Show the area of each note and why; nothing is stored."),
        "file": ("cli.areas", "File a note under an area of your choice."),
        "reclassify": ("cli.areas", "Show which notes would be filed elsewhere now."),
        "log": ("cli.filing.log", "List your decisions, the newest first."),
        "undo": ("cli.filing.log", "Take your last decision back."),
    },
    "Connect": {
        "serve": ("serve.commands", "Serve the notebook to your browser and to programs."),
        "watch": ("serve.commands", "Sync whenever notes have changed, until interrupted."),
        "mcp": ("serve.commands", "Offer the notebook to an assistant, as tools of MCP."),
        "pull": ("cli.sync", "Fetch the notes that another machine keeps on a server."),
    },
    "Look after the notebook": {
        "status": ("cli.care", "Show how many notes each area has, and what changed."),
        "config": ("cli.filing.config", "List the settings in kb.toml, and change them."),
        "doctor": ("cli.care", "Check the index for damage, and against the notes."),
        "rebuild": ("cli.care", "Rebuild the index from its catalog, or from the notes."),
        "backup": ("cli.care", "Save the index to one compressed file."),
        "restore": ("cli.care", "Restore the index from a backup."),
        "model": ("cli.model", "List embedding models and rerankers, and use another."),
        "eval": ("cli.evaluation", "Measure search, the classifier or outlines on known answers."),
    },
    "Learn": {
        "help": ("cli.home", "Show the guide to a subject, or the list of guides."),
        "completion": ("cli.shell", "Print the completion script for a shell: bash, zsh or fish."),
    },
}
COMMANDS = {name: command for group in GROUPS.values() for name, command in group.items()}

EPILOG = """\b
Examples:
  kb add notes/
  kb search how do I cut serving latency
  kb outline "over-smoothing in graph networks" -o post.md
"""


def _remember_notebook(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.find_root().obj = value


def _show_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        rooms.terminal.print_text(rooms.versions.described())
        context.exit()


def _notebook_option(variable: str | None = None) -> click.Option:
    """`--notebook`, whose default is a variable of the environment, if it is given one."""
    return click.Option(
        ["--notebook"],
        type=FilePath(file_okay=False, path_type=Path),
        envvar=variable,
        expose_value=False,
        callback=_remember_notebook,
        metavar="DIR",
        help="Use this notebook instead of the nearest one upwards.",
    )


class LazyGroup(CommandGroup):
    """A group that imports its commands on demand; `--notebook` may come before or after the name of a command."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"kb.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        for named in (command, *(command.commands.values() if isinstance(command, click.Group) else ())):
            if all(parameter.name != "notebook" for parameter in named.params):
                named.params.append(_notebook_option())
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, COMMANDS))
        for title, group in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), summary) for name, (_, summary) in group.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; nothing is said when the reader of a pipe, such as `head`, stops early."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            if streams.client():
                raise
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # discards what is still buffered
            raise click.exceptions.Exit(128 + signal.SIGPIPE) from None


@click.command(
    cls=LazyGroup,
    params=[_notebook_option("KB_NOTEBOOK")],  # given to a command too, it would win over `kb --notebook DIR COMMAND`
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the versions of kb, of its models and of the index format.",
)
@click.pass_context
def cli(context: click.Context) -> None:
    """Keep research notes in three areas, find them by meaning, and draft the
    next post with an address for every line.
    """
    if context.invoked_subcommand is None:
        import_module("kb.cli.home").show_home()


def main() -> None:
    """Run the command line."""
    # To find plugins, pydantic would read the metadata of every installed package. While libraries are imported, the
    # garbage collector would traverse their many objects repeatedly and find nothing to free.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    gc.set_threshold(100_000)
    streams.tolerate_any_encoding()
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code. This is the one place that turns errors into exit codes.

    Raises `UnansweredError` for a command of a client that its own process has to run.
    """
    try:
        code = cli.main(list(arguments), prog_name="kb", standalone_mode=False)
    except KbError as error:
        code = _complain(str(error), error.exit_code)
    except click.UsageError as error:
        code = _complain(explain(error), error.exit_code)
    except click.ClickException as error:
        code = _complain(error.format_message(), error.exit_code)
    except OSError as error:  # the disk is full, failing or not writable
        code = _complain(f"{error.filename or 'the disk'}: {reason(error)}; run `kb doctor`", 1)
    except (click.Abort, KeyboardInterrupt):
        code = 130
    return code if isinstance(code, int) else 0


def _complain(message: str, code: int) -> int:
    rooms.terminal.complain(message)
    return code
