"""Single keys that are pressed at a terminal."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

END_OF_INPUT = "\x04"
TURN_SECONDS = 0.5


@contextmanager
def single_keys() -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Let the terminal hand over each key as it is pressed, without showing it. What is typed ahead is kept, which it
    would not be if this began and ended with every key. Ctrl-C still interrupts. Yields how to have the terminal as it
    was for a while, for another program.
    """
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)

    @contextmanager
    def as_before() -> Iterator[None]:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
        try:
            yield
        finally:
            tty.setcbreak(terminal, termios.TCSADRAIN)

    tty.setcbreak(terminal, termios.TCSANOW)
    try:
        yield as_before
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def next_key() -> str:
    """The next key in lower case; `END_OF_INPUT` when nothing more can come.

    Python handles a signal that arrives just before a wait only after it, so the wait has turns.
    """
    while not select.select([sys.stdin], [], [], TURN_SECONDS)[0]:
        pass
    return os.read(sys.stdin.fileno(), 1).decode(errors="replace").lower() or END_OF_INPUT
