"""`kb mcp` next to a warm process: a light process passes on what an assistant writes, line by line."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from conftest import indexed
from mcp import Client, StdioServerParameters
from test_mcp import PROTOCOLS, ask_everything, live, refused, shelf

from kb.knowledge import KnowledgeBase
from kb.models import Encoder
from kb.serve import address, protocol
from kb.serve.claim import claimed
from kb.serve.live import LiveNotebook
from kb.serve.mcp.messages import Messages
from kb.serve.socket import listen

__all__ = ["live", "shelf"]  # fixtures

KB = [sys.executable, "-m", "kb"]
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
# Ends with 99 where a library was loaded that the command itself needs.
LIGHT = """
import sys
from kb.serve.client import main
try:
    main()
finally:
    sys.exit(99 if {"click", "pydantic", "numpy", "mcp"} & sys.modules.keys() else 0)
"""


@pytest.fixture(autouse=True)
def _sockets(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    for name in ("KB_WARM", "CI"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def listening(live: LiveNotebook) -> Iterator[LiveNotebook]:
    """A notebook with a warm process, which is this one."""
    with claimed(live.root) as path, listen(live, path):
        yield live


def relayed(root: Path, *lines: dict[str, Any] | str, command: list[str] = KB) -> list[dict[str, Any]]:
    """The answers to some lines, by their ids."""
    typed = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
    started = [*command, "--notebook", str(root), "mcp"]
    ended = subprocess.run(started, input=typed, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    return sorted(map(json.loads, ended.stdout.splitlines()), key=lambda answer: answer["id"] or 0)


@pytest.mark.slow
@pytest.mark.parametrize("mode", PROTOCOLS)
def test_tools_beside_a_warm_process(listening: LiveNotebook, mode: str) -> None:
    """The tools answer in either protocol. Only the warm process has the encoder of this notebook."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "kb", "--notebook", str(listening.root), "mcp"], env=environment
    )

    async def ask() -> None:
        async with Client(command, mode=mode) as client:
            await ask_everything(client)

    anyio.run(ask)


def test_little_is_loaded(listening: LiveNotebook) -> None:
    """The process that passes lines on loads no library; what is no request gets no answer, or an error."""
    notification = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    unknown = {"jsonrpc": "2.0", "id": 2, "method": "no/such/method"}
    answers = relayed(
        listening.root, "no JSON", "", PING, notification, unknown, "[]", command=[sys.executable, "-c", LIGHT]
    )
    assert [(answer["id"], "error" in answer) for answer in answers] == [
        (None, True),
        (None, True),
        (1, False),
        (2, True),
    ]


def test_an_interrupt_ends_it_at_once(listening: LiveNotebook) -> None:
    """Ctrl-C ends the process without a word, as it ends one that has no warm process."""
    command = [*KB, "--notebook", str(listening.root), "mcp"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(f"{json.dumps(PING)}\n".encode())
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == -signal.SIGINT
        assert process.communicate()[1] == b""


def test_a_request_is_not_repeated(live: LiveNotebook) -> None:
    """Where a warm process ends in the middle of a request, the assistant is told; the request may have had effect."""
    received: list[bytes] = []
    with claimed(live.root) as path, socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()

        def end() -> None:
            while True:
                connection, _ = server.accept()
                with connection:
                    content = connection.recv(1000)
                    received.append(content)
                    if b"last" in content:
                        return

        thread = threading.Thread(target=end, daemon=True)
        thread.start()
        (answer,) = relayed(live.root, PING)
        assert answer["id"] == 1
        assert "did not answer" in answer["error"]["message"]
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
            connection.sendall(b"last")
        thread.join()
    assert sum(content.startswith(protocol.MESSAGE) for content in received) == 1


def test_settings_that_reach_far_are_refused(listening: LiveNotebook) -> None:
    """A warm process asks no server that the user has not allowed; the tool says how to allow it."""
    (listening.root / "kb.toml").write_text('[chroma]\nurl = "http://chroma.example:8000"\n')

    async def ask() -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        arguments = ["-m", "kb", "--notebook", str(listening.root), "mcp"]
        async with Client(StdioServerParameters(command=sys.executable, args=arguments, env=environment)) as client:
            assert "--trust" in await refused(client, "search", query="graphs")

    anyio.run(ask)


def test_messages_of_many_threads(live: LiveNotebook) -> None:
    """Messages are answered together, each with its own id; what is too large is refused as an error."""
    messages = Messages(live)
    answers: list[dict[str, Any]] = []

    def ask(number: int) -> None:
        answers.append(json.loads(messages.answer(json.dumps({**PING, "id": number}).encode())))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer["id"] for answer in answers) == list(range(8))
    large = json.loads(messages.answer(json.dumps({**PING, "params": {"x": "y" * 5_000_000}}).encode()))
    assert large["error"]["code"] < 0
    messages.close()


@pytest.mark.model
@pytest.mark.slow
def test_a_warm_process_is_started(notebook: Path, real_encoder: Encoder) -> None:
    """Where no warm process listens, `kb mcp` starts one, which outlives it; where that one was killed, another."""
    (notebook / "notes" / "gcn.md").write_text("---\narea: gnn\n---\n# GCN\n\nA graph has nodes.\n", encoding="utf-8")
    indexed(notebook, real_encoder)
    processes = []
    for _ in range(2):
        assert [answer["id"] for answer in relayed(notebook, PING)] == [1]
        assert [answer["id"] for answer in relayed(notebook, PING)] == [1]
        processes.append(_listener(notebook))
        os.kill(processes[-1], signal.SIGKILL)
    assert len(set(processes)) == 2
    with KnowledgeBase(notebook, encoder=real_encoder) as knowledge:
        assert knowledge.search("graph").hits


def _listener(root: Path) -> int:
    """The process that listens at the socket of a notebook."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address.socket_path(str(root.resolve())) or "")
        process: int = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        return process
