from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kb.errors import LockError
from kb.index.lock import write_lock

HOLDER = """
import sys
from pathlib import Path
from kb.index.lock import write_lock
with write_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process_holds(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock until its standard input is closed."""
    arguments = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_writer_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    """A writer that waited in vain fails with the process id of the holder."""
    with (
        another_process_holds(tmp_path) as process,
        pytest.raises(LockError, match=rf"process {process.pid}\b"),
        write_lock(tmp_path, wait=0.1),
    ):
        pass


def test_a_second_writer_waits_its_turn(tmp_path: Path) -> None:
    """A writer that comes while another one is at work gets the lock when that one is done."""
    with another_process_holds(tmp_path) as process:
        assert process.stdin
        process.stdin.close()
        with write_lock(tmp_path, wait=30):
            assert process.wait(timeout=30) == 0


def test_the_lock_dies_with_its_holder(tmp_path: Path) -> None:
    """A killed writer leaves files behind but no lock."""
    with another_process_holds(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with write_lock(tmp_path, wait=0):
            pass


def test_within_one_process_the_lock_holds_too(tmp_path: Path) -> None:
    """Two writers of one process exclude each other, and an error inside lets go of the lock."""
    with (
        pytest.raises(LockError, match=rf"process {os.getpid()}\b"),
        write_lock(tmp_path),
        write_lock(tmp_path, wait=0),
    ):
        pass
    with write_lock(tmp_path, wait=0):
        pass
