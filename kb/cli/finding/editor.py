"""The user's editor."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from kb import rooms
from kb.errors import ConfigError, KbError, reason

DEFAULT_EDITOR = "vi"


def start_editor(path: Path, line: int, stdout: int | None = None) -> int:
    """Open a file in the user's editor and return its exit code; `stdout` is what it has as its standard output.
    Raises `KbError`.
    """
    command = editor_command(path, line)
    try:
        code = subprocess.run(command, check=False, stdout=stdout).returncode
    except OSError as error:
        raise KbError(f"the editor {command[0]!r} cannot be started: {reason(error)}; set EDITOR") from error
    return code if code >= 0 else 128 - code


def editor_command(path: Path, line: int) -> list[str]:
    """The command that opens a file at a line, by `VISUAL`, else `EDITOR`, else vi. Raises `ConfigError`."""
    named = (os.environ.get(name, "").strip() for name in ("VISUAL", "EDITOR"))
    value = next((command for command in named if command), None)
    if value is None:
        value = DEFAULT_EDITOR
        rooms.terminal.notice(f"neither VISUAL nor EDITOR is set; starting {value}")
    try:
        command = shlex.split(value)
    except ValueError as error:
        raise ConfigError(f"VISUAL or EDITOR is {value!r}, which is not a command: {error}; set EDITOR") from error
    name = Path(command[0]).stem
    if name in ("code", "codium", "cursor"):
        return [*command, "--goto", f"{path}:{line}"]
    if name in ("subl", "zed", "hx"):
        return [*command, f"{path}:{line}"]
    return [*command, f"+{line}", str(path)]
