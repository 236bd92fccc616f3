"""What tests share: a home of their own, a deterministic encoder, and notebooks to fill."""

from __future__ import annotations

import ctypes
import os
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from doubles import CENTRED_SCALE as CENTRED_SCALE
from doubles import SCALE as SCALE
from doubles import HashingEncoder as HashingEncoder
from doubles import probe_here
from filelock import FileLock
from hypothesis import settings
from numpy.typing import NDArray

from kb.areas.concept_vectors import concept_vectors
from kb.areas.concepts import load_concepts
from kb.care import probe
from kb.cli import main
from kb.index import opened
from kb.index.encoder import Announce, load_encoder
from kb.knowledge import KnowledgeBase
from kb.models import Encoder, Precision

KB = [sys.executable, "-m", "kb"]
REPOSITORY = Path(__file__).parent.parent

settings.register_profile("kb", deadline=None, max_examples=50)  # a slow machine is no failure
settings.load_profile("kb")

MEMORY = Path("/dev/shm")  # where Linux has files in memory
ROOM = 2 << 30
MODEL = {"real_encoder", "default_model"}  # fixtures


def pytest_configure(config: pytest.Config) -> None:
    """Keep the tests' folders in memory where it has room, and the libraries' threads out of each other's way.

    Waiting for the disk would take a third of the time. What is tested of crashes and full disks is the same in memory:
    a killed process loses nothing that it has written there either, and the tests of full disks mount their own.

    Threads of BLAS and torch wait busily for one another, while each core has a worker to run.

    Byte code is kept, also where the environment says otherwise: each worker would rewrite all tests again, which takes
    six seconds, and each of the programs that they start would compile kb.

    A shell lets what it runs in the background ignore SIGINT, and the programs that the tests interrupt would inherit
    that.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that use the model: one worker exports it while the others run tests without it, which
    workers take from one another.
    """
    items.sort(key=lambda item: not MODEL.intersection(getattr(item, "fixturenames", ())))


class RememberingEncoder:
    """The real encoder, which gives a text the same vector in any company, asked once for each."""

    def __init__(self, encoder: Encoder) -> None:
        self.fingerprint = encoder.fingerprint
        self.dimensions = encoder.dimensions
        self.max_tokens = encoder.max_tokens
        self.scale = encoder.scale
        self.centred_scale = encoder.centred_scale
        self.count_tokens = encoder.count_tokens
        self.reads = encoder.reads
        self.encode_query = cache(encoder.encode_query)
        self._encode = encoder.encode
        concepts = load_concepts()
        vectors = concept_vectors(encoder, concepts, lambda line: None)  # kept, so that no test waits for it
        self._known = {text: vector for (text, _), vector in zip(concepts.texts, vectors, strict=True)}

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        missing = list({text for text in texts if text not in self._known})
        self._known |= dict(zip(missing, self._encode(missing), strict=True))
        return np.array([self._known[text] for text in texts], dtype=np.float32).reshape(-1, self.dimensions)

    def save(self, path: Path) -> None:
        """Write all that it remembers, for the other processes of the run."""
        np.savez(path, texts=np.array([*self._known]), vectors=np.stack([*self._known.values()]))

    def load(self, path: Path) -> None:
        """Remember what another process wrote."""
        with np.load(path) as saved:
            self._known |= dict(zip(saved["texts"].tolist(), saved["vectors"], strict=True))


@dataclass(frozen=True)
class Run:
    """What one call of the command line gave."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def runtime() -> Iterator[Path]:
    """A folder for sockets, whose path is short enough for them."""
    folder = Path(tempfile.mkdtemp(prefix="kb", dir="/tmp"))
    (folder / "kb").mkdir(mode=0o700)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the whole run, shared by the processes that run it."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


def made_once(folder: Path, make: Callable[[Path], object]) -> Path:
    """A folder below `shared`, made by the first process that needs it. Not to be changed by a test."""
    with FileLock(f"{folder}.lock"):
        made = Path(f"{folder}.made")
        if not made.exists():
            folder.mkdir()
            make(folder)
            made.touch()
    return folder


def indexed(root: Path, encoder: Encoder) -> None:
    """Add all notes of a new notebook."""
    with KnowledgeBase(root, create=True, encoder=encoder) as knowledge:
        knowledge.add([root / "notes"])


@pytest.fixture(scope="session")
def model_home(shared: Path) -> Path:
    """A home folder for the whole run, in whose cache the model and the vectors of the concepts are made once."""
    home = shared / "home"
    home.mkdir(exist_ok=True)
    with at_home(home), FileLock(home / "concepts.lock"):
        concept_vectors(HashingEncoder(), load_concepts(), lambda line: None)
    return home


@contextmanager
def at_home(home: Path) -> Iterator[None]:
    """The user's folders lie in a home folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("XDG_CACHE_HOME", str(home / "cache"))
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield


@pytest.fixture(autouse=True)
def _own_home(model_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(model_home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(model_home / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for name in ("KB_NOTEBOOK", "VISUAL", "EDITOR", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _doctor_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor starts no process, which takes a second, but where a test asks for it: Chroma opens no file that is
    not whole, so that it takes a manifest that lies to let it end this one.
    """
    if "apart" not in request.keywords:
        monkeypatch.setattr(probe, "probe", probe_here)


@pytest.fixture(scope="session")
def real_encoder(model_home: Path) -> RememberingEncoder:
    """The model that comes with kb."""
    with at_home(model_home), FileLock(model_home / "export.lock"):
        encoder = load_encoder(None, "int8", Path(), lambda line: None)
        return RememberingEncoder(encoder)


@pytest.fixture
def mere_user() -> Iterator[None]:
    """Whoever runs the tests, this one reads only what the modes of files and folders let it."""
    if os.geteuid() != 0:
        yield
        return
    if sys.platform != "linux":
        pytest.skip("root may read every folder")
    kernel = ctypes.CDLL(None, use_errno=True)
    this_thread = (ctypes.c_uint32 * 2)(0x20080522)  # the third version of the interface
    before, less = (ctypes.c_uint32 * 6)(), (ctypes.c_uint32 * 6)()
    for rights in (before, less):
        assert kernel.capget(this_thread, rights) == 0
    less[0] &= ~0b110  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH
    assert kernel.capset(this_thread, less) == 0
    yield
    assert kernel.capset(this_thread, before) == 0


@pytest.fixture
def encoder() -> HashingEncoder:
    return HashingEncoder()


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty notebook, and the working directory."""
    root = tmp_path / "notebook"
    (root / "notes").mkdir(parents=True)
    (root / "kb.toml").write_text("")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def write(notebook: Path) -> Callable[[str, str], Path]:
    """Write a file of the notebook: `write("notes/a.md", text)`."""

    def write_file(path: str, text: str) -> Path:
        target = notebook / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    return write_file


@pytest.fixture
def knowledge(notebook: Path, encoder: HashingEncoder) -> Iterator[KnowledgeBase]:
    """The notebook with the deterministic encoder. It knows no meaning: give notes an `area:` in front matter."""
    with KnowledgeBase(notebook, encoder=encoder) as opened:
        yield opened


@pytest.fixture
def default_model(real_encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default model is the run's own encoder, which knows the phrases of the areas: embedding them for each new
    notebook takes a second and a half.
    """

    def load(model: str | None, precision: Precision, root: Path, announce: Announce) -> Encoder:
        is_default = (model, precision) == (None, "int8")
        return real_encoder if is_default else load_encoder(model, precision, root, announce)

    monkeypatch.setattr(opened, "load_encoder", load)


@pytest.fixture
def kb(default_model: None, kb_without_model: Callable[..., Run]) -> Callable[..., Run]:
    """Run the command line in this process, with the real model: `kb("search", "graphs")`."""
    return kb_without_model


@pytest.fixture
def kb_without_model(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """The same for commands that need no model."""

    def run(*arguments: str) -> Run:
        monkeypatch.setattr(sys, "argv", ["kb", *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capfd.readouterr()
        return Run(int(ended.value.code or 0), captured.out, captured.err)

    return run


def terminal_output(command: Sequence[str], folder: Path, typed: bytes = b"", **extra: str) -> bytes:
    """What a command writes to a terminal on which something is typed."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color"} | extra
    with subprocess.Popen(command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        os.write(ours, typed)
        written = b""
        try:
            while block := os.read(ours, 65536):
                written += block
        except OSError:
            pass  # how Linux says that the other end is closed
        process.wait(timeout=60)
    os.close(ours)
    return written


def on_a_terminal(folder: Path, arguments: list[str], **extra: str) -> str:
    """What kb writes to a terminal of 80 columns."""
    return terminal_output([*KB, *arguments], folder, b"", **{"COLUMNS": "80"} | extra).decode()


@pytest.fixture(scope="session")
def indexed_notes(shared: Path, real_encoder: RememberingEncoder) -> Path:
    """A notebook holding the repository's own notes, indexed with the real model. Not to be changed by a test."""

    def make(root: Path) -> None:
        shutil.copytree(REPOSITORY / "notes", root / "notes")
        indexed(root, real_encoder)
        real_encoder.save(shared / "own.npz")

    root = made_once(shared / "own", make)
    real_encoder.load(shared / "own.npz")
    return root


@pytest.fixture(scope="module")
def library(indexed_notes: Path, real_encoder: RememberingEncoder) -> Iterator[KnowledgeBase]:
    """The repository's own notes, opened. Not to be changed by a test."""
    with KnowledgeBase(indexed_notes, encoder=real_encoder) as opened:
        yield opened


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how to run the tests in this order again, which `-q` leaves out."""
    seed = config.getoption("randomly_seed", None)
    if seed is not None:
        terminalreporter.write_line(f"in this order again: pytest --randomly-seed={seed}")
