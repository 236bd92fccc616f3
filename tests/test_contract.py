"""What programs rely on: the field names and types of every JSON report, and the library's public names."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from shutil import copy2, copytree
from typing import Any

import pytest
from conftest import REPOSITORY, Run, indexed, made_once

import kb as package
from kb.errors import KbError
from kb.knowledge import KnowledgeBase
from kb.models import Encoder
from kb.notes.prose import clean

pytestmark = pytest.mark.model

NOTES = ("gcn", "gat", "gin", "over-smoothing", "over-squashing", "lora", "dlrm", "focaccia")
TOPIC = "why deep graph networks forget"

# A shape is a type, a set of allowed texts, a tuple of alternatives, a list of one shape, or fields with their shapes.
AREA = {"ml-systems", "gnn", "llm"}
FILED = AREA | {"detour"}
VERDICT = AREA | {"outside"}
DECIDED_BY = {"front matter", "flag", "decision", "classifier"}
EVIDENCE = [{"text": str, "toward": VERDICT, "weight": float, "path": str, "line": int}]
ADDED = [
    {
        "path": str,
        "area": FILED,
        "kind": {"note", "post", "outline"},
        "confidence": float,
        "unsure": bool,
        "decided_by": DECIDED_BY,
        "runner_up": VERDICT,
        "margin": float,
        "chunks": int,
        "near_duplicate_of": (str, None),
    }
]
SYNC = {
    "schema": {"kb.sync/1"},
    "added": ADDED,
    "updated": ADDED,
    "renamed": [{"from": str, "to": str}],
    "removed": [str],
    "unchanged": int,
    "outside": [{"path": str, "nearest_area": AREA, "confidence": float, "evidence": EVIDENCE}],
    "captured": [
        {
            "input": str,
            "key": str,
            "title": str,
            "state": {"new", "updated", "merged", "conflict", "unchanged", "known", "outside"},
            "path": (str, None),
            "changes": str,
            "conflict": (str, None),
            "remarks": [str],
            "nearest_area": (AREA, None),
            "confidence": (float, None),
            "evidence": EVIDENCE,
        }
    ],
    "skipped": [{"path": str, "reason": str}],
    "taken_as_posts": [{"path": str, "folder": str}],
    "passed_over": {".txt": int, ".org": int},
    "ignored": {".gitignore": int},
    "embedded_chunks": int,
    "seconds": float,
}
CLASSIFY = {
    "schema": {"kb.classify/1"},
    "path": str,
    "area": VERDICT,
    "confidence": float,
    "unsure": bool,
    "decided_by": DECIDED_BY,
    "also": (AREA, None),
    "runner_up": VERDICT,
    "margin": float,
    "scores": {"ml-systems": float, "gnn": float, "llm": float, "outside": float},
    "evidence": EVIDENCE,
}
SEARCH = {
    "schema": {"kb.search/1"},
    "query": str,
    "mode": {"hybrid", "dense", "lexical"},
    "good_match": bool,
    "weaker": int,
    "hits": [
        {
            "rank": int,
            "path": str,
            "title": str,
            "area": FILED,
            "kind": {"note", "post", "outline"},
            "date": (str, None),
            "tags": [str],
            "state": {"current", "changed"},
            "heading_path": [str],
            "start_line": int,
            "end_line": int,
            "snippet": str,
            "marks": [[int]],
            "text": str,
            "score": float,
            "scores": {"dense": (float, None), "lexical": (float, None)},
            "passages": [dict],
            "explain": (dict, None),
        }
    ],
    "changed_notes": int,
    "held_back": [{"path": str, "title": str}],
    "read_as": [{"concept": str, "weight": float}],
    "seconds": float,
}
CONCEPTS = {
    "schema": {"kb.concepts/1"},
    "query": (str, None),
    "concepts": [
        {
            "concept": str,
            "area": (VERDICT, None),
            "weight": (float, None),
            "how": ({"named", "described", "part", "related"}, None),
            "aliases": [str],
            "definition": str,
            "part_of": [str],
            "parts": [str],
            "builds_on": [str],
            "leads_to": [str],
            "alternatives": [str],
            "notes": [str],
            "everywhere": bool,
        }
    ],
}
PLACE = {"text": str, "path": str, "start_line": int, "end_line": int}
OUTLINE = {
    "schema": {"kb.outline/1"},
    "topic": str,
    "areas": [FILED],
    "wanted_sections": (int, None),
    "considered": [{"path": str, "sha256": str}],
    "title": str,
    "generated_title": bool,
    "area": VERDICT,
    "sections": [
        {
            "heading": str,
            "generated": bool,
            "summary": ({"text": str, "generated": bool, "points": [str]}, None),
            "points": [PLACE | {"sha256": str}],
            "notes": [str],
        }
    ],
    "references": [{"title": str, "authors": [str], "url": str, "cited_by": [str], "sections": [str]}],
    "open_questions": [{"text": str, "path": str, "line": int}],
    "gaps": [{"kind": str, "text": str, "section": (str, None)}],
    "leftovers": [PLACE],
    "covered_before": [
        {
            "path": str,
            "title": str,
            "date": (str, None),
            "similarity": float,
            "points": [{"text": str, "said": PLACE}],
        }
    ],
}
CHECK = {
    "schema": {"kb.check/1"},
    "path": str,
    "ok": bool,
    "citations": [
        {
            "line": int,
            "path": str,
            "start_line": int,
            "end_line": int,
            "sha256": str,
            "state": {"holds", "moved", "changed", "gone"},
            "text": (str, None),
            "moved_to": (PLACE, None),
            "quoted": str,
            "now": (PLACE, None),
        }
    ],
}
PUBLISH = {
    "schema": {"kb.publish/1"},
    "path": str,
    "output": str,
    "date": str,
    "written": bool,
    "refused": bool,
    "area": (VERDICT | {"detour"}, None),
    "citations": int,
    "failing": CHECK["citations"],
    "unfinished": [{"line": int, "text": str}],
    "references": int,
    "cited": int,
    "cited_notes": [str],
}
UPDATE = {
    "schema": {"kb.update/1"},
    "path": str,
    "dry_run": bool,
    "added": [PLACE | {"sha256": str, "section": str, "new_section": bool, "markdown": str}],
}
COMPARED = {"path": str, "title": str, "area": FILED, "kind": {"note", "post", "outline"}}
RELATED = {
    "schema": {"kb.related/1"},
    "path": str,
    "title": str,
    "notes": [
        COMPARED
        | {
            "state": {"current", "changed"},
            "score": float,
            "link": ({"to", "from", "both"}, None),
            "passage_score": float,
            "ours": PLACE,
            "theirs": PLACE,
        }
    ],
    "changed_notes": int,
    "missing": [str],
}
DUPLICATES = {
    "schema": {"kb.duplicates/1"},
    "notes": [{"similarity": float, "notes": [COMPARED]}],
    "passages": [{"similarity": float, "passages": [PLACE]}],
}
IDEAS = {
    "schema": {"kb.ideas/1"},
    "ideas": [
        {
            "title": str,
            "area": FILED,
            "ripeness": float,
            "parts": {"evidence": float, "recency": float, "questions": float, "novelty": float},
            "new_since_post": [str],
            "notes": [str],
            "passages": int,
            "recent_notes": int,
            "open_questions": int,
            "nearest_post": ({"path": str, "title": str, "date": (str, None), "similarity": float}, None),
            "why": [str],
            "command": str,
        }
    ],
    "notes": int,
}
DOCTOR = {
    "schema": {"kb.doctor/1"},
    "ok": bool,
    "findings": [{"check": str, "severity": str, "path": (str, None), "message": str, "repair": str}],
}
REBUILT = {
    "schema": {"kb.rebuild/1"},
    "made_from": {"catalog", "notes"},
    "notes": int,
    "chunks": int,
    "embedded_chunks": int,
    "skipped": [{"path": str, "reason": str}],
    "seconds": float,
}
BACKUP = {"schema": {"kb.backup/1"}, "path": str, "notes": int, "bytes": int}
LISTED = {
    "id": str,
    "path": str,
    "title": str,
    "area": FILED | {"outside"},
    "kind": {"note", "post", "outline"},
    "date": (str, None),
    "tags": [str],
    "unsure": bool,
    "confidence": float,
    "linked": int,
}
LIST = {"schema": {"kb.list/1"}, "notes": [LISTED]}
SHOW = LISTED | {"schema": {"kb.show/1"}, "state": {"current", "changed"}, "text": str, "chunks": int, "links": [str]}
SHOW |= {"targets": dict, "linked_from": [str]}
STATUS = {
    "schema": {"kb.status/1"},
    "notebook": str,
    "sources": [str],
    "areas": [{"area": FILED | {"outside"}, "notes": int}],
    "unsure": int,
    "changed_notes": int,
    "generation": int,
}
EVAL = {
    "schema": {"kb.eval/1"},
    "queries": int,
    "systems": [{"mode": str, "ndcg_10": float, "recall_10": float, "mrr": float}],
}
EVAL_AREAS = {
    "schema": {"kb.eval-areas/1"},
    "notes": int,
    "mixed": int,
    "macro_f1_areas": (float, None),
    "macro_f1": float,
    "auroc": (float, None),
    "calibration_error": float,
    "held_back": (float, None),
    "confusion": {area: dict.fromkeys(VERDICT, int) for area in VERDICT},
    "groups": [{"group": str, "notes": int, "accuracy": float}],
    "errors": [{"path": str, "gold": VERDICT, "verdict": VERDICT, "confidence": float}],
    "skipped": [{"path": str, "reason": str}],
    "verdicts_per_second": float,
}


def departures(value: Any, shape: Any, where: str = "") -> list[str]:
    """Where a JSON value departs from a shape; additional fields are allowed."""
    if isinstance(shape, tuple):
        return [] if any(not departures(value, one) for one in shape) else [f"{where}: {value!r}"]
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{where}: {value!r} is no object"]
        missing = [f"{where}.{name} is missing" for name in shape if name not in value]
        return missing + [
            found
            for name in shape.keys() & value.keys()
            for found in departures(value[name], shape[name], f"{where}.{name}")
        ]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{where}: {value!r} is no list"]
        return [found for index, one in enumerate(value) for found in departures(one, shape[0], f"{where}[{index}]")]
    fits = value in shape if isinstance(shape, set) else value is None if shape is None else type(value) is shape
    return [] if fits else [f"{where}: {value!r}"]


def copy_notes(root: Path, *names: str) -> None:
    """Some of the repository's own notes, into a notebook's `notes/`."""
    (root / "notes").mkdir(parents=True, exist_ok=True)
    for name in names:
        copy2(REPOSITORY / "notes" / f"{name}.md", root / "notes")


@pytest.fixture(scope="session")
def original(shared: Path, real_encoder: Encoder) -> Path:
    """Eight notes and a post, indexed; to be copied."""

    def make(root: Path) -> None:
        copy_notes(root, *NOTES)
        post = "---\ntitle: Depth in graph networks\ndate: 2024-02-03\nkind: post\narea: gnn\n---\n"
        post += "Why do deep graph neural networks forget? Over-smoothing makes all nodes alike.\n"
        (root / "notes" / "post.md").write_text(post, encoding="utf-8")
        indexed(root, real_encoder)

    return made_once(shared / "contract", make)


@pytest.fixture
def here(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the indexed notebook, and the working directory."""
    copytree(original, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture
def report(kb: Callable[..., Run]) -> Callable[..., Any]:
    """Run a command with `--json`; its standard output is one line, one object."""

    def run(*arguments: str, code: int = 0) -> Any:
        ended = kb(*arguments, "--json")
        assert ended.code == code, ended.err
        assert ended.out.count("\n") == 1
        return json.loads(ended.out)

    return run


def test_add_and_sync(notebook: Path, report: Callable[..., Any]) -> None:
    """Adding and syncing report what was added, updated, renamed, removed, held back, skipped and passed over."""
    copy_notes(notebook, "gcn", "gin", "lora", "focaccia")
    (notebook / "notes" / "latin.md").write_bytes(b"caf\xe9")
    for name, content in {
        "a.txt": "Text.",
        "b.org": "Text.",
        "c.org": "",
        "d.md": "Text.",
        ".gitignore": "d.md",
    }.items():
        (notebook / "notes" / name).write_text(content, encoding="utf-8")
    (notebook / "notes" / "_posts").mkdir()
    copy2(REPOSITORY / "notes" / "over-squashing.md", notebook / "notes" / "_posts")
    added = report("add", "notes", code=3)
    assert departures(added, SYNC) == []
    assert {note["path"]: note["area"] for note in added["added"]} == {
        "notes/gcn.md": "gnn",
        "notes/gin.md": "gnn",
        "notes/lora.md": "llm",
        "notes/_posts/over-squashing.md": "gnn",
    }
    assert added["taken_as_posts"] == [{"path": "notes/_posts/over-squashing.md", "folder": "_posts"}]
    assert [note["path"] for note in added["outside"]] == ["notes/focaccia.md"]
    assert [file["path"] for file in added["skipped"]] == ["notes/latin.md"]
    assert (added["passed_over"], added["ignored"]) == ({".org": 2, ".txt": 1}, {".gitignore": 1})
    assert added["embedded_chunks"] > 0
    assert all(0 <= note["confidence"] <= 1 for note in added["added"] + added["outside"])

    (notebook / "notes" / "gcn.md").open("a").write("\nOne more line on graph convolution.\n")
    (notebook / "notes" / "lora.md").rename(notebook / "notes" / "low-rank.md")
    (notebook / "notes" / "gin.md").unlink()
    (notebook / "notes" / "latin.md").unlink()
    synced = report("sync")
    assert departures(synced, SYNC) == []
    assert [note["path"] for note in synced["updated"]] == ["notes/gcn.md"]
    assert synced["renamed"] == [{"from": "notes/lora.md", "to": "notes/low-rank.md"}]
    assert synced["removed"] == ["notes/gin.md"]
    again = report("sync")
    assert (again["unchanged"], again["embedded_chunks"]) == (4, 0)
    assert not any(again[name] for name in ("added", "updated", "renamed", "removed", "outside", "skipped"))


def test_classify(here: Path, kb: Callable[..., Run]) -> None:
    """classify prints one object per note; the four scores are probabilities, even if front matter decides."""
    (here / "mine.md").write_text("---\narea: llm\n---\nMessage passing on graphs with a GNN.\n", encoding="utf-8")
    verdicts = [json.loads(line) for line in kb("classify", "notes", "mine.md", "--json").out.splitlines()]
    assert len(verdicts) == len(NOTES) + 2
    assert [found for verdict in verdicts for found in departures(verdict, CLASSIFY)] == []
    assert all(sum(verdict["scores"].values()) == pytest.approx(1) for verdict in verdicts)
    assert all(min(verdict["scores"].values()) >= 0 for verdict in verdicts)
    mine = verdicts[-1]
    assert (mine["area"], mine["decided_by"]) == ("llm", "front matter")
    assert mine["scores"]["gnn"] > mine["scores"]["llm"]


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
def test_search(here: Path, report: Callable[..., Any], mode: str) -> None:
    """A search reports notes with ranks, addresses and both scores in every mode."""
    found = report("search", "over-smoothing of node features", "--mode", mode, "-n", "3", "--explain")
    assert departures(found, SEARCH) == []
    assert departures(report("concepts", TOPIC), CONCEPTS) == []
    assert departures(report("concepts", "--area", "gnn"), CONCEPTS) == []
    assert found["mode"] == mode
    assert [hit["rank"] for hit in found["hits"]] == [1, 2, 3][: len(found["hits"])]
    order = [hit["explain"]["raw"] if mode == "hybrid" else hit["score"] for hit in found["hits"]]
    assert order == sorted(order, reverse=True)
    for hit in found["hits"]:
        lines = (here / hit["path"]).read_text(encoding="utf-8").split("\n")
        assert hit["text"].strip() in "\n".join(lines[hit["start_line"] - 1 : hit["end_line"]])
        assert hit["explain"] is not None
        assert hit["scores"]["lexical"] is None or hit["scores"]["lexical"] > 0


def test_related(here: Path, report: Callable[..., Any]) -> None:
    """Related notes are reported with cosines, links, and the addresses of the nearest passages."""
    found = report("related", "over-smoothing", "-n", "3")
    assert departures(found, RELATED) == []
    assert (found["path"], len(found["notes"])) == ("notes/over-smoothing.md", 3)
    for note in found["notes"]:
        assert (note["ours"]["path"], note["theirs"]["path"]) == (found["path"], note["path"])
        for place in (note["ours"], note["theirs"]):
            lines = (here / place["path"]).read_text(encoding="utf-8").split("\n")
            assert place["text"].strip() in "\n".join(lines[place["start_line"] - 1 : place["end_line"]])


def test_duplicates(here: Path, report: Callable[..., Any]) -> None:
    """A copy is reported when it is added, and listed with its original and their similarity."""
    copy = (here / "notes" / "gcn.md").read_text(encoding="utf-8").replace("graph", "network", 2)
    (here / "notes" / "gcn-copy.md").write_text(copy, encoding="utf-8")
    lora = (here / "notes" / "lora.md").read_text(encoding="utf-8").split("\n## ")
    (here / "notes" / "ranks.md").write_text(f"{lora[0].split('# ')[0]}# Ranks\n\n## {lora[1]}", encoding="utf-8")
    added = {note["path"]: note["near_duplicate_of"] for note in report("add", "notes")["added"]}
    assert added == {"notes/gcn-copy.md": "notes/gcn.md", "notes/ranks.md": None}
    found = report("duplicates")
    assert departures(found, DUPLICATES) == []
    assert [[note["path"] for note in group["notes"]] for group in found["notes"]] == [
        ["notes/gcn-copy.md", "notes/gcn.md"]
    ]
    assert [{place["path"] for place in group["passages"]} for group in found["passages"]] == [
        {"notes/lora.md", "notes/ranks.md"}
    ]


def test_ideas(here: Path, report: Callable[..., Any]) -> None:
    """An idea names its notes, the reasons, and the command that drafts it."""
    found = report("ideas", "-n", "1")
    assert departures(found, IDEAS) == []
    assert [idea["command"] for idea in found["ideas"]] == ['kb outline "graph representation learning"']


def test_outline(here: Path, report: Callable[..., Any]) -> None:
    """The cleaned lines at the address of each point contain its text, and its hash is that of the text."""
    outline = report("outline", TOPIC)
    assert departures(outline, OUTLINE) == []
    points = [point for section in outline["sections"] for point in section["points"]]
    assert points
    for point in points:
        lines = (here / point["path"]).read_text(encoding="utf-8").split("\n")
        assert point["text"] in clean("\n".join(lines[point["start_line"] - 1 : point["end_line"]]))
        assert point["sha256"] == hashlib.sha256(" ".join(point["text"].split()).encode()).hexdigest()
    for section in outline["sections"]:
        assert set(section["notes"]) == {point["path"] for point in section["points"]}
    assert [post["path"] for post in outline["covered_before"]] == ["notes/post.md"]


def test_written_outline(here: Path, kb: Callable[..., Run], report: Callable[..., Any]) -> None:
    """A check reports every citation with its state; an update reports the points that it added."""
    cited = [
        quoted
        for section in report("outline", TOPIC)["sections"]
        for point in section["points"]
        for quoted in (point, *point["also"])
    ]
    points = [{name: quoted[name] for name in (*PLACE, "sha256")} for quoted in cited]
    assert kb("outline", TOPIC, "-o", "draft.md").code == 0
    checked = report("outline", "--check", "draft.md")
    assert departures(checked, CHECK) == []
    assert checked["ok"]
    assert [{name: entry[name] for name in (*PLACE, "sha256")} for entry in checked["citations"]] == points
    note = here / points[0]["path"]
    note.write_text("One line more.\n\n" + note.read_text(encoding="utf-8"), encoding="utf-8")
    checked = report("outline", "--check", "draft.md", code=3)
    assert departures(checked, CHECK) == []
    assert (checked["ok"], checked["citations"][0]["state"]) == (False, "moved")
    assert checked["citations"][0]["moved_to"]["start_line"] == points[0]["start_line"] + 2
    copy_notes(here, "lightgcn", "rgcn")
    assert kb("sync").code == 0
    coming = report("outline", "--update", "draft.md", "--dry-run")
    updated = report("outline", "--update", "draft.md")
    assert departures(updated, UPDATE) == []
    assert updated["added"]
    assert (coming["dry_run"], coming["added"]) == (True, updated["added"])
    refused = report("publish", "draft.md", code=3)
    assert departures(refused, PUBLISH) == []
    assert (refused["written"], refused["refused"], refused["failing"][0]["state"]) == (False, True, "moved")
    published = report("publish", "draft.md", "--force")
    assert departures(published, PUBLISH) == []
    assert (published["written"], published["output"]) == (True, "notes/draft.md")


def test_reading(here: Path, report: Callable[..., Any]) -> None:
    """List, show, status, doctor and eval report in the same words."""
    (here / "golden.toml").write_text('[[query]]\ntext = "low rank"\nrelevant = ["notes/lora.md"]\n', encoding="utf-8")
    (here / "labels.jsonl").write_text('{"path": "gcn.md", "area": "llm"}\n', encoding="utf-8")
    for arguments, shape in (
        (("list",), LIST),
        (("list", "--outside"), LIST),
        (("show", "gcn"), SHOW),
        (("status",), STATUS),
        (("doctor",), DOCTOR),
        (("eval", "golden.toml"), EVAL),
        (("eval", "--areas", "labels.jsonl", "--root", "notes"), EVAL_AREAS),
    ):
        assert departures(report(*arguments), shape) == [], arguments


def test_doctor_with_findings(here: Path, report: Callable[..., Any]) -> None:
    """Each finding has a check, a severity, a message and a repair; the exit code is 3."""
    (here / "notes" / "gcn.md").unlink()
    diagnosis = report("doctor", code=3)
    assert departures(diagnosis, DOCTOR) == []
    assert not diagnosis["ok"]
    assert [finding["path"] for finding in diagnosis["findings"]] == ["notes/gcn.md"]


def test_caring(here: Path, report: Callable[..., Any]) -> None:
    """Rebuild, repair, backup and restore report what they did."""
    assert departures(report("rebuild"), REBUILT) == []
    assert departures(report("doctor", "--full", "--repair"), DOCTOR) == []
    assert departures(report("backup", "saved.kb"), BACKUP) == []
    assert departures(report("restore", "saved.kb", "--force"), BACKUP | {"schema": {"kb.restore/1"}}) == []


def test_deciding(here: Path, report: Callable[..., Any]) -> None:
    """Filing and forgetting report what changed."""
    assert report("file", "dlrm", "llm") == {
        "schema": "kb.file/1",
        "path": "notes/dlrm.md",
        "before": "ml-systems",
        "area": "llm",
    }
    assert report("forget", "dlrm") == {"schema": "kb.forget/1", "paths": ["notes/dlrm.md"]}


def test_paths_outside_the_notebook_are_absolute(
    notebook: Path, tmp_path: Path, report: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths inside the notebook are relative to its root, wherever kb runs; others are absolute."""
    copy_notes(notebook, "gcn")
    copy_notes(tmp_path / "else where", "lora")
    monkeypatch.chdir(notebook / "notes")
    added = report("add", "gcn.md", "../../else where/notes")
    assert [note["path"] for note in added["added"]] == ["notes/gcn.md", str(tmp_path / "else where/notes/lora.md")]


def test_the_example_of_the_library_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], default_model: None
) -> None:
    """The example in the package's docstring runs and prints hits with their addresses."""
    example = re.search(r"```python\n(.*?)```", package.__doc__ or "", re.DOTALL)
    assert example
    copy_notes(tmp_path / "my-notebook", "dlrm", "gcn")
    monkeypatch.chdir(tmp_path)
    exec(example[1], {})
    assert re.fullmatch(r"(notes/(dlrm|gcn)\.md \d+ [\d.]+\n){2}", capsys.readouterr().out)


def test_public_names() -> None:
    """`kb.__all__` is sorted, its names can be imported, and the documented ones are among them."""
    names = package.__all__
    assert names == sorted(names, key=lambda name: (name.startswith("_"), name))
    assert {"KnowledgeBase", "Note", "Hit", "Outline", "KbError", "__version__"} <= set(names)
    assert all(getattr(package, name) for name in names)
    assert package.KnowledgeBase is KnowledgeBase
    assert package.KbError is KbError
    with pytest.raises(AttributeError, match="Nonsense"):
        package.__getattr__("Nonsense")
