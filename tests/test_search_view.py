"""Search as you type, on a real terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import Run

from kb.knowledge import KnowledgeBase
from kb.models import Encoder

pytestmark = [pytest.mark.model, pytest.mark.slow]
NOTES = {
    "gcn": "---\narea: gnn\n---\n# Graph convolution\n\nA node averages its neighbours.\n",
    "gat": "---\narea: gnn\n---\n# Graph attention\n\n## Weights\n\nA node weighs its neighbours by attention.\n",
    "lora": "---\narea: llm\n---\n# LoRA\n\nLow-rank updates of a language model.\n",
}
PROGRAM = "from kb.serve.client import main; main()"
EDITOR = f"{sys.executable} -c 'import sys; print(\"EDITED\", *sys.argv[1:])'"
ESCAPE, TAB, ENTER, DOWN, CTRL_C, CTRL_O = b"\x1b", b"\t", b"\r", b"\x1b[B", b"\x03", b"\x0f"
SEQUENCES = re.compile(rb"\x1b(\[[0-9;?]*[a-zA-Z]|[()][A-Z0-9]|[=>78])")


class Terminal:
    """A terminal with a program on it."""

    def __init__(self, ours: int, process: subprocess.Popen[bytes]) -> None:
        self._ours = ours
        self._process = process
        self._printed = b""

    def press(self, keys: bytes) -> None:
        """Type keys."""
        os.write(self._ours, keys)

    def wait_for(self, text: str, seconds: float = 20) -> None:
        """Wait until the program has printed a text since the last time; whitespace does not count."""
        deadline = time.monotonic() + seconds
        while "".join(text.split()) not in (seen := b"".join(SEQUENCES.sub(b"", self._printed).split()).decode()):
            assert time.monotonic() < deadline, seen
            self._read()
        self._printed = b""

    def ended(self, seconds: float = 20) -> int:
        """The exit code, once the program has ended."""
        deadline = time.monotonic() + seconds
        while self._process.poll() is None:
            assert time.monotonic() < deadline
            self._read()
        return self._process.returncode

    def _read(self) -> None:
        if select.select([self._ours], [], [], 0.1)[0]:
            try:
                self._printed += os.read(self._ours, 65536)
            except OSError:  # how Linux tells the end
                time.sleep(0.05)


@pytest.fixture
def shelf(tmp_path: Path, real_encoder: Encoder) -> Path:
    """A notebook with three notes."""
    root = tmp_path / "shelf"
    root.mkdir()
    for name, text in NOTES.items():
        (root / f"{name}.md").write_text(text, encoding="utf-8")
    with KnowledgeBase(root, create=True, encoder=real_encoder) as knowledge:
        knowledge.add([root])
    return root


@contextmanager
def on_terminal(folder: Path, *arguments: str, columns: int = 80, lines: int = 24) -> Iterator[Terminal]:
    """A command of kb on a terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    environment = os.environ | {"TERM": "xterm", "VISUAL": "", "EDITOR": EDITOR, "KB_WARM": "0", "LANG": "C.UTF-8"}
    command = [sys.executable, "-c", PROGRAM, *arguments]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        try:
            yield Terminal(ours, process)
        finally:
            process.kill()
            os.close(ours)


@pytest.mark.parametrize("columns", [80, 120])
def test_a_note_is_found_and_opened(shelf: Path, columns: int) -> None:
    """Without a query, the view finds notes as one types, shows the passage of the selected one, and opens it at its
    line in the editor.
    """
    with on_terminal(shelf, "search", "--mode", "lexical", columns=columns) as terminal:
        terminal.wait_for("type a query")
        terminal.press(b"attention")
        terminal.wait_for("weighs its neighbours by attention")
        terminal.press(ENTER)
        terminal.wait_for(f"EDITED +4 {shelf / 'gat.md'}")
        assert terminal.ended() == 0


def test_arrows_select(shelf: Path) -> None:
    """The arrows move among the hits, and no further than the last."""
    with on_terminal(shelf, "search", "-i", "--mode", "lexical", "neighbours") as terminal:
        terminal.wait_for("2 notes")
        terminal.press(DOWN + DOWN + DOWN + ENTER)
        terminal.wait_for("EDITED")
        assert terminal.ended() == 0


def test_options_hold_in_the_view(shelf: Path) -> None:
    """The filters of the command are those of the view."""
    with on_terminal(shelf, "search", "-i", "--area", "llm", "--mode", "lexical", "model") as terminal:
        terminal.wait_for("1 note")
        terminal.press(b"\x15neighbours")
        terminal.wait_for("nothing found")


def test_related_notes_and_back(shelf: Path) -> None:
    """Tab shows the notes related to the selected one, and the hits again."""
    with on_terminal(shelf, "search", "-i", "--mode", "lexical", "attention") as terminal:
        terminal.wait_for("1 note")
        terminal.press(TAB)
        terminal.wait_for("related to Graph attention")
        terminal.press(TAB)
        terminal.wait_for("gat.md:4")


@pytest.mark.parametrize("key", [ESCAPE, CTRL_C])
def test_the_view_is_left(shelf: Path, key: bytes) -> None:
    """Escape and Ctrl-C leave without an error."""
    with on_terminal(shelf, "search", "-i") as terminal:
        terminal.wait_for("type a query")
        terminal.press(key)
        assert terminal.ended() == 0


def test_a_query_is_outlined(shelf: Path) -> None:
    """Ctrl-O leaves the view for an outline on the query."""
    with on_terminal(shelf, "search", "-i", "--mode", "lexical", "graph attention") as terminal:
        terminal.wait_for("2 notes")
        terminal.press(CTRL_O)
        terminal.wait_for("open questions")
        assert terminal.ended() == 0


def test_a_half_typed_query_is_no_error(shelf: Path) -> None:
    """What the query cannot mean yet is said in the view, which goes on."""
    with on_terminal(shelf, "search", "-i", "--mode", "lexical") as terminal:
        terminal.wait_for("type a query")
        terminal.press(b"-attention")
        terminal.wait_for("only excludes words")
        terminal.press(b" neighbours")
        terminal.wait_for("gcn.md:4")


def test_the_view_needs_a_terminal(shelf: Path, monkeypatch: pytest.MonkeyPatch, kb: Callable[..., Run]) -> None:
    """Off a terminal, the option is refused."""
    monkeypatch.chdir(shelf)
    run = kb("search", "-i")
    assert (run.code, "--interactive needs a terminal" in run.err) == (2, True)
