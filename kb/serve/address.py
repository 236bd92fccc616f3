"""Where the warm process of a notebook listens: a socket that only its user can reach.

The command line imports this before anything else, so it needs little.
"""

import os
import stat
import sys
from hashlib import sha256

from kb import __version__

PACKAGE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
MAX_PATH = 103  # bytes: the `sun_path` of macOS has 104, and ends with a NUL
NAME_LENGTH = 34  # of `/`, 24 digits and `.sock`, and of `.new` while it is being made
PRIVATE_FOLDER = 0o700

# A process reads these when it starts, or where it has no client to ask: one that was started with others would answer
# differently.
FIXED_VARIABLES = (
    "HOME",
    "XDG_CACHE_HOME",
    "TZ",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "PYTHONUTF8",
    "KB_LLM_KEY",
    "KB_CHROMA_TOKEN",
    "HF_HOME",
    "HF_HUB_CACHE",
    "HF_HUB_OFFLINE",
    "HF_ENDPOINT",
    "HF_TOKEN",
    "SSL_CERT_FILE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
)


def socket_path(root: str) -> str | None:
    """The socket of the process that has a notebook open, runs the same build of kb with the same interpreter, and was
    started with the same variables. `root` must be resolved.

    None if no folder is safe.
    """
    folder = private_folder()
    return os.path.join(folder, f"{_digest(root)}.sock") if folder else None


def private_folder() -> str | None:
    """The folder for sockets and what belongs to them: it must belong to the user, and be closed to all others. None
    if no folder is safe.
    """
    for parent, name in _places():
        folder = os.path.join(parent, name)
        if os.path.isabs(folder) and len(os.fsencode(folder)) + NAME_LENGTH <= MAX_PATH and _is_usable(parent, folder):
            return folder
    return None


def make_folder(path: str) -> bool:
    """Create the folder of a socket if it does not exist; returns whether it is safe."""
    folder = os.path.dirname(path)
    try:
        os.makedirs(folder, PRIVATE_FOLDER, exist_ok=True)
    except OSError:
        return False
    return _is_usable(None, folder)


def _places() -> list[tuple[str, str]]:
    """Folders, and the names of ours in them."""
    temporary = (os.environ.get("TMPDIR") or "/tmp", f"kb-{os.geteuid()}")  # noqa: S108  # checked before it is used
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return [(runtime, "kb"), temporary] if runtime else [temporary]


def _is_usable(parent: str | None, folder: str) -> bool:
    """Whether a folder belongs to the user and is closed to all others, or can be made in its parent."""
    try:
        status = os.lstat(folder)
    except OSError:
        return parent is not None and os.path.isdir(parent) and not os.path.lexists(folder)
    mode = stat.S_IMODE(status.st_mode)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not mode & ~PRIVATE_FOLDER


def _digest(root: str) -> str:
    parts = [root, build(), *(f"{name}={os.environ.get(name)}" for name in FIXED_VARIABLES)]
    return sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()[:24]


def build() -> str:
    """The version of kb, its place, the number and newest change of its files, and the interpreter."""
    number, newest = _newest(PACKAGE)
    return f"{__version__} {PACKAGE} {number} {newest} {sys.prefix} {sys.hexversion}"


def _newest(folder: str) -> tuple[int, int]:
    """How many files are below a folder, without compiled ones, and when the newest was changed (in nanoseconds)."""
    number = newest = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name == "__pycache__":
                continue
            if entry.is_dir():
                inner, changed = _newest(entry.path)
                number += inner
            else:
                changed = entry.stat().st_mtime_ns
                number += 1
            newest = max(newest, changed)
    return number, newest
