"""What the API of a server answers: the reports of the command line, and their description."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from doubles import HashingEncoder
from serving import JSON, Client, serving
from test_capture_pdf import a_paper
from test_capture_web import PAGE, Handler, Site, site
from test_warm import wait_until

from kb import knowledge as verbs
from kb.capture.web import public
from kb.index.lock import write_lock
from kb.knowledge import KnowledgeBase
from kb.reports import NoteMap
from kb.serve.http import jobs, mapping
from kb.serve.http.app import THREADS
from kb.serve.http.endpoints import ENDPOINTS

__all__ = ["site"]  # a fixture

TOPIC = "neighbours in deep graph networks"
NOTES = {
    "gcn": "A node of a graph averages the features of its neighbours. Deep networks make all neighbours alike.",
    "gat": "Attention weighs the neighbours of a node, see [[gcn]]. Deep graph networks attend to far neighbours.",
    "depth": "Deep graph networks lose what tells neighbours apart. Residual connections keep deep networks apart.",
}


@pytest.fixture
def shelf(notebook: Path, encoder: HashingEncoder) -> Path:
    """A notebook with three notes."""
    for name, text in NOTES.items():
        body = f"---\narea: gnn\ntags: [graphs]\ndate: 2024-03-08\n---\n# About {name}\n\n{text}\n"
        (notebook / "notes" / f"{name}.md").write_text(body, encoding="utf-8")
    with KnowledgeBase(notebook, encoder=encoder) as knowledge:
        knowledge.add([notebook / "notes"])
    return notebook


@pytest.fixture
def client(shelf: Path, encoder: HashingEncoder) -> Iterator[Client]:
    with serving(shelf, encoder) as (_, client):
        yield client


def described(client: Client) -> Any:
    return client.get("/api/openapi.json").json


def departures(document: Any, path: str, method: str, body: Any) -> list[str]:
    """Where an answer departs from the description of its path."""
    content = document["paths"][path][method]["responses"]["200"]["content"]["application/json"]
    schema = content["schema"] | {"components": document["components"]}
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(body)]


READS: dict[str, dict[str, object]] = {
    "/api/search": {"query": "features of neighbours", "explain": True},
    "/api/note": {"note": "notes/gcn.md"},
    "/api/note/html": {"note": "notes/gcn.md"},
    "/api/links": {"note": "notes/gat.md"},
    "/api/related": {"note": "notes/gcn.md", "limit": 2},
    "/api/outline": {"topic": TOPIC},
    "/api/ideas": {"area": ["gnn", "llm"]},
    "/api/status": {},
    "/api/list": {"area": "gnn", "kind": "note"},
    "/api/areas": {},
    "/api/map": {},
    "/api/classify": {"note": "notes/gcn.md"},
    "/api/drafts": {},
    "/api/server": {},
    "/api/guides": {},
}


def test_reads_answer_as_described(client: Client) -> None:
    """Every path that reads answers with the report that `/api/openapi.json` describes."""
    document = described(client)
    assert {endpoint.path for endpoint in ENDPOINTS} == set(document["paths"])
    reading = {path for path, methods in document["paths"].items() if "get" in methods}
    assert reading - set(READS) == {
        "/api/job",
        "/api/job/events",
        "/api/draft/html",
        "/api/draft/check",
        "/api/draft/sections",
    }
    for path, asked in READS.items():
        answer = client.get(path, **asked)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json"), answer.body
        assert departures(document, path, "get", answer.json) == [], path


def test_the_description_names_every_parameter(client: Client) -> None:
    """A parameter that is required, or may be repeated, is described as such; every reference in it leads somewhere."""
    document = described(client)
    parameters = {one["name"]: one for one in document["paths"]["/api/search"]["get"]["parameters"]}
    assert [name for name, one in parameters.items() if one["required"]] == ["query"]
    assert [name for name, one in parameters.items() if one["schema"].get("type") == "array"] == ["area", "tag"]
    schemas = document["components"]["schemas"]
    references = {part.split('"')[0] for part in json.dumps(document).split("#/components/schemas/")[1:]}
    assert references <= set(schemas)
    for name, schema in schemas.items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["description"], name


def test_answers_are_those_of_the_library(client: Client, shelf: Path, encoder: HashingEncoder) -> None:
    """A report is what the command line prints with `--json`, the time that it took apart."""
    with KnowledgeBase(shelf, encoder=encoder) as knowledge:
        expected = json.loads(knowledge.search("features of neighbours", explain=True).model_dump_json(by_alias=True))
        found = client.get("/api/search", query="features of neighbours", explain="true").json
        assert {**found, "seconds": 0} == {**expected, "seconds": 0, "notices": []}
        for path, report in (
            ("/api/note?note=notes/gcn.md", knowledge.show("gcn")),
            ("/api/related?note=notes/gcn.md", knowledge.related("gcn")),
            ("/api/list", knowledge.list()),
            ("/api/status", knowledge.status()),
        ):
            assert client.ask("GET", path).json == json.loads(report.model_dump_json(by_alias=True))


def test_what_there_is_to_say_of_a_search(client: Client) -> None:
    """What the command line says of a search on standard error is in the answer, also in one that is remembered."""
    for _ in range(2):
        found = client.get("/api/search", query='"no such words" neighbours', tag="grap").json
        assert [line for line in found["notices"] if "exact words 'no such words'" in line], found["notices"]
        assert [line for line in found["notices"] if "grap" in line and "graphs" in line], found["notices"]


def test_a_note_is_named_exactly(client: Client) -> None:
    """A note is found by its path or its id, and by nothing that merely resembles them."""
    listed = client.get("/api/list").json["notes"]
    assert [note["path"] for note in listed] == ["notes/depth.md", "notes/gat.md", "notes/gcn.md"]
    for note in listed:
        assert client.get("/api/note", note=note["id"]).json["path"] == note["path"]
        assert client.get("/api/note", note=note["path"]).json["id"] == note["id"]
    for name in ("gcn", "About gcn", "NOTES/GCN.MD", "notes/gcn", listed[0]["id"][:-1]):
        assert client.get("/api/note", note=name).status == 404, name


UNANSWERED = [
    ("/api/search", 400, "query: field required"),
    ("/api/search?query=", 400, "query: string should have at least 1 character"),
    ("/api/search?query=x&limit=0", 400, "limit: "),
    ("/api/search?query=x&limit=5&limit=6", 400, "limit is given 2 times"),
    ("/api/search?query=x&area=cooking", 400, "area.0: "),
    ("/api/search?query=x&since=tomorrow", 400, "since: "),
    ("/api/search?query=x&colour=red", 400, "colour: extra inputs are not permitted"),
    ("/api/outline?topic=sourdough+bread", 422, ""),
    ("/api/note?note=notes/none.md", 404, "'notes/none.md'"),
    ("/api/job?id=none", 404, "'none'"),
    ("/api/none", 404, "/api/none"),
    ("/api/search?query=%20", 400, "empty"),
]


def test_what_cannot_be_answered(client: Client) -> None:
    """A failure is JSON with a status, and one line that names the value."""
    for path, status, said in UNANSWERED:
        answer = client.ask("GET", path)
        assert (answer.status, answer.json["status"], answer.json["schema"]) == (status, status, "kb.error/1"), path
        assert said.casefold() in answer.json["message"].casefold()
        assert "\n" not in answer.json["message"]


NOT_UNDERSTOOD = [
    ("/api/draft", b'{"outline": {}}', "outline"),
    ("/api/draft/update", b"{}", "draft"),
    ("/api/add", b"{", "the body"),
    ("/api/add", b"[]", "the body"),
    ("/api/add", b'{"title": "T"}', "text"),
    ("/api/add", b'{"title": " ", "text": "x"}', "title"),
    ("/api/add", b'{"title": "T", "text": "x", "path": "../x.md"}', "path"),
    ("/api/capture", b'{"address": "notes/gcn.md"}', "notes/gcn.md"),
    ("/api/capture", b'{"address": "file:///etc/passwd"}', "file:///etc/passwd"),
    ("/api/capture", b'{"address": "zotero"}', "zotero"),
    ("/api/capture", b'{"address": "https://localhost/", "allow_private": true}', "allow_private"),
    ("/api/file", b'{"note": "notes/gcn.md"}', "area"),
    ("/api/file", b'{"note": "notes/gcn.md", "area": "cooking"}', "area"),
    ("/api/sync", b'{"allow_removal": "perhaps"}', "allow_removal"),
]


def test_a_change_that_is_not_understood(client: Client, shelf: Path) -> None:
    """A body that is not as described changes nothing, and is answered with its first fault."""
    before = sorted(file.name for file in shelf.rglob("*.md"))
    for path, body, said in NOT_UNDERSTOOD:
        answer = client.ask("POST", path, JSON, body)
        assert (answer.status, answer.json["error"]) == (400, "InputError"), body
        assert said in answer.json["message"]
    assert sorted(file.name for file in shelf.rglob("*.md")) == before


def test_a_new_note(client: Client, shelf: Path) -> None:
    """A text becomes a new note under `notes/`, whatever its title looks like; a file that exists is never touched."""
    document = described(client)
    for title, name in (("gcn", "gcn-2.md"), ("gcn", "gcn-3.md"), ("../../gcn", "gcn-4.md"), ("/etc/passwd", None)):
        answer = client.post("/api/add", title=title, text="Graphs of graphs.", area="gnn")
        assert departures(document, "/api/add", "post", answer.json) == []
        (added,) = answer.json["added"]
        assert added["path"] == f"notes/{name or 'etc-passwd.md'}"
        assert (shelf / added["path"]).read_text(encoding="utf-8").endswith("Graphs of graphs.\n")
    assert NOTES["gcn"] in (shelf / "notes" / "gcn.md").read_text(encoding="utf-8")
    assert client.get("/api/search", query="graphs of graphs").json["hits"][0]["path"] != "notes/gcn.md"


def test_an_address_becomes_a_note(client: Client, shelf: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is captured and filed; again, the report says that nothing has changed."""
    monkeypatch.setattr(public, "is_public", lambda address: True)
    document, url = described(client), site.put("/a", PAGE)
    for state, added in (("new", ["gnn"]), ("unchanged", [])):
        answer = client.post("/api/capture", address=f" {url} ", area="gnn")
        assert departures(document, "/api/capture", "post", answer.json) == []
        assert [(one["state"], one["path"]) for one in answer.json["captured"]] == [
            (state, "notes/message-passing-2023.md")
        ]
        assert [note["area"] for note in answer.json["added"]] == added
    assert "Deep networks over-smooth" in (shelf / "notes" / "message-passing-2023.md").read_text(encoding="utf-8")


def test_a_third_capture_is_told_to_wait(client: Client, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two captures that wait for a slow site keep a third from starting, and no search from being answered."""
    monkeypatch.setattr(public, "is_public", lambda address: True)
    asked, go_on = threading.Semaphore(0), threading.Event()

    def slow(handler: Handler) -> None:
        asked.release()
        go_on.wait(10)
        handler.give(PAGE.encode())

    site.handler.answers["/slow"] = slow
    waiting = [
        threading.Thread(target=client.post, args=["/api/capture"], kwargs={"address": f"{site.url}/slow?{n}"})
        for n in range(2)
    ]
    for thread in waiting:
        thread.start()
    assert all(asked.acquire(timeout=10) for _ in waiting)
    try:
        answer = client.post("/api/capture", address=f"{site.url}/slow?3")
        assert (answer.status, answer.json["error"]) == (503, "BusyError")
        assert "2 captures are under way; try again" in answer.json["message"]
        assert client.get("/api/search", query=TOPIC).status == 200
    finally:
        go_on.set()
        for thread in waiting:
            thread.join(10)
    assert client.post("/api/capture", address=f"{site.url}/slow?3", area="gnn").status == 200


def test_private_addresses_are_not_fetched(client: Client, shelf: Path, site: Site) -> None:
    """No request reaches a private address, by whatever name, and nothing is written."""
    before, port = sorted(shelf.rglob("*.md")), site.server.server_port
    site.put("/a", PAGE)
    for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1"):
        answer = client.post("/api/capture", address=f"http://{host}:{port}/a", area="gnn")
        assert answer.status == 200
        (skipped,) = answer.json["skipped"]
        assert "not a public address" in skipped["reason"] or "cannot be found" in skipped["reason"]
    assert site.handler.asked == []
    assert sorted(shelf.rglob("*.md")) == before


def test_an_identifier_is_no_path(client: Client, shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is named like a DOI is not read: what is given to the API is never a path."""
    folder = tmp_path / "elsewhere" / "10.1000" / "secret"
    folder.mkdir(parents=True)
    (folder / "note.md").write_text("# Secret\n\nOf nobody.\n")
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setattr(public, "_looked_up", lambda host, port, seconds: ["10.0.0.1"])
    answer = client.post("/api/capture", address="10.1000/secret", area="gnn")
    assert [one["path"] for one in answer.json["skipped"]] == ["https://doi.org/10.1000/secret"]
    assert not answer.json["added"]


def test_a_pdf_becomes_a_note(client: Client, shelf: Path) -> None:
    """A PDF that is sent is captured and filed once, named by what it says; what is no PDF leaves nothing."""
    content = base64.b64encode(a_paper().bytes()).decode()
    for state in ("new", "unchanged"):
        answer = client.post("/api/capture/pdf", name="mine.pdf", content=content, area="gnn")
        assert departures(described(client), "/api/capture/pdf", "post", answer.json) == []
        assert [(one["state"], one["input"]) for one in answer.json["captured"]] == [(state, "mine.pdf")]
    assert (shelf / answer.json["captured"][0]["path"]).is_file()
    before = sorted(shelf.rglob("*.md"))
    broken = client.post("/api/capture/pdf", name="b.pdf", content=base64.b64encode(b"%PDF-1.7 no").decode())
    assert [one["path"] for one in broken.json["skipped"]] == ["b.pdf"]
    assert client.post("/api/capture/pdf", name="../b.pdf", content=content).status == 400
    assert client.post("/api/capture/pdf", name="b.pdf", content="?").status == 400
    assert sorted(shelf.rglob("*.md")) == before


def test_filing_a_note(client: Client) -> None:
    """A note is filed by its id, and the decision taken back by null."""
    document = described(client)
    note = client.get("/api/note", note="notes/gcn.md").json["id"]
    filed = client.post("/api/file", note=note, area="llm")
    assert departures(document, "/api/file", "post", filed.json) == []
    assert (filed.json["before"], filed.json["area"]) == ("gnn", "llm")
    assert client.post("/api/file", note=note, area=None).json["area"] == "gnn"


def test_an_outline_as_a_post(client: Client, shelf: Path, encoder: HashingEncoder) -> None:
    """An outline goes back as it came, or as the writer changed it, and becomes the Markdown of the command line, whose
    citations hold. No template but those of kb is read.
    """
    outline = client.get("/api/outline", topic=TOPIC).json
    rendered = client.post("/api/render", outline=outline, template="plain")
    assert departures(described(client), "/api/render", "post", rendered.json) == []
    with KnowledgeBase(shelf, encoder=encoder) as knowledge:
        assert rendered.json["markdown"] == knowledge.render(knowledge.outline(TOPIC), "plain")
        outline["sections"] = [outline["sections"][0] | {"heading": "My own heading"}]
        changed = client.post("/api/render", outline=outline).json["markdown"]
        assert "My own heading" in changed
        (shelf / "post.md").write_text(changed, encoding="utf-8")
        assert knowledge.check_outline(shelf / "post.md").ok
    refused = client.post("/api/render", outline=outline, template=str(shelf / "notes" / "gcn.md"))
    assert (refused.status, refused.json["error"]) == (400, "InputError")
    assert client.post("/api/render", outline=outline | {"colour": "red"}).status == 400


def test_a_saved_draft(client: Client, shelf: Path, encoder: HashingEncoder) -> None:
    """An outline becomes a new file under `drafts/`, whatever its title looks like, with what the command line would
    write; a file that exists is never touched, and no draft is indexed before the writer adds it.
    """
    document, outline = described(client), client.get("/api/outline", topic=TOPIC).json
    names = {
        "Depth": "depth.md",
        "depth ": "depth-2.md",
        "../../notes/gcn": "notes-gcn.md",
        "/etc/passwd": "etc-passwd.md",
    }
    for title, name in names.items():
        saved = client.post("/api/draft", outline=outline | {"title": title}, citations="footnote")
        assert departures(document, "/api/draft", "post", saved.json) == []
        assert saved.json["path"] == f"drafts/{name}"
        with KnowledgeBase(shelf, encoder=encoder) as knowledge:
            expected = knowledge.render(
                knowledge.outline(TOPIC).model_copy(update={"title": title}), citations="footnote"
            )
        assert (shelf / "drafts" / name).read_text(encoding="utf-8") == expected
    listed = client.get("/api/drafts").json["drafts"]
    assert {draft["path"] for draft in listed} == {f"drafts/{name}" for name in names.values()}
    assert {note["path"] for note in client.get("/api/list").json["notes"]} == {f"notes/{name}.md" for name in NOTES}
    uncited = client.post("/api/draft", outline=outline, citations="none")
    assert (uncited.status, uncited.json["error"]) == (400, "InputError")


def test_saving_again_replaces_what_was_saved(client: Client, shelf: Path) -> None:
    """A draft that is saved again stays one file, under its first name; one that its writer has edited meanwhile is
    kept, and so is any other file.
    """
    outline = client.get("/api/outline", topic=TOPIC).json
    first = client.post("/api/draft", outline=outline).json
    saved = {"path": first["path"], "sha256": first["sha256"]}
    second = client.post("/api/draft", outline=outline | {"title": "Depth of graphs"}, saved=saved).json
    assert second["path"] == first["path"]
    assert "Depth of graphs" in (shelf / first["path"]).read_text(encoding="utf-8")
    assert len([*(shelf / "drafts").iterdir()]) == 1
    again = {"path": second["path"], "sha256": second["sha256"]}
    (shelf / first["path"]).write_text("# My own\n", encoding="utf-8")
    third = client.post("/api/draft", outline=outline, saved=again).json
    assert third["path"] != first["path"]
    assert (shelf / first["path"]).read_text(encoding="utf-8") == "# My own\n"
    note = shelf / "notes" / "gcn.md"
    own = {"path": "notes/gcn.md", "sha256": hashlib.sha256(note.read_bytes()).hexdigest()}
    before = note.read_bytes()
    assert client.post("/api/draft", outline=outline, saved=own).json["path"].startswith("drafts/")
    assert note.read_bytes() == before


def test_a_rearranged_draft_is_saved_to_one_file(client: Client, shelf: Path) -> None:
    """Saving the new order again replaces the new draft; the draft that was opened stays as it is."""
    outline = client.get("/api/outline", topic=TOPIC).json
    name = client.post("/api/draft", outline=outline).json["path"]
    before = (shelf / name).read_bytes()
    cut = client.get("/api/draft/sections", draft=name).json
    lines = [block["line"] for section in cut["sections"] for block in section["points"]]
    asked = {"draft": name, "sha256": cut["sha256"], "save": True}
    first = client.post("/api/draft/rearrange", **asked, sections=[{"heading": "All", "points": lines}]).json
    saved = {"path": first["path"], "sha256": first["sha256"]}
    sections = [{"heading": "Everything", "points": lines[::-1]}]
    second = client.post("/api/draft/rearrange", **asked, sections=sections, saved=saved).json
    assert second["path"] == first["path"] != name
    assert (shelf / first["path"]).read_text(encoding="utf-8") == second["markdown"]
    own = {"path": name, "sha256": cut["sha256"]}
    assert client.post("/api/draft/rearrange", **asked, sections=sections, saved=own).json["path"] not in (name, None)
    assert (shelf / name).read_bytes() == before


def test_a_draft_and_what_has_changed(client: Client, shelf: Path, encoder: HashingEncoder) -> None:
    """A draft is listed with the number of its citations that hold, checked and updated as by the command line; a
    dry run changes nothing.
    """
    document, outline = described(client), client.get("/api/outline", topic=TOPIC).json
    name = client.post("/api/draft", outline=outline).json["path"]
    (shelf / "drafts" / "own.md").write_text("# My own\n\nWithout citations.\n", encoding="utf-8")
    (listed,) = client.get("/api/drafts").json["drafts"]
    assert (listed["path"], listed["title"]) == (name, outline["title"])
    assert listed["holding"] == listed["citations"] > 0
    note = shelf / "notes" / "gcn.md"
    note.write_text(note.read_text(encoding="utf-8").replace("averages", "sums"), encoding="utf-8")
    (listed,) = client.get("/api/drafts").json["drafts"]
    assert listed["holding"] == listed["citations"] - 1
    checked = client.get("/api/draft/check", draft=name)
    assert departures(document, "/api/draft/check", "get", checked.json) == []
    shown = client.get("/api/draft/html", draft=name)
    assert departures(document, "/api/draft/html", "get", shown.json) == []
    assert shown.json["title"] == outline["title"]
    assert "Attention weighs the neighbours" in shown.json["html"]
    assert "id=" not in shown.json["html"]
    with KnowledgeBase(shelf, encoder=encoder) as knowledge:
        expected = knowledge.check_outline(shelf / name)
        assert checked.json == json.loads(expected.model_copy(update={"path": name}).model_dump_json(by_alias=True))
        changed = next(one for one in checked.json["citations"] if one["state"] == "changed")
        assert ("averages" in changed["quoted"], "sums" in changed["now"]["text"]) == (True, True)
        knowledge.sync()
        before = (shelf / name).read_bytes()
        foreseen = client.post("/api/draft/update", draft=name, dry_run=True)
        assert departures(document, "/api/draft/update", "post", foreseen.json) == []
        assert (shelf / name).read_bytes() == before
        assert (
            foreseen.json["added"]
            == json.loads(knowledge.update_outline(shelf / name, True).model_dump_json())["added"]
        )
    updated = client.post("/api/draft/update", draft=name).json
    assert [point["markdown"] for point in updated["added"]] == [point["markdown"] for point in foreseen.json["added"]]
    text = (shelf / name).read_text(encoding="utf-8")
    assert updated["added"]
    assert all(point["markdown"] in text for point in updated["added"])


def test_a_draft_in_another_order(client: Client, shelf: Path) -> None:
    """A draft is cut into sections and put together in another order, as Markdown or as a new file; one that has
    changed meanwhile is not.
    """
    document, outline = described(client), client.get("/api/outline", topic=TOPIC).json
    name = client.post("/api/draft", outline=outline).json["path"]
    cut = client.get("/api/draft/sections", draft=name)
    assert departures(document, "/api/draft/sections", "get", cut.json) == []
    lines = [block["line"] for section in cut.json["sections"] for block in section["points"]]
    asked = {"draft": name, "sha256": cut.json["sha256"]}
    asked |= {"sections": [{"heading": "All", "points": [*lines[::-1], outline["sections"][0]["points"][0]]}]}
    made = client.post("/api/draft/rearrange", **asked)
    assert departures(document, "/api/draft/rearrange", "post", made.json) == []
    assert made.json["path"] is None
    assert [one.name for one in (shelf / "drafts").iterdir()] == [Path(name).name]
    saved = client.post("/api/draft/rearrange", **asked, save=True).json
    assert saved["path"] not in (None, name)
    assert (shelf / saved["path"]).read_text(encoding="utf-8") == saved["markdown"] == made.json["markdown"]
    checked = client.get("/api/draft/check", draft=saved["path"]).json
    assert checked["ok"]
    assert len(checked["citations"]) == len(lines) + 1
    (shelf / name).write_text("# Changed\n", encoding="utf-8")
    refused = client.post("/api/draft/rearrange", **asked)
    assert (refused.status, refused.json["message"]) == (400, f"{name} has changed since it was opened; open it again")


def test_outlines_among_the_notes_are_drafts(client: Client, shelf: Path, encoder: HashingEncoder) -> None:
    """An outline that was added as a note is a draft too, wherever it lies; one outside the notebook is not."""
    outline = client.get("/api/outline", topic=TOPIC).json
    markdown = client.post("/api/render", outline=outline).json["markdown"]
    outside = shelf.with_name("outside")
    for folder in (shelf / "notes", outside):
        folder.mkdir(exist_ok=True)
        (folder / "outline.md").write_text(markdown, encoding="utf-8")
    with KnowledgeBase(shelf, encoder=encoder) as knowledge:
        report = knowledge.add([shelf / "notes", outside], area="gnn")
        assert len(report.added) == 2
    assert [draft["path"] for draft in client.get("/api/drafts").json["drafts"]] == ["notes/outline.md"]
    assert client.get("/api/draft/check", draft="notes/outline.md").json["ok"]
    assert client.get("/api/draft/check", draft=str(outside / "outline.md")).status == 404


def test_an_outline_with_own_headings(client: Client) -> None:
    """The writer's own headings are the sections, in their order; a heading that is given twice is a mistake."""
    headings = ["Features of neighbours", "Deep networks"]
    outline = client.get("/api/outline", topic=TOPIC, heading=headings, words=500).json
    assert [section["heading"] for section in outline["sections"]] == headings
    assert client.get("/api/outline", topic=TOPIC, heading=["A", "A"]).status == 400
    assert client.get("/api/outline", topic=TOPIC, heading="A", sections=2).status == 400


def test_a_removal_that_was_not_confirmed(client: Client, shelf: Path) -> None:
    """A verb's error has the message of the command line; what it says to confirm can be confirmed."""
    for number in range(20):
        (shelf / "notes" / f"more-{number}.md").write_text(f"---\narea: gnn\n---\n# {number}\n\nNote {number}.\n")
    assert ended(client, client.post("/api/sync").json["id"])["report"]["added"]
    for number in range(20):
        (shelf / "notes" / f"more-{number}.md").unlink()
    refused = ended(client, client.post("/api/sync").json["id"])
    assert (refused["state"], refused["failure"]["status"], refused["report"]) == ("failed", 409, None)
    assert refused["failure"]["error"] == "RemovalError"
    assert len(ended(client, client.post("/api/sync", allow_removal=True).json["id"])["report"]["removed"]) == 20


def ended(client: Client, id: str) -> Any:
    """A job when it has ended."""
    for _ in range(600):
        job = client.get("/api/job", id=id).json
        if job["state"] != "running":
            return job
        time.sleep(0.05)
    raise AssertionError("the job does not end")


def events(client: Client, id: str) -> Iterator[tuple[str, Any]]:
    """The events of a job: their names and data."""
    connection = http.client.HTTPConnection(client.host, timeout=30)
    connection.request("GET", f"/api/job/events?id={id}", headers={"Authorization": f"Bearer {client.token}"})
    response = connection.getresponse()
    assert response.getheader("content-type", "").startswith("text/event-stream")
    for event in response.read().decode().split("\n\n"):
        if event.startswith("event: "):
            name, data = event.split("\n")
            yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))
    connection.close()


def test_a_sync_tells_its_progress(client: Client, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sync runs in the background; its events count the notes and end with the report. Whoever asks for another one
    meanwhile gets one that begins after it, all the same.
    """
    for number in range(3):
        (shelf / "notes" / f"more-{number}.md").write_text(f"---\narea: gnn\n---\n# {number}\n\nNote {number}.\n")
    with write_lock(shelf / ".kb"):
        started = client.post("/api/sync")
        assert departures(described(client), "/api/sync", "post", started.json) == []
        job = started.json["id"]
        wait_until(lambda: client.post("/api/sync").json["id"] != job)  # the first has begun
        next_job = client.post("/api/sync").json["id"]
        assert client.post("/api/sync").json["id"] == next_job != job
        assert client.post("/api/sync", allow_removal=True).json["id"] not in (job, next_job)
        assert client.get("/api/job", id=job).json["state"] == "running"
        assert client.get("/api/search", query="neighbours").status == 200, "reads do not wait for it"
    told = list(events(client, job))
    assert {name for name, _ in told[:-1]} <= {"running"}
    name, last = told[-1]
    assert (name, last["done"], last["total"]) == ("done", 3, 3)
    assert len(last["report"]["added"]) == 3
    assert departures(described(client), "/api/job", "get", client.get("/api/job", id=job).json) == []
    assert ended(client, next_job)["report"]["added"] == []
    assert client.post("/api/sync").status == 200


def test_a_map_that_takes_long(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the map is computed, requests are told how far it is, and others are answered; then it is there. What went
    wrong is told once, and tried again.
    """
    goes_on = threading.Event()

    def slow(self: KnowledgeBase) -> NoteMap:
        self._progress(3, 7)
        goes_on.wait(30)
        return NoteMap(missing=("notes/x.md",))

    monkeypatch.setattr(mapping, "PATIENCE_SECONDS", 0.2)
    with monkeypatch.context() as patch:
        patch.setattr(verbs.KnowledgeBase, "map", slow)
        answer = client.get("/api/map")
        assert departures(described(client), "/api/map", "get", answer.json) == []
        assert (answer.json["computing"], answer.json["done"], answer.json["total"]) == (True, 3, 7)
        assert client.get("/api/search", query="neighbours").status == 200
        goes_on.set()
        assert client.get("/api/map").json["missing"] == ["notes/x.md"]
    with monkeypatch.context() as patch:
        patch.setattr(verbs.KnowledgeBase, "map", lambda self: 1 / 0)
        assert client.get("/api/map").json["error"] == "ZeroDivisionError"
    monkeypatch.setattr(mapping, "PATIENCE_SECONDS", 30)
    assert len(client.get("/api/map").json["notes"]) == len(NOTES)


def test_only_some_jobs_are_remembered(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest job is forgotten when there are too many."""
    monkeypatch.setattr(jobs, "REMEMBERED", 2)
    ids = []
    for _ in range(3):
        ids.append(client.post("/api/sync").json["id"])
        ended(client, ids[-1])
    assert [client.get("/api/job", id=id).status for id in ids] == [404, 200, 200]


def test_changes_of_another_process_are_seen(client: Client, shelf: Path, encoder: HashingEncoder) -> None:
    """What another process added is found by the next request."""
    assert client.get("/api/search", query="zebra stripes").json["good_match"] is False
    (shelf / "notes" / "zebra.md").write_text("---\narea: gnn\n---\n# Zebra\n\nZebra stripes.\n", encoding="utf-8")
    with KnowledgeBase(shelf, encoder=encoder) as knowledge:
        knowledge.sync()
    assert client.get("/api/search", query="zebra stripes").json["hits"][0]["path"] == "notes/zebra.md"


def test_a_search_while_a_note_is_added(client: Client) -> None:
    """Requests that read and change together are all answered."""
    statuses: list[int] = []

    def search() -> None:
        statuses.extend(client.get("/api/search", query=f"neighbours {number}").status for number in range(10))

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    added = [client.post("/api/add", title=f"New {number}", text="A graph.", area="gnn").status for number in range(3)]
    for thread in threads:
        thread.join()
    assert (statuses, added) == ([200] * 40, [200] * 3)


def test_nobody_waits_for_what_is_abandoned(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request whose client has gone before its turn comes is not answered; those that wait are."""
    begun: list[str] = []
    goes_on = threading.Event()
    search = verbs.KnowledgeBase.search

    def waiting(self: KnowledgeBase, query: str, *rest: Any) -> Any:
        begun.append(query)
        assert goes_on.wait(30)
        return search(self, query, *rest)

    monkeypatch.setattr(verbs.KnowledgeBase, "search", waiting)
    with ThreadPoolExecutor(THREADS + 1) as clients:
        answers = [clients.submit(client.get, "/api/search", query=f"first {number}") for number in range(THREADS)]
        wait_until(lambda: len(begun) == THREADS)
        for number in range(3):
            typed = http.client.HTTPConnection(client.host, timeout=30)
            typed.request(
                "GET", f"/api/search?query=typed+{number}", headers={"Authorization": f"Bearer {client.token}"}
            )
            typed.close()
        answers.append(clients.submit(client.get, "/api/search", query="last"))
        time.sleep(0.2)  # until the server has read all of that
        goes_on.set()
    assert [answer.result().status for answer in answers] == [200] * (THREADS + 1)
    assert set(begun) == {*(f"first {number}" for number in range(THREADS)), "last"}


def test_a_failure_that_is_no_error_of_kb(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault in kb itself is answered as JSON too, and the server goes on."""
    with monkeypatch.context() as patch:
        patch.setattr(verbs.KnowledgeBase, "status", lambda self: 1 / 0)
        answer = client.get("/api/status")
    assert (answer.status, answer.json["error"]) == (500, "ZeroDivisionError")
    assert client.get("/api/status").status == 200


def test_a_notebook_that_is_gone(client: Client, shelf: Path) -> None:
    """Where the notebook was moved away, requests say so."""
    shelf.rename(shelf.with_name("elsewhere"))
    answer = client.get("/api/status")
    assert answer.status == 500, answer.body
    assert answer.json["error"] == "NotebookError"
    assert not shelf.exists(), "nothing is made in its place"
    shelf.with_name("elsewhere").rename(shelf)
    assert client.get("/api/status").status == 200
