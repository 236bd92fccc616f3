"""Nothing is sent and nothing fetched unless the writer names where. Needs Linux: the kernel watches."""

from __future__ import annotations

import ast
import errno
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import REPOSITORY

pytestmark = pytest.mark.slow

KILL, REFUSE = 0x80000000, 0x00050000 | errno.EAFNOSUPPORT
# A filter of system calls: who opens an internet socket (AF_INET, AF_INET6) is killed, or told that there are none, be
# it Python or a library.
SEAL = f"""
import ctypes, struct, sys
verdict = int(sys.argv.pop(1))
number = {{"x86_64": 41, "aarch64": 198}}[{platform.machine()!r}]
steps = [
    (0x20, 0, 0, 0), (0x15, 0, 3, number),
    (0x20, 0, 0, 16), (0x15, 2, 0, 2), (0x15, 1, 0, 10),
    (0x06, 0, 0, 0x7FFF0000), (0x06, 0, 0, verdict),
]
program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
described = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(program)))
prctl = ctypes.CDLL(None, use_errno=True).prctl
assert prctl(38, 1, 0, 0, 0) == 0 and prctl(22, 2, described) == 0, ctypes.get_errno()
"""
KB = """
import json
from kb.cli import main
for sys.argv[1:] in json.loads(sys.argv[1]):
    try:
        main()
    except SystemExit as ended:
        assert not ended.code, sys.argv
"""
NOTES = ("gcn", "gin", "graphsage", "message-passing", "over-smoothing", "over-squashing")


def sealed(verdict: int, program: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program that cannot reach any network, nor asks not to."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    command = [sys.executable, "-c", SEAL + program, str(verdict), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6"])
def test_the_seal_holds(tmp_path: Path, family: str) -> None:
    """A program that opens an internet socket is killed, so that what lives on has opened none."""
    ended = sealed(KILL, f"import socket; socket.socket(socket.{family})", tmp_path)
    assert ended.returncode == -signal.SIGSYS


def assert_all_works(folder: Path, verdict: int) -> None:
    """Add, search and outline in a notebook of their own, in a sealed process."""
    (folder / "notes").mkdir()
    for name in NOTES:
        shutil.copy(REPOSITORY / "notes" / f"{name}.md", folder / "notes")
    commands = {
        "6 added": ("add", "notes"),
        "notes/over-smoothing.md": ("search", "why do deep graph networks forget"),
        "kind: outline": ("outline", "over-smoothing in deep graph networks"),
    }
    ended = sealed(verdict, KB, folder, json.dumps([*commands.values()]))
    assert ended.returncode == 0, ended.stderr
    assert {said for said in commands if said not in ended.stdout + ended.stderr} == set()


@pytest.mark.model
@pytest.mark.usefixtures("real_encoder")
def test_no_command_opens_a_socket(model_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Add, search and outline with the model that comes with kb open no internet socket; nor does any library keep
    something in the cache beside kb, as one does that is going to report of this machine once it has run for longer.
    """
    cache, home = tmp_path / "cache", tmp_path / "home"
    cache.mkdir()
    home.mkdir()
    (cache / "kb").symlink_to(model_home / "cache" / "kb")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("HOME", str(home))
    assert_all_works(tmp_path, KILL)
    assert ([path.name for path in cache.iterdir()], list(home.iterdir())) == (["kb"], [])


@pytest.mark.torture
def test_preparing_the_model_needs_no_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does the first command of all need one, which exports that model; onnx opens one to learn the address of the
    network card for a random name, and sends nothing through it.
    """
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert_all_works(tmp_path, REFUSE)


def calls(folder: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Every call in a folder of the source: what is called, and its named arguments, as they are written."""
    for path in (REPOSITORY / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                named = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords if keyword.arg}
                yield ast.unparse(node.func), named


def test_models_are_loaded_safely() -> None:
    """Whatever loads a model runs no code of its own and reads what lies there, its weights as safetensors only."""
    loaders = [
        (name, named)
        for name, named in calls("kb")
        if name in ("SentenceTransformer", "CrossEncoder") or name.endswith(".from_pretrained")
    ]
    assert len(loaders) >= 3
    for name, named in loaders:
        assert (named["trust_remote_code"], named["local_files_only"]) == ("False", "True")
        assert name == "AutoConfig.from_pretrained" or "'use_safetensors': True" in named["model_kwargs"]


def test_chroma_reports_nothing() -> None:
    """Each client of Chroma is told to send no telemetry."""
    clients = [named for name, named in calls("kb/index/vectors") if name.startswith("chromadb.")]
    settings = [named for name, named in calls("kb/index/vectors") if name == "Settings"]
    assert clients
    assert all("settings" in named for named in clients)
    assert all(named["anonymized_telemetry"] == "False" for named in settings)
