"""Wrong usage: what was wrong, the value, and the next step, on one line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

import click

_UNEXPECTED = re.compile(r"Got unexpected extra arguments? \((.*)\)")


class CommandGroup(click.Group):
    """A group that names the nearest of its commands for one that it has not."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A command by its name."""
        names = self.list_commands(ctx)
        if args[0] not in names and not args[0].startswith("-"):
            hint = nearest(args[0], names) or f"`{ctx.command_path} --help` lists all"
            ctx.fail(f"there is no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)


def nearest(name: str, names: Iterable[str]) -> str:
    """A question for the names that look most like one; empty if none does."""
    near = difflib.get_close_matches(name, list(names), 2)
    return f"did you mean {' or '.join(near)}?" if near else ""


def explain(error: click.UsageError) -> str:
    """What was wrong with a command line, in plain words."""
    usage = f"`{error.ctx.command_path} --help` shows how to use it" if error.ctx else "see `kb --help`"
    if isinstance(error, click.NoSuchOption):
        hint = f"did you mean {error.possibilities[0]}?" if error.possibilities else usage
        return f"there is no option {error.option_name}; {hint}"
    if isinstance(error, click.MissingParameter):
        choices = error.param.type.choices if error.param and isinstance(error.param.type, click.Choice) else ()
        return (f"give one of {', '.join(choices)}" if choices else f"{_name(error)} is missing") + f"; {usage}"
    if isinstance(error, click.BadParameter):
        return f"{_name(error)}: {error.message}"
    if isinstance(error, click.BadOptionUsage):
        needs = "needs a value" if "requires" in error.message else "takes no value"
        return f"{error.option_name} {needs}; {usage}"
    if unexpected := _UNEXPECTED.match(error.message):
        return f"{unexpected[1]!r} is one argument too many; {usage}"
    return error.message


def _name(error: click.BadParameter) -> str:
    """The name of an option or argument, as the help writes it."""
    if error.param is None or error.ctx is None:
        return "the value"
    if isinstance(error.param, click.Argument):
        return error.param.make_metavar(error.ctx).strip("[].")
    return max(error.param.opts, key=len)
