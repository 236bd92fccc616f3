"""The command line with the encoder of the tests, which loads no model: `python tests/watched.py ARGUMENTS`."""

from __future__ import annotations

import sys
from functools import partial

from doubles import HashingEncoder

from kb.cli import run
from kb.serve import live
from kb.serve.http import server

if __name__ == "__main__":
    encoder = HashingEncoder()
    live.LiveNotebook.__init__.__defaults__ = (encoder,)
    server.serve = partial(server.serve, encoder=encoder)  # type: ignore[assignment]
    sys.exit(run(sys.argv[1:]))
