"""Opening a file in the writer's editor."""

from __future__ import annotations

import subprocess
from pathlib import Path

from kb.cli.notes import editor_command
from kb.errors import KbError


def edit(path: Path, line: int) -> int:
    """Open a file at a line, as `kb open` does, and wait for the editor. Returns its exit code."""
    command = editor_command(path, line)
    try:
        code = subprocess.run(command, check=False).returncode
    except OSError as error:
        raise KbError(f"the editor {command[0]!r} cannot be started: {error.strerror}; set EDITOR") from error
    return code if code >= 0 else 128 - code
