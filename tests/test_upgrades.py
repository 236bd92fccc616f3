"""Indexes that earlier versions of kb wrote, opened by this one.

`tests/older` holds notebooks of three notes with the index of each format, this one's included: a note filed by the
classifier, one filed by a decision, and a detour. They are as kb left them, except for the previous generation of
vectors and for embeddings of phrases, which were removed to keep the files small.
"""

from __future__ import annotations

import json
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Run

from kb.index.catalog.connection import add_functions
from kb.index.catalog.schema import UPGRADES, VERSION
from kb.notes import READING

pytestmark = pytest.mark.model

OLDER = Path(__file__).parent / "older"
SAME_MODEL = [f"version-{version}" for version in range(1, VERSION + 1)]
AREAS = {"notes/gcn.md": "gnn", "notes/kv-cache.md": "ml-systems", "notes/sourdough.md": "detour"}


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Unpack a notebook and make it the working directory."""

    def unpack(name: str) -> Path:
        with tarfile.open(OLDER / f"{name}.tar.xz") as archive:
            archive.extractall(tmp_path, filter="data")
        monkeypatch.chdir(tmp_path)
        return tmp_path / ".kb" / "catalog.db"

    return unpack


def rows(catalog: Path, query: str) -> set[tuple[object, ...]]:
    with closing(sqlite3.connect(catalog)) as connection:
        return {*connection.execute(query)}


def listed(run: Run) -> dict[str, str]:
    assert run.code == 0, run.err
    return {note["path"]: note["area"] for note in json.loads(run.out)["notes"]}


@pytest.mark.parametrize("name", SAME_MODEL)
def test_an_older_index_is_searched_and_synced(
    name: str, opened: Callable[[str], Path], kb: Callable[..., Run]
) -> None:
    """Search works as soon as it is opened; a sync keeps ids, decisions and embeddings, and embeds nothing."""
    catalog = opened(name)
    ids = rows(catalog, "SELECT id, path FROM notes")
    vectors = rows(catalog, "SELECT key, vector FROM embeddings")
    assert len(vectors) == 4
    found = kb("search", "layers that average the features of neighbours", "--json")
    assert json.loads(found.out)["hits"][0]["path"] == "notes/gcn.md"
    assert listed(kb("list", "--json")) == AREAS
    synced = kb("sync", "--json")
    assert (synced.code, json.loads(synced.out)["embedded_chunks"]) == (0, 0), synced.err
    assert json.loads(kb("doctor", "--json").out)["findings"] == []
    assert listed(kb("list", "--json")) == AREAS
    assert rows(catalog, "PRAGMA user_version") == {(VERSION,)}
    assert rows(catalog, "SELECT id, path FROM notes") == ids
    assert vectors <= rows(catalog, "SELECT key, vector FROM embeddings")
    after = kb("search", "layers that average the features of neighbours", "--json")
    assert json.loads(after.out)["changed_notes"] == 0


def test_notes_that_an_earlier_version_read_are_read_again(
    opened: Callable[[str], Path], kb: Callable[..., Run]
) -> None:
    """What an earlier version read wrongly in a note that has not changed is found until the next sync, which reads the
    note again, says so, and embeds only the passages that it reads differently; the sync after it reads nothing.
    """
    catalog = opened("version-4")
    with closing(sqlite3.connect(catalog)) as connection, connection:
        connection.execute("UPDATE notes SET title = 'Depth', date = NULL WHERE path = 'notes/gcn.md'")
        connection.execute("UPDATE chunks SET embedding_key = 'old' WHERE text LIKE '%over-smooth%'")
        connection.execute("UPDATE embeddings SET key = 'old' WHERE key NOT IN (SELECT embedding_key FROM chunks)")
    assert json.loads(kb("search", "neighbours", "--json").out)["hits"][0]["title"] == "Depth"
    synced = kb("sync", "--json")
    assert synced.err.startswith("kb: this version reads notes differently: reading 3 notes again\n")
    report = json.loads(synced.out)
    assert (report["unchanged"], report["embedded_chunks"]) == (3, 1)
    assert rows(catalog, "SELECT title, date, reading FROM notes WHERE path = 'notes/gcn.md'") == {
        ("Graph convolution", "2024-05-03", READING)
    }
    assert rows(catalog, "SELECT key FROM embeddings WHERE key = 'old'") == set()
    again = kb("sync", "--json")
    assert (again.err, json.loads(again.out)["unchanged"]) == ("", 3)
    assert json.loads(kb("doctor", "--json").out)["findings"] == []


def test_an_index_of_this_format_is_up_to_date(opened: Callable[[str], Path], kb: Callable[..., Run]) -> None:
    """The stored index of this version's format needs neither upgrade nor sync: a command that writes it in another
    way has changed the format.
    """
    catalog = opened(SAME_MODEL[-1])
    tables = rows(catalog, "SELECT type, name, sql FROM sqlite_schema")
    found = json.loads(kb("search", "layers that average the features of neighbours", "--json").out)
    assert (found["changed_notes"], found["hits"][0]["path"]) == (0, "notes/gcn.md")
    assert json.loads(kb("doctor", "--json").out)["findings"] == []
    assert rows(catalog, "PRAGMA user_version") == {(VERSION,)}
    assert rows(catalog, "SELECT type, name, sql FROM sqlite_schema") == tables
    with closing(sqlite3.connect(":memory:")) as new:
        add_functions(new)
        new.executescript(UPGRADES[0])
        assert {*new.execute("SELECT type, name, sql FROM sqlite_schema")} == tables


def test_an_index_of_another_model_says_what_to_run(opened: Callable[[str], Path], kb: Callable[..., Run]) -> None:
    """The model of the first version was exported in another way: search says in a line to sync, which keeps ids and
    decisions and embeds the notes again.
    """
    catalog = opened("version-1-other-model")
    ids = rows(catalog, "SELECT id, path FROM notes")
    refused = kb("search", "layers that average the features of neighbours")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err == "kb: the index was made with another model; run `kb sync` to embed the notes again\n"
    synced = kb("sync", "--json")
    assert (synced.code, json.loads(synced.out)["embedded_chunks"]) == (0, 4), synced.err
    assert listed(kb("list", "--json")) == AREAS
    assert rows(catalog, "SELECT id, path FROM notes") == ids
    found = kb("search", "layers that average the features of neighbours", "--json")
    assert json.loads(found.out)["hits"][0]["path"] == "notes/gcn.md"
    assert json.loads(kb("doctor", "--json").out)["findings"] == []
