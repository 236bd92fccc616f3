"""The editor that `kb open` starts."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from kb.errors import ConfigError


def editor_command(path: Path, line: int) -> list[str]:
    """The command that opens a file at a line, by `VISUAL`, else `EDITOR`, else vi. Raises `ConfigError`."""
    named = (os.environ.get(name, "").strip() for name in ("VISUAL", "EDITOR"))
    value = next((command for command in named if command), "vi")
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
