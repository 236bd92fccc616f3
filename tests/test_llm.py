"""The optional language model: what it may propose, and that the outline does not depend on it."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from conftest import Run

from kb.errors import ConfigError, LanguageModelError
from kb.knowledge import KnowledgeBase
from kb.models import Encoder
from kb.notebook import language_model_key
from kb.outline.language_model.asking import MAX_BYTES, ask
from kb.outline.language_model.proposal import described, reworded
from kb.reports import Gap, Outline, Point, Reference, Section

TOPIC = "serving large language models"
Answer = Callable[["Asked"], None]


class Asked(BaseHTTPRequestHandler):
    """One request to the test's server."""

    server: Server

    def do_POST(self) -> None:
        self.server.paths.append(self.path)
        self.server.keys.append(self.headers.get("Authorization"))
        self.server.questions.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.server.answer(self)

    def log_message(self, format: str, *args: object) -> None:
        """The test says what matters."""

    def send(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """A language model on the loopback that answers as a test tells it to, and remembers what it was asked."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.answer: Answer = saying("")
        self.paths: list[str] = []
        self.keys: list[str | None] = []
        self.questions: list[dict[str, Any]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is what some tests are about."""


def saying(text: str) -> Answer:
    """An answer in the form of a chat completion."""
    return lambda asked: asked.send(json.dumps({"choices": [{"message": {"content": text}}]}).encode())


def trickle(asked: Asked) -> None:
    asked.send_response(200)
    asked.end_headers()
    for _ in range(100):
        asked.wfile.write(b" ")
        asked.wfile.flush()
        time.sleep(0.05)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def section(name: str, *texts: str) -> Section:
    points = (Point(text=text, path="a.md", start_line=1, end_line=1, sha256=text * 3) for text in texts)
    return Section(heading=name, points=tuple(points), notes=("a.md",))


OUTLINE = Outline(
    topic="t",
    title="T",
    area="llm",
    sections=(section("One", "a", "b"), section("Two", "c")),
    references=(Reference(title="r", authors=(), url="u", cited_by=("a.md",), sections=("One", "Two")),),
    gaps=(Gap(kind="one note", text="x", section="Two"), Gap(kind="other", text="y")),
)
SUMMARY = {"text": "It costs memory.", "points": ["p2", "p1", "p2"]}
GOOD: dict[str, Any] = {
    "title": "A better title",
    "sections": [{"id": "s2", "name": "First things"}, {"id": "s1", "name": "One", "summary": SUMMARY}],
}


def changed(**fields: object) -> str:
    """The good answer with other fields in its first section."""
    first, *rest = GOOD["sections"]
    return json.dumps(GOOD | {"sections": [first | fields, *rest]})


def grouped(*points: list[str], name: str | None = "Group") -> str:
    """An answer that makes groups of points, named by their number."""
    numbered = enumerate(points)
    sections = [{"name": name and f"{name} {'abc'[number]}", "points": own} for number, own in numbered]
    return json.dumps({"title": None, "sections": sections})


# --- what an answer may say ---


def test_points_are_grouped_anew_and_stay_as_they_are() -> None:
    """Points may move, sections may merge or split; notes, references and gaps are those of the new sections."""
    outline = reworded(OUTLINE, grouped(["p3", "p1"], ["p2"]))
    first, second = OUTLINE.sections
    assert [part.points for part in outline.sections] == [(second.points[0], first.points[0]), (first.points[1],)]
    assert [(part.heading, part.generated) for part in outline.sections] == [("Group a", True), ("Group b", True)]
    assert [part.notes for part in outline.sections] == [("a.md",), ("a.md",)]
    assert outline.references[0].sections == ("Group a", "Group b")
    assert {gap.section for gap in outline.gaps} == {"Group a", "Group b", None}
    (merged,) = reworded(OUTLINE, grouped(["p2", "p3", "p1"])).sections
    assert merged.points == (first.points[1], second.points[0], first.points[0])


def test_a_name_may_say_what_the_points_name() -> None:
    """Names, numbers and acronyms of the points, their labels and the topic, in any case; and title case."""
    outline = OUTLINE.model_copy(update={"topic": "kv cache in vLLM", "sections": (section("One", "40% less", "b"),)})
    for name in ("The KV cache", "40 percent less", "vLLM", "Waiting Is Cheap with Big Caches", "Why a cache helps"):
        assert reworded(outline, grouped(["p1", "p2"], name=name.removesuffix(" a"))).sections[0].generated


def test_names_order_and_summaries_are_taken_and_marked() -> None:
    """What was generated says so; a name that stays does not; references and gaps follow the new names. A section that
    is named by its id keeps its points.
    """
    outline = reworded(OUTLINE, json.dumps(GOOD))
    assert (outline.title, outline.generated_title) == ("A better title", True)
    assert [(part.heading, part.generated) for part in outline.sections] == [("First things", True), ("One", False)]
    assert [part.points for part in outline.sections] == [OUTLINE.sections[1].points, OUTLINE.sections[0].points]
    summary = outline.sections[1].summary
    assert summary
    assert (summary.text, summary.generated, summary.points) == ("It costs memory.", True, ("bbb", "aaa"))
    assert outline.references[0].sections == ("One", "First things")
    assert [gap.section for gap in outline.gaps] == ["First things", None]


@pytest.mark.parametrize("form", ["{}", "```json\n{}\n```", "<think>Hm {{}}.</think>\n{}", "\n```\n{}\n```\n"])
def test_what_models_put_around_json_does_not_count(form: str) -> None:
    """A code fence and the thoughts of a reasoning model are taken off."""
    assert reworded(OUTLINE, form.format(json.dumps(GOOD))).title == "A better title"


def test_an_answer_may_leave_everything_as_it_is() -> None:
    """Null names and no summary are the outline itself."""
    same = {"title": None, "sections": [{"id": "s1", "name": None, "summary": None}, {"id": "s2"}]}
    assert reworded(OUTLINE, json.dumps(same)) == OUTLINE


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("Sure! Here is your outline.", "JSON"),
        ("[1, 2]", "is invalid"),
        ("[" * 100_000, "is invalid"),
        (json.dumps(GOOD | {"points": []}), "points"),
        (json.dumps(GOOD | {"title": "x" * 121}), "title"),
        (json.dumps(GOOD | {"sections": []}), "sections"),
        (json.dumps(GOOD | {"sections": GOOD["sections"][:1]}), "leaves out: 'p1'"),
        (json.dumps(GOOD | {"sections": GOOD["sections"] * 2}), "repeats: 'p3'"),
        (changed(id="s3"), "unknown section: 's3'"),
        (changed(id="../../etc/passwd"), "unknown section"),
        (changed(id=None), "without a name or without points"),
        (grouped(["p1", "p2"]), "leaves out: 'p3'"),
        (grouped(["p1", "p2"], ["p2", "p3"]), "repeats: 'p2'"),
        (grouped(["p1", "p1", "p2", "p3"]), "repeats: 'p1'"),
        (grouped(["p1", "p2", "p3", "p4"]), "unknown point: 'p4'"),
        (grouped(["p1", "p2", "p3", "a"]), "unknown point: 'a'"),
        (grouped(["p1", "p2", "p3"], []), "points"),
        (grouped(["p1", "p2", "p3"], name=None), "without a name"),
        (changed(name="What Mamba costs"), "names 'Mamba'"),
        (changed(name="Faster by 40 percent"), "names '40'"),
        (changed(name="The rise of GPT-5"), "names 'GPT-5'"),
        (json.dumps(GOOD | {"title": "All about vLLM"}), "names 'vLLM'"),
        (changed(name="x" * 81), r"sections\[0\]\.name"),
        (changed(name="one"), "same name"),
        (changed(name=" "), "plain text"),
        (changed(name="# Heading"), "plain text"),
        (changed(name="two\nlines"), "plain text"),
        (changed(name="<b>bold</b>"), "plain text"),
        (changed(name="{{ site.secret }}"), "plain text"),
        (changed(name="**bold**"), "plain text"),
        (changed(name="see https://a.example"), "plain text"),
        (changed(name="escape \x1b[2J"), "plain text"),
        (changed(summary={"text": "It is.", "points": []}), "points"),
        (changed(summary={"text": "It is.", "points": ["p1"]}), "outside its section: 'p1'"),
        (changed(summary={"text": "It is.", "points": ["p9"]}), "outside its section: 'p9'"),
        (changed(summary={"text": "It is. So it was.", "points": ["p3"]}), "one sentence"),
        (changed(summary={"text": "[x](y)", "points": ["p3"]}), "plain text"),
        (changed(points=[{"text": "invented"}]), "points"),
        (changed(text="invented"), "text"),
        (changed(name="right\u202eleft"), "plain text"),
    ],
)
def test_any_other_answer_is_refused_as_a_whole(answer: str, message: str) -> None:
    """One thing that was not asked for, and nothing of the answer is taken."""
    with pytest.raises(LanguageModelError, match=message):
        reworded(OUTLINE, answer)


def test_what_is_sent_names_no_file() -> None:
    """The model gets texts with ids; paths and hashes stay here."""
    assert json.loads(described(OUTLINE)) == {
        "topic": "t",
        "title": "T",
        "sections": [
            {
                "id": "s1",
                "heading": "One",
                "points": [{"id": "p1", "text": "a", "note": "n1"}, {"id": "p2", "text": "b", "note": "n1"}],
            },
            {"id": "s2", "heading": "Two", "points": [{"id": "p3", "text": "c", "note": "n1"}]},
        ],
    }


# --- over HTTP ---


def test_one_question_is_asked(server: Server) -> None:
    """Instruction and material are two messages; the model's name and the key are sent where there are any."""
    server.answer = saying("yes")
    assert ask(server.address, "tiny", "secret", "Name it.", "{}") == "yes"
    assert ask(f"{server.address}/", None, None, "Name it.", "{}") == "yes"
    assert server.paths == ["/v1/chat/completions"] * 2
    assert server.keys == ["Bearer secret", None]
    assert [question.get("model") for question in server.questions] == ["tiny", None]
    assert [message["content"] for message in server.questions[0]["messages"]] == ["Name it.", "{}"]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda asked: asked.send(b"no such\n model", status=404), "status 404: no such model"),
        (lambda asked: asked.send(b"", status=500), "status 500$"),
        (lambda asked: asked.send(b"", status=307, Location="/v1/elsewhere"), "status 307"),
        (lambda asked: asked.send(b"nonsense"), "no chat completion"),
        (lambda asked: asked.send(b'{"choices": []}'), "no chat completion"),
        (lambda asked: asked.send(b'{"choices": [{"message": {"content": null}}]}'), "has no text"),
        (lambda asked: asked.send(b"[" * (MAX_BYTES + 1)), "more than 1,000,000 bytes"),
        (lambda asked: asked.wfile.write(b"no HTTP at all\r\n\r\n"), "cannot be reached"),
        (lambda asked: None, "cannot be reached"),
        (lambda asked: time.sleep(1), "within 0.2 s"),
        (trickle, "within 0.2 s"),
    ],
    ids=["404", "500", "redirect", "text", "empty", "null", "huge", "no-http", "hangs-up", "silent", "trickle"],
)
def test_a_server_that_fails_is_one_error(server: Server, answer: Answer, message: str) -> None:
    """Any failure of a server ends soon in a one-line error; a redirect is not followed."""
    server.answer = answer
    with pytest.raises(LanguageModelError, match=message) as raised:
        ask(server.address, None, None, "", "", timeout=0.2 if "within" in message else 60)
    assert "\n" not in str(raised.value)
    assert len(server.paths) == 1


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/v1", "http://127.0.0.1:99999/v1", "https://127.0.0.1:1"])
def test_nobody_there(address: str) -> None:
    """A refused connection and a port that cannot be are the same error."""
    with pytest.raises(LanguageModelError, match="cannot be reached"):
        ask(address, None, None, "", "")


def test_a_key_that_is_none_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that could not be sent is refused without being named; an empty variable is no key."""
    monkeypatch.setenv("KB_LLM_KEY", "zyx\nwvu")
    with pytest.raises(ConfigError) as raised:
        language_model_key()
    assert "wvu" not in str(raised.value)
    monkeypatch.setenv("KB_LLM_KEY", "")
    assert language_model_key() is None


# --- through the command line ---


@pytest.fixture
def own(indexed_notes: Path, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repository's own notes, and settings that name the server; also the working directory."""
    root = shutil.copytree(indexed_notes, tmp_path / "own")
    (root / "kb.toml").write_text(f'[outline]\nllm = "{server.address}"\nllm_model = "tiny"\n')
    monkeypatch.chdir(root)
    return Path(root)


@pytest.fixture(scope="module")
def plain(indexed_notes: Path, real_encoder: Encoder) -> str:
    """The outline of the notes' own words."""
    with KnowledgeBase(indexed_notes, encoder=real_encoder) as knowledge:
        return knowledge.render(knowledge.outline(TOPIC))


@pytest.mark.model
@pytest.mark.usefixtures("own")
def test_the_model_can_be_left_out(kb: Callable[..., Run], server: Server, plain: str) -> None:
    """With `--no-llm` there is no request."""
    run = kb("outline", TOPIC, "--no-llm")
    assert (run.code, run.out, server.paths) == (0, plain, [])
    assert "language model" not in run.err


@pytest.mark.model
@pytest.mark.parametrize(
    "answer",
    [
        saying("Happy to help!"),
        saying('{"title": "x", "sections": [{"id": "s99"}]}'),
        saying('{"sections": [{"name": "Everything", "points": ["p1"]}]}'),
        lambda asked: asked.send(b"", status=500),
        lambda asked: asked.send(b" " * (MAX_BYTES + 1)),
    ],
    ids=["nonsense", "unknown-id", "points-lost", "500", "huge"],
)
@pytest.mark.usefixtures("own")
def test_without_a_good_answer_the_outline_is_the_same(
    kb: Callable[..., Run], server: Server, answer: Answer, plain: str
) -> None:
    """To the byte the outline that `--no-llm` gives, with one line that says what failed."""
    server.answer = answer
    failed = kb("outline", TOPIC)
    assert (failed.code, failed.out) == (0, plain)
    said = [line for line in failed.err.splitlines() if "before" not in line and "already" not in line]
    assert len(server.paths) == len(said) == 1
    assert said[0].endswith("; the outline keeps the headings made from your notes")


@pytest.mark.model
def test_a_model_may_group_the_points_of_real_notes(own: Path, server: Server, real_encoder: Encoder) -> None:
    """One section of two points each, in reverse: every point is there with its address, and the citations hold."""

    def answer(asked: Asked) -> None:
        told = json.loads(server.questions[-1]["messages"][1]["content"])["sections"]
        ids = [point["id"] for part in told for point in part["points"]][::-1]
        pairs = [ids[start : start + 2] for start in range(0, len(ids), 2)]
        numbers = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
        names = [f"{first} {second}" for first in numbers for second in numbers]
        saying(json.dumps({"sections": [{"name": n, "points": p} for n, p in zip(names, pairs, strict=False)]}))(asked)

    server.answer = answer
    with KnowledgeBase(own, encoder=real_encoder) as knowledge:
        before, after = knowledge.outline(TOPIC, llm=False), knowledge.outline(TOPIC)
        points = [point for part in before.sections for point in part.points]
        assert [point for part in after.sections for point in part.points] == points[::-1]
        assert len(after.sections) == (len(points) + 1) // 2
        knowledge.write("draft.md", knowledge.render(after))
        assert knowledge.check_outline("draft.md").ok


@pytest.mark.model
def test_a_good_answer_is_shown_and_marked(own: Path, server: Server, real_encoder: Encoder) -> None:
    """Generated title, names and summary are marked in every template, and no point is added or lost."""

    def answer(asked: Asked) -> None:
        told = json.loads(server.questions[-1]["messages"][1]["content"])["sections"]
        sections: list[dict[str, Any]] = [{"id": part["id"], "name": f"Part {part['id']}"} for part in told]
        sections[0]["summary"] = {"text": "It all $costs$ memory.", "points": [told[0]["points"][0]["id"]]}
        saying(json.dumps({"title": "On serving", "sections": sections[::-1]}))(asked)

    server.answer = answer
    with KnowledgeBase(own, encoder=real_encoder) as knowledge:
        before, after = knowledge.outline(TOPIC, llm=False), knowledge.outline(TOPIC)
        texts = [knowledge.render(after, template) for template in ("jekyll", "hugo", "plain")]
    assert [part.points for part in after.sections] == [part.points for part in reversed(before.sections)]
    assert all(part.generated for part in after.sections)
    for text in texts:
        assert "It all $costs$ memory. *(generated)*" in text
        assert text.count("<!-- The heading is generated. -->") == len(after.sections)
        assert text.count("<!-- The title is generated. -->") == 1
