"""`kb model`: which models there are, and using another without a moment at which the notebook does not work."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import Run, made_once
from test_encoder import add_own_code, pickle_weights, remove_everything, write_tiny_model
from test_reranker import write_model

from kb.care.models import chosen_encoder, chosen_reranker
from kb.errors import InputError
from kb.index.encoder import load_encoder
from kb.index.encoder.known import known_models
from kb.knowledge import KnowledgeBase
from kb.notebook import TEMPLATE, load_settings
from kb.settings import write_setting

pytestmark = pytest.mark.model

GOLDEN = '[[query]]\ntext = "hops"\nrelevant = ["notes/hops.md"]\n'
COMMENTED = '# mine\nprecision = "fp32"  # exact\n\n[chroma]\ntimeout = 5\n'


@pytest.fixture(scope="session")
def tiny_models(shared: Path, model_home: Path) -> Path:
    """A folder of two encoders, `first` and `second`, which are exported already. Not to be changed by a test."""

    def make(folder: Path) -> None:
        write_tiny_model(folder / "first" / "model")
        write_tiny_model(folder / "second" / "model", projected=True)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_CACHE_HOME", str(model_home / "cache"))
            for name in ("first", "second"):
                load_encoder(str(folder / name / "model"), "int8", Path(), lambda line: None)

    return made_once(shared / "models", make)


@pytest.fixture
def shelf(notebook: Path, tiny_models: Path, write: Callable[[str, str], Path]) -> Path:
    """A notebook of three notes, indexed with the first model."""
    write("kb.toml", f'# my settings\nmodel = "{tiny_models}/first/model"  # small\n')
    for word in ("hops", "bread", "nodes"):
        write(f"notes/{word}.md", f"---\narea: gnn\n---\n# About {word}\n\nSomething about {word} of a graph.\n")
    with KnowledgeBase(notebook) as knowledge:
        knowledge.add(["notes"])
    return notebook


def state(root: Path) -> tuple[bytes, str | None, int, list[str]]:
    """The settings, and what the index answers with them."""
    with KnowledgeBase(root) as knowledge:
        status = knowledge.status()
        found = [hit.path for hit in knowledge.search("hops", mode="dense").hits]
    return (root / "kb.toml").read_bytes(), status.encoder, status.generation, found


@pytest.mark.slow
def test_another_encoder_is_used(kb: Callable[..., Run], shelf: Path, tiny_models: Path) -> None:
    """The notes are embedded again, the setting changes and its comments stay, status and doctor agree; and `default`
    goes back to the model that comes with kb.
    """
    (shelf / "golden.toml").write_text(GOLDEN)
    before = state(shelf)
    second = f"{tiny_models}/second/model"
    ended = kb("model", "use", second, "--json")
    change = json.loads(ended.out)
    assert ended.code == 0, ended.err
    assert change["schema"] == "kb.model/1"
    assert (change["role"], change["after"], change["used"]) == ("encoder", second, True)
    assert (change["dimensions"], change["notes"]) == (8, 3)
    assert change["embedded_chunks"] >= 3
    assert change["quality_before"]["queries"] == change["quality_after"]["queries"] == 1
    assert "embedding takes about" in ended.err
    assert (shelf / "kb.toml").read_text() == before[0].decode().replace("first", "second")
    after = state(shelf)
    assert after[1] != before[1]
    assert sorted(after[3]) == ["notes/bread.md", "notes/hops.md", "notes/nodes.md"]
    assert json.loads(kb("status", "--json").out)["model"] == second
    assert kb("doctor", "--full").code == 0
    assert kb("model", "use", "default").out.startswith("encoder: the model that comes with kb (was: ")
    assert (shelf / "kb.toml").read_text() == "# my settings\n"
    assert kb("doctor").code == 0


def test_what_changed_is_said(kb: Callable[..., Run], shelf: Path, tiny_models: Path) -> None:
    """With a golden.toml, the measures before and after are printed; the model in use is said to be in use."""
    (shelf / "golden.toml").write_text(GOLDEN)
    out = kb("model", "use", f"{tiny_models}/second/model").out
    assert "3 notes; 8 dimensions; " in out
    assert "golden.toml, 1 query: nDCG@10 " in out
    again = json.loads(kb("model", "use", f"{tiny_models}/second/model", "--json").out)
    assert (again["embedded_chunks"], again["quality_after"], again["used"]) == (0, None, True)


def test_a_notebook_without_notes_changes_its_model(kb: Callable[..., Run], shelf: Path, tiny_models: Path) -> None:
    """Where all notes are gone, the new model is used for those that come."""
    for path in (shelf / "notes").iterdir():
        path.unlink()
    assert kb("sync", "--yes").code == 0
    assert kb("model", "use", f"{tiny_models}/second/model").code == 0
    (shelf / "notes" / "hops.md").write_text("---\narea: gnn\n---\n# Hops\n\nAbout hops.\n")
    assert kb("sync").code == 0
    assert state(shelf)[3] == ["notes/hops.md"]


def other_similarity(folder: Path) -> None:
    path = folder / "config_sentence_transformers.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"similarity_fn_name": "dot"}))


def other_architecture(folder: Path) -> None:
    path = folder / "config.json"
    known = json.loads(path.read_text())
    path.write_text(json.dumps(known | {"model_type": "wavelet", "architectures": ["WaveletModel"]}))


def picture_model(folder: Path) -> None:
    """Settings of a model that reads pictures, with the weights of one that reads text."""
    (folder / "config.json").write_text(json.dumps({"model_type": "vit", "architectures": ["ViTModel"]}))


def cross_encoder(folder: Path) -> None:
    remove_everything(folder)
    write_model(folder)


def only_a_text(folder: Path) -> None:
    remove_everything(folder)
    (folder / "README.md").write_text("# Nothing\n")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (only_a_text, "no modules.json"),
        (cross_encoder, "no modules.json"),
        (pickle_weights, "no weights as safetensors"),
        (add_own_code, "cannot be loaded"),
        (other_similarity, "by dot, kb by cosine"),
        (other_architecture, "cannot be loaded"),
        (picture_model, "cannot be loaded"),
    ],
)
def test_a_folder_that_will_not_do_changes_nothing(
    kb: Callable[..., Run], shelf: Path, tiny_models: Path, damage: Callable[[Path], None], reason: str
) -> None:
    """What is not an encoder, or not safe to load, is refused in one line; index and settings stay."""
    before = state(shelf)
    shutil.copytree(tiny_models / "second" / "model", shelf / "bad")
    damage(shelf / "bad")
    ended = kb("model", "use", "bad")
    errors = [line for line in ended.err.splitlines() if line.startswith("kb: ") and "preparing" not in line]
    assert (ended.code, ended.out, len(errors)) == (1, "", 1)
    assert reason in errors[0]
    assert state(shelf) == before


@pytest.mark.parametrize("options", [[], ["--rerank"]])
@pytest.mark.parametrize(("name", "code"), [("nobody/nothing", 1), ("./nowhere", 2), ("", 2), ("kb.toml", 2)])
def test_a_name_of_nothing_changes_nothing(
    kb: Callable[..., Run], shelf: Path, options: list[str], name: str, code: int
) -> None:
    """A hub name without a network, and a path that is no folder, are refused in one line."""
    before = state(shelf)
    ended = kb("model", "use", *options, name)
    assert (ended.code, ended.out, ended.err.count("\n")) == (code, "", 1)
    assert name in ended.err
    assert state(shelf) == before


class Hub(BaseHTTPRequestHandler):
    """A Hub that has no model."""

    def do_GET(self) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET  # noqa: N815  # the name that the base class looks for

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_name_that_the_hub_does_not_know(shelf: Path, hub: str) -> None:
    """A model that does not exist is named in one line."""
    before = state(shelf)
    environment = os.environ | {"HF_ENDPOINT": hub, "HF_HUB_OFFLINE": "0", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "kb", "model", "use", "nobody/nothing"]
    ended = subprocess.run(command, cwd=shelf, env=environment, capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "kb: the Hub has no model 'nobody/nothing'; `kb model list` names some\n"
    assert state(shelf) == before


def test_a_full_disk_changes_nothing(
    kb: Callable[..., Run], shelf: Path, tiny_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the cache has no room for an export, that is said in one line, and nothing is left of it."""
    before = state(shelf)
    cache = tmp_path / "cache"
    usage = shutil.disk_usage(tmp_path)
    with monkeypatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        patch.setattr("kb.index.encoder.export.shutil.disk_usage", lambda path: usage._replace(free=500_000))
        ended = kb("model", "use", f"{tiny_models}/second/model")
    assert (ended.code, ended.out) == (1, "")
    assert "cannot be written: the disk is full" in ended.err.splitlines()[-1]
    assert [path for path in cache.rglob("*") if path.is_file()] == []
    assert state(shelf) == before


def test_an_interrupted_change_changes_nothing(shelf: Path, tiny_models: Path) -> None:
    """Asked to stop, it leaves the old model in use."""
    before = state(shelf)
    with KnowledgeBase(shelf, should_stop=lambda: True) as knowledge:
        change = knowledge.use_encoder(f"{tiny_models}/second/model")
        assert not change.used
        assert knowledge.search("hops").hits
    assert state(shelf) == before


KILLED = """
import os, signal, sys
from kb.care import models
from kb.index.catalog import Catalog
from kb.index.writer import IndexWriter
from kb.knowledge import KnowledgeBase
owner, name, before = {"embed": (IndexWriter, "embed", False), "publish": (Catalog, "publish", False),
    "published": (Catalog, "publish", True), "setting": (models, "write_setting", True)}[sys.argv[1]]
original = getattr(owner, name)
def killed(*arguments, **named):
    if not before: os.kill(os.getpid(), signal.SIGKILL)
    original(*arguments, **named)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(owner, name, killed)
with KnowledgeBase(".") as knowledge: knowledge.use_encoder(sys.argv[2])
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "moment",
    [
        "published",
        pytest.param("publish", marks=pytest.mark.torture),
        pytest.param("embed", marks=pytest.mark.torture),
        pytest.param("setting", marks=pytest.mark.torture),
    ],
)
def test_a_killed_change_leaves_a_notebook_that_works(
    kb: Callable[..., Run], shelf: Path, tiny_models: Path, moment: str
) -> None:
    """Killed at any moment, the old model or the new one answers, and a second try completes."""
    before, second = state(shelf), f"{tiny_models}/second/model"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", KILLED, moment, second]
    ended = subprocess.run(command, cwd=shelf, env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    left = state(shelf)
    changed = moment in ("published", "setting")
    assert (left[1] != before[1]) == changed
    assert sorted(left[3]) == sorted(before[3])
    assert json.loads(kb("status", "--json").out)["model"].endswith("second/model" if changed else "first/model")
    assert "another model" not in kb("doctor").out
    assert kb("sync").code == 0
    assert load_settings(shelf).model == (second if changed else f"{tiny_models}/first/model")
    assert kb("doctor", "--repair").code == 0
    assert kb("model", "use", second).code == 0
    assert load_settings(shelf).model == second
    assert state(shelf)[1] != before[1]


@pytest.mark.slow
@pytest.mark.usefixtures("default_model")
def test_a_setting_that_was_edited_after_a_kill_is_kept(shelf: Path, tiny_models: Path) -> None:
    """What the user writes into kb.toml after an interrupted change counts."""
    command = [sys.executable, "-c", KILLED, "published", f"{tiny_models}/second/model"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(command, cwd=shelf, env=environment, capture_output=True, timeout=120)
    write_setting(shelf, "model", None)
    with KnowledgeBase(shelf) as knowledge:
        assert knowledge.status().model is None
        knowledge.sync()
    assert load_settings(shelf).model is None


def test_another_reranker_is_used(kb: Callable[..., Run], shelf: Path) -> None:
    """A cross-encoder is set and reranks, one that will not do is refused, and `default` removes it."""
    write_model(shelf / "cross")
    write_model(shelf / "three", outputs=3)
    change = json.loads(kb("model", "use", "--rerank", "cross", "--json").out)
    assert (change["role"], change["before"], change["after"]) == ("reranker", None, "./cross")
    assert load_settings(shelf).rerank == "./cross"
    hits = json.loads(kb("search", "hops", "--explain", "--json").out)["hits"]
    assert all(hit["explain"]["reranked"] for hit in hits)
    refused = kb("model", "use", "--rerank", "three")
    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert load_settings(shelf).rerank == "./cross"
    assert kb("model", "use", "--rerank", "default").out == "reranker: none (was: ./cross)\n"
    assert load_settings(shelf).rerank is None


def test_models_are_listed(kb: Callable[..., Run], shelf: Path, tiny_models: Path) -> None:
    """Each known model has its figures and their source; the one in use comes first if it is another."""
    listed = json.loads(kb("model", "list", "--json").out)
    assert listed["schema"] == "kb.models/1"
    first, default, *others = listed["encoders"]
    assert (first["name"], first["in_use"], first["on_this_machine"]) == (f"{tiny_models}/first/model", True, True)
    assert (default["hub"], default["in_use"], default["on_this_machine"]) == (None, False, True)
    assert all(0 < model["ndcg"] < 100 and model["window"] and model["licence"] for model in (default, *others))
    assert all(listed[source] for source in ("encoder_source", "reranker_source"))
    assert not any(model["on_this_machine"] for model in listed["rerankers"])
    lines = kb("model", "list").out.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("* ")] == [f"{tiny_models}/first/model", "in"]
    assert [line.split()[1] for line in lines if line.startswith("+ ")] == ["all-MiniLM-L6-v2"]


def test_names_become_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A known name stands for its hub name, a folder is set as seen from the notebook, any other name is the Hub's."""
    (tmp_path / "notebook" / "mine").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    root = tmp_path / "notebook"
    monkeypatch.chdir(root)
    assert chosen_encoder("default", root) is None
    assert chosen_encoder("all-MiniLM-L6-v2", root) is None
    assert chosen_encoder("mine/", root) == "./mine"
    assert chosen_encoder("../elsewhere", root) == str(tmp_path / "elsewhere")
    assert chosen_encoder("somebody/model", root) == "somebody/model"
    for name, model in known_models().reranker.items():
        assert chosen_reranker(name, root) == model.hub
    with pytest.raises(InputError, match="nowhere"):
        chosen_encoder("./nowhere", root)


@pytest.mark.parametrize("before", ["", TEMPLATE, COMMENTED, 'model = "old"  # why\n' + COMMENTED, None])
def test_a_setting_is_written_and_removed(tmp_path: Path, before: str | None) -> None:
    """A setting is set and removed at the top level of any kb.toml, and no other line changes."""
    path = tmp_path / "kb.toml"
    if before is not None:
        path.write_text(before)
    others = {line for line in (before or "").splitlines() if not line.startswith("model")}
    write_setting(tmp_path, "model", 'a "model"')
    assert tomllib.loads(path.read_text())["model"] == 'a "model"'
    assert "why" not in (before or "") or "# why" in path.read_text()
    assert others <= set(path.read_text().splitlines())
    write_setting(tmp_path, "model", None)
    assert {line for line in path.read_text().splitlines() if line} == {line for line in others if line}
