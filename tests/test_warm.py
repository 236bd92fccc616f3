"""The warm process: it answers as the command itself would, and where it cannot, the command itself does."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import REPOSITORY, indexed, made_once

from kb.knowledge import KnowledgeBase
from kb.models import Encoder
from kb.serve import address, client, protocol

pytestmark = [pytest.mark.model, pytest.mark.slow]

NOTES = ("gcn", "gat", "over-smoothing", "lora", "focaccia")
DAEMON = [sys.executable, "-m", "kb.serve.daemon"]
KB = [sys.executable, "-m", "kb"]
# Runs the command line, and ends with 99 where this process had to run the command itself.
ASKING = """
import os, sys
from kb.serve.client import main
try:
    main()
finally:
    if "click" in sys.modules:
        sys.stdout.flush()
        os._exit(99)
"""
WARM = [sys.executable, "-c", ASKING]
# Runs several commands as processes of their own would, with a line after each for its exit code.
COLD = """
import shlex, sys
from kb.cli import main
for line in sys.argv[1:]:
    sys.argv[1:] = shlex.split(line)
    try:
        main()
    except SystemExit as ended:
        print(f"=== {ended.code}", flush=True)
"""
# Searches as the view of `kb search -i` does. It has no filter of its own, so only the warm process can answer.
VIEW = """
import json, sys
from kb.cli.finding.search import search_command
from kb.cli.interactive.search import _Finder
with search_command.make_context("search", ["-i", "--area", "gnn", "-n", "2"]):
    with _Finder(2, None, "hybrid", []) as finder:
        found = finder.search("over-smoothing")
        related = finder.related(found.hits[0].path)
paths = [[hit.path for hit in found.hits], [note.path for note in related.notes]]
print(json.dumps([paths, "onnxruntime" in sys.modules]))
"""
SEARCH = "search why deep graph networks forget"
READING = (
    SEARCH,
    "search --mode lexical 'attention heads' -n 2 --explain",
    "search zzz --area llm --since 2024",
    "related gcn",
    "duplicates",
    "ideas",
    "outline 'why deep graph networks forget' --no-llm",
    "list",
    "list --outside",
    "show notes/gat.md",
    "status",
    "classify notes/gcn.md notes/focaccia.md",
    "reclassify",
    "concepts attention",
    "show no-such-note",
    "show 2",
    "related 99",
    "outline --check notes/gcn.md",
)
WIDTH = 50


class Ended(NamedTuple):
    """What a process gave."""

    code: int
    out: bytes
    err: bytes


Kb = Callable[..., Ended]


def settled(printed: bytes) -> bytes:
    """What was printed, without times and the random ids of links."""
    return re.sub(rb'("seconds": ?|\x1b\]8;id=)[0-9.e-]+', rb"\1x", printed)


def run(command: list[str], environment: dict[str, str], folder: Path, given: bytes = b"") -> Ended:
    ended = subprocess.run(command, cwd=folder, env=environment, input=given, capture_output=True, timeout=60)
    return Ended(ended.returncode, settled(ended.stdout), settled(ended.stderr))


def run_on_terminal(command: list[str], environment: dict[str, str], folder: Path) -> tuple[int, bytes]:
    """The exit code, and all that was printed on a terminal of `WIDTH` columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, WIDTH, 0, 0))
    with subprocess.Popen(command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        printed = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # how Linux tells the end
                break
            if not part:
                break
            printed += part
        os.close(ours)
    return process.returncode, settled(printed)


def wait_until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def environment(runtime: Path, model_home: Path) -> dict[str, str]:
    """The variables of a user's shell."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return kept | {
        "HOME": str(model_home),
        "XDG_CACHE_HOME": str(model_home / "cache"),
        "XDG_RUNTIME_DIR": str(runtime),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
    }


@pytest.fixture(scope="module")
def shelf(shared: Path, real_encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A notebook of this process's own, which tests only read: a search keeps the numbers of its hits there."""

    def make(root: Path) -> None:
        (root / "notes").mkdir()
        (root / "kb.toml").touch()
        for name in NOTES:
            shutil.copy2(REPOSITORY / "notes" / f"{name}.md", root / "notes")
        indexed(root, real_encoder)

    made = made_once(shared / "warm-shelf", make)
    return shutil.copytree(made, tmp_path_factory.mktemp("warm") / "shelf")


@pytest.fixture
def own(shelf: Path, tmp_path: Path) -> Path:
    """A copy of it for one test. Its settings keep the model from being loaded with the process."""
    shutil.copytree(shelf, tmp_path / "own")
    (tmp_path / "own" / "kb.toml").write_text("autosync = true\n")
    return tmp_path / "own"


def socket_of(root: Path, environment: dict[str, str]) -> Path:
    """Where the warm process of a notebook listens."""
    with pytest.MonkeyPatch.context() as patch:
        for name in {*address.FIXED_VARIABLES, "XDG_RUNTIME_DIR"}:
            patch.delenv(name, raising=False)
        for name, value in environment.items():
            patch.setenv(name, value)
        path = address.socket_path(str(root.resolve()))
    assert path is not None
    return Path(path)


@pytest.fixture(scope="module")
def start(environment: dict[str, str]) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a warm process, which ends with the tests."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(root: Path, idle_seconds: float = 120) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([*DAEMON, str(root.resolve()), str(idle_seconds)], env=environment)
        started.append(process)
        wait_until(lambda: socket_of(root, environment).exists())
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def warm_shelf(shelf: Path, start: Callable[..., subprocess.Popen[bytes]]) -> Path:
    """The notebook with a warm process."""
    start(shelf)
    return shelf


def cold_answers(lines: list[str], environment: dict[str, str], folder: Path) -> list[tuple[int, bytes]]:
    """The exit code and output of some commands that run without a warm process; standard error goes to the output."""
    command = [sys.executable, "-c", COLD, *lines]
    ended = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
    )
    return split(ended.stdout)


def split(printed: bytes) -> list[tuple[int, bytes]]:
    parts = re.split(rb"=== (\d+)\r?\n", settled(printed))
    return [(int(code), text) for text, code in zip(parts[::2], parts[1::2], strict=False)]


def require_alike(lines: list[str], environment: dict[str, str], folder: Path) -> None:
    """The warm process answers each of some commands as the command would itself."""
    expected = cold_answers(lines, environment, folder)
    assert len(expected) == len(lines)
    for line, (code, printed) in zip(lines, expected, strict=True):
        answer = run(["sh", "-c", f'exec "$@" {line} 2>&1', "sh", *WARM], environment, folder)
        assert (answer.code, answer.out) == (code, printed), line


def test_reading_commands_are_answered_alike(warm_shelf: Path, environment: dict[str, str]) -> None:
    """As JSON and as text, in UTF-8 and in ASCII, plain and coloured."""
    require_alike([f"{line} --json" for line in READING], environment, warm_shelf)
    ascii = environment | {"PYTHONIOENCODING": "ascii", "FORCE_COLOR": "1"}
    lines = [SEARCH, f"{SEARCH} --json", "outline attention", "list", "status", "show gat"]
    require_alike(lines, ascii, warm_shelf)


def test_terminals_are_answered_alike(warm_shelf: Path, environment: dict[str, str]) -> None:
    """On a narrow terminal, a client gets the colours and the line breaks of a process of its own."""
    lines = [line for line in READING if line != "duplicates"]  # which shows a progress bar where it takes long
    _, printed = run_on_terminal([sys.executable, "-c", COLD, *lines], environment, warm_shelf)
    expected = split(printed)
    assert len(expected) == len(lines)
    for line, answer in zip(lines, expected, strict=True):
        command = ["sh", "-c", f'exec "$@" {line}', "sh", *WARM]
        assert run_on_terminal(command, environment, warm_shelf) == answer, line
    assert any(b"\x1b[" in text for _, text in expected)


def test_streams_stay_apart(warm_shelf: Path, environment: dict[str, str]) -> None:
    """Results go to standard output and all else to standard error; `NO_COLOR` overrides `FORCE_COLOR`."""
    plain = environment | {"FORCE_COLOR": "1", "NO_COLOR": "1"}
    cold = run([*KB, "search", "zzz"], plain | {"KB_WARM": "0"}, warm_shelf)
    assert run([*WARM, "search", "zzz"], plain, warm_shelf) == cold
    assert cold.err


def test_paths_begin_in_the_working_directory(warm_shelf: Path, environment: dict[str, str], tmp_path: Path) -> None:
    """Relative paths are those of the client, also in messages."""
    post = tmp_path / "post.md"
    template = tmp_path / "own.jinja"
    template.write_text("{{ outline.title }}\n")
    outline = [*WARM, "outline", "why deep graph networks forget", "--notebook", str(warm_shelf)]
    post.write_bytes(run(outline, environment, tmp_path).out)
    named = environment | {"KB_NOTEBOOK": os.path.relpath(warm_shelf, tmp_path)}
    topic = "outline 'why deep graph networks forget'"
    lines = [
        "outline --check post.md",
        "outline --fill post.md",
        f"{topic} --template own.jinja",
        f"{topic} --template other.jinja",
        f"classify {os.path.relpath(warm_shelf / 'notes' / 'gcn.md', tmp_path)}",
        "classify missing.md",
    ]
    require_alike(lines, named, tmp_path)


def test_the_view_searches_in_the_warm_process(warm_shelf: Path, environment: dict[str, str]) -> None:
    """What `kb search -i` shows while the user types, and the notes related to a hit, come from the warm process, under
    the options of the command.
    """
    ended = run([sys.executable, "-c", VIEW], environment, warm_shelf)
    assert ended.code == 0, ended.err
    (hits, related), loaded = json.loads(ended.out)
    cold = environment | {"KB_WARM": "0"}
    search = ["search", "over-smoothing", "--area", "gnn", "-n", "2", "--json"]
    found, near = (
        json.loads(run([*KB, *arguments], cold, warm_shelf).out.replace(b'"seconds":x', b'"seconds":0'))
        for arguments in (search, ["related", hits[0], "--json"])
    )
    assert hits == [hit["path"] for hit in found["hits"]]
    assert related == [note["path"] for note in near["notes"]]
    assert hits
    assert not loaded


def test_queries_come_from_standard_input(warm_shelf: Path, environment: dict[str, str]) -> None:
    """`--batch` reads the client's standard input."""
    queries = b"over-smoothing\n\nwhat is a low rank update\n"
    arguments = ["search", "--batch"]
    cold = run([*KB, *arguments], environment | {"KB_WARM": "0"}, warm_shelf, queries)
    assert run([*WARM, *arguments], environment, warm_shelf, queries) == cold
    assert cold.out.count(b"\n") == 2


@pytest.mark.parametrize("arguments", [["search", "--nonsense"], ["search"], ["search", "x", "-n", "0"]])
def test_wrong_usage_is_told_alike(warm_shelf: Path, environment: dict[str, str], arguments: list[str]) -> None:
    """The warm process says the same of wrong usage as the command, and with the same exit code."""
    cold = run([*KB, *arguments], environment | {"KB_WARM": "0"}, warm_shelf)
    assert run([*WARM, *arguments], environment, warm_shelf) == cold
    assert cold.code == 2


def test_help_has_the_width_of_the_terminal(warm_shelf: Path, environment: dict[str, str]) -> None:
    """The warm process prints no help: it lets the command do so, silently."""
    narrow = environment | {"COLUMNS": "40"}
    cold = run([*KB, "list", "--help"], narrow | {"KB_WARM": "0"}, warm_shelf)
    assert run([*KB, "list", "--help"], narrow, warm_shelf) == cold
    assert run([*WARM, "list", "--help"], narrow, warm_shelf).code == 99


@pytest.mark.parametrize(
    ("arguments", "reads"),
    [
        (["search", "x"], True),
        (["--notebook", "d", "list"], True),
        (["--notebook=d", "outline", "x"], True),
        (["outline", "x", "-o", "post.md"], False),
        (["outline", "x", "-opost.md"], False),
        (["outline", "--update", "post.md"], False),
        (["outline", "x", "--output=post.md"], False),
        (["outline", "x", "--pick"], False),
        (["reclassify", "--apply"], False),
        (["add", "search"], False),
        (["sync"], False),
        (["file", "list", "llm"], False),
        (["--help"], False),
        (["search", "-h"], False),
        (["--notebook", "search"], False),
        ([], False),
    ],
)
def test_only_reading_commands_are_asked(arguments: list[str], reads: bool) -> None:
    """Whatever may write is left to the command."""
    assert client._only_reads(arguments) is reads


def test_nothing_is_stale(
    own: Path, environment: dict[str, str], start: Callable[..., object], real_encoder: Encoder
) -> None:
    """What another process forgot, synced or set is there with the next command, and so is what changed on disk."""
    (own / "kb.toml").write_text("")
    start(own)
    assert b"notes/gat.md" in run([*WARM, "list"], environment, own).out
    with KnowledgeBase(own, encoder=real_encoder) as knowledge:
        knowledge.forget(str(own / "notes" / "gat.md"))
        assert b"notes/gat.md" not in run([*WARM, "list"], environment, own).out
        (own / "notes" / "gcn.md").write_text("# Graphs\n\nQuokkas average their neighbours.\n")
        assert b"1 note changed" in run([*WARM, *SEARCH.split()], environment, own).err
        knowledge.sync()
        assert b"Quokkas" in run([*WARM, "search", "quokkas"], environment, own).out
    (own / "kb.toml").write_text('autosync = true\nconcepts."Quokka router".area = "llm"\n')
    assert b"Quokka router" in run([*WARM, "concepts", "--all"], environment, own).out
    (own / "notes" / "new.md").write_text("---\narea: llm\n---\n# Wombats\n\nWombats sample tokens.\n")
    assert b"notes/new.md" in run([*WARM, "search", "wombats"], environment, own).out
    (own / "kb.toml").write_text('precision = "int9"\n')
    broken = run([*WARM, "list"], environment, own)
    assert broken.code == 1
    assert broken == run([*KB, "list"], environment | {"KB_WARM": "0"}, own)


def test_many_are_answered_together(warm_shelf: Path, environment: dict[str, str]) -> None:
    """Clients that ask at the same time get the same answer as one that asks alone."""
    alone = run([*WARM, *SEARCH.split()], environment, warm_shelf)
    with ThreadPoolExecutor(24) as pool:
        together = list(pool.map(lambda _: run([*WARM, *SEARCH.split()], environment, warm_shelf), range(24)))
    assert alone.code == 0
    assert set(together) == {alone}


def test_a_killed_process_is_not_missed(own: Path, environment: dict[str, str], start: Callable[..., object]) -> None:
    """After `kill -9` the next command runs by itself, without a word, and a new process takes the socket."""
    process = start(own)
    assert isinstance(process, subprocess.Popen)
    process.kill()
    process.wait()
    assert socket_of(own, environment).exists()
    assert run([*KB, "list"], environment, own) == run([*KB, "list"], environment | {"KB_WARM": "0"}, own)
    start(own)
    wait_until(lambda: run([*WARM, "list"], environment, own).code == 0)


def test_it_starts_when_wanted(own: Path, environment: dict[str, str]) -> None:
    """`KB_WARM=1` and `warm = true` start it with a command, which runs by itself; `KB_WARM=0` and `CI` do not."""
    path = socket_of(own, environment)
    wanted = environment | {"KB_WARM": "1"}
    (own / "kb.toml").write_text("autosync = true\nwarm = true\n")
    for off in ({"KB_WARM": "0"}, {"CI": "true"}, {"CI": "true", "KB_WARM": "1"}):
        assert run([*KB, "list"], environment | off, own).code == 0
    assert not path.with_name(f"{path.name}.log").exists()
    assert run([*WARM, "list"], environment, own).code == 99
    wait_until(path.exists)
    assert run([*WARM, "list"], wanted, own).code == 0
    path.unlink()  # it ends soon, as nobody can find it


def test_a_server_answers_commands_too(own: Path, environment: dict[str, str]) -> None:
    """While `kb serve` runs, it answers commands; they run by themselves once it has ended."""
    with subprocess.Popen([*KB, "serve", "--port", "0"], cwd=own, env=environment, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert b"?token=" in server.stdout.readline()
        wait_until(socket_of(own, environment).exists)
        assert run([*WARM, *SEARCH.split()], environment, own) == run(
            [*KB, *SEARCH.split()], environment | {"KB_WARM": "0"}, own
        )
        server.send_signal(signal.SIGTERM)
    assert server.returncode == 128 + signal.SIGTERM
    assert not socket_of(own, environment).exists()
    assert run([*WARM, "list"], environment, own).code == 99


def test_a_module_of_the_folder_is_not_run(own: Path, environment: dict[str, str]) -> None:
    """The process does not import what lies in the working directory."""
    (own / "filelock.py").write_text("raise SystemExit(open('hijacked', 'w').close())\n")
    kb = [sys.executable, "-P", "-m", "kb"]
    path = socket_of(own, environment)
    assert run([*kb, "list"], environment | {"KB_WARM": "1"}, own).code == 0
    wait_until(path.exists)
    path.unlink()
    assert not (own / "hijacked").exists()


def test_two_starts_give_one(own: Path, environment: dict[str, str]) -> None:
    """Of two processes that start together, one ends and the other answers."""
    both = [subprocess.Popen([*DAEMON, str(own.resolve()), "30"], env=environment) for _ in range(2)]
    try:
        wait_until(lambda: any(process.poll() is not None for process in both))
        wait_until(socket_of(own, environment).exists)
        assert sorted(str(process.poll()) for process in both) == ["1", "None"]
        assert run([*WARM, "list"], environment, own).code == 0
    finally:
        for process in both:
            process.kill()
            process.wait()


def test_it_ends_when_idle_or_without_a_notebook(
    own: Path, environment: dict[str, str], start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    """After some time without a command, and when the notebook is gone, it ends and leaves no socket."""
    idle = start(own, 1.0)
    assert idle.wait(30) == 0
    assert not socket_of(own, environment).exists()
    left = start(own, 60)
    shutil.rmtree(own)
    assert left.wait(30) == 0
    assert not own.exists()


def test_only_private_folders_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: Path) -> None:
    """A folder that is open to others, is a link or is too long is passed over."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    temporary = runtime / "t"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    ours = temporary / f"kb-{os.geteuid()}"
    path = str(address.socket_path("/n"))
    assert Path(path).parent == ours
    assert not ours.exists()
    assert address.make_folder(path)
    assert ours.stat().st_mode & 0o777 == 0o700
    ours.chmod(0o755)
    assert address.socket_path("/n") is None
    assert not address.make_folder(path)
    ours.rmdir()
    (runtime / "elsewhere").mkdir(mode=0o700)
    ours.symlink_to(runtime / "elsewhere")
    assert address.socket_path("/n") is None
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    assert Path(str(address.socket_path("/n"))).parent == runtime / "kb"
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    found = address.socket_path("/n")
    assert found is None or len(os.fsencode(found)) <= 103


def test_another_build_has_another_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: Path) -> None:
    """The socket's name tells notebooks, builds, interpreters and fixed variables apart."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setattr(address, "PACKAGE", str(tmp_path))
    module = tmp_path / "module.py"
    module.touch()
    names = {address.socket_path("/n"), address.socket_path("/m")}
    with monkeypatch.context() as other:
        other.setattr(sys, "prefix", "/other")
        names.add(address.socket_path("/n"))
    os.utime(module, (2_000_000_000, 2_000_000_000))
    names.add(address.socket_path("/n"))
    monkeypatch.setenv("KB_LLM_KEY", "secret")
    names.add(address.socket_path("/n"))
    assert len(names - {None}) == 5


def test_its_socket_is_private(warm_shelf: Path, environment: dict[str, str]) -> None:
    """Only its user can reach the socket."""
    path = socket_of(warm_shelf, environment)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


class Impostor:
    """Listens in place of a warm process, and does what a test says."""

    def __init__(self, path: Path, behave: Callable[[socket.socket], None]) -> None:
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        self._behave = behave
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        connection, _ = self._server.accept()
        with connection, suppress(OSError):  # the client may leave first
            protocol.receive(connection)
            self._behave(connection)


def test_silence_means_the_cold_way(own: Path, environment: dict[str, str]) -> None:
    """A process that says nothing for two seconds is left alone; the command runs by itself, and says so once."""
    Impostor(socket_of(own, environment), lambda connection: time.sleep(10))
    cold = run([*KB, "list"], environment | {"KB_WARM": "0"}, own)
    told = run([*KB, "list"], environment, own)
    assert (told.code, told.out) == (cold.code, cold.out)
    assert told.err.count(b"\n") == 1
    assert b"does not answer" in told.err


def test_there_is_no_second_answer(own: Path, environment: dict[str, str]) -> None:
    """Once something was shown, a failure ends the command."""
    Impostor(socket_of(own, environment), lambda connection: protocol.send(connection, protocol.OUTPUT, b"half"))
    ended = run([*KB, "list"], environment, own)
    assert (ended.code, ended.out) == (1, b"half")
    assert b"failed in the middle" in ended.err


def test_standard_input_is_not_lost(own: Path, environment: dict[str, str]) -> None:
    """Queries that a failing process had asked for are read by the command itself."""

    def read_and_leave(connection: socket.socket) -> None:
        protocol.send(connection, protocol.READ, b"4")
        assert protocol.receive(connection) == (protocol.INPUT, b"over")

    Impostor(socket_of(own, environment), read_and_leave)
    ended = run([*KB, "search", "--batch"], environment, own, b"over-smoothing\nlow rank\n")
    assert [line[:40] for line in ended.out.splitlines()] == [
        b'{"schema":"kb.search/1","query":"over-sm',
        b'{"schema":"kb.search/1","query":"low ran',
    ]


def test_a_long_command_can_be_interrupted(own: Path, environment: dict[str, str]) -> None:
    """As long as the process says that it is busy, the client waits; SIGINT ends it as it ends any command."""
    busy = threading.Event()

    def beat(connection: socket.socket) -> None:
        for _ in range(25):
            connection.send(protocol.BEAT)
            time.sleep(0.1)
        busy.set()
        connection.settimeout(20)
        while True:
            connection.send(protocol.BEAT)
            time.sleep(0.1)

    Impostor(socket_of(own, environment), beat)
    process = subprocess.Popen([*KB, "list"], env=environment, cwd=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert busy.wait(20)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, b"", b"\n")


def test_a_closed_pipe_ends_the_command(warm_shelf: Path, environment: dict[str, str]) -> None:
    """When the reader of a pipe stops early, the exit code is that of SIGPIPE, and nothing is said."""
    codes = []
    for off in ("", "0"):
        reading, writing = os.pipe()
        os.close(reading)
        ended = subprocess.run(
            [*KB, "list"],
            cwd=warm_shelf,
            env=environment | ({"KB_WARM": off} if off else {}),
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=60,
        )
        os.close(writing)
        codes.append((ended.returncode, ended.stderr))
    assert codes == [(141, b"")] * 2


def test_asking_loads_little(warm_shelf: Path, environment: dict[str, str]) -> None:
    """A client loads no library, and of kb only what asks; without a warm process not even that."""
    program = ASKING.replace("finally:", "finally:\n    print(*sys.modules, file=sys.stderr)")
    loaded = set(run([sys.executable, "-c", program, "list"], environment, warm_shelf).err.decode().split())
    heavy = {
        "click",
        "pydantic",
        "rich",
        "numpy",
        "pathlib",
        "tomllib",
        "typing",
        "subprocess",
        "tempfile",
        "dataclasses",
    }
    assert loaded & heavy == set()
    ours = {name for name in loaded if name.split(".")[0] == "kb"}
    assert ours == {"kb", "kb.serve", *(f"kb.serve.{name}" for name in ("address", "asking", "client", "protocol"))}
