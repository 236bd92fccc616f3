"""Shell completion."""

from __future__ import annotations

import click
from click.shell_completion import ZshComplete, get_completion_class

from kb import rooms
from kb.cli.parameters import OneOf

# zsh knows `compdef` only once `compinit` has run, which takes back what was registered before it. So the completion is
# registered at the first prompt, when the whole `.zshrc` is read; `compinit` runs then, unless it has before.
_IN_ZSHRC = "    compdef %(complete_func)s %(prog_name)s\n"
_AT_FIRST_PROMPT = """\
    autoload -Uz add-zsh-hook
    %(complete_func)s_register() {
        (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
        compdef %(complete_func)s %(prog_name)s
        add-zsh-hook -d precmd %(complete_func)s_register
    }
    add-zsh-hook precmd %(complete_func)s_register
"""


class _Zsh(ZshComplete):
    source_template = ZshComplete.source_template.replace(_IN_ZSHRC, _AT_FIRST_PROMPT)


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
    """Print the completion script for a shell: bash, zsh or fish.

    It completes commands, options, notes, tags and templates. In ~/.zshrc it may
    stand before or after compinit.
    """
    completion = _Zsh if shell == "zsh" else get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"click has no completion for {shell}")
    group = click.get_current_context().find_root().command
    rooms.terminal.print_text(completion(group, {}, "kb", "_KB_COMPLETE").source() + "\n")
