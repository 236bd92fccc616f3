"""The `kb` command: where a warm process has the notebook open, it answers; otherwise the command runs in this process.

Most of the time of a command goes into imports, so this module needs little.
"""

import os
import sys
from collections.abc import Mapping
from importlib import import_module

# The commands that only read, and the options with which they write, or need the terminal.
READING: dict[str, tuple[str, ...]] = {
    "search": ("-i", "--interactive", "--open"),
    "related": (),
    "duplicates": (),
    "outline": ("-o", "--output", "--update", "--pick"),
    "ideas": (),
    "list": (),
    "show": (),
    "status": (),
    "classify": (),
    "reclassify": ("--apply",),
    "concepts": (),
}
HELP = ("-h", "--help")
RELAYED = ["mcp"]  # the command that passes on what an assistant writes, without any option
PACKAGE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
CONFIG_NAME = "kb.toml"
INDEX_NAME = ".kb"
RETRY_SECONDS = 60  # after a start that failed


def main() -> None:
    """Run the command line, or let the warm process of the notebook run it."""
    if (code := answered(sys.argv[1:])) is not None:
        sys.exit(code)
    import_module("kb.cli").main()


def answered(arguments: list[str], collected: bytearray | None = None) -> int | None:
    """The exit code of a command that the warm process ran; None if there is none, or if it cannot run this one.

    What the command writes to standard output goes to `collected`, if given; nothing else is shown then.
    """
    named = _named(arguments)
    is_relay = _without_notebook(arguments) == RELAYED
    if not (_may_ask(os.environ) and (is_relay or _only_reads(arguments))):
        return None
    root = root_of(named)
    if root is None or len(named) > 1 or "" in named:
        return None  # which one it is, the command itself decides
    if is_relay:
        relayed: int | None = import_module("kb.serve.mcp.relay").relay(root) if _is_notebook(root) else None
        return relayed
    address = import_module("kb.serve.address")
    path = address.socket_path(root)
    if path is None:
        return None
    if os.path.exists(path):
        try:
            code: int | None = import_module("kb.serve.asking").ask(
                path, arguments, named[0] if named else None, collected
            )
        except (FileNotFoundError, ConnectionRefusedError):  # it was killed
            pass
        else:
            return code
    if (os.environ.get("KB_WARM") == "1" or _is_wanted(root)) and address.make_folder(path):
        start(root, path)
    return None


def _may_ask(environment: Mapping[str, str]) -> bool:
    """Whether the user, the system and the standard streams let this process ask another one."""
    switched_off = environment.get("KB_WARM") == "0" or environment.get("CI") or "_KB_COMPLETE" in environment
    return not switched_off and hasattr(os, "geteuid") and None not in (sys.stdin, sys.stdout, sys.stderr)


def _only_reads(arguments: list[str]) -> bool:
    """Whether a command only reads. A word that looks like one of the other options decides against it."""
    name = next(iter(_without_notebook(arguments)), "")
    refused = (*READING.get(name, ()), *HELP)
    return name in READING and not any(word.startswith(refused) for word in arguments)


def _without_notebook(arguments: list[str]) -> list[str]:
    """The arguments from the command on, and from the first unknown option on."""
    rest = list(arguments)
    while rest and rest[0].startswith("--notebook"):
        if rest[0] != "--notebook" and not rest[0].startswith("--notebook="):
            break
        del rest[: 2 if rest[0] == "--notebook" else 1]
    return rest


def _named(arguments: list[str]) -> list[str]:
    """What `--notebook` names, each time that it is given."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    pairs = zip(options, [*options, ""][1:], strict=True)
    return [
        value if option == "--notebook" else option.partition("=")[2]
        for option, value in pairs
        if option == "--notebook" or option.startswith("--notebook=")
    ]


def root_of(named: list[str]) -> str | None:
    """The folder of the notebook, resolved; as `find_notebook` finds it."""
    explicit = (named[0] if named else "") or os.environ.get("KB_NOTEBOOK")
    if explicit:
        return os.path.realpath(explicit)
    try:
        folder = os.getcwd()
    except FileNotFoundError:
        return None
    while not _is_notebook(folder):
        folder, below = os.path.dirname(folder), folder
        if folder == below:
            return None
    return os.path.realpath(folder)


def _is_notebook(folder: str) -> bool:
    return os.path.isfile(f"{folder}/{CONFIG_NAME}") or os.path.isdir(f"{folder}/{INDEX_NAME}")


def _is_wanted(root: str) -> bool:
    """Whether `kb.toml` asks for a warm process. A broken one is left to the command to report."""
    try:
        with open(os.path.join(root, CONFIG_NAME), "rb") as file:
            content = file.read()
        if not any(line.strip(b" \t\"'").startswith(b"warm") for line in content.splitlines()):
            return False  # to import tomllib takes longer
        return import_module("tomllib").loads(content.decode()).get("warm") is True
    except (OSError, ValueError):
        return False


def start(root: str, path: str) -> bool:
    """Start a warm process, which the next command may ask: in a session of its own, with a log next to its socket.
    Returns whether it could be started.

    It gets to know where kb is, and does not look for modules in the working directory.
    """
    import time

    log = f"{path}.log"
    if not os.path.isdir(root) or has_failed(path, time.time()):
        return False
    try:
        environment = {name: value for name, value in os.environ.items() if name != "KB_NOTEBOOK"}
        paths = (os.path.dirname(PACKAGE), environment.get("PYTHONPATH"))
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        os.posix_spawn(
            sys.executable,
            [sys.executable, "-P", "-m", "kb.serve.daemon", root],
            environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600),
            ],
            setsid=True,
        )
    except (OSError, NotImplementedError):  # the command needs none
        return False
    return True


def has_failed(path: str, now: float) -> bool:
    """Whether the warm process of a socket has complained lately: it would fail again, after the same time."""
    try:
        status = os.stat(f"{path}.log")
    except FileNotFoundError:
        return False
    return status.st_size > 0 and now - status.st_mtime < RETRY_SECONDS
