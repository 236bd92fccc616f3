"""Shell completion."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from kb import rooms
from kb.cli.parameters import OneOf


@click.command(
    "completion",
    epilog="""\b
Examples:
  kb completion bash >> ~/.bashrc
  kb completion zsh >> ~/.zshrc
  kb completion fish > ~/.config/fish/completions/kb.fish
""",
)
@click.argument("shell", metavar="SHELL", type=OneOf(["bash", "zsh", "fish"]))
def completion_command(shell: str) -> None:
    """Print the completion script for a shell: bash, zsh or fish."""
    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"click has no completion for {shell}")
    group = click.get_current_context().find_root().command
    rooms.terminal.print_text(completion(group, {}, "kb", "_KB_COMPLETE").source() + "\n")
