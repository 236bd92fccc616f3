"""Who is answered by a server, and who is not."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import anyio
import click
import pytest
from conftest import Run
from doubles import HashingEncoder
from serving import JSON, Client, serving
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb.errors import ConfigError
from kb.knowledge import KnowledgeBase
from kb.notebook import load_settings
from kb.serve.commands import require_trust
from kb.serve.http.access import Access
from kb.serve.http.app import routes
from kb.serve.http.guard import Guard, Limits
from kb.serve.http.server import HttpServer
from kb.serve.mcp.endpoint import ToolEndpoint
from kb.serve.trust import allow, is_allowed, require_allowed

Command = Callable[..., Run]

GCN = "---\narea: gnn\n---\n# Graph convolution\n\nA node averages the features of its neighbours.\n"
TRAVERSALS = ("../secret.md", "..%2f..%2fetc%2fpasswd", "/etc/passwd", "notes/../../secret.md", "%00", "notes%5c..%5cx")


@pytest.fixture(autouse=True)
def records(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Servers leave their records in a folder of the test."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    return runtime


@pytest.fixture
def shelf(notebook: Path, encoder: HashingEncoder) -> Path:
    """A notebook with one note, and a file next to it that is not a note."""
    (notebook / "notes" / "gcn.md").write_text(GCN, encoding="utf-8")
    (notebook / "secret.md").write_text("# Secret\n\nThe combination is 4711.\n", encoding="utf-8")
    with KnowledgeBase(notebook, encoder=encoder) as knowledge:
        knowledge.add([notebook / "notes"])
    return notebook


@pytest.fixture
def served(shelf: Path, encoder: HashingEncoder) -> Iterator[tuple[HttpServer, Client]]:
    with serving(shelf, encoder) as both:
        yield both


@pytest.fixture
def client(served: tuple[HttpServer, Client]) -> Client:
    return served[1]


def all_routes(server: HttpServer) -> list[tuple[str, str]]:
    """The method and path of every route."""
    found = [
        (method, route.path)
        for route in routes(server.served, ToolEndpoint(server.served.live))
        for method in sorted(route.methods or ("GET", "POST", "DELETE"))
    ]
    assert ("GET", "/api/search") in found
    assert ("POST", "/api/add") in found
    return [*found, ("GET", "/nothing"), ("POST", "/nothing")]


FOREIGN: list[tuple[dict[str, str], int]] = [
    ({"Host": "evil.example"}, 403),
    ({"Host": "127.0.0.1"}, 403),
    ({"Host": "127.0.0.1.evil.example:{port}"}, 403),
    ({"Host": ""}, 403),
    ({"Origin": "http://evil.example"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": "http://localhost:{port}"}, 403),
    ({"Origin": "https://127.0.0.1:{port}"}, 403),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Authorization": ""}, 401),
    ({"Authorization": "Bearer wrong"}, 401),
    ({"Authorization": "Basic {token}"}, 401),
    ({"Authorization": "", "Cookie": "kb-{port}={token}"}, 401),
    ({"Authorization": "", "Cookie": "kb-{port}=\u00e9"}, 401),
]


def test_every_route_is_guarded(served: tuple[HttpServer, Client]) -> None:
    """No route, and no path without one, answers a foreign host, a foreign origin or site, or one without the token."""
    server, client = served
    port = client.host.rpartition(":")[2]
    for headers, status in FOREIGN:
        given = {name: value.format(port=port, token=client.token) for name, value in headers.items()}
        answers = {route: client.ask(*route, JSON | given, b"{}") for route in all_routes(server)}
        wrong = {route: answer.status for route, answer in answers.items() if answer.status != status}
        assert wrong == {}, headers
        assert not server.should_exit
        for answer in answers.values():
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert b"Graph convolution" not in answer.body


def test_every_answer_has_the_security_headers(served: tuple[HttpServer, Client]) -> None:
    """Answers of every route, errors included, allow nothing foreign, and are not kept."""
    server, client = served
    for method, path in all_routes(server):
        if path != "/api/stop":
            headers = {name.lower(): value for name, value in client.ask(method, path, JSON, b"{}").headers.items()}
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy, path
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert (headers["referrer-policy"], headers["cache-control"]) == ("no-referrer", "no-store")
            assert "access-control-allow-origin" not in headers
            assert "server" not in headers


@pytest.mark.slow
def test_no_path_leads_out_of_the_notebook(served: tuple[HttpServer, Client]) -> None:
    """A note that is not in the index is not found, whatever path names it, by any route or parameter."""
    server, client = served
    for name in TRAVERSALS:
        require_not_found(server, client, name)


def require_not_found(server: HttpServer, client: Client, name: str) -> None:
    for method, path in all_routes(server):
        if path in ("/api/stop", "/"):
            continue
        body = f'{{"draft": "{name}"}}' if "draft" in path else f'{{"note": "{name}", "area": "gnn"}}'
        for asked in (f"{path}?note={name}", f"{path}?id={name}", f"{path}?draft={name}", f"{path}/{name}"):
            answer = client.ask(method, asked, JSON, body.encode())
            assert b"4711" not in answer.body
            assert b"root:x:" not in answer.body
    for path in ("/api/note", "/api/related", "/api/classify"):
        assert client.ask("GET", f"{path}?note={name}").status == 404, path
    assert client.post("/api/file", note=name, area="gnn").status == 404
    for path in ("/api/draft/html", "/api/draft/check"):
        assert client.ask("GET", f"{path}?draft={name}").status == 404, path
    assert client.post("/api/draft/update", draft=name).status == 404


def test_drafts_stay_in_the_notebook(client: Client, shelf: Path, tmp_path: Path) -> None:
    """Links that lead out of the notebook are neither drafts nor a place for them, and no other file is a draft."""
    said = "A node averages the features of its neighbours."
    place = {"text": said, "path": "notes/gcn.md", "start_line": 6, "end_line": 6}
    point = place | {"sha256": hashlib.sha256(said.encode()).hexdigest()}
    section = {"heading": "Averages", "points": [point], "notes": ["notes/gcn.md"]}
    outline = {"topic": "graphs", "title": "Graphs", "area": "gnn", "sections": [section]}
    cited = client.post("/api/render", outline=outline).json["markdown"]
    outside = tmp_path / "outside"
    outside.mkdir()
    for file in (outside / "far.md", shelf / "near.md"):
        file.write_text(cited, encoding="utf-8")
    saved = client.post("/api/draft", outline=outline).json["path"]
    assert client.get("/api/draft/check", draft=saved).json["ok"]
    (shelf / saved).unlink()
    (shelf / "drafts" / "far.md").symlink_to(outside / "far.md")
    names = ("drafts/far.md", "near.md", "drafts/../near.md", str(outside / "far.md"), "kb.toml", ".kb/catalog.db")
    for name in names:
        assert client.get("/api/draft/check", draft=name).status == 404, name
        assert client.post("/api/draft/update", draft=name).status == 404, name
    assert client.get("/api/drafts").json["drafts"] == []
    shutil.rmtree(shelf / "drafts")
    (shelf / "drafts").symlink_to(outside)
    assert client.get("/api/drafts").json["drafts"] == []
    refused = client.post("/api/draft", outline=outline)
    assert (refused.status, "drafts is a link out of the notebook" in refused.json["message"]) == (400, True)
    assert [path.name for path in outside.iterdir()] == ["far.md"]
    assert (outside / "far.md").read_text(encoding="utf-8") == cited


def test_a_link_works_once(client: Client) -> None:
    """The link gives a browser a session that scripts cannot read and other sites cannot use; the code leaves the
    address, and opens nothing a second time.
    """
    anonymous = {"Authorization": ""}
    opened = client.ask("GET", f"/?token={client.token}", anonymous)
    assert (opened.status, opened.headers["location"]) == (303, "/")
    cookie, *attributes = opened.headers["set-cookie"].split("; ")
    assert cookie.startswith(f"kb-{client.host.rpartition(':')[2]}=")
    assert client.token not in cookie
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(attributes)
    session = anonymous | {"Cookie": f"other=1; {cookie}"}
    assert client.ask("GET", "/api/status", session).status == 200
    assert client.ask("GET", f"/?token={client.token}", anonymous).status == 403
    assert client.ask("GET", f"/?token={client.token}", session).status == 303, "a reload is no second use"
    assert client.ask("GET", "/?token=wrong", anonymous).status == 403
    again = urlsplit(client.post("/api/link").json["address"])
    assert client.ask("GET", f"/?{again.query}", anonymous).status == 303
    assert client.ask("GET", f"/api/status?{again.query}", anonymous).status == 401


def test_a_link_opens_from_anywhere(client: Client) -> None:
    """A browser that follows the link from a page, such as a terminal's, is let in, but no script of that page."""
    page = {"Authorization": "", "Sec-Fetch-Site": "cross-site"}
    navigation = page | {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    path = f"/?token={client.token}"
    assert client.ask("GET", path, page | {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}).status == 403
    assert client.ask("GET", path, page | {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}).status == 403
    assert client.ask("GET", path, navigation).status == 303


def test_a_person_without_a_session_is_told_what_to_do(client: Client) -> None:
    """A browser is answered in words, a program in JSON."""
    answer = client.ask("GET", "/", {"Authorization": "", "Accept": "text/html,*/*"})
    assert answer.body.startswith(b"kb: open an address that `kb serve --status` prints")
    assert client.ask("GET", "/", {"Authorization": ""}).json["schema"] == "kb.error/1"


def test_only_json_changes_anything(client: Client, shelf: Path) -> None:
    """What a form of a foreign page can send changes nothing."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = client.ask("POST", "/api/add", {"Content-Type": kind}, b'{"title": "T", "text": "Text of it."}')
        assert answer.status == 415, kind
    assert [path.name for path in (shelf / "notes").iterdir()] == ["gcn.md"]


def test_a_read_changes_nothing(client: Client) -> None:
    """A change is not made by the method that links and images use."""
    for path in ("/api/add", "/api/capture", "/api/capture/pdf", "/api/file", "/api/sync", "/api/stop"):
        assert client.ask("GET", f"{path}?title=T&text=x&note=gcn&area=llm").status == 405


def test_requests_are_bounded(client: Client) -> None:
    """A query or a body that is too large is refused before it is read, and so is a body of unknown length."""
    limits = Limits()
    assert client.ask("GET", f"/api/search?query={'x' * limits.query}").status == 414
    assert client.get("/api/search", query="x" * 2001).status == 400
    assert client.ask("POST", "/api/add", JSON | {"Content-Length": "1e3"}, b"{}").status in (400, 413)
    assert client.ask("POST", "/api/add", JSON, b" " * (limits.body + 1)).status == 413
    assert client.ask("POST", "/api/capture/pdf", JSON, b" " * (limits.body + 1)).status == 400
    upload = JSON | {"Content-Length": str(limits.upload + 1)}
    assert client.ask("POST", "/api/capture/pdf", upload, b"{}").status == 413
    connection = http.client.HTTPConnection(client.host, timeout=30)
    chunks = (b" " * 100_000 for _ in range(limits.body // 100_000 + 1))
    headers = JSON | {"Authorization": f"Bearer {client.token}", "Transfer-Encoding": "chunked"}
    connection.request("POST", "/api/add", chunks, headers, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def passed_on(limits: Limits, app: ASGIApp, requests: int, body: bytes | None = b"{}") -> list[int]:
    """The statuses of some requests that a guard gets together. Without a `body`, none ever arrives."""
    access = Access(5252)
    headers = {"host": "127.0.0.1:5252", "authorization": f"Bearer {access.token}", "content-type": "application/json"}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/api/add", "query_string": b"", "headers": raw}
    statuses: list[int] = []

    async def receive() -> Message:
        if body is None:
            await anyio.sleep_forever()
        return {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def ask() -> None:
        guard = Guard(app, access, limits)
        async with anyio.create_task_group() as tasks:
            for _ in range(requests):
                tasks.start_soon(guard, dict(scope), receive, send)

    anyio.run(ask)
    return statuses


def test_requests_under_way_are_bounded() -> None:
    """What exceeds the number of requests that may be under way is refused, and told to try again."""

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await anyio.sleep(0.1)
        await PlainTextResponse("done")(scope, receive, send)

    assert sorted(passed_on(Limits(requests=3), slow, 5)) == [200, 200, 200, 503, 503]


def test_a_body_that_does_not_arrive() -> None:
    """A client that sends a body too slowly does not hold a place for ever."""
    assert passed_on(Limits(body_seconds=0.05), PlainTextResponse("done"), 1, None) == [408]
    assert passed_on(Limits(), PlainTextResponse("done"), 1) == [200]


def test_sixty_four_requests_together(client: Client) -> None:
    """Sixty-four clients that ask together are all answered."""
    statuses: list[int] = []

    def ask() -> None:
        statuses.append(client.get("/api/search", query="features of neighbours").status)

    threads = [threading.Thread(target=ask) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 64


def test_only_this_machine_is_listened_to(served: tuple[HttpServer, Client]) -> None:
    """The socket is bound to the loopback interface."""
    server, client = served
    (listening,) = (bound for one in server.servers for bound in one.sockets)
    assert listening.getsockname() == ("127.0.0.1", int(client.host.rpartition(":")[2]))


def test_an_upgrade_to_a_web_socket_is_not_answered(client: Client) -> None:
    """A web socket, to which browsers apply no rule of origin, is not opened."""
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    assert client.ask("GET", "/api/status", upgrade | {"Authorization": ""}).status == 401
    assert client.ask("GET", "/api/status", upgrade).status != 101


FAR = {
    'model = "someone/model"': "model = someone/model",
    'rerank = "someone/cross"': "rerank = someone/cross",
    '[chroma]\nurl = "http://far.example"': "chroma.url = http://far.example",
    '[outline]\nllm = "http://far.example/v1"\nllm_model = "m"': "outline.llm = http://far.example/v1",
}


@pytest.mark.parametrize("settings", FAR)
def test_far_reaching_settings_need_a_word(notebook: Path, kb_without_model: Command, settings: str) -> None:
    """A server refuses settings that name a server or a model, in one line that names them, until the user allows
    them; others are asked about again.
    """
    (notebook / "kb.toml").write_text(settings, encoding="utf-8")
    run = kb_without_model("serve", "--port", "0")
    assert (run.code, run.out) == (1, "")
    assert FAR[settings] in run.err
    assert "--trust" in run.err
    assert len(run.err.splitlines()) == 1
    allow(notebook, load_settings(notebook))
    require_allowed(notebook, load_settings(notebook))
    (notebook / "kb.toml").write_text(
        settings.replace("someone", "another").replace("far", "farther"), encoding="utf-8"
    )
    assert not is_allowed(notebook, load_settings(notebook))
    with pytest.raises(ConfigError):
        require_allowed(notebook, load_settings(notebook))


@pytest.mark.slow
def test_what_was_allowed_is_remembered(notebook: Path, kb_without_model: Command) -> None:
    """Allowed once, settings are not asked about again; nothing about it lies in the notebook."""
    (notebook / "kb.toml").write_text('model = "someone/model"', encoding="utf-8")
    before = sorted(path.name for path in notebook.iterdir())
    for arguments in (["--trust"], []):
        with process(notebook, *arguments) as (started, line):
            assert line.startswith("http://127.0.0.1:")
            (notebook / "kb.toml").write_text('model = "other/model"', encoding="utf-8")
            link = urlsplit(line.strip())
            client = Client(f"http://{link.netloc}", link.query.removeprefix("token="))
            assert client.get("/api/list").status == 409, "what comes later is another matter"
            (notebook / "kb.toml").write_text('model = "someone/model"', encoding="utf-8")
            started.terminate()
            assert started.wait(timeout=30) == 143
    assert sorted(path.name for path in notebook.iterdir()) in (before, sorted([*before, ".kb"]))
    (notebook / "kb.toml").write_text('model = "other/model"', encoding="utf-8")
    assert kb_without_model("serve", "--port", "0").code == 1
    assert kb_without_model("mcp").code == 1


def test_a_person_at_a_terminal_is_asked_once(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a terminal, the settings are named and the answer is remembered; no is no."""
    (notebook / "kb.toml").write_text('model = "someone/model"', encoding="utf-8")
    settings = load_settings(notebook)
    answers, asked = [False, True], list[str]()

    def confirm(question: str, **options: object) -> bool:
        asked.append(question)
        return answers.pop(0)

    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(click, "confirm", confirm)
    with pytest.raises(ConfigError):
        require_trust(notebook, settings, trust=False)
    for _ in range(2):
        require_trust(notebook, settings, trust=False)
    assert len(asked) == 2
    assert all("model = someone/model" in question for question in asked)


def test_two_hosts_are_none(client: Client) -> None:
    """A request with two hosts, of which a proxy and a server might each take another, is refused."""
    connection = http.client.HTTPConnection(client.host, timeout=30)
    connection.putrequest("GET", "/api/status", skip_host=True)
    for host in (client.host, "evil.example"):
        connection.putheader("Host", host)
    connection.putheader("Authorization", f"Bearer {client.token}")
    connection.endheaders()
    assert connection.getresponse().status in (400, 403)
    connection.close()


def test_settings_are_looked_at_on_each_request(shelf: Path, client: Client) -> None:
    """A change of `kb.toml` holds for the next request; one that names a server is not acted on."""
    assert client.get("/api/areas").status == 200
    (shelf / "kb.toml").write_text('[areas.gnn]\ndescription = "Ciphers and proofs"\n', encoding="utf-8")
    assert client.get("/api/areas").json["areas"][1]["description"] == "Ciphers and proofs"
    (shelf / "kb.toml").write_text('[chroma]\nurl = "http://127.0.0.1:9"\n', encoding="utf-8")
    refused = client.get("/api/areas")
    assert (refused.status, refused.json["error"]) == (409, "ConfigError")
    assert "chroma.url" in refused.json["message"]
    (shelf / "kb.toml").write_text("no toml", encoding="utf-8")
    assert client.get("/api/status").status == 409
    (shelf / "kb.toml").write_text("", encoding="utf-8")
    assert client.get("/api/status").status == 200


@contextmanager
def process(root: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`kb serve` as a process, and the line that it printed."""
    command = [sys.executable, "-m", "kb", "--notebook", str(root), "serve", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
        try:
            assert started.stdout
            yield started, started.stdout.readline()
        finally:
            started.kill()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it(notebook: Path, number: signal.Signals) -> None:
    """It prints one line, an address with a token; a signal ends it with the code that says so, and no traceback."""
    with process(notebook) as (started, line):
        link = urlsplit(line.strip())
        assert (link.scheme, link.hostname, link.path) == ("http", "127.0.0.1", "/")
        client = Client(f"http://{link.netloc}", link.query.removeprefix("token="))
        assert client.get("/api/status").status == 200
        started.send_signal(number)
        out, err = started.communicate(timeout=30)
        assert (started.returncode, out, err) == (128 + number, "", "")


@pytest.mark.slow
def test_one_server_for_a_notebook(notebook: Path, records: Path, kb_without_model: Command) -> None:
    """A second server of a notebook is refused; `--status` finds the first one with a new link, `--stop` ends it, and a
    record that a killed one left behind is not believed.
    """
    assert kb_without_model("serve", "--status").code == 1
    with process(notebook) as (started, line):
        status = kb_without_model("serve", "--status")
        assert f"by process {started.pid}" in status.out
        link = urlsplit(status.out.splitlines()[-1])
        assert link.query not in line
        assert Client(f"http://{link.netloc}", "").ask("GET", f"/?{link.query}").status == 303
        second = kb_without_model("serve", "--port", "0")
        assert (second.code, "is being served" in second.err) == (1, True)
        found = [path for path in records.rglob("*") if path.is_file()]
        assert found
        assert all(path.stat().st_mode & 0o077 == 0 for path in (records / "kb", *found))
        assert kb_without_model("serve", "--stop").out.startswith(f"ended the server of {notebook} at http://")
        assert started.wait(timeout=30) == 0
    with process(notebook) as (started, _):
        os.kill(started.pid, signal.SIGKILL)
        started.wait()
        assert kb_without_model("serve", "--status").code == 1
    with process(notebook) as (started, line):
        assert line


def test_a_port_in_use(notebook: Path, kb_without_model: Command) -> None:
    """A port that another program uses is named, with what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        run = kb_without_model("serve", "--port", port)
    assert (run.code, run.out) == (2, "")
    assert f"port {port} cannot be used" in run.err
