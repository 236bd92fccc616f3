"""Run every command that the README shows, and put what it printed into the page."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
PAGE = REPOSITORY / "README.md"
BLOCK = re.compile(r"(```console\n\$ )(kb [^\n]*)\n.*?(```\n)", re.DOTALL)


def shown(command: str, folder: Path) -> str:
    """What a terminal of 80 columns shows."""
    control, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 80, 0, 0))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    environment |= {"TERM": "dumb", "PATH": path}
    process = subprocess.Popen(command, shell=True, cwd=folder, env=environment, stdout=terminal, stderr=terminal)
    os.close(terminal)
    output = b""
    while True:
        try:
            piece = os.read(control, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not piece:
            break
        output += piece
    os.close(control)
    process.wait()
    lines = (line.rstrip() for line in output.decode().replace("\r\n", "\n").split("\n"))
    return "\n".join(lines).strip("\n") + "\n"


def filled(page: str, folder: Path) -> str:
    """The page with what its commands print, one after the other, in a new notebook of the repository's notes."""
    shutil.copytree(REPOSITORY / "notes", folder / "notes")
    (folder / "tests").mkdir()
    shutil.copy(REPOSITORY / "tests" / "golden.toml", folder / "tests")
    return BLOCK.sub(lambda match: f"{match[1]}{match[2]}\n{shown(match[2], folder)}{match[3]}", page)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        notebook = Path(temporary) / "newsletter"
        notebook.mkdir()
        PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), notebook), encoding="utf-8")
