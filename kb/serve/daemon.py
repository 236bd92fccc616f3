"""A warm process that the command line starts by itself: `python -m kb.serve.daemon ROOT [SECONDS]`.

It ends after some time without a command, and when its notebook, its socket or this build of kb is gone.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from kb import rooms
from kb.errors import NotebookError
from kb.serve import address
from kb.serve.claim import claimed

IDLE_SECONDS = 15 * 60
TICKS = 60  # looks at all this, in that time
INHERITED = range(3, 256)  # files of whoever started this process


def main() -> None:
    """Answer commands about a notebook. Nothing happens where another process does already."""
    os.closerange(INHERITED.start, INHERITED.stop)
    os.chdir("/")
    root = Path(sys.argv[1])
    idle_seconds = float(sys.argv[2]) if len(sys.argv) > 2 else IDLE_SECONDS
    signal.signal(signal.SIGTERM, _end)
    try:
        with claimed(root) as path:
            _serve(root, path, idle_seconds)
    except NotebookError:
        sys.exit(1)


def _serve(root: Path, path: str, idle_seconds: float) -> None:
    gc.set_threshold(100_000)  # libraries that are being imported leave nothing to free
    live = rooms.live.LiveNotebook(root, rooms.terminal.notice)
    build = address.build()
    live.prepare()
    gc.freeze()
    gc.set_threshold(10_000)
    with rooms.listening.listen(live, path) as listener:
        while (
            listener.idle_seconds() < idle_seconds
            and listener.is_reachable()
            and live.exists()
            and address.build() == build
        ):
            time.sleep(idle_seconds / TICKS)


def _end(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
