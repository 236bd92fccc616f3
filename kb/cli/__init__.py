"""The `kb` command: a group that loads each command when it is asked for, so that `kb --help` costs click alone."""

from __future__ import annotations

import gc
import os
import signal
import sys
from importlib import import_module
from pathlib import Path

import click

from kb import __version__
from kb.errors import KbError

COMMANDS = {
    "init": "adding",
    "add": "adding",
    "sync": "adding",
    "forget": "adding",
    "pull": "adding",
    "classify": "filing",
    "file": "filing",
    "reclassify": "filing",
    "search": "searching",
    "related": "comparing",
    "duplicates": "comparing",
    "outline": "writing",
    "ideas": "suggesting",
    "list": "reading",
    "show": "reading",
    "open": "reading",
    "status": "reading",
    "doctor": "caring",
    "rebuild": "caring",
    "backup": "caring",
    "restore": "caring",
    "eval": "measuring",
    "completion": "shell",
}

EPILOG = """\b
Examples:
  kb add notes/
  kb search how do I cut serving latency
  kb outline "over-smoothing in graph networks" -o post.md
"""


def _remember_notebook(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.find_root().obj = value


def _notebook_option() -> click.Option:
    return click.Option(
        ["--notebook"],
        type=click.Path(file_okay=False, path_type=Path),
        envvar="KB_NOTEBOOK",
        expose_value=False,
        callback=_remember_notebook,
        metavar="DIR",
        help="The notebook, if not the nearest one upwards.",
    )


class LazyGroup(click.Group):
    """A group whose commands are imported one by one; each takes `--notebook`, before or after its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"kb.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        if all(parameter.name != "notebook" for parameter in command.params):
            command.params.append(_notebook_option())
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; a reader that stopped early, such as `head`, is no error to speak of."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered goes nowhere
            raise click.exceptions.Exit(128 + signal.SIGPIPE) from None


@click.command(
    cls=LazyGroup, params=[_notebook_option()], epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="kb", message="%(prog)s %(version)s")
def cli() -> None:
    """Keep research notes under three areas, find them by meaning, and lay out
    the next post with an address on every line.
    """


def main() -> None:
    """Run the command line. The one place that turns an error into an exit code."""
    # To look for plugins, pydantic reads the metadata of every installed package; and while libraries are imported,
    # the collector would look through their many objects again and again and find nothing to free.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    gc.set_threshold(100_000)
    try:
        code = cli.main(prog_name="kb", standalone_mode=False)
    except KbError as error:
        code = _complain(str(error), error.exit_code)
    except click.UsageError as error:
        error.show()
        code = error.exit_code
    except click.ClickException as error:
        code = _complain(error.format_message(), error.exit_code)
    except OSError as error:  # the disk itself: full, failing, not writable
        code = _complain(f"{error.filename or 'the disk'}: {error.strerror or error}; `kb doctor` says more", 1)
    except (click.Abort, KeyboardInterrupt):
        code = 130
    sys.exit(code if isinstance(code, int) else 0)


def _complain(message: str, code: int) -> int:
    from kb.console.terminal import complain

    complain(message)
    return code
