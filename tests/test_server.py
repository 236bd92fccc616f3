"""A notebook on a Chroma server: the same answers, the same safety, and machines that read what one of them writes."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from conftest import REPOSITORY, HashingEncoder, Run

from kb.areas.judge import embed_phrases
from kb.errors import EncoderError, InputError, KbError, NoteError, RemovalError, ServerError
from kb.evaluation.queries import Golden, load_golden
from kb.index.reader import SMALL
from kb.knowledge import KnowledgeBase
from kb.models import FILED_AREAS, Encoder, Filter
from kb.notebook import ChromaSettings
from kb.remote import interface
from kb.remote.interface import PAUSES
from kb.remote.records import DOCUMENT_BYTES
from kb.remote.server import ServerStore

ATTEMPTS = len(PAUSES) + 1
NOTEBOOK = "[chroma]\nurl = '{url}'\ncollection = '{collection}'\ntimeout = {timeout}\n"
QUERIES = ("why do deep graph networks forget", "QLoRA memory", "how do I cut serving latency", "zebras")


@dataclass(frozen=True)
class Asked:
    """One request that came through the proxy."""

    verb: str
    body: dict[str, Any]
    token: str | None


@dataclass
class Fault:
    """What the proxy does to requests whose path ends in `verb`, after letting `after` of them through."""

    verb: str
    does: int | str  # a status to answer with; "cut", "stall", or "kill" the writer when the server is done
    after: int = 0
    times: int = 1_000_000
    met: int = field(default=0, init=False)


class Proxy(ThreadingHTTPServer):
    """A way to the server that remembers what passes, and can be made to fail."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), Passing)
        self.server = port
        self.asked: list[Asked] = []
        self.fault: Fault | None = None
        self.victim: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def bodies(self, verb: str) -> list[dict[str, Any]]:
        return [asked.body for asked in self.asked if asked.verb == verb]

    def failure(self, verb: str) -> int | str | None:
        """What to do to this request."""
        fault = self.fault
        if fault is None or not verb.endswith(fault.verb):
            return None
        fault.met += 1
        return fault.does if fault.after < fault.met <= fault.after + fault.times else None


class Passing(BaseHTTPRequestHandler):
    """One connection through the proxy."""

    server: Proxy
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        verb = self.path.split("?")[0].rsplit("/", 1)[-1]
        self.server.asked.append(Asked(verb, json.loads(body or b"{}"), self.headers.get("X-Chroma-Token")))
        failure = self.server.failure(verb)
        if failure == "cut":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        if failure == "kill":
            self.forwarded(body)
            assert self.server.victim
            self.server.victim.kill()
            self.server.victim.wait()
            self.close_connection = True
            return
        if failure == "stall":
            time.sleep(0.7)
            self.close_connection = True
            return
        status, answer = (failure, b'{"error": "no"}') if isinstance(failure, int) else self.forwarded(body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_DELETE = pass_on  # noqa: N815  # the names that the base class looks for

    def forwarded(self, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server, timeout=30)
        connection.request(self.command, self.path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        try:
            return response.status, response.read()
        finally:
            connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """The tests say what matters."""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A real Chroma server on the loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        chosen = int(free.getsockname()[1])
    chroma = Path(sysconfig.get_path("scripts")) / "chroma"
    place = ["--path", str(tmp_path_factory.mktemp("chroma")), "--host", "127.0.0.1", "--port", str(chosen)]
    process = subprocess.Popen([str(chroma), "run", *place], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while True:
            with socket.socket() as door:
                if door.connect_ex(("127.0.0.1", chosen)) == 0:
                    break
            assert process.poll() is None, "`chroma run` ended by itself"
            assert time.monotonic() < deadline, "`chroma run` does not listen"
            time.sleep(0.05)
        yield chosen
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def proxy(port: int) -> Iterator[Proxy]:
    server = Proxy(port)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a hundredth of the time before each further attempt."""
    monkeypatch.setattr(interface, "PAUSES", tuple(pause / 100 for pause in PAUSES))


@dataclass
class Machines:
    """Notebooks on one server, under a name of their own."""

    folder: Path
    url: str
    collection: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:8]}")
    timeout: float = 20
    said: list[str] = field(default_factory=list)
    opened: list[KnowledgeBase] = field(default_factory=list)

    def open(self, name: str, encoder: Encoder | None = None, collection: str | None = None) -> KnowledgeBase:
        root = self.folder / name
        (root / "notes").mkdir(parents=True, exist_ok=True)
        text = NOTEBOOK.format(url=self.url, collection=collection or self.collection, timeout=self.timeout)
        (root / "kb.toml").write_text(text)
        self.opened.append(KnowledgeBase(root, encoder=encoder or HashingEncoder(), notify=self.said.append))
        return self.opened[-1]

    def store(self, index_folder: Path) -> ServerStore:
        settings = ChromaSettings(url=self.url, collection=self.collection)
        return ServerStore(settings, None, index_folder, self.said.append)

    def on_server(self) -> dict[str, set[str]]:
        """The ids of all records, by part, of the newest generation."""
        store = self.store(Path())
        held = store.newest()
        assert held
        ids: dict[str, set[str]] = {area: set(own) for area, own in store.ids(held.generation).items()}
        ids["notes"] = set(store.digests(held.generation))
        store.close()
        return ids


@pytest.fixture
def machines(tmp_path: Path, proxy: Proxy) -> Iterator[Machines]:
    made = Machines(tmp_path, proxy.url)
    yield made
    proxy.fault = None
    for knowledge in made.opened:
        knowledge.close()


def write(knowledge: KnowledgeBase, *numbers: int, text: str = "") -> None:
    for number in numbers:
        area = FILED_AREAS[number % 3]
        said = text or f"Zebra {number} has stripes.\n\n## More\n\nHorses, too, run {number} miles. " + "x " * number
        (knowledge.root / f"notes/{number}.md").write_text(f"---\narea: {area}\n---\n# Note {number}\n\n{said}\n")


def catalog_ids(knowledge: KnowledgeBase) -> dict[str, set[str]]:
    ids: dict[str, set[str]] = {area: set() for area in (*FILED_AREAS, "notes")}
    with knowledge._index.reader() as reader:
        for area, id, _ in reader.catalog.filed_chunks():
            ids[area].add(id)
            ids["notes"].add(id.split(":")[0])
    return ids


def dump(report: Any) -> dict[str, Any]:
    """A report without what differs from run to run and place to place."""
    fleeting = {"seconds", "notebook", "generation", "vectors", "index_bytes", "remote", "bytes", "path"}
    return {name: value for name, value in report.model_dump(mode="json").items() if name not in fleeting}


def found(knowledge: KnowledgeBase, query: str, **asked: Any) -> list[tuple[str, Any]]:
    return [(hit.path, pytest.approx(hit.score, abs=1e-6)) for hit in knowledge.search(query, limit=20, **asked).hits]


# --- the same answers ---


TOPIC = "over-smoothing and over-squashing in deep graph networks"


def answers(knowledge: KnowledgeBase) -> dict[str, Any]:
    """What every verb that reads says of the repository's notes."""
    asked: list[dict[str, Any]] = [
        {"mode": "hybrid"},
        {"mode": "dense"},
        {"mode": "lexical"},
        {"filter": Filter(areas=("gnn",))},
        {"filter": Filter(kinds=("note", "post"), areas=("llm", "gnn"))},
    ]
    golden = Golden(query=load_golden(REPOSITORY / "tests/golden.toml").query[:3])
    return {
        "search": [found(knowledge, query, **options) for query in QUERIES for options in asked],
        "outline": dump(knowledge.outline(TOPIC)),
        "related": dump(knowledge.related("over-smoothing")),
        "duplicates": dump(knowledge.duplicates()),
        "ideas": dump(knowledge.ideas(("gnn",), 2)),
        "list": [dump(note) | {"path": note.path} for note in knowledge.list().notes],
        "eval": knowledge.evaluate(golden),
    }


@pytest.mark.slow
@pytest.mark.model
def test_every_verb_that_reads(tmp_path: Path, port: int, indexed_notes: Path, real_encoder: Encoder) -> None:
    """Search in all modes and with filters, comparing, outlines, ideas, lists and measures are those of the same notes
    in files: on the machine that writes, and on one that pulled.
    """
    machines = Machines(tmp_path, f"http://127.0.0.1:{port}")
    shutil.copytree(indexed_notes, tmp_path / "writer")
    writer, reader = (machines.open(name, real_encoder) for name in ("writer", "reader"))
    assert writer.sync().unchanged == 66
    pulled = reader.pull()
    assert (len(pulled.added), pulled.removed, pulled.skipped) == (62, (), ())
    with KnowledgeBase(indexed_notes, encoder=real_encoder) as local:
        expected = answers(local)
    assert len(expected["search"][0]) == 20
    for knowledge in (writer, reader):
        assert answers(knowledge) == expected
        assert knowledge.diagnose(full=True).findings == ()
    assert {note.remote for note in reader.list().notes} == {True}
    assert "://" in writer.status().vectors
    lines = (indexed_notes / "notes/gcn.md").read_text().split("\n")
    shown = reader.show("gcn").text.rstrip("\n").split("\n")
    assert all(line in (lines[number], "") for number, line in enumerate(shown))
    assert [line for line in shown if line] == [line for line in lines[lines.index("---", 1) + 1 :] if line]
    draft = writer.root / "draft.md"
    writer.write(draft, writer.render(writer.outline(TOPIC)))
    assert (writer.check_outline(draft).ok, reader.check_outline(draft).ok) == (True, True)
    assert any("not on this machine" in line for line in machines.said)
    for knowledge in (writer, reader):
        knowledge.close()


@pytest.mark.slow
def test_every_verb_that_writes(machines: Machines) -> None:
    """Adding, editing, renaming, deleting, filing, forgetting, rebuilding, backup and restore report on a server what
    they report in files, and leave the same index and on the server exactly its records.
    """
    here = KnowledgeBase(machines.folder / "files", create=True, encoder=HashingEncoder())
    (here.root / "notes").mkdir(parents=True)
    there = machines.open("there")

    def both(verb: Callable[[KnowledgeBase], Any]) -> Any:
        reports = [dump(verb(knowledge)) for knowledge in (here, there)]
        assert reports[0] == reports[1]
        for number in range(6):
            assert found(there, f"zebra {number} stripes", mode="dense") == found(
                here, f"zebra {number} stripes", mode="dense"
            )
        assert machines.on_server() == catalog_ids(there)
        assert there.diagnose(full=True).findings == ()
        return reports[0]

    def change(act: Callable[[KnowledgeBase], object]) -> None:
        for knowledge in (here, there):
            act(knowledge)

    change(lambda knowledge: write(knowledge, *range(12)))
    assert len(both(lambda knowledge: knowledge.add([knowledge.root / "notes"]))["added"]) == 12
    change(lambda knowledge: write(knowledge, 3, text="Rewritten zebra."))
    change(lambda knowledge: (knowledge.root / "notes/4.md").rename(knowledge.root / "notes/44.md"))
    change(lambda knowledge: (knowledge.root / "notes/5.md").unlink())
    report = both(lambda knowledge: knowledge.sync())
    assert [len(report[name]) for name in ("updated", "renamed", "removed")] == [1, 1, 1]
    assert both(lambda knowledge: knowledge.file("notes/6.md", "detour"))["area"] == "detour"
    both(lambda knowledge: knowledge.file("notes/7.md", "outside"))
    both(lambda knowledge: knowledge.reclassify(apply=True))
    both(lambda knowledge: knowledge.backup(knowledge.root / "saved.kb"))
    assert both(lambda knowledge: knowledge.forget("notes/8.md"))["paths"] == ["notes/8.md"]
    assert both(lambda knowledge: knowledge.rebuild())["embedded_chunks"] == 0
    both(lambda knowledge: knowledge.restore(knowledge.root / "saved.kb", overwrite=True))
    both(lambda knowledge: knowledge.sync())
    assert "detour" in {note.area for note in there.list().notes}
    here.close()


def test_files_become_a_server_and_back(machines: Machines) -> None:
    """A notebook moves onto a server with the next sync, embeds nothing for it and keeps no vectors of its own; without
    the setting it moves back.
    """
    there = machines.open("moving")
    (there.root / "kb.toml").write_text("")
    write(there, *range(6))
    with KnowledgeBase(there.root, encoder=HashingEncoder()) as files:
        files.add([files.root / "notes"])
        before = found(files, "zebra stripes")
    encoder = HashingEncoder()
    moved = machines.open("moving", encoder)
    moved.sync()
    assert found(moved, "zebra stripes") == before
    assert machines.on_server() == catalog_ids(moved)
    assert not (moved.root / ".kb/vectors").exists()
    (moved.root / "kb.toml").write_text("")
    with KnowledgeBase(moved.root, encoder=encoder) as back:
        assert found(back, "zebra stripes") == before
        back.sync()
        assert found(back, "zebra stripes") == before
        assert back.diagnose(full=True).ok
    assert not any("Zebra" in text for text in encoder.embedded)


def test_another_model(machines: Machines) -> None:
    """Another model means other collections, and away with the old ones; who pulls needs the same model."""
    first = machines.open("writer")
    write(first, 1, 2, 3)
    first.add([first.root / "notes"])
    first.close()
    other = HashingEncoder()
    other.fingerprint = "another"
    second, reader = machines.open("writer", other), machines.open("reader")
    second.sync()
    assert machines.on_server() == catalog_ids(second)
    store = machines.store(second.root / ".kb")
    assert len({generation for (generation, _), _ in store._parts()}) == 1
    store.close()
    with pytest.raises(EncoderError, match="another model"):
        reader.pull()


def test_a_long_passage_and_a_long_note(machines: Machines, proxy: Proxy) -> None:
    """Whatever a note holds, no document that is sent is longer than 16 KB and no write has more than 300 records; the
    text arrives whole on the other machine.
    """
    patient = HashingEncoder()
    patient.max_tokens = 8192  # a model of long passages
    writer, reader = machines.open("writer", patient), machines.open("reader", patient)
    write(writer, 1, text="é" * 20_000)
    write(writer, 2, text="\n\n".join(f"## Part {number}\n\n" + f"word{number} " * 40 for number in range(700)))
    writer.add([writer.root / "notes"])
    reader.pull()
    sent = proxy.bodies("upsert")
    documents = [document for body in sent for document in body["documents"]]
    assert max(len(body["ids"]) for body in sent) == 300
    assert max(len(document.encode()) for document in documents) <= DOCUMENT_BYTES
    assert "é" * 20_000 in reader.show("1").text
    assert found(reader, "word650") == found(writer, "word650")
    assert max(len(body["ids"]) for verb in ("get", "delete") for body in proxy.bodies(verb) if body.get("ids")) <= 300


# --- when things fail ---


@pytest.mark.slow
@pytest.mark.parametrize(
    ("does", "reason"),
    [
        ("cut", "cannot be reached"),
        ("stall", r"does not answer within 0.5 s"),
        (500, "status 500"),
        (429, "status 429"),
        pytest.param(503, "status 503", marks=pytest.mark.torture),
    ],
)
def test_a_server_that_fails_in_the_middle_of_an_add(
    machines: Machines, proxy: Proxy, does: int | str, reason: str
) -> None:
    """After a bounded number of attempts one line says so, nothing is acknowledged that is not stored, nothing is
    embedded again, and the same command later completes.
    """
    encoder = HashingEncoder()
    writer = machines.open("writer", encoder)
    write(writer, 0)
    writer.add([writer.root / "notes"])
    write(writer, *range(1, 9))
    before = len(proxy.bodies("upsert"))
    machines.timeout = 0.5
    impatient = machines.open("writer", encoder) if does == "stall" else writer
    proxy.fault = Fault("upsert", does, after=1 if impatient is writer else 0)
    with pytest.raises(ServerError, match=f"{reason}.*after {ATTEMPTS} attempts; ") as failed:
        impatient.add([writer.root / "notes"])
    assert "\n" not in str(failed.value)
    assert len(proxy.bodies("upsert")) - before == proxy.fault.after + ATTEMPTS
    proxy.fault = None
    assert [note.path for note in writer.list().notes] == ["notes/0.md"]
    assert found(writer, "zebra", mode="dense")[0][0] == "notes/0.md"
    assert len(found(writer, "zebra", mode="dense")) == 1
    embedded = len(encoder.embedded)
    assert len(writer.add([writer.root / "notes"]).added) == 8
    assert len(encoder.embedded) == embedded
    assert len(found(writer, "zebra", mode="dense")) == 9
    assert machines.on_server() == catalog_ids(writer)


@pytest.mark.parametrize("does", ["cut", 503])
def test_a_failure_that_passes(machines: Machines, proxy: Proxy, does: int | str) -> None:
    """Two failures in a row are waited for, and not reported."""
    writer = machines.open("writer")
    write(writer, 1, 2)
    proxy.fault = Fault("upsert", does, times=2)
    assert len(writer.add([writer.root / "notes"]).added) == 2
    assert machines.said == []
    assert writer.diagnose().ok


@pytest.mark.slow
@pytest.mark.parametrize("after", [0, 2])
def test_a_writer_that_is_killed(machines: Machines, proxy: Proxy, after: int) -> None:
    """What a killed writer left on the server before its commit is not found, there or elsewhere after the next
    write, and swept by that, also where the notes are gone by then; a note that was written over is put back.
    """
    writer, reader = machines.open("writer"), machines.open("reader")
    write(writer, 0, 1, 2)
    writer.add([writer.root / "notes"])
    kept = (writer.root / "notes/0.md").read_text()
    write(writer, 0, text="Unheard quagga.")
    write(writer, 3, 4)
    proxy.fault = Fault("upsert", "kill", after=after)
    program = (
        "import sys; from doubles import HashingEncoder; from kb.knowledge import KnowledgeBase\n"
        "sys.stdin.readline()\n"
        f"KnowledgeBase({str(writer.root)!r}, encoder=HashingEncoder()).sync()"
    )
    paths = {"PYTHONPATH": ":".join([str(Path(__file__).parent), *sys.path])}
    proxy.victim = subprocess.Popen([sys.executable, "-c", program], env=paths, stdin=subprocess.PIPE, text=True)
    proxy.victim.communicate("go\n")
    assert proxy.victim.returncode == -9
    proxy.fault = None
    assert machines.on_server() != catalog_ids(writer)
    assert len(found(writer, "quagga", mode="dense")) == 3
    assert {finding.check for finding in writer.diagnose().findings} == {"orphans", "notes"}
    (writer.root / "notes/0.md").write_text(kept)
    for number in (3, 4):
        (writer.root / f"notes/{number}.md").unlink()
    assert writer.sync().unchanged == 3
    assert machines.on_server() == catalog_ids(writer)
    assert writer.diagnose(full=True).ok
    assert len(reader.pull().added) == 3
    assert "Zebra 0 has stripes." in reader.show("0").text


def test_an_unfinished_sweep_is_finished_later(machines: Machines, proxy: Proxy) -> None:
    """Where only the old records cannot be deleted, the new ones are in, which is said; the next sync deletes."""
    writer = machines.open("writer")
    write(writer, 1, 2)
    writer.add([writer.root / "notes"])
    write(writer, 1, text="Rewritten.")
    proxy.fault = Fault("delete", 500)
    assert len(writer.sync().updated) == 1
    assert any("the notes are in" in line for line in machines.said)
    assert [(finding.check, finding.repair) for finding in writer.diagnose().findings] == [("orphans", "kb sync")]
    with pytest.raises(ServerError, match="forgotten here, not yet"):
        writer.forget("notes/2.md")
    proxy.fault = None
    writer.sync()
    assert machines.on_server() == catalog_ids(writer)
    assert writer.diagnose().ok


def test_stale_records_do_not_crowd_out_hits(machines: Machines, proxy: Proxy) -> None:
    """Records that no catalog names take no place among the hits, however near they are and however many."""
    writer = machines.open("writer")
    (writer.root / "notes/far.md").write_text(
        "---\narea: gnn\n---\n# Far\n\nzebra among many other words of this note\n"
    )
    writer.add([writer.root / "notes"])
    for number in range(260):
        (writer.root / f"notes/near-{number}.md").write_text(f"---\narea: gnn\n---\n# Zebra\n\nzebra {number}\n")
    proxy.fault = Fault("upsert", 503, after=1)
    with pytest.raises(ServerError):
        writer.sync()
    proxy.fault = None
    assert len(machines.on_server()["gnn"]) > 250
    assert [path for path, _ in found(writer, "zebra", mode="dense")] == ["notes/far.md"]


@pytest.mark.parametrize("small", [SMALL, 0])
def test_searching_without_the_server(
    machines: Machines, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    """While the server is away searches answer the same from the catalog and say so once, in a small notebook and in a
    large one; the doctor names the server, and an add ends in one line before it embeds anything.
    """
    monkeypatch.setattr("kb.index.reader.SMALL", small)
    encoder = HashingEncoder()
    writer = machines.open("writer", encoder)
    write(writer, 1, 2, 3)
    writer.add([writer.root / "notes"])
    before = found(writer, "zebra 2")
    writer.close()
    proxy.fault = Fault("", "cut")
    assert found(writer, "zebra 2") == before
    assert sum("meanwhile the vectors in the catalog are searched" in line for line in machines.said) == 1
    assert [finding.check for finding in writer.diagnose().findings] == ["server"]
    write(writer, 4)
    embedded = len(encoder.embedded)
    with pytest.raises(ServerError, match="cannot be reached"):
        writer.add([writer.root / "notes"])
    assert len(encoder.embedded) == embedded


def test_an_address_that_is_not_chroma(machines: Machines, proxy: Proxy) -> None:
    """Whatever else answers at the address, a search is answered from the catalog, and a write ends in one line."""
    writer = machines.open("writer")
    write(writer, 1)
    writer.add([writer.root / "notes"])
    writer.close()
    write(writer, 2)
    for status in (200, 301, 404):
        proxy.fault = Fault("", status)
        assert [path for path, _ in found(writer, "zebra", mode="dense")] == ["notes/1.md"]
        with pytest.raises(ServerError, match=r"the Chroma server at|needs a Chroma server") as error:
            writer.add([writer.root / "notes"])
        assert "\n" not in str(error.value)


@pytest.mark.slow
def test_what_the_doctor_finds_on_a_server(machines: Machines) -> None:
    """Records that were lost on the server, were never written there, or say something else are found and repaired,
    embedding nothing.
    """
    encoder = HashingEncoder()
    writer = machines.open("writer", encoder)
    write(writer, *range(6))
    writer.add([writer.root / "notes"])
    embedded = len(encoder.embedded)
    store = machines.store(writer.root / ".kb")

    def harmed(harm: Callable[[int], object]) -> None:
        held = store.newest()
        assert held
        harm(held.generation)
        assert {finding.check for finding in writer.diagnose(full=True).findings} == {"vectors"}
        assert writer.repair().ok
        assert writer.diagnose(full=True).ok

    note = next(iter(machines.on_server()["notes"]))
    harmed(lambda generation: store.delete(generation, "gnn", list(machines.on_server()["gnn"])[:1]))
    harmed(lambda generation: store.delete(generation, "notes", [f"{note}:0"]))
    harmed(lambda generation: store.sweep(0))
    store.close()
    assert len(encoder.embedded) == embedded
    assert machines.on_server() == catalog_ids(writer)


# --- several machines ---


def test_a_second_machine_follows(machines: Machines) -> None:
    """A pull brings what is new, changed and renamed, drops what went, embeds nothing; a sync there drops nothing."""
    encoder = HashingEncoder()
    writer, reader = machines.open("writer"), machines.open("reader", encoder)
    write(writer, *range(8))
    writer.add([writer.root / "notes"])
    assert len(reader.pull().added) == 8
    write(writer, 1, text="Rewritten zebra.")
    write(writer, 9)
    (writer.root / "notes/2.md").rename(writer.root / "notes/22.md")
    (writer.root / "notes/3.md").unlink()
    writer.sync()
    pulled = reader.pull()
    assert (pulled.added, pulled.updated) == (("notes/9.md",), ("notes/1.md", "notes/22.md"))
    assert (pulled.removed, pulled.unchanged) == (("notes/3.md",), 5)
    (reader.root / "notes/own.txt").write_text("nothing to take")
    assert reader.sync().removed == ()
    assert reader.status().changed_notes == 0
    assert reader.diagnose(full=True).ok
    assert found(reader, "zebra 7") == found(writer, "zebra 7")
    assert not any("Zebra" in text for text in encoder.embedded)
    writer.rebuild()
    assert found(reader, "zebra 7") == found(writer, "zebra 7")
    assert any("run `kb sync`, or `kb pull` elsewhere; meanwhile the vectors" in line for line in machines.said)
    again = reader.pull()
    assert (again.added, again.updated, again.removed, again.chunks) == ((), (), (), 0)
    assert reader.diagnose(full=True).ok


def test_what_a_second_machine_may_not(machines: Machines) -> None:
    """Only one machine writes: the others are told so, in one line, and nothing changes, neither here nor there."""
    writer, reader = machines.open("writer"), machines.open("reader")
    write(writer, *range(12))
    writer.add([writer.root / "notes"])
    reader.pull()
    before = machines.on_server()
    write(reader, 50)
    refused: list[tuple[type[KbError], Callable[[], object]]] = [
        (ServerError, lambda: reader.add([reader.root / "notes"])),
        (ServerError, lambda: reader.forget("notes/1.md")),
        (ServerError, lambda: reader.rebuild()),
        (NoteError, lambda: reader.file("notes/1.md", "llm")),
        (NoteError, lambda: reader.locate("notes/1.md")),
        (InputError, lambda: writer.pull()),
    ]
    for kind, verb in refused:
        with pytest.raises(kind) as error:
            verb()
        assert "\n" not in str(error.value)
    assert machines.on_server() == before
    assert len(reader.list().notes) == 12
    assert not (reader.root / "kb.decisions.toml").exists()
    for number in range(12):
        (writer.root / f"notes/{number}.md").unlink()
    writer.sync(allow_removal=True)
    with pytest.raises(RemovalError, match="kb pull --yes"):
        reader.pull()
    assert len(reader.pull(allow_removal=True).removed) == 12


def test_two_notebooks_on_one_server(machines: Machines) -> None:
    """Notebooks with collections of their own do not mix, whatever the names begin with; with the same name the second
    is refused.
    """
    one, two = machines.open("one"), machines.open("two", collection=f"{machines.collection}-2-gnn")
    write(one, 1, 2, 3)
    write(two, 1, 5)
    for knowledge in (one, two):
        knowledge.add([knowledge.root / "notes"])
    two.forget("notes/1.md")
    two.rebuild()
    assert {path for path, _ in found(one, "zebra", mode="dense")} == {f"notes/{number}.md" for number in (1, 2, 3)}
    assert {path for path, _ in found(two, "zebra", mode="dense")} == {"notes/5.md"}
    assert one.diagnose(full=True).ok
    assert two.diagnose(full=True).ok
    three = machines.open("three")
    write(three, 1)
    with pytest.raises(ServerError, match="set another `collection`"):
        three.add([three.root / "notes"])


def test_a_pull_beside_a_write(machines: Machines, proxy: Proxy) -> None:
    """A note of which the server has only a part at this moment is left for the next pull, and said to be."""
    writer, reader = machines.open("writer"), machines.open("reader")
    write(writer, 1, 2)
    writer.add([writer.root / "notes"])
    store = machines.store(writer.root / ".kb")
    ids = sorted(machines.on_server()["gnn"])
    store.delete(1, "gnn", ids[:1])
    store.close()
    pulled = reader.pull()
    assert (pulled.added, [entry.path for entry in pulled.skipped]) == (("notes/2.md",), ["notes/1.md"])
    assert [note.path for note in reader.list().notes] == ["notes/2.md"]
    writer.repair()
    assert reader.pull().added == ("notes/1.md",)


def test_a_pull_leaves_nothing_to_embed(machines: Machines) -> None:
    """After a pull, and after one that brought nothing, a verb that needs the phrases of the areas embeds none."""
    writer, reader = machines.open("writer"), machines.open("reader")
    write(writer, 1, 2)
    writer.add([writer.root / "notes"])
    for _ in range(2):
        reader.pull()
        encoder = HashingEncoder()
        later = machines.open("reader", encoder)
        assert len(later._index.read(embed_phrases)) > 0
        assert encoder.embedded == []


# --- the command line ---


@pytest.mark.model
def test_the_token_is_sent_and_never_said(
    machines: Machines, proxy: Proxy, kb: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`KB_CHROMA_TOKEN` goes to the server with every request, and into no output, error, file or backup."""
    token = "tok-Zq7-secret"
    root = machines.open("writer").root
    (root / "notes/gcn.md").write_text("---\narea: gnn\n---\n# GCN\n\nA node averages its neighbours.\n")
    monkeypatch.chdir(root)
    monkeypatch.setenv("KB_CHROMA_TOKEN", token)
    runs = [
        kb("add", "notes"),
        kb("search", "neighbours", "--explain"),
        kb("list", "--json"),
        kb("status", "--json"),
        kb("doctor"),
        kb("backup", "saved.kb"),
    ]
    assert [run.code for run in runs] == [0] * len(runs)
    assert {asked.token for asked in proxy.asked} == {token}
    proxy.fault = Fault("", 401)
    (root / "notes/gat.md").write_text("---\narea: gnn\n---\n# GAT\n\nAttention over neighbours.\n")
    runs += [refused := kb("add", "notes"), kb("doctor"), kb("pull", "--notebook", str(machines.open("other").root))]
    assert (refused.code, refused.out) == (1, "")
    assert "KB_CHROMA_TOKEN" in refused.err
    assert refused.err.count("\n") == 1
    assert [run.code for run in runs[-2:]] == [3, 1]
    assert not any(token in run.out + run.err for run in runs)
    assert not any(token.encode() in path.read_bytes() for path in machines.folder.rglob("*") if path.is_file())


@pytest.mark.slow
@pytest.mark.model
def test_pull_on_the_command_line(machines: Machines, kb: Callable[..., Run], real_encoder: Encoder) -> None:
    """`kb pull` lists what it brought, and as JSON in fields that stay; hits say that they were pulled."""
    writer, reader = machines.open("writer", real_encoder), machines.open("reader")
    write(writer, 1, 2)
    writer.add([writer.root / "notes"])
    here = ("--notebook", str(reader.root))
    run = kb("pull", *here)
    assert run.code == 0
    assert run.out.splitlines()[:2] == ["added  notes/1.md", "added  notes/2.md"]
    report = json.loads(kb("pull", "--json", *here).out)
    assert {name: type(value) for name, value in report.items()} == {
        "schema": str,
        "added": list,
        "updated": list,
        "removed": list,
        "unchanged": int,
        "skipped": list,
        "chunks": int,
        "seconds": float,
    }
    assert (report["schema"], report["unchanged"]) == ("kb.pull/1", 2)
    assert "pulled" in kb("search", "zebra", *here).out
    assert "pulled" in kb("list", *here).out
    refused = kb("pull", "--notebook", str(writer.root))
    assert (refused.code, refused.out) == (2, "")


@pytest.mark.slow
def test_a_server_costs_no_chroma(machines: Machines) -> None:
    """With a server, nothing imports chromadb."""
    writer = machines.open("writer")
    write(writer, 1)
    writer.add([writer.root / "notes"])
    program = (
        "import sys; from doubles import HashingEncoder; from kb.knowledge import KnowledgeBase\n"
        f"hits = KnowledgeBase({str(writer.root)!r}, encoder=HashingEncoder()).search('zebra', mode='dense').hits\n"
        "print(len(hits), 'chromadb' in sys.modules)"
    )
    paths = {"PYTHONPATH": ":".join([str(Path(__file__).parent), *sys.path])}
    ended = subprocess.run([sys.executable, "-c", program], env=paths, capture_output=True, text=True, check=True)
    assert ended.stdout == "1 False\n"
