"""The command line with the encoder of the tests, which loads no model: `python tests/without_model.py ARGUMENTS`."""

from __future__ import annotations

import sys

from doubles import HashingEncoder

from kb.cli import run
from kb.index import opened

if __name__ == "__main__":
    setattr(opened, "load_encoder", lambda *_: HashingEncoder())  # noqa: B010  # it is imported there
    sys.exit(run(sys.argv[1:]))
