"""What tests share: a home of their own, a deterministic encoder, and notebooks to fill."""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from hypothesis import settings
from numpy.typing import NDArray

from kb.areas.concepts import concept_vectors, load_concepts
from kb.care import probe
from kb.cli import main
from kb.cutoffs import ORTHOGONAL
from kb.index.encoder import load_encoder
from kb.knowledge import KnowledgeBase
from kb.models import Encoder
from kb.notebook import open_notebook
from kb.opening import open_index
from kb.scale import Scale

REPOSITORY = Path(__file__).parent.parent

settings.register_profile("kb", deadline=None)  # a slow machine is no failure
settings.load_profile("kb")


# Those of the default model, for encoders that know no meaning.
SCALE = Scale(unrelated=-ORTHOGONAL / (1 - ORTHOGONAL), deviation=0.1, related=0.3567)
CENTRED_SCALE = Scale(unrelated=0.0096, deviation=0.1, related=0.2853)


class HashingEncoder:
    """A bag of words hashed into 64 dimensions: deterministic, and blind to meaning."""

    fingerprint = "hashing"
    dimensions = 64
    max_tokens = 64
    scale = SCALE
    centred_scale = CENTRED_SCALE

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def count_tokens(self, text: str) -> int:
        return len(re.findall(r"\S+", text))

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        self.embedded.extend(texts)
        return np.stack([self.encode_query(text) for text in texts])

    def encode_query(self, text: str) -> NDArray[np.float32]:
        vector = np.zeros(self.dimensions, dtype=np.float32)
        for word in re.findall(r"\w+", text.lower()):
            digest = hashlib.sha256(word.encode()).digest()
            vector[digest[0] % self.dimensions] += 1 if digest[1] % 2 else -1
        length = float(np.linalg.norm(vector))
        return vector / length if length else vector


class RememberingEncoder:
    """The real encoder, which gives a text the same vector in any company, asked once for each."""

    def __init__(self, encoder: Encoder) -> None:
        self.fingerprint = encoder.fingerprint
        self.dimensions = encoder.dimensions
        self.max_tokens = encoder.max_tokens
        self.scale = encoder.scale
        self.centred_scale = encoder.centred_scale
        self.count_tokens = encoder.count_tokens
        self.encode_query = encoder.encode_query
        self._encode = encoder.encode
        self._known: dict[str, NDArray[np.float32]] = {}

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        missing = list({text for text in texts if text not in self._known})
        self._known |= dict(zip(missing, self._encode(missing), strict=True))
        return np.array([self._known[text] for text in texts], dtype=np.float32).reshape(-1, self.dimensions)


@dataclass(frozen=True)
class Run:
    """What one call of the command line gave."""

    code: int
    out: str
    err: str


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


def probe_here(root: Path, full: bool) -> list[str]:
    """What the doctor asks Chroma in a process of its own, asked in this one."""
    with closing(open_index(open_notebook(root), None, lambda line: None)) as index, index.reader() as reader:
        return list(probe.problems(reader, full))


@pytest.fixture(autouse=True)
def _doctor_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor starts no process, which takes a second, but where a test asks for it: Chroma opens no file that is
    not whole, so that it takes a manifest that lies to let it end this one.
    """
    if "apart" not in request.keywords:
        monkeypatch.setattr(probe, "probe", probe_here)


@pytest.fixture(scope="session")
def real_encoder(model_home: Path) -> Encoder:
    """The model that comes with kb."""
    with at_home(model_home), FileLock(model_home / "export.lock"):
        encoder = load_encoder(None, "int8", Path(), lambda line: None)
        concept_vectors(encoder, load_concepts(), lambda line: None)  # once, so that no test waits for it
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
def kb(real_encoder: Encoder, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Run the command line in this process, with the real model: `kb("search", "graphs")`."""

    def run(*arguments: str) -> Run:
        monkeypatch.setattr(sys, "argv", ["kb", *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capfd.readouterr()
        return Run(int(ended.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def indexed_notes(shared: Path, real_encoder: Encoder) -> Path:
    """A notebook holding the repository's own notes, indexed with the real model. Not to be changed by a test."""

    def make(root: Path) -> None:
        shutil.copytree(REPOSITORY / "notes", root / "notes")
        indexed(root, real_encoder)

    return made_once(shared / "own", make)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how to run the tests in this order again, which `-q` leaves out."""
    seed = config.getoption("randomly_seed", None)
    if seed is not None:
        terminalreporter.write_line(f"in this order again: pytest --randomly-seed={seed}")
